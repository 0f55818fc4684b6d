/* Steps and effects of a round as the JSON that engine_commit takes. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "server/db.h"
#include "server/engine/round.h"

struct face {
	char *name;
	int64_t org;
	int64_t *people; /* -1: nobody */
};

static void
add_json_text(struct buf *out, const char *text)
{
	buf_add_str(out, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_byte(out, '\\');
		if ((unsigned char)*text < 0x20)
			buf_addf(out, "\\u%04x", *text);
		else
			buf_add_byte(out, (uint8_t)*text);
	}
	buf_add_str(out, "\"");
}

static struct value
let_value(struct round *r, const struct round_item *it,
    const struct round_step *st, const struct rule_expr *let)
{
	struct eval v = {.facts = &it->facts, .next = EVAL_NEVER};

	(void)r;
	v.opened = st->after.opened ? (double)st->after.opened : NAN;
	v.half = NAN;
	return eval_value(&v, let->tree);
}

static void
add_values(struct round *r, const struct round_item *it,
    const struct round_step *st, struct buf *out)
{
	const struct rule *rule = st->rule;
	struct buf text = {0};

	buf_add_str(out, "{");
	for (size_t i = 0; i < rule->let_count; i++) {
		buf_reset(&text);
		value_print(let_value(r, it, st, &rule->lets[i]),
		    rule->lets[i].tree->type, false, &text);
		buf_add_str(out, i ? "," : "");
		add_json_text(out, rule->lets[i].name);
		buf_add_str(out, ":");
		add_json_text(out, buf_str(&text));
	}
	buf_add_str(out, "}");
	buf_clear(&text);
}

static void
add_step(struct round *r, const struct round_item *it,
    const struct round_step *st, const struct face *f)
{
	struct buf *out = &r->json_steps;

	buf_addf(out,
	    "%s{\"rule\":\"%s\",\"version\":%" PRId64
	    ",\"kind\":\"%s\",\"subject\":%" PRId64 ",\"org\":%" PRId64
	    ",\"from\":\"%s\",\"to\":\"%s\",\"at\":%" PRId64,
	    out->len ? "," : "", st->rule->id, st->rule->version,
	    st->rule->subject->name, it->subject, f->org,
	    state_names[st->step.from], state_names[st->step.to], st->step.at);
	if (it->cause)
		buf_addf(out, ",\"cause\":%" PRId64, it->cause);
	buf_add_str(out, ",\"values\":");
	add_values(r, it, st, out);
	buf_add_str(out, "}");
}

/* The beginning all effects share. */
static struct buf *
begin(struct round *r, enum effect_verb verb, const struct round_item *it,
    const struct round_step *st, const struct face *f)
{
	struct buf *out = &r->verbs[verb];

	buf_addf(out,
	    "%s{\"rule\":\"%s\",\"kind\":\"%s\",\"subject\":%" PRId64
	    ",\"org\":%" PRId64 ",\"at\":%" PRId64,
	    out->len ? "," : "", st->rule->id, st->rule->subject->name,
	    it->subject, f->org, st->step.at);
	return out;
}

/* "{title}: {visits} visits" with the values of let. */
static void
fill_say(struct round *r, const struct round_item *it,
    const struct round_step *st, bool zh, const char *name, struct buf *out)
{
	const struct rule *rule = st->rule;
	const char *title = zh ? rule->title_zh : rule->title_en, *end;
	const char *say = zh ? rule->say_zh : rule->say_en;

	for (; *say; say++) {
		end = *say == '{' ? strchr(say, '}') : NULL;
		if (!end) {
			buf_add_byte(out, (uint8_t)*say);
			continue;
		}
		say++;
		if (strncmp(say, "title}", 6) == 0)
			buf_add_str(out, title);
		if (strncmp(say, "subject}", 8) == 0)
			buf_add_str(out, name);
		for (size_t i = 0; i < rule->let_count; i++) {
			size_t len = strlen(rule->lets[i].name);

			if (len == (size_t)(end - say) &&
			    memcmp(say, rule->lets[i].name, len) == 0)
				value_print(
				    let_value(r, it, st, &rule->lets[i]),
				    rule->lets[i].tree->type, zh, out);
		}
		say = end;
	}
}

