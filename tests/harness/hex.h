/* Keys in hex, as the shell hands them to test programs. */
#ifndef TESTS_HARNESS_HEX_H
#define TESTS_HARNESS_HEX_H

#include <stddef.h>
#include <stdint.h>

/* The first 2 * len characters; anything else ends the program. */
void harness_hex_read(const char *text, uint8_t *out, size_t len);

#endif
