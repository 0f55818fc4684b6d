/* Mappings: what is read, and where each fault is seen. */
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
#include "server/import/mapping.h"
#include "server/import/rows.h"

static char *kinds[] = {"call", "visit", NULL};
static struct import_field fields[] = {
    {"thing", "name", "text", true, NULL},
    {"thing", "kind", "text", false, kinds},
    {"thing", "price", "money", false, NULL},
    {"thing", "extra", "extra", false, NULL},
};
static const struct import_catalogue catalogue = {fields, COUNT_OF(fields)};

static const char good[] = "mapping: m\n"
			   "files:\n"
			   "- file: a*.csv\n"
			   "  into:\n"
			   "  - thing:\n"
			   "      key: id\n"
			   "      only: { live: [\"1\"] }\n"
			   "      fields:\n"
			   "        name: { columns: [first, last] }\n"
			   "        kind: { column: k, map: { C: call } }\n"
			   "        price: p\n"
			   "      extra: rest\n";

static void
test_good(void **state)
{
	struct diags *d = diags_new();
	struct mapping *m =
	    mapping_parse("m.yaml", good, strlen(good), &catalogue, d);

	(void)state;
	assert_int_equal(diags_errors(d), 0);
	assert_non_null(m);
	assert_string_equal(m->source, "m");
	assert_int_equal(m->file_count, 1);
	assert_int_equal(m->files[0].target_count, 1);
	assert_int_equal(m->files[0].targets[0].field_count, 3);
	assert_true(m->files[0].targets[0].extra_rest);
	mapping_free(m);
	mapping_free(NULL);
	diags_free(d);
}

static const struct row {
	const char *text, *place, *says;
} faults[] = {
    {"mapping: m\n", "m.yaml:1:1:", "files"},
    {"mapping: m\nfils: []\n", "m.yaml:2:1:", "fils"},
    {"mapping: m\nfiles:\n- file: a\n  into:\n  - thnig: { key: a }\n",
	"m.yaml:5:5:", "nothing that can be imported"},
    {"mapping: m\nfiles:\n- file: a\n  into:\n  - thing:\n"
     "      key: a\n      fields: { nane: b }\n",
	"m.yaml:7:17:", "no field \"nane\""},
    {"mapping: m\nfiles:\n- file: a\n  into:\n  - thing:\n"
     "      fields: { name: b }\n",
	"m.yaml:6:7:", "key"},
    {"mapping: m\nfiles:\n- file: a\n  into:\n  - thing:\n"
     "      key: a\n      fields: { name: b, kind: { const: cal } }\n",
	"m.yaml:7:41:", "cannot be \"cal\""},
};

static void
test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		struct diags *d = diags_new();

		assert_null(mapping_parse("m.yaml", faults[i].text,
		    strlen(faults[i].text), &catalogue, d));
		assert_true(diags_errors(d) > 0);
		if (!strstr(diags_first(d), faults[i].place) ||
		    !strstr(diags_first(d), faults[i].says))
			fail_msg("%zu: %s", i, diags_first(d));
		diags_free(d);
	}
}

static const struct line_row {
	const char *record;
	enum rows_result result;
	const char *says; /* in the line, or in the reason */
} lines[] = {
    {"1,A,B,C,2.5,1,x", ROWS_MADE, "\t1\tA B\tcall\t250\t{\"note\":\"x\"}\t"},
    {"2,A,,,,1,", ROWS_MADE, "\t2\tA\t\\N\t\\N\t{}\t"},
    {"3,A,B,C,2.5,0,x", ROWS_SKIPPED, ""},
    {",A,B,C,2.5,1,x", ROWS_REJECTED, "key is missing"},
    {"4,,,C,2.5,1,x", ROWS_REJECTED, "name is missing"},
    {"5,A,B,Q,2.5,1,x", ROWS_REJECTED, "kind cannot be \"Q\""},
    {"6,A,B,C,much,1,x", ROWS_REJECTED, "amount"},
    {"7,A,B", ROWS_REJECTED, "3 fields where the first line has 7"},
};

static void
check_line(struct mapping *m, const struct line_row *row)
{
	char *text =
	    xasprintf("id,first,last,k,p,live,note\n%s\n", row->record);
	struct err e;
	struct csvfile *csv = csvfile_parse(text, strlen(text), NULL, &e);
	struct diags *d = diags_new();
	struct csvfile_record rec;
	struct buf out = {0};
	const char *why;
	struct rows *r;

	assert_true(csvfile_next(csv, &rec));
	r = rows_new(m, &m->files[0].targets[0], "a.csv", ".", &rec, d);
	assert_non_null(r);
	assert_true(csvfile_next(csv, &rec));
	assert_int_equal(rows_make(r, &rec, &out, &why), row->result);
	if (row->result == ROWS_MADE)
		assert_non_null(strstr(buf_str(&out), row->says));
	if (row->result == ROWS_REJECTED)
		assert_non_null(strstr(why, row->says));
	buf_clear(&out);
	rows_free(r);
	diags_free(d);
	csvfile_free(csv);
	free(text);
}

static void
test_lines(void **state)
{
	struct diags *d = diags_new();
	struct mapping *m =
	    mapping_parse("m.yaml", good, strlen(good), &catalogue, d);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		check_line(m, &lines[i]);
	mapping_free(m);
	diags_free(d);
}

static void
test_missing_column(void **state)
{
	static const char text[] = "id,first,last,kk,p,live\n";
	struct diags *d = diags_new();
	struct mapping *m =
	    mapping_parse("m.yaml", good, strlen(good), &catalogue, d);
	struct err e;
	struct csvfile *csv = csvfile_parse(text, strlen(text), NULL, &e);
	struct csvfile_record rec;

	(void)state;
	assert_true(csvfile_next(csv, &rec));
	assert_null(
	    rows_new(m, &m->files[0].targets[0], "a.csv", ".", &rec, d));
	assert_non_null(strstr(diags_first(d), "m.yaml:10:25:"));
	assert_non_null(strstr(diags_first(d), "a.csv has no column \"k\""));
	csvfile_free(csv);
	mapping_free(m);
	diags_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_missing_column),
	};

	return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
