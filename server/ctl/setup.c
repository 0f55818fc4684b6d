/* init, migrate, config. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/keyfile.h"
#include "common/mem.h"
#include "common/say.h"
#include "server/cluster.h"
#include "server/ctl/groups.h"
#include "server/db.h"
#include "server/db/sync.h"
#include "server/migrate.h"

static int
ensure_key(struct ctl *c, struct err *e)
{
	char *path = conf_path(&c->conf, "server.key");
	struct keyfile *k = NULL;
	int status = 0;

	if (access(path, F_OK) < 0) {
		k = keyfile_generate();
		status = keyfile_save(k, path, NULL, e);
	}
	keyfile_free(k);
	free(path);
	return status;
}

/* Where the shipped packs are: installed, or beside the build. */
static char *
find_packs(void)
{
	char self[4096], *slash, *path;
	ssize_t n;

	if (access(FB_SHARE "/packs/standard", R_OK) == 0)
		return xstrdup(FB_SHARE "/packs");
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return NULL;
	self[n] = '\0';
	while ((slash = strrchr(self, '/')) && slash != self) {
		*slash = '\0';
		path = xasprintf("%s/server/packs/standard", self);
		if (access(path, R_OK) == 0) {
			*strrchr(path, '/') = '\0';
			return path;
		}
		free(path);
	}
	return access("server/packs/standard", R_OK) == 0
		   ? xstrdup("server/packs")
		   : NULL;
}

static int
ensure_packs(struct ctl *c, struct err *e)
{
	char *to = conf_path(&c->conf, "packs"), *from;
	int status = 0;

	if (access(to, F_OK) < 0) {
		from = find_packs();
		status = from ? ctl_copy_tree(from, to, e)
			      : err_set(e, ERR_SYSTEM,
				    say("随附的规则包不在 " FB_SHARE
					"/packs:请运行 `make install`",
					"the shipped packs are not in " FB_SHARE
					"/packs: run `make install`"));
		free(from);
	}
	free(to);
	return status;
}

static int
one_number(struct ctl *c, const char *sql, const char *const *texts, int64_t *n,
    struct err *e)
{
	struct pg_result *rows = NULL;

	if (ctl_query(c, sql, texts, &rows, e) < 0)
		return -1;
	*n = db_rows(rows) ? db_int(rows, 0, 0) : 0;
	db_result_free(rows);
	return 0;
}

/* The functions that init uses write no audit of their own. */
static const char made_company_sql[] =
    "select api.audited(clock.now(), code_lo, 'unit', unit_id, null,"
    " 'create', null, jsonb_build_object('name', name, 'kind', kind))"
    " from firebreak.org_unit where unit_id = $1::bigint";
static const char made_person_sql[] =
    "select api.audited(clock.now(), s.code, 'person', person_id, null,"
    " 'create', null, jsonb_build_object('name', p.name, 'role', s.role))"
    " from firebreak.person p join firebreak.seat s using (person_id)"
    " where person_id = $1::bigint";

static int
note_made(struct ctl *c, const char *sql, int64_t id, struct err *e)
{
	char text[24];
	const char *texts[] = {text, NULL};

	snprintf(text, sizeof(text), "%" PRId64, id);
	return ctl_query(c, sql, texts, NULL, e);
}

static int
add_company(struct ctl *c, const char *name, int64_t *id, struct err *e)
{
	const char *texts[] = {name, NULL};

	if (one_number(c, "select firebreak.unit_add(null, $1, 'company')",
		texts, id, e) < 0)
		return -1;
	return note_made(c, made_company_sql, *id, e);
}

/* The company and its first ops person; *ops gets the person. */
static int
ensure_company(struct ctl *c, const char *company, const char *name,
    int64_t *ops, struct err *e)
{
	const char *texts[] = {name, NULL};
	char unit[24], person[24];
	int64_t id;

	if (one_number(c,
		"select unit_id from firebreak.org_unit"
		" where parent_id is null",
		NULL, &id, e) < 0)
		return -1;
	if (!id && add_company(c, company, &id, e) < 0)
		return -1;
	if (one_number(c,
		"select person_id from firebreak.seat join firebreak.person"
		" using (person_id) where role = 'ops' and active"
		" order by person_id limit 1",
		NULL, ops, e) < 0)
		return -1;
	if (*ops)
		return 0;
	snprintf(unit, sizeof(unit), "%" PRId64, id);
	if (one_number(c, "select firebreak.person_add($1, null, null)", texts,
		ops, e) < 0)
		return -1;
	snprintf(person, sizeof(person), "%" PRId64, *ops);
	const char *seat[] = {unit, person, NULL};
	if (one_number(c,
		"select firebreak.seat_add($1::bigint, 'ops', $2::bigint)",
		seat, &id, e) < 0)
		return -1;
	return note_made(c, made_person_sql, *ops, e);
}

