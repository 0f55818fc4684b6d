/* Expressions evaluated. */
#include "server/engine/eval.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"

static const struct value missing = {.missing = true};

static struct value
number(double n)
{
	return (struct value){.number = n};
}

static void
wait_for(struct eval *v, double at)
{
	int64_t t;

	if (!(at > (double)v->facts->at) || at > 4e18)
		return;
	t = (int64_t)ceil(at);
	if (t < v->next)
		v->next = t;
}

/*
 * The line a - b meets zero at some instant.  `after`: what is compared
 * changes just behind that instant and not on it.
 */
static void
wait_for_meeting(
    struct eval *v, struct value a, struct value b, bool on, bool behind)
{
	double slope = a.slope - b.slope, meet;

	if (slope == 0 || a.missing || b.missing)
		return;
	meet = (double)v->facts->at - (a.number - b.number) / slope;
	if (on)
		wait_for(v, meet);
	if (behind)
		wait_for(v, floor(meet) + 1);
}

static struct value
compare_texts(const struct expr *e, struct value a, struct value b)
{
	bool same = strcmp(a.text ? a.text : "", b.text ? b.text : "") == 0;

	return number(
	    e->op == EXPR_COMPARE && e->text[0] == '!' ? !same : same);
}

static struct value
compare(struct eval *v, const char *sign, struct value a, struct value b)
{
	bool rises = a.slope > b.slope, has_equal = sign[1] == '=';
	double d = a.number - b.number;

	if (a.missing || b.missing)
		return missing;
	switch (sign[0]) {
	case '<':
		wait_for_meeting(
		    v, a, b, rises != has_equal, rises == has_equal);
		return number(has_equal ? d <= 0 : d < 0);
	case '>':
		wait_for_meeting(
		    v, a, b, rises == has_equal, rises != has_equal);
		return number(has_equal ? d >= 0 : d > 0);
	case '!':
		wait_for_meeting(v, a, b, true, true);
		return number(d != 0);
	default:
		wait_for_meeting(v, a, b, true, true);
		return number(d == 0);
	}
}

static struct value
eval_compare(struct eval *v, const struct expr *e)
{
	struct value a = eval_value(v, e->kids[0]);
	struct value b = eval_value(v, e->kids[1]);

	if (a.missing || b.missing)
		return missing;
	if (e->kids[0]->type == TYPE_TEXT)
		return compare_texts(e, a, b);
	return compare(v, e->text, a, b);
}

/* Kleene: false and unknown is false, true or unknown is true. */
static struct value
eval_logic(struct eval *v, const struct expr *e)
{
	struct value a = eval_value(v, e->kids[0]);
	struct value b = eval_value(v, e->kids[1]);
	double decides = e->op == EXPR_OR;

	if ((!a.missing && a.number == decides) ||
	    (!b.missing && b.number == decides))
		return number(decides);
	if (a.missing || b.missing)
		return missing;
	return number(decides == 0);
}

static struct value
eval_arith(struct eval *v, const struct expr *e)
{
	struct value a = eval_value(v, e->kids[0]);
	struct value b = eval_value(v, e->kids[1]);

	if (a.missing || b.missing)
		return missing;
	switch (e->text[0]) {
	case '+':
		return (struct value){
		    .number = a.number + b.number, .slope = a.slope + b.slope};
	case '-':
		return (struct value){
		    .number = a.number - b.number, .slope = a.slope - b.slope};
	case '*': /* the checker lets only one side move */
		return (struct value){.number = a.number * b.number,
		    .slope = a.slope * b.number + b.slope * a.number};
	default:
		if (b.number == 0)
			return missing;
		return (struct value){
		    .number = a.number / b.number, .slope = a.slope / b.number};
	}
}

static struct value
eval_abs(struct eval *v, struct value a)
{
	wait_for_meeting(v, a, number(0), true, false);
	if (a.number < 0 || (a.number == 0 && a.slope < 0)) {
		a.number = -a.number;
		a.slope = -a.slope;
	}
	return a;
}

static struct value
eval_call(struct eval *v, const struct expr *e)
{
	struct value best = eval_value(v, e->kids[0]), a;
	bool most = strcmp(e->text, "max") == 0;

	if (best.missing)
		return missing;
	if (strcmp(e->text, "abs") == 0)
		return eval_abs(v, best);
	for (size_t i = 1; i < e->count; i++) {
		a = eval_value(v, e->kids[i]);
		if (a.missing)
			return missing;
		wait_for_meeting(v, a, best, true, true);
		if (most ? a.number > best.number : a.number < best.number)
			best = a;
	}
	return best;
}

static struct value
eval_age(struct eval *v, const struct expr *e)
{
	struct value a = eval_value(v, e->kids[0]);

	if (a.missing)
		return missing;
	return (struct value){
	    .number = (double)v->facts->at - a.number, .slope = 1 - a.slope};
}

static struct value
eval_name(struct eval *v, const struct expr *e)
{
	double began;

	switch (e->ref) {
	case EXPR_REF_LET:
		return e->let ? eval_value(v, e->let) : missing;
	case EXPR_REF_INPUT:
		return v->facts->inputs[e->slot];
	case EXPR_REF_STATE:
		began = e->slot == STATE_OPEN ? v->opened : v->half;
		return isnan(began) ? missing : number(began);
	default:
		return missing;
	}
}

