/* Migrations: which are applied, which are ours, and the difference. */
#include "server/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/say.h"
#include "server/db/sync.h"

#define FOLDER "schema/"
#define LOCK_KEY "7240523"

static const char *const meta_statements[] = {
    "create schema if not exists firebreak_meta",
    "create table if not exists firebreak_meta.migration ("
    " number bigint primary key, name text not null, sha256 text not null,"
    " applied_at timestamptz not null)",
    "grant usage on schema firebreak_meta to public",
    "grant select on firebreak_meta.migration to public",
};

static bool
is_migration(const struct sqlfile *f)
{
	return strncmp(f->name, FOLDER, strlen(FOLDER)) == 0;
}

static int
number_of(const struct sqlfile *f)
{
	return atoi(f->name + strlen(FOLDER));
}

static const struct sqlfile *
find_number(const struct sqlfile *files, int64_t number)
{
	const struct sqlfile *f;

	for (f = files; f->name; f++) {
		if (is_migration(f) && number_of(f) == number)
			return f;
	}
	return NULL;
}

static int
last_number(const struct sqlfile *files)
{
	const struct sqlfile *f;
	int last = 0;

	for (f = files; f->name; f++) {
		if (is_migration(f) && number_of(f) > last)
			last = number_of(f);
	}
	return last;
}

/* Compares one applied row (number, name, same) with what we know. */
static int
check_row(struct db_sync *s, const struct sqlfile *files, int64_t number,
    const char *sha256, struct err *e)
{
	const struct sqlfile *f = find_number(files, number);
	struct db_value values[2];
	struct pg_result *rows;
	bool same;

	if (!f)
		return err_set(e, ERR_VERSION,
		    say("数据库已应用迁移 %03d,本程序只到 "
			"%03d:请安装建立该数据库的版本或更新的版本",
			"the database has migration %03d, this program ends "
			"with %03d: install the firebreak that made it"),
		    (int)number, last_number(files));
	values[0] = (struct db_value){f->text, (int)f->len};
	values[1] = (struct db_value){sha256, (int)strlen(sha256)};
	if (db_sync_run(s,
		"select (encode(sha256(convert_to($1, 'UTF8')), 'hex') = $2)"
		"::int::bigint",
		values, 2, &rows, e) < 0)
		return -1;
	same = db_int(rows, 0, 0) != 0;
	db_result_free(rows);
	if (same)
		return 0;
	return err_set(e, ERR_VERSION,
	    say("%s "
		"与已应用到此数据库的同号文件不同:已应用的迁移不可改动,"
		"请另加新文件",
		"%s differs from the file of that number that was applied to "
		"this database: an applied migration never changes, add a new "
		"one"),
	    f->name);
}

/* Checks all that is applied; *last gets its greatest number. */
static int
check_applied(
    struct db_sync *s, const struct sqlfile *files, int *last, struct err *e)
{
	struct pg_result *rows;
	char sha256[65];
	const char *text;
	int i, len, status = 0;

	*last = 0;
	if (db_sync_run(s,
		"select number, sha256 from firebreak_meta.migration"
		" order by number",
		NULL, 0, &rows, e) < 0)
		return -1;
	for (i = 0; i < db_rows(rows) && status == 0; i++) {
		text = db_text(rows, i, 1, &len);
		snprintf(sha256, sizeof(sha256), "%.*s", len, text);
		*last = (int)db_int(rows, i, 0);
		status = check_row(s, files, *last, sha256, e);
	}
	db_result_free(rows);
	return status;
}

/* "name:line:column: message" becomes a message with the line and a caret. */
static void
show_place(const struct sqlfile *f, struct err *e)
{
	struct diag_file file = {f->name, f->text, f->len};
	struct diag_pos at = {0};
	struct buf out = {0};
	size_t len = strlen(f->name);
	struct diags *d;
	int used = 0;
	char *message;

	if (strncmp(e->text, f->name, len) != 0 ||
	    sscanf(e->text + len, ":%d:%d: %n", &at.line, &at.column, &used) <
		2 ||
	    used == 0)
		return;
	message = xstrdup(e->text + len + used);
	d = diags_new();
	diag_add(d, &file, at, "E101", NULL, NULL, "%s", message);
	diags_print(d, &out);
	snprintf(e->text, sizeof(e->text), "%s", buf_str(&out));
	len = strlen(e->text);
	if (len > 0 && e->text[len - 1] == '\n')
		e->text[len - 1] = '\0';
	buf_clear(&out);
	diags_free(d);
	free(message);
}

