/* Pinyin initials by the order of GB 2312. */
#include "tui/pinyin.h"

#include <ctype.h>
#include <iconv.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"

static const struct {
	int first; /* GB code of the first hanzi with this letter */
	char letter;
} initial_table[] = {
    {0xb0a1, 'a'},
    {0xb0c5, 'b'},
    {0xb2c1, 'c'},
    {0xb4ee, 'd'},
    {0xb6ea, 'e'},
    {0xb7a2, 'f'},
    {0xb8c1, 'g'},
    {0xb9fe, 'h'},
    {0xbbf7, 'j'},
    {0xbfa6, 'k'},
    {0xc0ac, 'l'},
    {0xc2e8, 'm'},
    {0xc4c3, 'n'},
    {0xc5b6, 'o'},
    {0xc5be, 'p'},
    {0xc6da, 'q'},
    {0xc8bb, 'r'},
    {0xc8f6, 's'},
    {0xcbfa, 't'},
    {0xcdda, 'w'},
    {0xcef4, 'x'},
    {0xd1b9, 'y'},
    {0xd4d1, 'z'},
};
#define LEVEL_ONE_END 0xd7f9

static char
initial_of(const char *bytes, size_t n, iconv_t to)
{
	char in[4], gb[4], *from = in, *out = gb;
	size_t left = n, room = sizeof(gb);
	int code;

	memcpy(in, bytes, n);
	if (iconv(to, &from, &left, &out, &room) == (size_t)-1 || out - gb != 2)
		return 0;
	code = (unsigned char)gb[0] << 8 | (unsigned char)gb[1];
	if (code < initial_table[0].first || code > LEVEL_ONE_END)
		return 0;
	for (size_t i = COUNT_OF(initial_table); i-- > 0;)
		if (code >= initial_table[i].first)
			return initial_table[i].letter;
	return 0;
}

void
pinyin_initials(const char *text, struct buf *out)
{
	static iconv_t to;
	static int opened;
	size_t left = strlen(text), n;
	char c;

	if (!opened) {
		to = iconv_open("GB2312", "UTF-8");
		opened = 1;
	}
	for (; left > 0; text += n, left -= n) {
		text_decode(text, left, &n);
		if (n == 1)
			c = (char)tolower((unsigned char)*text);
		else
			c = to == (iconv_t)-1 ? 0 : initial_of(text, n, to);
		if (c)
			buf_add_byte(out, (uint8_t)c);
	}
}