static void
add_said(struct round *r, const struct round_item *it,
    const struct round_step *st, const struct face *f, struct buf *out)
{
	struct buf text = {0};

	buf_add_str(out, ",\"title\":");
	add_json_text(out, st->rule->title_zh);
	fill_say(r, it, st, true, f->name, &text);
	buf_add_str(out, ",\"text_zh\":");
	add_json_text(out, buf_str(&text));
	buf_reset(&text);
	fill_say(r, it, st, false, f->name, &text);
	buf_add_str(out, ",\"text_en\":");
	add_json_text(out, buf_str(&text));
	buf_add_str(out, ",\"name\":");
	add_json_text(out, f->name);
	buf_clear(&text);
}

static int64_t
person(const struct rule *rule, const struct face *f, const char *who)
{
	const struct subject_def *s = rule->subject;

	for (size_t i = 0; who && i < s->people_count; i++)
		if (strcmp(s->people[i].name, who) == 0)
			return f->people[i];
	return -1;
}

static void
add_person(struct buf *out, int64_t id)
{
	if (id >= 0)
		buf_addf(out, ",\"person\":%" PRId64, id);
}

static int
alert_level(enum rule_state s)
{
	return s == STATE_OPEN ? STATE_RED : s <= STATE_RED ? (int)s : 0;
}

static void
add_task(struct round *r, const struct round_item *it,
    const struct round_step *st, const struct face *f, const struct effect *e)
{
	struct buf *out = begin(r, VERB_TASK, it, st, f);

	add_person(out, person(st->rule, f, e->who));
	buf_add_str(out, ",\"what\":");
	add_json_text(out, e->what);
	buf_addf(out, ",\"due\":%.0f,\"workdays\":%d", e->due, e->due_workdays);
	if (r->backlog)
		buf_add_str(out, ",\"backlog\":true");
	for (size_t i = 0; e->outcomes && e->outcomes[i]; i++) {
		buf_add_str(out, i ? "," : ",\"outcomes\":[");
		add_json_text(out, e->outcomes[i]);
	}
	buf_add_str(out, e->outcomes && e->outcomes[0] ? "]}" : "}");
}

static void
add_effect(struct round *r, const struct round_item *it,
    const struct round_step *st, const struct face *f, const struct effect *e)
{
	struct buf *out;

	switch (e->kind) {
	case EFFECT_NOTIFY:
		out = begin(r, VERB_ALERT, it, st, f);
		buf_addf(out, ",\"level\":%d", alert_level(st->step.to));
		add_person(out, person(st->rule, f, e->who));
		add_said(r, it, st, f, out);
		break;
	case EFFECT_TASK:
		add_task(r, it, st, f, e);
		return;
	case EFFECT_SUSPEND:
		out = begin(r, VERB_SUSPEND, it, st, f);
		buf_add_str(out, ",\"what\":");
		add_json_text(out, e->what);
		buf_add_str(out, ",\"title\":");
		add_json_text(out, st->rule->title_zh);
		break;
	default:
		out = begin(r, VERB_PUSH, it, st, f);
		buf_add_str(out, ",\"what\":");
		add_json_text(out, e->what);
		break;
	}
	buf_add_str(out, "}");
}

static uint64_t
people_of(const struct round *r, const struct round_item *it)
{
	const struct subject_def *s = r->program->subject;
	uint64_t need = 0;

	for (size_t i = 0; i < it->step_count; i++) {
		const struct round_step *st = &r->steps[it->step_from + i];
		const struct rule *rule = st->rule;

		for (size_t j = 0; j < rule->effect_count; j++)
			for (size_t k = 0; k < s->people_count && k < FACE_BITS;
			     k++)
				if (st->is_last && rule->effects[j].who &&
				    rule->effects[j].on == st->step.to &&
				    !strcmp(rule->effects[j].who,
					s->people[k].name))
					need |= UINT64_C(1) << k;
	}
	return need;
}

void
round_step_people(const struct round *r, struct buf *out)
{
	buf_add_str(out, "{");
	for (size_t i = 0; i < r->count; i++)
		buf_addf(out, "%s%" PRIu64, i ? "," : "",
		    people_of(r, &r->items[i]));
	buf_add_str(out, "}");
}

static const struct effect *
find_effect(const struct rule *rule, enum effect_kind kind, enum rule_state on)
{
	for (size_t i = 0; i < rule->effect_count; i++)
		if (rule->effects[i].kind == kind && rule->effects[i].on == on)
			return &rule->effects[i];
	return NULL;
}

