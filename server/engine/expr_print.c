/* The canonical text of an expression: equal aggregates are found by it. */
#include <string.h>

#include "common/buf.h"
#include "server/engine/expr.h"

static void
print_kids(const struct expr *e, size_t from, struct buf *out)
{
	for (size_t i = from; i < e->count; i++) {
		buf_add_str(out, i > from ? ", " : "");
		expr_print(e->kids[i], out);
	}
}

static void
print_window(const struct expr_window *w, struct buf *out)
{
	switch (w->kind) {
	case WINDOW_NONE:
		break;
	case WINDOW_SLIDES:
		buf_addf(out, " over %.0f", w->length);
		break;
	case WINDOW_CLOSED:
		buf_addf(out, " over last %d closed %s before %d", w->count,
		    w->unit, w->before);
		break;
	case WINDOW_OPEN:
		buf_addf(out, " over open %s%s", w->unit,
		    w->to_date ? " to date" : "");
		break;
	case WINDOW_SINCE:
		buf_addf(out, " since %s", w->unit);
		break;
	}
}

static void
print_infix(const struct expr *e, const char *word, struct buf *out)
{
	buf_add_str(out, "(");
	expr_print(e->kids[0], out);
	buf_addf(out, " %s ", word);
	expr_print(e->kids[1], out);
	buf_add_str(out, ")");
}

static void
print_agg(const struct expr *e, struct buf *out)
{
	buf_addf(out, "%s(%s%s%s", e->text, e->source, e->field ? "." : "",
	    e->field ? e->field : "");
	if (e->count) {
		buf_add_str(out, " where ");
		expr_print(e->kids[0], out);
	}
	buf_add_str(out, ")");
	print_window(&e->window, out);
}

void
expr_print(const struct expr *e, struct buf *out)
{
	switch (e->op) {
	case EXPR_NUMBER:
		buf_addf(out, "%.15g:%d%s", e->number, (int)e->type,
		    e->workdays ? "w" : "");
		break;
	case EXPR_TEXT:
		buf_addf(out, "\"%s\"", e->text);
		break;
	case EXPR_DATE:
	case EXPR_NAME:
		buf_add_str(out, e->text);
		break;
	case EXPR_AGG:
		print_agg(e, out);
		break;
	case EXPR_PEER:
		buf_addf(out, "%s of %s in %s%s", e->text, e->source, e->field,
		    e->except_self ? " except self" : "");
		break;
	case EXPR_CALL:
	case EXPR_AGE:
		buf_addf(out, "%s(", e->text);
		print_kids(e, 0, out);
		buf_addf(out, ")%s", e->workdays ? " in workdays" : "");
		break;
	case EXPR_NEGATE:
	case EXPR_NOT:
		buf_add_str(out, e->op == EXPR_NOT ? "not (" : "-(");
		expr_print(e->kids[0], out);
		buf_add_str(out, ")");
		break;
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_COMPARE:
	case EXPR_ARITH:
	case EXPR_ELSE:
		print_infix(e, e->text, out);
		break;
	case EXPR_BETWEEN:
	case EXPR_IN:
		expr_print(e->kids[0], out);
		buf_add_str(out, e->op == EXPR_IN ? " in [" : " between [");
		print_kids(e, 1, out);
		buf_add_str(out, "]");
		break;
	case EXPR_MISSING:
		expr_print(e->kids[0], out);
		buf_add_str(
		    out, e->negated ? " is not missing" : " is missing");
		break;
	}
}
