/* Keys in hex. */
#include "tests/harness/hex.h"

#include <stdio.h>

#include "common/log.h"

void
harness_hex_read(const char *text, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (sscanf(text + 2 * i, "%2hhx", &out[i]) != 1)
			fatalx("not a key in hex: %s", text);
}
