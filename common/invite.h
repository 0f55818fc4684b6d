/*
 * The one line that makes a stranger a user:
 *     firebreak:1:<address>:<server key>:<secret>:<unix expiry>:<checksum>
 * Bytes are base64url; the checksum tells a mistyped line from a wrong one.
 */
#ifndef COMMON_INVITE_H
#define COMMON_INVITE_H

#include <stdint.h>

#include "common/err.h"

#define INVITE_SECRET_LEN 16

struct invite {
	char address[256];
	uint8_t server_key[32];
	uint8_t secret[INVITE_SECRET_LEN];
	int64_t expires; /* seconds since 1970 */
};

/* The line, without newline; the caller frees. */
char *invite_format(const struct invite *i);
/* Blanks and line breaks that a mail program put in are passed over. */
int invite_parse(const char *line, struct invite *i, struct err *e)
    __attribute__((warn_unused_result));

#endif
