/* Any bytes as a CSV file: all records are read, none lies outside. */
#include <stdint.h>
#include <stdlib.h>

#include "server/import/csvfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csvfile_options o = {.longest = 256};
	struct csvfile_record r;
	struct err e;
	struct csvfile *c;
	size_t line = 0, len;

	c = csvfile_parse((const char *)data, size, &o, &e);
	if (!c)
		return 0;
	while (csvfile_next(c, &r)) {
		csvfile_text(c, &len);
		if (r.line <= line || r.offset + r.len > len || r.len == 0)
			abort();
		line = r.line;
		for (size_t i = 0; i < r.count; i++)
			if (r.fields[i].text[r.fields[i].len] != '\0')
				abort();
	}
	csvfile_free(c);
	return 0;
}
