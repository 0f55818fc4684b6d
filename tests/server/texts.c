/*
 * The texts that ship fit together: every statement prepares, every screen
 * names only what exists and is allowed, every refusal has its phrase in both
 * languages.  Needs FIREBREAK_PG: a database with the schema.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/codec.h"
#include "common/diag.h"
#include "common/mem.h"
#include "server/catalogue.h"
#include "server/db/sync.h"
#include "server/phrases.h"
#include "server/screens/screens.h"
#include "server/sqlfile.h"

static int tests, failures;

static void
tap(bool ok, const char *what, const struct diags *d)
{
	struct buf out = {0};

	printf("%s %d - %s\n", ok ? "ok" : "not ok", ++tests, what);
	if (ok)
		return;
	failures++;
	diags_print(d, &out);
	fputs(buf_str(&out), stderr);
	buf_clear(&out);
}

/* Every code of firebreak.refusal has words. */
static void
check_refusals(struct db_sync *s, const struct phrases *p)
{
	struct pg_result *rows;
	struct err e;

	if (db_sync_run(s, "select code from firebreak.refusal order by code",
		NULL, 0, &rows, &e) != 0) {
		printf("not ok %d - refusals: %s\n", ++tests, e.text);
		failures++;
		return;
	}
	for (int i = 0; i < db_rows(rows); i++) {
		const char *code = db_text(rows, i, 0, NULL);
		bool ok = phrases_get(p, code, "zh") != NULL;

		printf("%s %d - refusal %s has its phrase\n",
		    ok ? "ok" : "not ok", ++tests, code);
		failures += !ok;
	}
	db_result_free(rows);
}

/* Each role begins somewhere, and its bundle is one well-formed item. */
static void
check_bundles(const struct screens *s)
{
	for (const char *const *r = catalogue_roles(); *r; r++) {
		const struct screens_bundle *b = screens_bundle_for(s, *r);
		struct codec_reader reader;
		char *home;
		bool ok;

		codec_open(&reader, b->data, b->len);
		ok = codec_need_array(&reader) == 5;
		codec_need_int(&reader);
		home = codec_need_text(&reader);
		ok = ok && home && *home;
		for (int i = 0; i < 3; i++)
			ok = codec_skip(&reader) && ok;
		printf("%s %d - %s begins at %s (%zu bytes)\n",
		    ok && codec_finished(&reader) ? "ok" : "not ok", ++tests,
		    *r, home ? home : "nothing", b->len);
		failures += !(ok && codec_finished(&reader));
		free(home);
	}
}

int
main(void)
{
	static const char *const packs[] = {"server/packs/standard"};
	const char *conninfo = getenv("FIREBREAK_PG");
	struct diags *d = diags_new();
	struct catalogue *c;
	struct phrases *p;
	struct screens *s;
	struct db_sync *db;
	struct err e;

	db = db_sync_open(conninfo ? conninfo : "", &e);
	if (!db) {
		printf("Bail out! %s\n", e.text);
		return 1;
	}
	c = catalogue_read(sqlfile_table, d);
	tap(c != NULL, "the statements can be read", d);
	if (c)
		tap(catalogue_describe(c, db, d) == 0,
		    "PostgreSQL prepares them", d);
	p = phrases_load(packs, 1, d);
	tap(p != NULL, "the phrases can be read", d);
	if (c && p && diags_errors(d) == 0) {
		s = screens_load(packs, 1, c, p, d);
		tap(s != NULL, "the screens fit the catalogue", d);
		if (s)
			check_bundles(s);
		screens_free(s);
	}
	if (p)
		check_refusals(db, p);
	printf("1..%d\n", tests);
	phrases_free(p);
	catalogue_free(c);
	db_sync_close(db);
	diags_free(d);
	return failures != 0;
}
