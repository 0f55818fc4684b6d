/* The rule reader and checker: a ruleset or at least one fault, never both. */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/yaml.h"
#include "server/engine/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char sources_text[] =
    "firebreak: 1\n"
    "subjects:\n"
    "  rep: { relation: r, key: id, label: l, org_code: o,\n"
    "    fields: { hired: { type: time, sql: h } },\n"
    "    people: { manager: m }, groups: { team: g } }\n"
    "sources:\n"
    "  visits: { relation: v, at: t.at, recorded: t.rec,\n"
    "    links: { rep: t.p }, marks: { rep: subject },\n"
    "    fields: { at: { type: time, sql: t.at },\n"
    "      n: { type: count, sql: t.n }, ok: { type: bool, sql: t.ok } },\n"
    "    lineage: { system: a, refresh: b, responsible: c } }\n";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diags *d = diags_new();
	struct buf out = {0};
	struct sources *s = sources_read(
	    yaml_parse("sources", sources_text, strlen(sources_text), d), d);
	struct yaml_doc *doc =
	    yaml_parse("fuzz.yaml", (const char *)data, size, d);
	struct ruleset *set = NULL;

	if (doc)
		set = ruleset_read(s, &doc, 1, d);
	else
		sources_free(s);
	if ((set != NULL) == (diags_errors(d) > 0))
		abort();
	diags_print(d, &out);
	buf_clear(&out);
	ruleset_free(set);
	diags_free(d);
	return 0;
}
