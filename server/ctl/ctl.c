/* What firebreakctl's commands have in common. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/mem.h"
#include "common/say.h"
#include "common/text.h"
#include "server/cluster.h"
#include "server/ctl/groups.h"
#include "server/db.h"
#include "server/db/sync.h"
#include "server/migrate.h"
#include "server/phrases.h"

/* Looked at before anything is made: only init and restore make. */
static int
need_cluster(const struct ctl *c, struct err *e)
{
	char *path;
	int status = 0;

	if (!conf_is_embedded(&c->conf))
		return 0;
	path = conf_path(&c->conf, "pg/PG_VERSION");
	if (access(path, F_OK) < 0)
		status =
		    errno == ENOENT
			? err_set(e, ERR_SYSTEM,
			      say("%s 中还没有数据库:请先运行 `firebreakctl "
				  "init`",
				  "%s holds no database yet: run `firebreakctl "
				  "init`"),
			      c->conf.data)
			: err_errno(e, "%s", path);
	free(path);
	return status;
}

int
ctl_connect_raw(struct ctl *c, struct err *e)
{
	if (!c->cluster && need_cluster(c, e) < 0)
		return -1;
	if (!c->cluster)
		c->cluster = cluster_new(&c->conf, e);
	if (!c->cluster || cluster_start(c->cluster, e) < 0)
		return -1;
	if (!c->db)
		c->db = db_sync_open(cluster_admin_conninfo(c->cluster), e);
	return c->db ? 0 : -1;
}

int
ctl_connect(struct ctl *c, struct err *e)
{
	if (ctl_connect_raw(c, e) < 0)
		return -1;
	return migrate_check(c->db, e);
}

void
ctl_disconnect(struct ctl *c)
{
	db_sync_close(c->db);
	cluster_free(c->cluster);
	c->db = NULL;
	c->cluster = NULL;
}

const char *
ctl_say(const struct ctl *c, const char *zh, const char *en)
{
	return strcmp(c->lang, "zh") == 0 ? zh : en;
}

/* A refusal in the words of the packs, as a terminal would show it. */
static void
add_refusal(const struct ctl *c, const struct err *e, struct buf *out)
{
	struct diags *faults = diags_new();
	struct phrases *p =
	    phrases_load((const char *const *)c->conf.packs.items,
		c->conf.packs.count, faults);

	phrases_say(p, e->name, c->lang, e->text, out);
	if (e->field[0])
		buf_addf(out, " (%s)", e->field);
	phrases_free(p);
	diags_free(faults);
}

/* What to do about it, where the database's words alone do not say. */
static const char *
find_advice(const struct ctl *c, const struct err *e)
{
	if (e->code == ERR_NOT_ALLOWED && c->db)
		return say("这个数据库登录没有所需权限,请在 database_admin: "
			   "写上管理员的连接串",
		    "this database login may not do that, set database_admin: "
		    "to an administrator's");
	if (e->code == ERR_UNAVAILABLE)
		return say(
		    "连不上数据库,请核对 database: 与 PostgreSQL 是否在运行",
		    "the database cannot be reached, check database: and that "
		    "PostgreSQL runs");
	return NULL;
}

char *
ctl_error_text(const struct ctl *c, const struct err *e)
{
	const char *advice = find_advice(c, e);
	struct buf out = {0};

	if (e->code == ERR_REFUSED && strcmp(e->name, "refused") != 0)
		add_refusal(c, e, &out);
	else if (advice)
		buf_addf(&out, "%s: %s", advice, e->text);
	else
		buf_add_str(&out,
		    e->text[0] ? e->text : err_code_text(e->code, c->lang));
	return buf_take(&out);
}

int
ctl_fail(const struct ctl *c, const struct err *e)
{
	char *text = ctl_error_text(c, e);

	fprintf(stderr, "firebreakctl: %s\n", text);
	free(text);
	return e->code == ERR_BAD_REQUEST ? 2 : 1;
}

