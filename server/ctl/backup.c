/*
 * backup and restore: the database as pg_dump's custom format, the server's
 * key and the packs, in one directory.  The database is one snapshot; key and
 * packs hardly change and are copied beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/keyfile.h"
#include "common/mem.h"
#include "common/say.h"
#include "server/cluster.h"
#include "server/ctl/groups.h"
#include "server/db.h"
#include "server/db/sync.h"

static int
copy_into(
    const char *from_dir, const char *to_dir, const char *name, struct err *e)
{
	char *from = xasprintf("%s/%s", from_dir, name);
	char *to = xasprintf("%s/%s", to_dir, name);
	int status = ctl_copy_tree(from, to, e);

	free(from);
	free(to);
	return status;
}

static int
copy_key(const char *from_dir, const char *to_dir, struct err *e)
{
	char *from = xasprintf("%s/server.key", from_dir);
	char *to = xasprintf("%s/server.key", to_dir);
	struct keyfile *k = keyfile_load(from, NULL, e);
	int status = k ? keyfile_save(k, to, NULL, e) : -1;

	keyfile_free(k);
	free(from);
	free(to);
	return status;
}

static int
dump(struct ctl *c, const char *directory, struct err *e)
{
	char *path = xasprintf("%s/database.dump", directory);
	char *part = xasprintf("%s.part", path);
	const char *argv[] = {"pg_dump", "--format=custom", "--dbname",
	    cluster_admin_conninfo(c->cluster), NULL};
	int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int status = -1;

	if (fd < 0) {
		err_errno(e, "%s", part);
	} else if (cluster_run_program(c->cluster, argv, fd, e) == 0) {
		status = fsync(fd) < 0 || rename(part, path) < 0
			     ? err_errno(e, "%s", path)
			     : 0;
	}
	if (fd >= 0)
		close(fd);
	free(part);
	free(path);
	return status;
}

int
ctl_backup(struct ctl *c, int argc, char **argv)
{
	struct err e = {0};

	if (argc != 1)
		return ctl_usage(c, "backup", argc > 1 ? argv[1] : NULL);
	if (ctl_connect(c, &e) < 0)
		return ctl_fail(c, &e);
	if (mkdir(argv[0], 0700) < 0) {
		err_errno(&e, "%s", argv[0]);
		return ctl_fail(c, &e);
	}
	if (copy_key(c->conf.data, argv[0], &e) < 0 ||
	    copy_into(c->conf.data, argv[0], "packs", &e) < 0 ||
	    dump(c, argv[0], &e) < 0) {
		ctl_remove_tree(argv[0]);
		return ctl_fail(c, &e);
	}
	printf(ctl_say(c, "已备份到 %s\n", "saved in %s\n"), argv[0]);
	return 0;
}

/* The roles are not in a dump: they belong to the cluster. */
static const char roles_sql[] =
    "do $$ begin\n"
    "if not exists (select from pg_roles where rolname = 'firebreak_owner')\n"
    "then create role firebreak_owner nologin; end if;\n"
    "if not exists (select from pg_roles where rolname = 'firebreak_writer')\n"
    "then create role firebreak_writer nologin; end if;\n"
    "if not exists (select from pg_roles where rolname = 'firebreak_app')\n"
    "then create role firebreak_app login; end if;\n"
    "grant firebreak_writer to firebreak_owner;\n"
    "execute format('grant create, temporary on database %I to'\n"
    "    ' firebreak_owner', current_database());\n"
    "end $$";

static int
refuse_filled(struct ctl *c, struct err *e)
{
	struct pg_result *rows = NULL;
	bool filled;

	if (ctl_query(c,
		"select count(*) from pg_namespace"
		" where nspname in ('firebreak', 'firebreak_meta')",
		NULL, &rows, e) < 0)
		return -1;
	filled = db_int(rows, 0, 0) > 0;
	db_result_free(rows);
	if (!filled)
		return 0;
	return err_set(e, ERR_REFUSED, "%s",
	    say("数据库不是空的:请恢复到新的 `data:`",
		"the database is not empty: restore into a fresh `data:`"));
}

static int
load(struct ctl *c, const char *directory, struct err *e)
{
	char *path = xasprintf("%s/database.dump", directory);
	const char *argv[] = {"pg_restore", "--exit-on-error",
	    "--single-transaction", "--dbname",
	    cluster_admin_conninfo(c->cluster), NULL};
	int fd = open(path, O_RDONLY | O_CLOEXEC), status = -1;

	/* read from standard input: its user need not see our directory */
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		err_errno(e, "%s", path);
	else if (ctl_query(c, roles_sql, NULL, NULL, e) == 0)
		status = cluster_run_program(c->cluster, argv, -1, e);
	if (fd >= 0)
		close(fd);
	free(path);
	return status;
}

/* Whether a directory holds all that a restore needs, before anything is
 * made. */
static int
check_backup(const char *directory, struct err *e)
{
	static const char *const parts[] = {
	    "database.dump", "server.key", "packs"};
	char *path;
	int status = 0;
	size_t i;

	for (i = 0; i < COUNT_OF(parts) && status == 0; i++) {
		path = xasprintf("%s/%s", directory, parts[i]);
		if (access(path, R_OK) < 0)
			status = err_errno(e,
			    say("%s 不是完整的备份:%s",
				"%s is no whole backup: %s"),
			    directory, path);
		free(path);
	}
	return status;
}

int
ctl_restore(struct ctl *c, int argc, char **argv)
{
	struct err e = {0};

	if (argc != 1)
		return ctl_usage(c, "restore", argc > 1 ? argv[1] : NULL);
	if (check_backup(argv[0], &e) < 0)
		return ctl_fail(c, &e);
	c->cluster = cluster_new(&c->conf, &e);
	if (!c->cluster || cluster_create(c->cluster, &e) < 0 ||
	    ctl_connect_raw(c, &e) < 0 || refuse_filled(c, &e) < 0 ||
	    load(c, argv[0], &e) < 0 ||
	    copy_key(argv[0], c->conf.data, &e) < 0 ||
	    copy_into(argv[0], c->conf.data, "packs", &e) < 0)
		return ctl_fail(c, &e);
	printf(ctl_say(c, "已恢复到 %s\n", "restored into %s\n"), c->conf.data);
	return 0;
}
