/*
 * Runs an import against the database named by a conninfo, as firebreakctl
 * would: import_probe CONNINFO MAPPING REJECTS keep|dry PATH...
 * or import_probe CONNINFO revert ID.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/diag.h"
#include "server/db/sync.h"
#include "server/import/history.h"
#include "server/import/run.h"

int
main(int argc, char **argv)
{
	struct import_report report;
	struct diags *d = diags_new();
	struct buf out = {0};
	struct db_sync *db;
	struct err e = {0};
	int rc;

	if (argc < 4 || !(db = db_sync_open(argv[1], &e))) {
		fprintf(stderr, "import_probe: %s\n", e.text);
		return 2;
	}
	if (strcmp(argv[2], "revert") == 0) {
		rc = import_revert(db, atoll(argv[3]), stdout, false, &e);
	} else {
		struct import_options o = {.mapping = argv[2],
		    .rejects = argv[3],
		    .dry_run = strcmp(argv[4], "dry") == 0,
		    .paths = (const char *const *)argv + 5,
		    .path_count = (size_t)argc - 5,
		    .report = stdout};

		rc = import_run(db, &o, &report, d, &e);
	}
	diags_print(d, &out);
	fputs(buf_str(&out), stderr);
	if (rc && diags_errors(d) == 0)
		fprintf(stderr, "import_probe: %s\n", e.text);
	buf_clear(&out);
	diags_free(d);
	db_sync_close(db);
	return rc ? 1 : 0;
}
