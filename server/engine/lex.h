/*
 * Words of the rule language: an expression text becomes tokens that know
 * where they stand.  No keywords here: the parser decides what a name means.
 */
#ifndef SERVER_ENGINE_LEX_H
#define SERVER_ENGINE_LEX_H

#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_NUMBER, /* 12, 7.2; value holds it */
	TOKEN_DATE,   /* 2026-01-05; value: days since 1970-01-01 */
	TOKEN_TEXT,   /* "…" or '…'; start and len without the quotes */
	TOKEN_NAME,   /* letter or _, then letters, digits, _ */
	TOKEN_SIGN,   /* one of < <= > >= = != + - * / ( ) , . % [ ] */
	TOKEN_BAD     /* something the language does not have */
};

struct token {
	enum token_kind kind;
	const char *start; /* into the text */
	size_t len;
	double value;
	const char *why; /* TOKEN_BAD: a sentence */
};

struct lexer {
	const char *text; /* borrowed; NUL-terminated */
	const char *next;
};

void lexer_init(struct lexer *l, const char *text);

/* The next token; TOKEN_END for ever after the last. */
struct token lexer_next(struct lexer *l);

/* Whether a token is this name or sign. */
int token_is(const struct token *t, const char *word);

#endif
