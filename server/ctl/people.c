/* Units and people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/say.h"
#include "server/ctl/groups.h"
#include "server/db.h"
#include "server/db/sync.h"

static int
find(struct ctl *c, const char *what, const char *sql, const char *text,
    int64_t *id, struct err *e)
{
	const char *texts[] = {text, NULL};
	struct pg_result *rows = NULL;
	int count;

	if (ctl_query(c, sql, texts, &rows, e) < 0)
		return -1;
	count = db_rows(rows);
	if (count == 1)
		*id = db_int(rows, 0, 0);
	db_result_free(rows);
	if (count == 1)
		return 0;
	return err_set(e, ERR_BAD_ARGUMENT,
	    count ? say("%s \"%s\" 不止一个:请写编号",
			"%s \"%s\" is not unique: give its number")
		  : say("没有%s \"%s\"", "there is no %s \"%s\""),
	    what, text);
}

int
ctl_find_unit(struct ctl *c, const char *text, int64_t *id, struct err *e)
{
	return find(c, say("部门", "unit"),
	    "select unit_id from firebreak.org_unit"
	    " where unit_id::text = $1 or name = $1"
	    " order by unit_id::text = $1 desc limit 2",
	    text, id, e);
}

int
ctl_find_person(struct ctl *c, const char *text, int64_t *id, struct err *e)
{
	return find(c, say("人员", "person"),
	    "select person_id from firebreak.person where person_id::text = $1"
	    " or active and (name = $1 or email = $1) limit 2",
	    text, id, e);
}

static int
say_id(int64_t id)
{
	printf("%" PRId64 "\n", id);
	return 0;
}

int
ctl_unit_add(struct ctl *c, int argc, char **argv)
{
	const char *kind = NULL, *under = NULL;
	const struct ctl_option options[] = {
	    {"kind", &kind, NULL}, {"under", &under, NULL}, {0}};
	char parent[24];
	const char *texts[] = {parent, NULL, NULL, NULL};
	struct err e = {0};
	int64_t id;

	if (ctl_options(&argc, argv, options, &e) < 0)
		return ctl_fail(c, &e);
	if (argc != 1 || !kind || !under)
		return ctl_usage(c, "unit add", argc > 1 ? argv[1] : NULL);
	if (ctl_connect(c, &e) < 0 || ctl_find_unit(c, under, &id, &e) < 0)
		return ctl_fail(c, &e);
	snprintf(parent, sizeof(parent), "%" PRId64, id);
	texts[1] = argv[0];
	texts[2] = kind;
	if (ctl_write(c, "select id from api.unit_create($1::bigint, $2, $3)",
		texts, "unit", &id, &e) < 0)
		return ctl_fail(c, &e);
	return say_id(id);
}

int
ctl_unit_list(struct ctl *c, int argc, char **argv)
{
	if (argc)
		return ctl_usage(c, "unit list", argv[0]);
	return ctl_list(c,
	    "select u.unit_id::text as id, repeat('  ', u.depth) || u.name as"
	    " unit, u.kind, (select count(*) from firebreak.seat s where s.code"
	    " between u.code_lo and u.code_hi and s.person_id is not null)"
	    "::text as people from firebreak.org_unit u order by u.code_lo,"
	    " u.depth");
}

int
ctl_person_add(struct ctl *c, int argc, char **argv)
{
	const char *role = NULL, *unit = NULL, *email = "", *lang = "zh";
	const struct ctl_option options[] = {{"role", &role, NULL},
	    {"unit", &unit, NULL}, {"email", &email, NULL},
	    {"lang", &lang, NULL}, {0}};
	char place[24];
	struct err e = {0};
	int64_t id;

	if (ctl_options(&argc, argv, options, &e) < 0)
		return ctl_fail(c, &e);
	if (argc != 1 || !role || !unit)
		return ctl_usage(c, "person add", argc > 1 ? argv[1] : NULL);
	if (ctl_connect(c, &e) < 0 || ctl_find_unit(c, unit, &id, &e) < 0)
		return ctl_fail(c, &e);
	snprintf(place, sizeof(place), "%" PRId64, id);
	const char *texts[] = {argv[0], email, lang, place, role, NULL};
	if (ctl_write(c,
		"select id from api.people_create($1, $2, $3, $4::bigint, $5,"
		" null)",
		texts, "people unit", &id, &e) < 0)
		return ctl_fail(c, &e);
	return say_id(id);
}

int
ctl_person_list(struct ctl *c, int argc, char **argv)
{
	if (argc)
		return ctl_usage(c, "person list", argv[0]);
	return ctl_list(c,
	    "select p.person_id::text as id, p.name::text as name,"
	    " coalesce(s.role, '-') as role, coalesce(u.name, '-') as unit,"
	    " coalesce(p.email, '-') as email, case when p.active then 'active'"
	    " else 'left' end as state from firebreak.person p"
	    " left join firebreak.seat s using (person_id)"
	    " left join firebreak.org_unit u using (unit_id)"
	    " order by p.person_id");
}

int
ctl_person_move(struct ctl *c, int argc, char **argv)
{
	const char *unit = NULL, *role = "";
	bool leave = false;
	const struct ctl_option options[] = {{"unit", &unit, NULL},
	    {"role", &role, NULL}, {"leave-customers", NULL, &leave}, {0}};
	char person[24], place[24];
	const char *texts[] = {person, place, NULL, NULL, NULL};
	struct err e = {0};
	int64_t id, to;

	if (ctl_options(&argc, argv, options, &e) < 0)
		return ctl_fail(c, &e);
	if (argc != 1 || !unit)
		return ctl_usage(c, "person move", argc > 1 ? argv[1] : NULL);
	if (ctl_connect(c, &e) < 0 ||
	    ctl_find_person(c, argv[0], &id, &e) < 0 ||
	    ctl_find_unit(c, unit, &to, &e) < 0)
		return ctl_fail(c, &e);
	snprintf(person, sizeof(person), "%" PRId64, id);
	snprintf(place, sizeof(place), "%" PRId64, to);
	texts[2] = role;
	texts[3] = leave ? "false" : "true";
	if (ctl_write(c,
		"select id from api.people_move($1::bigint, $2::bigint, $3,"
		" $4::bool)",
		texts, "people unit device customer", &id, &e) < 0)
		return ctl_fail(c, &e);
	return 0;
}

int
ctl_person_leave(struct ctl *c, int argc, char **argv)
{
	const char *heir = NULL;
	const struct ctl_option options[] = {{"heir", &heir, NULL}, {0}};
	char person[24], to[24] = "";
	const char *texts[] = {person, to, NULL};
	struct err e = {0};
	int64_t id, heir_id = 0;

	if (ctl_options(&argc, argv, options, &e) < 0)
		return ctl_fail(c, &e);
	if (argc != 1)
		return ctl_usage(c, "person leave", argc > 1 ? argv[1] : NULL);
	if (ctl_connect(c, &e) < 0 ||
	    ctl_find_person(c, argv[0], &id, &e) < 0 ||
	    (heir && ctl_find_person(c, heir, &heir_id, &e) < 0))
		return ctl_fail(c, &e);
	snprintf(person, sizeof(person), "%" PRId64, id);
	if (heir)
		snprintf(to, sizeof(to), "%" PRId64, heir_id);
	if (ctl_write(c,
		"select id from api.people_leave($1::bigint, $2::bigint, null)",
		texts, "people unit device customer opportunity task lead", &id,
		&e) < 0)
		return ctl_fail(c, &e);
	return 0;
}