static const struct ctl_command *
find_row(const char *name)
{
	const struct ctl_command *row = ctl_command_table;

	while (row->name && strcmp(row->name, name) != 0)
		row++;
	return row;
}

int
ctl_usage(const struct ctl *c, const char *name, const char *surplus)
{
	const struct ctl_command *row = find_row(name);

	if (surplus)
		fprintf(stderr,
		    ctl_say(c, "firebreakctl: 此处不应有 \"%s\";",
			"firebreakctl: \"%s\" is not expected here; "),
		    surplus);
	else
		fputs(ctl_say(c, "firebreakctl: 缺少参数;",
			  "firebreakctl: an argument is missing; "),
		    stderr);
	fprintf(stderr, "%s firebreakctl %s%s%s\n",
	    ctl_say(c, "用法:", "usage:"), row->name, row->args[0] ? " " : "",
	    row->args);
	return 2;
}

static const struct ctl_option *
find_option(const struct ctl_option *options, const char *name)
{
	for (; options->name; options++) {
		if (strcmp(options->name, name) == 0)
			return options;
	}
	return NULL;
}

static int
refuse_option(const struct ctl_option *options, const char *arg, struct err *e)
{
	const char *names[16] = {0}, *near;
	size_t i;

	for (i = 0; i < 15 && options[i].name; i++)
		names[i] = options[i].name;
	near = diag_nearest(arg + 2, names);
	return err_set(e, ERR_BAD_REQUEST,
	    say("没有选项 %s%s%s%s", "unknown option %s%s%s%s"), arg,
	    near ? say(";是否想用 --", "; did you mean --") : "",
	    near ? near : "", near ? say("?", "?") : "");
}

int
ctl_options(
    int *argc, char **argv, const struct ctl_option *options, struct err *e)
{
	const struct ctl_option *o;
	int from, to = 0;

	for (from = 0; from < *argc; from++) {
		if (strncmp(argv[from], "--", 2) != 0) {
			argv[to++] = argv[from];
			continue;
		}
		o = find_option(options, argv[from] + 2);
		if (!o)
			return refuse_option(options, argv[from], e);
		if (o->flag) {
			*o->flag = true;
			continue;
		}
		if (from + 1 == *argc)
			return err_set(e, ERR_BAD_REQUEST,
			    say("%s 后面缺少值", "%s needs a value"),
			    argv[from]);
		*o->value = argv[++from];
	}
	argv[to] = NULL;
	*argc = to;
	return 0;
}

int
ctl_number(const char *text, const char *what, int64_t *n, struct err *e)
{
	char *end;

	*n = strtoll(text, &end, 10);
	if (end != text && !*end && *n > 0)
		return 0;
	return err_set(e, ERR_BAD_ARGUMENT,
	    say("%s:\"%s\" 不是正整数", "%s: \"%s\" is no number"), what, text);
}

int
ctl_query(struct ctl *c, const char *sql, const char *const *texts,
    struct pg_result **rows, struct err *e)
{
	struct db_value values[8];
	int i;

	for (i = 0; texts && i < 8 && texts[i]; i++) {
		/* "" is how a command says NULL */
		values[i].text = texts[i][0] ? texts[i] : NULL;
		values[i].len = (int)strlen(texts[i]);
	}
	return db_sync_run(c->db, sql, values, i, rows, e);
}

/* The daemons learn what changed; every code may be concerned. */
static int
tell(struct ctl *c, const char *topics, struct err *e)
{
	struct buf b = {0};
	const char *texts[2] = {NULL, NULL};
	size_t len;
	int status;

	buf_add_str(&b, "firebreakctl");
	for (; *topics; topics += len + (topics[len] == ' ')) {
		len = strcspn(topics, " ");
		buf_addf(&b, "\n%.*s 0 %lld", (int)len, topics,
		    (long long)INT64_MAX);
	}
	texts[0] = buf_str(&b);
	status = ctl_query(c, "select pg_notify('firebreak_change', $1::text)",
	    texts, NULL, e);
	buf_clear(&b);
	return status;
}

