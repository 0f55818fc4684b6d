/* The values of a request: read from its frame, as often as a stage needs
 * them, into the gateway's scratch. */
#include <stdio.h>
#include <string.h>

#include "common/codec.h"
#include "server/gateway/impl.h"

/* Where each argument's value is in the frame; len 0: not given. */
static int
find_args(struct request *r, struct codec_reader found[], struct err *e)
{
	const struct statement *st = r->statement;
	struct codec_reader in;
	struct codec_item name;
	size_t n, i;
	int k;

	codec_open(&in, r->body, r->len);
	in.at = r->args;
	n = codec_need_map(&in);
	for (i = 0; i < n; i++) {
		if (!codec_next(&in, &name) || name.type != CODEC_TEXT)
			return err_set(e, ERR_BAD_REQUEST, "malformed args");
		for (k = 0; k < st->arg_count; k++) {
			if (strlen(st->args[k].name) == name.len &&
			    memcmp(st->args[k].name, name.data, name.len) == 0)
				break;
		}
		if (k == st->arg_count)
			return err_set(e, ERR_BAD_ARGUMENT,
			    "%s has no argument \"%.*s\"", st->name,
			    (int)name.len, (const char *)name.data);
		found[k] = in;
		codec_skip(&in);
	}
	return in.failed ? err_set(e, ERR_BAD_REQUEST, "malformed args") : 0;
}

static int
add_arg(struct request *r, int i, struct codec_reader *in, struct err *e)
{
	struct params *p = &r->gateway->params;
	const struct catalogue_arg *a = &r->statement->args[i];
	int failed;

	failed =
	    in->len ? params_read(p, a->kind, in, e) : params_add_null(p, e);
	if (!failed && !a->optional && p->items[p->count - 1].len < 0)
		failed = err_set(e, ERR_BAD_ARGUMENT, "%s is missing", a->name);
	if (failed && e)
		snprintf(e->field, sizeof(e->field), "%s", a->name);
	return failed;
}

static int
add_supplied(struct request *r, int source, struct err *e)
{
	const struct db_scope *s = &r->scope;
	const int64_t values[] = {s->person, s->lo, s->hi, s->lo2, s->hi2};
	struct params *p = &r->gateway->params;

	if (source <= SOURCE_LO2 && s->lo2 > s->hi2)
		return params_add_null(p, e);
	return params_add_int(p, values[-1 - source], e);
}

bool
request_has_second_range(const struct request *r)
{
	const struct db_scope *s = &r->scope;

	return r->statement->is_scoped && s->lo2 <= s->hi2;
}

int
request_add_values(struct request *r, struct err *e)
{
	const struct catalogue_text *t =
	    &r->statement->text[request_has_second_range(r)];
	struct codec_reader found[CATALOGUE_PARAMS_MAX];
	int i, failed = 0;

	if (r->statement->arg_count > CATALOGUE_PARAMS_MAX)
		return err_set(e, ERR_INTERNAL, "too many arguments");
	memset(found, 0, sizeof(found));
	params_reset(&r->gateway->params);
	if (find_args(r, found, e))
		return -1;
	for (i = 0; i < t->params && !failed; i++)
		failed = t->source[i] < 0 ? add_supplied(r, t->source[i], e)
					  : add_arg(r, t->source[i],
						&found[t->source[i]], e);
	return failed;
}

int
request_read_options(struct request *r, struct err *e)
{
	struct codec_reader in;

	codec_open(&in, r->body, r->len);
	in.at = r->options;
	return list_options_read(
	    &r->gateway->list, r->statement, r->options ? &in : NULL, e);
}