static int
fill(struct ctl *c, const char *company, const char *name, int64_t *ops,
    struct err *e)
{
	if (migrate_run(c->db, NULL, e) < 0 ||
	    ctl_query(c, "begin", NULL, NULL, e) < 0 ||
	    ctl_as_console(c, e) < 0 ||
	    ensure_company(c, company, name, ops, e) < 0 ||
	    ctl_query(c,
		"select firebreak.partition_ensure((clock.today() -"
		" interval '2 months')::date, 15)",
		NULL, NULL, e) < 0)
		return -1;
	return ctl_query(c, "commit", NULL, NULL, e);
}

int
ctl_init(struct ctl *c, int argc, char **argv)
{
	const char *company = ctl_say(c, "公司", "Company");
	const char *name = ctl_say(c, "运营", "Operations");
	const struct ctl_option options[] = {
	    {"company", &company, NULL}, {"ops", &name, NULL}, {0}};
	struct err e = {0};
	int64_t ops = 0;

	if (ctl_options(&argc, argv, options, &e) < 0)
		return ctl_fail(c, &e);
	if (argc)
		return ctl_usage(c, "init", argv[0]);
	c->cluster = cluster_new(&c->conf, &e);
	if (!c->cluster || cluster_create(c->cluster, &e) < 0 ||
	    ctl_connect_raw(c, &e) < 0 ||
	    fill(c, company, name, &ops, &e) < 0 || ensure_key(c, &e) < 0 ||
	    ensure_packs(c, &e) < 0)
		return ctl_fail(c, &e);
	printf(ctl_say(c,
		   "%s 已就绪。接下来:\n"
		   "  firebreakd                   启动守护进程\n"
		   "  firebreakctl invite %" PRId64
		   "        为第一个运营人员生成邀请\n"
		   "  firebreak join 邀请          在其设备上执行\n",
		   "%s is ready. Next:\n"
		   "  firebreakd                   the daemon\n"
		   "  firebreakctl invite %" PRId64
		   "        an invite for the first ops person\n"
		   "  firebreak join LINE          on that person's device\n"),
	    c->conf.data, ops);
	return 0;
}

int
ctl_migrate(struct ctl *c, int argc, char **argv)
{
	struct migrate_report r;
	struct err e = {0};

	if (argc)
		return ctl_usage(c, "migrate", argv[0]);
	if (ctl_connect_raw(c, &e) < 0 || migrate_run(c->db, &r, &e) < 0)
		return ctl_fail(c, &e);
	printf(ctl_say(c, "数据库结构:%03d,本次应用 %d 个文件\n",
		   "the schema is at %03d; %d files were applied\n"),
	    r.to, r.applied);
	return 0;
}

int
ctl_config(struct ctl *c, int argc, char **argv)
{
	bool defaults = false, check = false;
	const struct ctl_option options[] = {
	    {"defaults", NULL, &defaults}, {"check", NULL, &check}, {0}};
	struct diags *faults = diags_new();
	struct buf out = {0};
	struct err e = {0};
	int status = 0;

	if (ctl_options(&argc, argv, options, &e) < 0 || argc) {
		diags_free(faults);
		return e.code ? ctl_fail(c, &e)
			      : ctl_usage(c, "config", argv[0]);
	}
	if (defaults) {
		conf_print_defaults(c->lang, &out);
	} else if (conf_load(&c->conf, &c->source, faults) < 0) {
		diags_print(faults, &out);
		status = 1;
	} else if (check) {
		buf_addf(&out, "%s: %s\n", c->conf.file ? c->conf.file : "-",
		    ctl_say(c, "没有错误", "no faults"));
	} else {
		conf_print(&c->conf, c->lang, &out);
	}
	fputs(buf_str(&out), status ? stderr : stdout);
	buf_clear(&out);
	diags_free(faults);
	return status;
}