static const char act_sql[] =
    "select set_config('firebreak.person', p.person_id::text, true),"
    " set_config('firebreak.lo', u.code_lo::text, true),"
    " set_config('firebreak.hi', u.code_hi::text, true)"
    " from firebreak.person p join firebreak.seat s using (person_id)"
    " join firebreak.org_unit u using (unit_id)"
    " where s.role = 'ops' and p.active"
    " order by u.depth, p.person_id limit 1";

/* The login of whoever sits at the console; the caller frees. */
static char *
login_name(void)
{
	struct passwd *pw = getpwuid(getuid());

	return pw ? xstrdup(pw->pw_name) : xasprintf("%u", (unsigned)getuid());
}

int
ctl_as_console(struct ctl *c, struct err *e)
{
	char *login = login_name();
	const char *texts[] = {login, NULL};
	int status = ctl_query(c,
	    "select set_config('firebreak.console', $1, true),"
	    " set_config('firebreak.lo', '0', true),"
	    " set_config('firebreak.hi', '9223372036854775807', true)",
	    texts, NULL, e);

	free(login);
	return status;
}

int
ctl_begin(struct ctl *c, struct err *e)
{
	struct pg_result *rows = NULL;
	int count;

	if (ctl_query(c, "begin", NULL, NULL, e) < 0 ||
	    ctl_as_console(c, e) < 0 ||
	    ctl_query(c, act_sql, NULL, &rows, e) < 0)
		return -1;
	count = db_rows(rows);
	db_result_free(rows);
	if (count == 0)
		return err_set(e, ERR_REFUSED, "%s",
		    say("还没有运营人员:请运行 `firebreakctl init`",
			"there is no ops person yet: run `firebreakctl init`"));
	return 0;
}

int
ctl_commit(struct ctl *c, const char *topics, struct err *e)
{
	if (topics && tell(c, topics, e) < 0)
		return -1;
	return ctl_query(c, "commit", NULL, NULL, e);
}

int
ctl_write(struct ctl *c, const char *sql, const char *const *texts,
    const char *topics, int64_t *id, struct err *e)
{
	struct pg_result *rows = NULL;

	if (ctl_begin(c, e) < 0 || ctl_query(c, sql, texts, &rows, e) < 0)
		return -1;
	*id = db_int(rows, 0, 0);
	db_result_free(rows);
	return ctl_commit(c, topics, e);
}

/* Columns padded by cell width: names may be Chinese. */
void
ctl_print_rows(const struct pg_result *rows)
{
	int width[16] = {0}, columns = db_columns(rows), r, k, w, len;
	const char *text;

	if (columns > 16)
		columns = 16;
	for (r = -1; r < db_rows(rows); r++) {
		for (k = 0; k < columns; k++) {
			w = text_width(r < 0 ? db_column_name(rows, k)
					     : db_text(rows, r, k, &len));
			width[k] = w > width[k] ? w : width[k];
		}
	}
	for (r = -1; r < db_rows(rows); r++) {
		for (k = 0; k < columns; k++) {
			text = r < 0 ? db_column_name(rows, k)
				     : db_text(rows, r, k, &len);
			w = k + 1 < columns ? width[k] - text_width(text) + 2
					    : 0;
			printf("%s%*s", text, w, "");
		}
		putchar('\n');
	}
}

int
ctl_list(struct ctl *c, const char *sql)
{
	struct pg_result *rows = NULL;
	struct err e = {0};

	if (ctl_connect(c, &e) < 0 || ctl_query(c, sql, NULL, &rows, &e) < 0)
		return ctl_fail(c, &e);
	ctl_print_rows(rows);
	db_result_free(rows);
	return 0;
}
