/*
 * Errors that reach a person: a code for programs, a sentence for people.  The
 * codes are docs/protocol.md section 6; start-up failures use fatal() instead.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stdbool.h>

enum err_code {
	ERR_NONE,
	ERR_BAD_REQUEST,
	ERR_UNKNOWN_STATEMENT,
	ERR_NOT_ALLOWED,
	ERR_BAD_ARGUMENT,
	ERR_REFUSED, /* a write function said no; `name` says which refusal */
	ERR_CONFLICT,
	ERR_TIMEOUT,
	ERR_BUSY, /* a record is locked by somebody else */
	ERR_UNAVAILABLE,
	ERR_TOO_OLD,
	ERR_UNKNOWN_DEVICE,
	ERR_REVOKED,
	ERR_INVITE_USED,
	ERR_INVITE_EXPIRED,
	ERR_VERSION,
	ERR_FRAME_TOO_LONG,
	ERR_STOPPING,
	ERR_REPLACED,
	ERR_FULL,
	ERR_SYSTEM, /* a system call failed */
	ERR_INTERNAL,
	ERR_COUNT
};

struct err {
	enum err_code code;
	char name[48];	/* the code as sent: err_code_name() or a refusal */
	char field[64]; /* the argument at fault, or "" */
	char text[512]; /* a sentence to act on */
};

/* Fills e (which may be NULL) and returns -1, so that a caller can
 * `return err_set(e, ...)`. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": strerror(errno)" appended; code ERR_SYSTEM. */
int err_errno(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

const char *err_code_name(enum err_code code);
bool err_is_retryable(enum err_code code);

/* The general sentence of a code in a language ("zh" or "en"), for places
 * that have nothing better to say. */
const char *err_code_text(enum err_code code, const char *lang);

#endif
