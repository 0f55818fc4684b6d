/*
 * Expressions of the rule language as trees, and the parser that makes them
 * (docs/rules.md has the grammar).  The parser knows the grammar alone; what
 * names mean and whether the units fit is check.h.
 */
#ifndef SERVER_ENGINE_EXPR_H
#define SERVER_ENGINE_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/diag.h"

enum expr_op {
	EXPR_NUMBER, /* number, and unit as the type says */
	EXPR_TEXT,
	EXPR_DATE,
	EXPR_NAME, /* text: dotted name */
	EXPR_AGG,  /* text: function; source, field, kids[0]: where or NULL */
	EXPR_PEER, /* text: mean, median, size; source: name; field: group */
	EXPR_CALL, /* text: abs, min, max */
	EXPR_AGE,  /* kids[0]; workdays */
	EXPR_NEGATE,
	EXPR_NOT,
	EXPR_AND,
	EXPR_OR,
	EXPR_COMPARE, /* text: < <= > >= = != */
	EXPR_ARITH,   /* text: + - * / */
	EXPR_BETWEEN, /* kids: value, low, high */
	EXPR_IN,      /* kids: value, then the list */
	EXPR_MISSING, /* kids[0] is missing; negated: is not missing */
	EXPR_ELSE     /* kids: value, default */
};

enum expr_type {
	TYPE_NONE, /* not checked yet, or in error: fits everything */
	TYPE_COUNT,
	TYPE_NUMBER, /* a plain number or a ratio */
	TYPE_PERCENT,
	TYPE_MONEY,    /* minor units */
	TYPE_DURATION, /* microseconds */
	TYPE_TIME,     /* microseconds since 1970 */
	TYPE_TEXT,
	TYPE_BOOL,
	TYPE_COUNT_OF
};

enum expr_ref {
	EXPR_REF_NONE,
	EXPR_REF_LET,	/* a named value of the rule */
	EXPR_REF_INPUT, /* a value that SQL gives: slot */
	EXPR_REF_STATE	/* when the state began: slot */
};

enum window_kind {
	WINDOW_NONE,   /* all there ever was */
	WINDOW_SLIDES, /* over 7d */
	WINDOW_CLOSED, /* over [last n] closed week [before n] */
	WINDOW_OPEN,   /* over open month [to date] */
	WINDOW_SINCE   /* since a state of the rule */
};

struct expr_window {
	enum window_kind kind;
	double length; /* WINDOW_SLIDES: microseconds */
	char *unit;    /* day week month quarter; or the state */
	int count;     /* last n closed */
	int before;
	bool to_date;
};

struct expr {
	enum expr_op op;
	enum expr_type type;
	size_t at;  /* offset of its first byte in the text */
	size_t len; /* bytes of the word at fault, for people */
	double number;
	char *text;
	char *source; /* EXPR_AGG */
	char *field;  /* EXPR_AGG: NULL when none; EXPR_PEER: the group */
	struct expr_window window;
	bool negated;  /* EXPR_MISSING */
	bool workdays; /* EXPR_AGE, and a number in workdays */
	bool except_self;
	enum expr_ref ref; /* set by the checker: what a name or aggregate is */
	int slot;	   /* the input, or the state */
	const struct expr *let; /* EXPR_REF_LET: borrowed */
	size_t count;
	struct expr **kids;
};

/* One text that is being read, for messages: where it stands in its file. */
struct expr_text {
	const struct diag_file *file;
	struct diag_pos at; /* of the first character of text */
	int indent;	    /* columns before the later lines of a block */
	const char *text;
};

/* NULL with the faults in d.  Nesting is limited to 64. */
struct expr *expr_parse(const struct expr_text *t, struct diags *d);
void expr_free(struct expr *e);

/* A fault at an offset of the text. */
void expr_fault(const struct expr_text *t, size_t at, struct diags *d,
    const char *code, const char *suggest, const char *why, const char *fmt,
    ...) __attribute__((format(printf, 7, 8)));

struct buf;
/* The canonical text: equal expressions have equal texts. */
void expr_print(const struct expr *e, struct buf *out);

#endif