static int
apply_in_transaction(struct db_sync *s, const struct sqlfile *f, struct err *e)
{
	char number[12];
	struct db_value values[3] = {
	    {number, 0}, {f->name, 0}, {f->text, (int)f->len}};

	snprintf(number, sizeof(number), "%d", number_of(f));
	if (db_sync_script(s, f->name, f->text, e) < 0) {
		show_place(f, e);
		return -1;
	}
	return db_sync_run(s, "reset role", NULL, 0, NULL, e) ||
		       db_sync_run(s,
			   "insert into firebreak_meta.migration values "
			   "($1::bigint,"
			   " $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'),"
			   " transaction_timestamp())",
			   values, 3, NULL, e)
		   ? -1
		   : 0;
}

static int
apply(struct db_sync *s, const struct sqlfile *f, struct err *e)
{
	log_debug("migration: %s", f->name);
	if (db_sync_run(s, "begin", NULL, 0, NULL, e) < 0)
		return -1;
	if (apply_in_transaction(s, f, e) == 0)
		return db_sync_run(s, "commit", NULL, 0, NULL, e);
	if (db_sync_run(s, "rollback", NULL, 0, NULL, NULL) < 0)
		log_debug("migration: the connection is lost");
	return -1;
}

static int
run_locked(struct db_sync *s, const struct sqlfile *files,
    struct migrate_report *r, struct err *e)
{
	const struct sqlfile *f;
	size_t i;

	for (i = 0; i < COUNT_OF(meta_statements); i++) {
		if (db_sync_run(s, meta_statements[i], NULL, 0, NULL, e) < 0)
			return -1;
	}
	if (check_applied(s, files, &r->from, e) < 0)
		return -1;
	r->to = r->from;
	for (f = files; f->name; f++) {
		if (!is_migration(f) || number_of(f) <= r->to)
			continue;
		if (apply(s, f, e) < 0)
			return -1;
		r->to = number_of(f);
		r->applied++;
	}
	return 0;
}

int
migrate_run_files(struct db_sync *s, const struct sqlfile *files,
    struct migrate_report *r, struct err *e)
{
	struct migrate_report own;
	int status;

	r = r ? r : &own;
	*r = (struct migrate_report){0};
	if (db_sync_run(s, "select pg_advisory_lock(" LOCK_KEY ")", NULL, 0,
		NULL, e) < 0)
		return -1;
	status = run_locked(s, files, r, e);
	if (db_sync_run(s, "select pg_advisory_unlock(" LOCK_KEY ")", NULL, 0,
		NULL, status ? NULL : e) < 0)
		return -1;
	return status;
}

int
migrate_run(struct db_sync *s, struct migrate_report *r, struct err *e)
{
	return migrate_run_files(s, sqlfile_table, r, e);
}

int
migrate_check(struct db_sync *s, struct err *e)
{
	int last, ours = last_number(sqlfile_table);

	if (check_applied(s, sqlfile_table, &last, e) < 0) {
		/* 42P01, 3F000: no such table, no such schema */
		if (strcmp(db_sync_sqlstate(s), "42P01") != 0 &&
		    strcmp(db_sync_sqlstate(s), "3F000") != 0)
			return -1;
		last = 0;
	}
	if (last == ours)
		return 0;
	return err_set(e, ERR_VERSION,
	    say("数据库在迁移 %03d,本程序需要 %03d:请运行 `firebreakctl "
		"migrate`",
		"the database is at migration %03d, this program needs %03d: "
		"run `firebreakctl migrate`"),
	    last, ours);
}
