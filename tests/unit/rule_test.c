/* The rule language: what is accepted, and where what is wrong is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/mem.h"
#include "common/yaml.h"
#include "server/engine/rule.h"

static const char sources_text[] =
    "firebreak: 1\n"
    "subjects:\n"
    "  rep:\n"
    "    relation: r\n    key: id\n    label: s.name\n    org_code: s.c\n"
    "    fields:\n"
    "      hired: { type: time, sql: s.hired, keep: fact }\n"
    "      quota: { type: money, sql: s.quota }\n"
    "      city: { type: text, sql: s.city }\n"
    "    people: { manager: s.boss }\n"
    "    groups: { team: s.unit }\n"
    "sources:\n"
    "  visits:\n"
    "    relation: v\n    at: t.at\n    recorded: t.rec\n"
    "    links: { rep: t.p }\n    marks: { rep: subject }\n"
    "    fields:\n"
    "      at: { type: time, sql: t.at }\n"
    "      photos: { type: count, sql: t.photos }\n"
    "      fee: { type: money, sql: t.fee }\n"
    "      kind: { type: text, sql: t.kind, values: [shop, home] }\n"
    "      done: { type: bool, sql: t.done }\n"
    "    lineage: { system: CRM, refresh: x, responsible: y }\n";

/* "" is a good condition; else the code and what stands under the caret. */
static const struct row {
	const char *condition, *code, *at, *suggest;
} rows[] = {
    /* good */
    {"count(visits) over 7d > 50", "", "", NULL},
    {"count(visits where photos >= 3 and kind = \"shop\") over 2w < 3", "", "",
	NULL},
    {"age(last(visits.at) else hired) > 30d", "", "", NULL},
    {"sum(visits.fee) over 30d >= 20% * quota", "", "", NULL},
    {"count(visits where done) over 7d / count(visits) over 7d < 85%", "", "",
	NULL},
    {"city in [\"x\", \"y\"] and not hired is missing", "", "", NULL},
    {"count(visits) over 7d between 3 and 5 or age(hired) > 1w", "", "", NULL},
    {"abs(sum(visits.fee) over 7d - quota) > 5 yuan", "", "", NULL},
    {"max(age(hired), 3d) > 5d", "", "", NULL},
    {"hired < 2026-01-05", "", "", NULL},
    {"-3d < age(hired)", "", "", NULL},
    {"(count(visits) over 7d + 1) * 2 > 3", "", "", NULL},
    {"min(visits.at where done) over 7d is not missing", "", "", NULL},
    {"distinct(visits.kind) over 7d != 2", "", "", NULL},
    {"mean(visits.photos) over 7d <= 2.5", "", "", NULL},
    /* words */
    {"age(hired) > 5d & 1", "E010", "&", NULL},
    {"city = \"x", "E010", "\"x", NULL},
    {"hired < 2026-02-30", "E010", "2026-02-30", NULL},
    {"age(hired) > 3 days", "E010", "days", "d"},
    {"quota > 12345678901234567 yuan", "E010", "123456", NULL},
    {"quota # 3", "E010", "#", NULL},
    /* grammar */
    {"", "E010", "", NULL},
    {"count(visits) over 7d >", "E010", "", NULL},
    {"(age(hired) > 3d", "E010", "(age", NULL},
    {"3 > 1)", "E010", ")", NULL},
    {"sume(visits.fee) > 1 yuan", "E010", "sume", "sum"},
    {"1 < 2 < 3", "E010", "< 3", NULL},
    {"count(visits) over week > 3", "E010", "week", NULL},
    {"count(visits) over 3 yuan > 3", "E010", "3 yuan", NULL},
    {"city in \"x\"", "E010", "x\"", NULL},
    {"city is there", "E010", "there", NULL},
    {"3 between 1 or 5", "E010", "or", NULL},
    {"and 3 > 1", "E010", "and", NULL},
    {"3 > 2 1", "E010", "1", NULL},
    {"count(visits where ) > 1", "E010", ") > 1", NULL},
    {"mean of x on team > 1", "E010", "on", NULL},
    /* names */
    {"count(visit) over 7d > 3", "E014", "count", "visits"},
    {"count(visits where phots > 1) over 7d > 3", "E014", "phots", "photos"},
    {"sum(visits.fe) over 7d > 1 yuan", "E014", "sum", "fee"},
    {"age(hird) > 3d", "E014", "hird", "hired"},
    {"count(visits where kind = \"shp\") over 7d > 1", "E024", "shp", "shop"},
    {"count(visits) since opened > 1", "E022", "count", "open"},
    /* units */
    {"count(visits) over 7d > 85%", "E020", "85%", NULL},
    {"age(hired) > 11", "E020", "11", NULL},
    {"quota + 3d > 1 yuan", "E020", "3d", NULL},
    {"quota > 5", "E020", "5", NULL},
    {"city > \"a\"", "E020", "> ", NULL},
    {"age(quota) > 3d", "E020", "quota", NULL},
    {"hired + hired > 3d", "E020", "hired > 3d", NULL},
    {"count(visits) over 7d", "E020", "count", NULL},
    {"count(visits) over 7d and city", "E020", "count", NULL},
    {"sum(visits.kind) over 7d > 1", "E020", "sum", NULL},
    {"sum(visits) over 7d > 1", "E021", "sum", NULL},
    {"count(visits where count(visits) > 1) over 7d > 1", "E021",
	"count(visits) > 1", NULL},
    {"age(hired) / age(hired) > 1", "E025", "age(hired) > 1", NULL},
    /* not yet */
    {"count(visits) over closed week > 3", "E030", "count", NULL},
    {"age(hired) in workdays > 3d", "E030", "age", NULL},
    {"size of x in team > 3", "E030", "size", NULL},
};

