#!/bin/sh
# Writes an assembler file that carries every SQL file named on the command
# line, and the table sqlfile_table of { name, text, length } that C reads.
# Names are the paths without "sql/".
echo '.section .rodata'
i=0
for f; do
	printf 'n%d: .asciz "%s"\n' $i "${f#sql/}"
	printf 't%d: .incbin "%s"\ne%d: .byte 0\n' $i "$f" $i
	i=$((i + 1))
done
echo '.section .data.rel.ro,"aw"'
echo '.balign 8'
echo '.globl sqlfile_table'
echo 'sqlfile_table:'
j=0
while [ $j -lt $i ]; do
	printf '.quad n%d, t%d, e%d - t%d\n' $j $j $j $j
	j=$((j + 1))
done
echo '.quad 0, 0, 0'
echo '.section .note.GNU-stack,"",@progbits'
