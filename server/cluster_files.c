/* The embedded cluster's directories and settings. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/say.h"
#include "server/cluster_impl.h"

#define SOCKET_NAME "/.s.PGSQL.5432.lock" /* the longest name made there */

static int
make_parents(const char *path, struct err *e)
{
	char *copy = xstrdup(path), *p;
	int status = 0;

	for (p = strchr(copy + 1, '/'); p && !status; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			status = err_errno(e, "%s", copy);
		*p = '/';
	}
	free(copy);
	return status;
}

int
cluster_prepare_data(struct cluster *k, struct err *e)
{
	const char *data = k->conf->data;

	if (make_parents(data, e) < 0)
		return -1;
	if (mkdir(data, k->drop ? 0711 : 0700) < 0 && errno != EEXIST)
		return err_errno(e, "%s", data);
	if (access(data, W_OK | X_OK) < 0)
		return err_errno(e, "%s", data);
	if (!cluster_user_can_enter(k, data))
		return err_set(e, ERR_SYSTEM,
		    say("用户 %s 进不了 %s:请放行(对上层目录 chmod o+x),或另选 "
			"`data:`",
			"%s cannot enter %s: let it (chmod o+x on the "
			"directories above) or choose another `data:`"),
		    k->user, data);
	return 0;
}

int
cluster_make_directory(const struct cluster *k, const char *path, struct err *e)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_errno(e, "%s", path);
	if (lstat(path, &st) < 0)
		return err_errno(e, "%s", path);
	if (!S_ISDIR(st.st_mode) || (st.st_uid != k->uid && st.st_uid != 0))
		return err_set(e, ERR_SYSTEM,
		    say("%s 不是 %s 的目录,请移走",
			"%s is not a directory of %s; move it away"),
		    path, k->user);
	if (k->drop && lchown(path, k->uid, k->gid) < 0)
		return err_errno(e, "%s", path);
	return 0;
}

/* FNV-1a: tells data directories apart in a short name. */
static uint32_t
hash_path(const char *path)
{
	uint32_t h = 2166136261u;

	for (; *path; path++)
		h = (h ^ (uint8_t)*path) * 16777619u;
	return h;
}

int
cluster_choose_sockets(struct cluster *k, struct err *e)
{
	const char *base = getenv("XDG_RUNTIME_DIR");

	k->sockets = conf_path(k->conf, "run");
	if (strlen(k->sockets) + strlen(SOCKET_NAME) >=
	    sizeof(((struct sockaddr_un *)0)->sun_path)) {
		free(k->sockets);
		if (k->drop)
			base = "/run";
		else if (!base || base[0] != '/' || strlen(base) > 40)
			base = "/tmp";
		k->sockets = xasprintf("%s/firebreak-%u-%08x", base,
		    (unsigned)k->uid, hash_path(k->conf->data));
		log_info("the data directory's name is too long for a socket: "
			 "PostgreSQL's is in %s",
		    k->sockets);
	}
	return cluster_make_directory(k, k->sockets, e);
}

static void
add_setting_text(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "%s = '", name);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			buf_add_byte(out, (uint8_t)*value);
		buf_add_byte(out, (uint8_t)*value);
	}
	buf_add_str(out, "'\n");
}

static long
clamp(long n, long least, long most)
{
	return n < least ? least : n > most ? most : n;
}

static const char fixed_settings[] =
    "listen_addresses = ''\n"
    "unix_socket_permissions = 0700\n"
    "cluster_name = 'firebreak'\n"
    "timezone = 'UTC'\n"
    "lc_messages = 'C'\n"
    "log_timezone = 'UTC'\n"
    "log_line_prefix = '%m [%p] '\n"
    "log_checkpoints = off\n"
    /* requests are short: compiling and forking cost more than they bring */
    "jit = off\n"
    "max_parallel_workers_per_gather = 0\n"
    "random_page_cost = 1.1\n"
    "work_mem = 8MB\n"
    "min_wal_size = 256MB\n"
    "max_wal_size = 4GB\n"
    "checkpoint_timeout = 15min\n"
    "wal_compression = on\n"
    "bgwriter_lru_maxpages = 400\n"
    "autovacuum_naptime = 20s\n";

static char *
make_settings(const struct cluster *k)
{
	long mb = sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) / 1024;
	long pool = (long)(k->conf->pool.light + k->conf->pool.heavy);
	const char *fsync_value = k->conf->fsync ? "on" : "off";
	struct buf b = {0};

	buf_add_str(&b,
	    "# Written at every start.  Settings of your own go into\n"
	    "# local.conf beside this file, and win.\n");
	buf_add_str(&b, fixed_settings);
	add_setting_text(&b, "unix_socket_directories", k->sockets);
	buf_addf(&b, "shared_buffers = %ldMB\n", clamp(mb / 8, 64, 8192));
	buf_addf(
	    &b, "effective_cache_size = %ldMB\n", clamp(mb / 2, 128, 1048576));
	buf_addf(
	    &b, "maintenance_work_mem = %ldMB\n", clamp(mb / 32, 64, 1024));
	buf_addf(&b, "max_connections = %ld\n", clamp(3 * pool + 30, 100, 900));
	buf_addf(&b, "fsync = %s\nfull_page_writes = %s\n", fsync_value,
	    fsync_value);
	buf_add_str(&b, "include_if_exists = 'local.conf'\n");
	return buf_take(&b);
}

/* Logins of the system and whom they may be in the database. */
static char *
make_ident(const struct cluster *k)
{
	static const char *const roles[] = {"firebreak_admin", "firebreak_app"};
	struct buf b = {0};
	size_t i;

	for (i = 0; i < COUNT_OF(roles); i++) {
		buf_addf(&b, "firebreak \"%s\" %s\n", k->self, roles[i]);
		if (strcmp(k->self, k->user) != 0)
			buf_addf(
			    &b, "firebreak \"%s\" %s\n", k->user, roles[i]);
	}
	return buf_take(&b);
}

/* Takes content.  Written beside and renamed, so that it is whole. */
static int
write_file(const struct cluster *k, const char *directory, const char *name,
    char *content, struct err *e)
{
	char *path = xasprintf("%s/%s", directory, name);
	char *fresh = xasprintf("%s.new", path);
	int status = -1, fd;
	FILE *f = NULL;

	unlink(fresh);
	fd = open(
	    fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		f = fdopen(fd, "w");
	if (!f || fputs(content, f) < 0 || fflush(f) != 0 ||
	    (k->drop && fchown(fd, k->uid, k->gid) < 0) ||
	    rename(fresh, path) < 0)
		err_errno(e, "%s", path);
	else
		status = 0;
	if (f)
		fclose(f);
	free(content);
	free(fresh);
	free(path);
	return status;
}

int
cluster_write_settings(
    const struct cluster *k, const char *directory, struct err *e)
{
	if (write_file(k, directory, "postgresql.conf", make_settings(k), e) <
		0 ||
	    write_file(k, directory, "pg_hba.conf",
		xstrdup("local all all peer map=firebreak\n"), e) < 0 ||
	    write_file(k, directory, "pg_ident.conf", make_ident(k), e) < 0)
		return -1;
	return 0;
}

static int
remove_entry(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	return remove(path);
}

int
cluster_remove_tree(const char *path, struct err *e)
{
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0 &&
	    errno != ENOENT)
		return err_errno(e, "%s", path);
	return 0;
}