static struct ruleset *
read_rule(const char *condition, struct diags *d, char **text)
{
	struct yaml_doc *doc, *s = yaml_parse("sources.yaml", sources_text,
				  strlen(sources_text), d);
	struct sources *sources = sources_read(s, d);

	*text = xasprintf("firebreak: 1\nrules:\n- rule: one\n"
			  "  engine: warning\n  for_each: rep\n  when:\n"
			  "    red: |-\n      %s\n",
	    condition);
	doc = yaml_parse("one.yaml", *text, strlen(*text), d);
	assert_non_null(doc);
	assert_non_null(sources);
	return ruleset_read(sources, &doc, 1, d);
}

static void
test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct row *r = &rows[i];
		struct diags *d = diags_new();
		struct buf out = {0};
		char *text, *want;
		struct ruleset *set = read_rule(r->condition, d, &text);
		const char *at = *r->at ? strstr(r->condition, r->at) : NULL;

		diags_print(d, &out);
		if (!*r->code) {
			if (!set)
				print_error("%s\n", buf_str(&out));
			assert_non_null(set);
		} else {
			want = xasprintf("error[%s]", r->code);
			if (!strstr(buf_str(&out), want))
				print_error("row %zu: %s: wanted %s, got %s\n",
				    i, r->condition, want, buf_str(&out));
			assert_non_null(strstr(buf_str(&out), want));
			free(want);
			want = xasprintf("one.yaml:8:%zu:",
			    at ? (size_t)(at - r->condition) + 7 : 7);
			if (at && !strstr(buf_str(&out), want))
				print_error("row %zu: %s: wanted %s, got %s\n",
				    i, r->condition, want, buf_str(&out));
			assert_true(!at || strstr(buf_str(&out), want));
			free(want);
			assert_null(set);
		}
		if (r->suggest) {
			want = xasprintf("did you mean \"%s\"", r->suggest);
			if (!strstr(buf_str(&out), want))
				print_error("row %zu: %s\n", i, buf_str(&out));
			assert_non_null(strstr(buf_str(&out), want));
			free(want);
		}
		ruleset_free(set);
		diags_free(d);
		buf_clear(&out);
		free(text);
	}
}

static void
test_shipped_rules(void **state)
{
	struct diags *d = diags_new();
	struct ruleset *set = ruleset_load("server/packs/standard", d);

	(void)state;
	assert_non_null(set);
	assert_non_null(ruleset_find(set, "customer-freshness"));
	assert_non_null(ruleset_find(set, "zero-yield-visits"));
	assert_int_equal(diags_warnings(d), 0);
	ruleset_free(set);
	diags_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_conditions),
	    cmocka_unit_test(test_shipped_rules),
	};

	return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