/* What follows from the state itself, whatever the rule's `do` says. */
static void
add_implied(struct round *r, const struct round_item *it,
    const struct round_step *st, const struct face *f, int64_t group)
{
	static const int lights[STATE_COUNT] = {
	    [STATE_YELLOW] = 1, [STATE_RED] = 2, [STATE_NO_DATA] = 3};
	enum rule_state to = st->step.to;
	const struct rule *rule = st->rule;
	const struct effect *stop =
	    find_effect(rule, EFFECT_SUSPEND, STATE_OPEN);
	struct buf *out;

	if (rule->engine == RULE_QUALITY && rule->subject->lights)
		buf_addf(begin(r, VERB_LIGHT, it, st, f), ",\"level\":%d}",
		    lights[to]);
	if (!find_effect(rule, EFFECT_NOTIFY, to) && to != STATE_HALF_OPEN)
		buf_add_str(begin(r, VERB_CLEAR, it, st, f), "}");
	if (to == STATE_CLOSED)
		buf_add_str(
		    begin(r,
			st->step.from == STATE_HELD ? VERB_FREED : VERB_RESUME,
			it, st, f),
		    "}");
	if (to == STATE_HALF_OPEN && stop) {
		out = begin(r, VERB_HALF, it, st, f);
		buf_add_str(out, ",\"what\":");
		add_json_text(out, stop->what);
		buf_addf(out, ",\"allow\":%" PRId64 "}",
		    rule->allow < 0 ? 0 : rule->allow);
	}
	if (to == STATE_HELD) {
		out = &r->verbs[VERB_LIMIT];
		buf_addf(out,
		    "%s{\"rule\":\"%s\",\"subject\":%" PRId64
		    ",\"org\":%" PRId64 ",\"at\":%" PRId64,
		    out->len ? "," : "", rule->id, group, f->org, st->step.at);
		add_said(r, it, st, f, out);
		buf_add_str(out, "}");
	}
}

static void
add_all(struct round *r, const struct round_item *it, const struct face *f)
{
	size_t index = (size_t)(it - r->items);

	for (size_t i = 0; i < it->step_count; i++) {
		const struct round_step *st = &r->steps[it->step_from + i];
		const struct rule *rule = st->rule;

		add_step(r, it, st, f);
		if (rule->shadow || !st->is_last)
			continue;
		add_implied(r, it, st, f,
		    r->groups[index * r->program->rule_count +
			      (size_t)st->level]);
		for (size_t j = 0; j < rule->effect_count; j++)
			if (rule->effects[j].on == st->step.to)
				add_effect(r, it, st, f, &rule->effects[j]);
	}
}

static void
read_face(const struct round *r, const struct pg_result *rows, int row,
    struct face *f)
{
	const char *text;
	int len;

	text = db_text(rows, row, 1, &len);
	f->name = xstrndup(text, (size_t)len);
	f->org = db_int(rows, row, 2);
	for (size_t i = 0; i < r->program->subject->people_count; i++)
		f->people[i] = db_is_null(rows, row, 3 + (int)i)
				   ? -1
				   : db_int(rows, row, 3 + (int)i);
}

void
round_take_faces(struct round *r, const struct pg_result *rows)
{
	struct face f = {0};

	f.people =
	    xcalloc(r->program->subject->people_count, sizeof(*f.people));
	for (int row = 0; row < db_rows(rows); row++) {
		size_t i = (size_t)db_int(rows, row, 0) - 1;

		if (i >= r->count || !r->items[i].step_count)
			continue;
		read_face(r, rows, row, &f);
		add_all(r, &r->items[i], &f);
		free(f.name);
	}
	free(f.people);
}

/* Whole texts ------------------------------------------------------------- */

/* "name": [ what is in the list ], unless it is empty */
static void
add_list(struct buf *out, const char *name, const struct buf *list)
{
	if (list->len == 0)
		return;
	buf_addf(out, "%s\"%s\":[", out->len > 1 ? "," : "", name);
	buf_add(out, list->data, list->len);
	buf_add_str(out, "]");
}

void
round_states(const struct round *r, struct buf *out)
{
	buf_add_str(out, "{");
	add_list(out, "rest", &r->rest);
	add_list(out, "kept", &r->kept);
	buf_add_str(out, "}");
}

void
round_steps(const struct round *r, struct buf *out)
{
	buf_add_str(out, "[");
	buf_add(out, r->json_steps.data, r->json_steps.len);
	buf_add_str(out, "]");
}

void
round_effects(const struct round *r, struct buf *out)
{
	static const char *const names[VERB_COUNT] = {"light", "alert", "clear",
	    "limit", "freed", "resume", "task", "suspend", "half", "push"};

	buf_add_str(out, "{");
	for (size_t i = 0; i < VERB_COUNT; i++)
		add_list(out, names[i], &r->verbs[i]);
	buf_add_str(out, "}");
}
