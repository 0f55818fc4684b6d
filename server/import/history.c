/* Imports that were: taking one back, listing them. */
#include "server/import/history.h"

#include <stdlib.h>

#include "common/mem.h"
#include "server/db/sync.h"

/* One entity of a revert: what went, what came back, what was left and why. */
static void
report_reverted(const struct pg_result *rows, int row, FILE *report, bool zh)
{
	const char *examples = db_text(rows, row, 5, NULL);
	long long changed = db_int(rows, row, 3), held = db_int(rows, row, 4);

	fprintf(report,
	    zh ? "%s:删除 %lld,恢复 %lld\n"
	       : "%s: %lld removed, %lld restored\n",
	    db_text(rows, row, 0, NULL), (long long)db_int(rows, row, 1),
	    (long long)db_int(rows, row, 2));
	if (changed > 0)
		fprintf(report,
		    zh ? "  保留 %lld:此后有人改过 %s%s\n"
		       : "  %lld left, changed since: %s%s\n",
		    changed, examples, changed > 5 ? ", ..." : "");
	if (held > 0)
		fprintf(report,
		    zh ? "  保留 %lld:还有别的记录属于它们\n"
		       : "  %lld left, because other records belong to them\n",
		    held);
}

int
import_revert(
    struct db_sync *db, int64_t import_id, FILE *report, bool zh, struct err *e)
{
	char *sql = xasprintf("select entity, deleted, restored, changed, held,"
			      " examples from firebreak.import_revert(%lld)",
	    (long long)import_id);
	struct pg_result *rows;
	int rc = db_sync_run(db, sql, NULL, 0, &rows, e);

	free(sql);
	if (rc)
		return -1;
	for (int i = 0; i < db_rows(rows); i++)
		report_reverted(rows, i, report, zh);
	db_result_free(rows);
	return 0;
}

int
import_list(struct db_sync *db, FILE *out, struct err *e)
{
	struct pg_result *rows;

	if (db_sync_run(db,
		"select format('%s  %s  %s  %s  %s new, %s updated, %s"
		" unchanged, %s rejected  %s', import_id,"
		" to_char(started_at, 'YYYY-MM-DD HH24:MI'), status, mapping,"
		" inserted, updated, unchanged, rejected, file)"
		" from firebreak.import_run order by import_id desc limit 200",
		NULL, 0, &rows, e))
		return -1;
	for (int i = 0; i < db_rows(rows); i++)
		fprintf(out, "%s\n", db_text(rows, i, 0, NULL));
	db_result_free(rows);
	return 0;
}
