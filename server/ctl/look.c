/* Commands that only look. */
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/text.h"
#include "server/catalogue.h"
#include "server/ctl/groups.h"
#include "server/db.h"
#include "server/db/sync.h"
#include "server/sqlfile.h"

int
ctl_api(struct ctl *c, int argc, char **argv)
{
	struct diags *faults = diags_new();
	struct catalogue *all = catalogue_read(sqlfile_table, faults);
	const struct statement *one = NULL;
	struct buf out = {0};
	int status = 1;

	if (!all) {
		diags_print(faults, &out);
		fputs(buf_str(&out), stderr);
	} else if (argc == 0) {
		catalogue_print(all, &out);
		status = 0;
	} else if (argc == 1 &&
		   (one = catalogue_find(all, argv[0], strlen(argv[0])))) {
		catalogue_print_one(one, &out);
		status = 0;
	} else if (argc > 1) {
		status = ctl_usage(c, "api", argv[1]);
	} else {
		fprintf(stderr,
		    ctl_say(c,
			"firebreakctl: 没有语句 \"%s\";`firebreakctl api` "
			"列出全部\n",
			"firebreakctl: there is no statement \"%s\"; "
			"`firebreakctl api` lists them\n"),
		    argv[0]);
	}
	if (status == 0)
		fputs(buf_str(&out), stdout);
	buf_clear(&out);
	catalogue_free(all);
	diags_free(faults);
	return status;
}

int
ctl_audit_verify(struct ctl *c, int argc, char **argv)
{
	struct pg_result *rows = NULL;
	struct err e = {0};
	bool good;
	int len;

	if (argc)
		return ctl_usage(c, "audit verify", argv[0]);
	if (ctl_connect(c, &e) < 0 ||
	    ctl_query(c,
		"select ok::int::bigint, seals, rows, unsealed,"
		" coalesce(what, ''), coalesce(head, ''),"
		" coalesce(bad_seal, 0) from firebreak.audit_verify()",
		NULL, &rows, &e) < 0)
		return ctl_fail(c, &e);
	good = db_int(rows, 0, 0) != 0;
	if (good)
		printf(ctl_say(c,
			   "完好:%lld 次封存,%lld 行,%lld 行尚未封存\n"
			   "链首 %s\n",
			   "good: %lld seals over %lld rows, %lld rows not yet "
			   "sealed\nhead %s\n"),
		    (long long)db_int(rows, 0, 1),
		    (long long)db_int(rows, 0, 2),
		    (long long)db_int(rows, 0, 3), db_text(rows, 0, 5, &len));
	else
		fprintf(stderr,
		    ctl_say(
			c, "损坏:封存 %lld:%s\n", "BROKEN: seal %lld: %s\n"),
		    (long long)db_int(rows, 0, 6), db_text(rows, 0, 4, &len));
	db_result_free(rows);
	return good ? 0 : 1;
}

int
ctl_health(struct ctl *c, int argc, char **argv)
{
	if (argc)
		return ctl_usage(c, "health", argv[0]);
	return ctl_list(c,
	    "select x.key as what, x.value as value"
	    " from firebreak.health() h, jsonb_each_text(to_jsonb(h))"
	    " as x(key, value)");
}

int
ctl_version(struct ctl *c, int argc, char **argv)
{
	if (argc)
		return ctl_usage(c, "version", argv[0]);
	puts("firebreakctl " FB_VERSION);
	return 0;
}

void
ctl_print_help(const struct ctl *c, const struct ctl_command *row)
{
	printf("  %s%s%s\n      %s\n", row->name, row->args[0] ? " " : "",
	    row->args, ctl_say(c, row->zh, row->en));
}

int
ctl_help(struct ctl *c, int argc, char **argv)
{
	const struct ctl_command *row;
	int words;

	if (argc) {
		row = ctl_find_command(c, argc, argv, &words);
		if (!row)
			return 2;
		if (argc > words)
			return ctl_usage(c, "help", argv[words]);
		ctl_print_help(c, row);
		return 0;
	}
	printf("%s\n\n",
	    ctl_say(c,
		"用法:firebreakctl [--config 文件] [--data 目录] "
		"[--lang zh|en] 命令",
		"usage: firebreakctl [--config FILE] [--data DIRECTORY] "
		"[--lang zh|en] COMMAND"));
	for (row = ctl_command_table; row->name; row++)
		ctl_print_help(c, row);
	return 0;
}
