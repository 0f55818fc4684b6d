/* The invite line. */
#include "common/invite.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/secret.h"

#define PREFIX "firebreak:1:"
#define LINE_MAX_LEN 1024
#define CHECK_LEN 3 /* bytes of the hash: 4 characters at the end */
#define CHECK_CHARS 4

/* The base64 of the first bytes of the hash of what stands before it. */
static void
add_check(struct buf *b, size_t len)
{
	uint8_t hash[SECRET_HASH_LEN];

	secret_hash(b->data, len, hash);
	secret_base64_add(b, hash, CHECK_LEN);
}

char *
invite_format(const struct invite *i)
{
	struct buf b = {0};

	buf_addf(&b, PREFIX "%s:", i->address);
	secret_base64_add(&b, i->server_key, sizeof(i->server_key));
	buf_add_byte(&b, ':');
	secret_base64_add(&b, i->secret, sizeof(i->secret));
	buf_addf(&b, ":%" PRId64 ":", i->expires);
	add_check(&b, b.len);
	return buf_take(&b);
}

static int
damaged(struct err *e)
{
	return err_set(e, ERR_BAD_ARGUMENT,
	    "the invite is damaged: copy the whole line again");
}

/* Cuts the part after the last colon off. */
static char *
cut_last(char *line)
{
	char *colon = strrchr(line, ':');

	if (!colon)
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static int
read_secret(const char *text, uint8_t *out, size_t len)
{
	return text ? secret_base64_read(text, strlen(text), out, len) : -1;
}

static int
parse_parts(char *line, struct invite *i, struct err *e)
{
	char *expires = cut_last(line), *end = NULL;
	char *secret = cut_last(line), *key = cut_last(line);
	const char *address = line + strlen(PREFIX);

	if (read_secret(secret, i->secret, sizeof(i->secret)) != 0 ||
	    read_secret(key, i->server_key, sizeof(i->server_key)) != 0)
		return damaged(e);
	if (!expires || !isdigit((unsigned char)*expires))
		return damaged(e);
	i->expires = strtoll(expires, &end, 10);
	if (*end != '\0' || strlen(line) <= strlen(PREFIX) ||
	    strlen(address) >= sizeof(i->address))
		return damaged(e);
	snprintf(i->address, sizeof(i->address), "%s", address);
	return 0;
}

static int
parse_clean(struct buf *b, struct invite *i, struct err *e)
{
	struct buf again = {0};
	char *line = (char *)(uintptr_t)buf_str(b);
	bool good;

	if (strncmp(line, PREFIX, strlen(PREFIX)) != 0)
		return err_set(e, ERR_BAD_ARGUMENT,
		    "an invite begins with \"" PREFIX "\"");
	if (b->len < strlen(PREFIX) + CHECK_CHARS)
		return damaged(e);
	buf_add(&again, line, b->len - CHECK_CHARS);
	add_check(&again, again.len);
	good = again.len == b->len && memcmp(again.data, line, b->len) == 0;
	secret_wipe(again.data, again.len);
	buf_clear(&again);
	if (!good || line[b->len - CHECK_CHARS - 1] != ':')
		return damaged(e);
	line[b->len - CHECK_CHARS - 1] = '\0';
	return parse_parts(line, i, e);
}

int
invite_parse(const char *line, struct invite *i, struct err *e)
{
	struct buf b = {0};
	int rc;

	*i = (struct invite){0};
	for (; *line && b.len <= LINE_MAX_LEN; line++)
		if (!isspace((unsigned char)*line))
			buf_add_byte(&b, (uint8_t)*line);
	if (b.len > LINE_MAX_LEN)
		rc = damaged(e);
	else
		rc = parse_clean(&b, i, e);
	secret_wipe(b.data, b.size);
	buf_clear(&b);
	return rc;
}
