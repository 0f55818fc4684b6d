/* firebreakctl demo. */
#include "server/import/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "server/ctl/command.h"
#include "server/db/sync.h"
#include "server/sqlfile.h"

static const char roster_sql[] =
    "with busy as (select s.person_id, s.code, (select count(*)"
    " from firebreak.activity a where a.person_id = s.person_id"
    " and a.kind = 'visit' and not a.retracted"
    " and a.happened_at > clock.now() - interval '7 days') as visits"
    " from firebreak.seat s where s.role = 'rep'),"
    " region as (select u.* from firebreak.org_unit u where u.kind = 'region'"
    " order by (select max(b.visits) from busy b where b.code between"
    " u.code_lo and u.code_hi) desc nulls last, u.unit_id limit 1),"
    " picked as ("
    " (select 1 as n, 0::bigint as visits, s.* from firebreak.seat s, region r"
    " where s.unit_id = r.unit_id and s.role = 'supervisor' limit 1) union all"
    " (select 2, 0, s.* from firebreak.seat s where s.role = 'ops'"
    " order by s.code desc limit 1) union all"
    " (select 3, 0, s.* from busy b join firebreak.seat s using (person_id),"
    " region r where b.code between r.code_lo and r.code_hi"
    " order by not exists (select from firebreak.opportunity o"
    " where o.owner_id = b.person_id and o.state = 'won'"
    " and o.closed_at > clock.now() - interval '3 days'),"
    " b.visits, b.code limit 1) union all"
    " (select 4, b.visits, s.* from busy b join firebreak.seat s"
    " using (person_id), region r"
    " where b.code between r.code_lo and r.code_hi"
    " order by b.visits desc, b.code limit $1::bigint))"
    " select format('\"%s\",%s,\"%s\",%s', replace(p.name, '\"', '\"\"'),"
    " k.role, u.name, p.email)"
    " from picked k join firebreak.person p using (person_id)"
    " join firebreak.org_unit u on u.unit_id = k.unit_id"
    " where p.email is not null order by k.n, k.visits desc, k.code";

static int
print_rows(const struct pg_result *rows)
{
	int len;
	const char *text;

	for (int i = 0; i < db_rows(rows); i++) {
		text = db_text(rows, i, 0, &len);
		printf("%.*s\n", len, text);
	}
	return 0;
}

static int
roster(struct ctl *c, const char *count, struct err *e)
{
	struct db_value value = {count, (int)strlen(count)};
	struct pg_result *rows;

	if (db_sync_run(c->db, roster_sql, &value, 1, &rows, e))
		return -1;
	puts("name,role,unit,email");
	print_rows(rows);
	db_result_free(rows);
	return 0;
}

static int
build(struct ctl *c, const char *const parameters[4], struct err *e)
{
	const struct sqlfile *f = sqlfile_find("demo.sql");
	struct db_value values[4];
	struct pg_result *rows;
	int rc;

	for (int i = 0; i < 4; i++)
		values[i] = (struct db_value){
		    parameters[i], (int)strlen(parameters[i])};
	if (!f)
		return err_set(e, ERR_INTERNAL, "demo.sql is not built in");
	if (db_sync_script(c->db, f->name, f->text, e))
		return -1;
	rc = db_sync_run(c->db,
	    "select format('%s %s ms', rpad(step, 14), ms) from"
	    " demo.build($1::bigint, $2::bigint, $3::bigint, $4::bigint)",
	    values, 4, &rows, e);
	if (rc)
		return -1;
	print_rows(rows);
	db_result_free(rows);
	return db_sync_run(c->db, "drop schema demo cascade", NULL, 0, NULL, e);
}

int
demo_command(struct ctl *c, int argc, char **argv)
{
	const char *numbers[4] = {"200", "20000", "365", "1"};
	static const char *const names[4] = {
	    "--reps", "--customers", "--days", "--seed"};
	const char *people = NULL;
	const struct ctl_option options[] = {
	    {.name = "reps", .value = &numbers[0]},
	    {.name = "customers", .value = &numbers[1]},
	    {.name = "days", .value = &numbers[2]},
	    {.name = "seed", .value = &numbers[3]},
	    {.name = "roster", .value = &people},
	    {0},
	};
	struct err e = {0};
	int64_t n;

	if (ctl_options(&argc, argv, options, &e))
		return ctl_fail(c, &e);
	if (argc > 0)
		return ctl_usage(c, "demo", argv[0]);
	for (int i = 0; i < 4; i++)
		if (ctl_number(numbers[i], names[i], &n, &e) < 0)
			return ctl_fail(c, &e);
	if (people && ctl_number(people, "--roster", &n, &e) < 0)
		return ctl_fail(c, &e);
	if (ctl_connect(c, &e))
		return ctl_fail(c, &e);
	if (people ? roster(c, people, &e) : build(c, numbers, &e))
		return ctl_fail(c, &e);
	return 0;
}