static struct value
eval_between(struct eval *v, const struct expr *e)
{
	struct value a = eval_value(v, e->kids[0]);
	struct value low = compare(v, ">=", a, eval_value(v, e->kids[1]));
	struct value high = compare(v, "<=", a, eval_value(v, e->kids[2]));

	if ((!low.missing && low.number == 0) ||
	    (!high.missing && high.number == 0))
		return number(0);
	return low.missing || high.missing ? missing : number(1);
}

static struct value
eval_in(struct eval *v, const struct expr *e)
{
	struct value a = eval_value(v, e->kids[0]), b, same;
	bool unknown = a.missing;

	for (size_t i = 1; i < e->count && !a.missing; i++) {
		b = eval_value(v, e->kids[i]);
		same = b.missing		       ? missing
		       : e->kids[0]->type == TYPE_TEXT ? compare_texts(e, a, b)
						       : compare(v, "=", a, b);
		if (!same.missing && same.number != 0)
			return number(1);
		unknown |= same.missing;
	}
	return unknown ? missing : number(0);
}

static struct value
eval_negate(struct eval *v, const struct expr *e)
{
	struct value a = eval_value(v, e->kids[0]);

	if (a.missing)
		return missing;
	if (e->op == EXPR_NOT)
		return number(a.number == 0);
	return (struct value){.number = -a.number, .slope = -a.slope};
}

static struct value
eval_missing(struct eval *v, const struct expr *e)
{
	return number(eval_value(v, e->kids[0]).missing != e->negated);
}

static struct value
eval_else(struct eval *v, const struct expr *e)
{
	struct value a = eval_value(v, e->kids[0]);

	return a.missing ? eval_value(v, e->kids[1]) : a;
}

static struct value
eval_constant(struct eval *v, const struct expr *e)
{
	(void)v;
	if (e->op == EXPR_TEXT)
		return (struct value){.text = e->text};
	return number(e->op == EXPR_DATE ? e->number * 86400e6 : e->number);
}

/* Peers are refused by the checker as yet. */
static struct value
eval_peer(struct eval *v, const struct expr *e)
{
	(void)v;
	(void)e;
	return missing;
}

static struct value (*const eval_table[])(
    struct eval *, const struct expr *) = {
    [EXPR_NUMBER] = eval_constant,
    [EXPR_TEXT] = eval_constant,
    [EXPR_DATE] = eval_constant,
    [EXPR_NAME] = eval_name,
    [EXPR_AGG] = eval_name,
    [EXPR_PEER] = eval_peer,
    [EXPR_CALL] = eval_call,
    [EXPR_AGE] = eval_age,
    [EXPR_NEGATE] = eval_negate,
    [EXPR_NOT] = eval_negate,
    [EXPR_AND] = eval_logic,
    [EXPR_OR] = eval_logic,
    [EXPR_COMPARE] = eval_compare,
    [EXPR_ARITH] = eval_arith,
    [EXPR_BETWEEN] = eval_between,
    [EXPR_IN] = eval_in,
    [EXPR_MISSING] = eval_missing,
    [EXPR_ELSE] = eval_else,
};

struct value
eval_value(struct eval *v, const struct expr *e)
{
	return eval_table[e->op](v, e);
}

enum truth
eval_truth(struct eval *v, const struct expr *e)
{
	struct value a;

	if (!e)
		return TRUTH_TRUE;
	a = eval_value(v, e);
	if (a.missing)
		return TRUTH_UNKNOWN;
	return a.number != 0 ? TRUTH_TRUE : TRUTH_FALSE;
}

static void
print_time(double microseconds, struct buf *out)
{
	time_t seconds = (time_t)(microseconds / 1e6);
	char text[32];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	buf_add_str(out, text);
}

/* As the columns of the screens count: whole days once there are some. */
static void
print_duration(double us, bool zh, struct buf *out)
{
	double days = us / 86400e6;

	if (fabs(days) >= 3)
		buf_addf(out, zh ? "%.0f 天" : "%.0fd", trunc(days));
	else if (fabs(us) >= 3600e6)
		buf_addf(out, zh ? "%.1f 小时" : "%.1fh", us / 3600e6);
	else
		buf_addf(out, zh ? "%.0f 分" : "%.0fm", trunc(us / 60e6));
}

void
value_print(struct value v, enum expr_type type, bool zh, struct buf *out)
{
	if (v.missing) {
		buf_add_str(out, "—");
		return;
	}
	switch (type) {
	case TYPE_TEXT:
		buf_add_str(out, v.text ? v.text : "");
		break;
	case TYPE_PERCENT:
		buf_addf(out, "%.3g%%", v.number * 100);
		break;
	case TYPE_MONEY:
		buf_addf(out, "%.2f", v.number / 100);
		break;
	case TYPE_DURATION:
		print_duration(v.number, zh, out);
		break;
	case TYPE_TIME:
		print_time(v.number, out);
		break;
	case TYPE_BOOL:
		if (zh)
			buf_add_str(out, v.number != 0 ? "是" : "否");
		else
			buf_add_str(out, v.number != 0 ? "yes" : "no");
		break;
	default:
		buf_addf(out, "%.6g", v.number);
		break;
	}
}
