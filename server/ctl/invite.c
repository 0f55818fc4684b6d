/* Invites: one, or a CSV of people at once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/invite.h"
#include "common/keyfile.h"
#include "common/mem.h"
#include "common/say.h"
#include "common/secret.h"
#include "server/ctl/groups.h"
#include "server/db.h"
#include "server/db/sync.h"
#include "server/import/csvfile.h"

#define DAYS_MOST 90

static int
load_server_key(struct ctl *c, uint8_t key[32], struct err *e)
{
	char *path = conf_path(&c->conf, "server.key");
	struct keyfile *k = keyfile_load(path, NULL, e);

	free(path);
	if (!k)
		return -1;
	memcpy(key, keyfile_public(k), 32);
	keyfile_free(k);
	return 0;
}

/* Fills what all invites of a run share. */
static int
prepare(struct ctl *c, const char *days, struct invite *i, struct err *e)
{
	int64_t n;

	if (ctl_number(days, "--days", &n, e) < 0)
		return -1;
	if (n > DAYS_MOST)
		return err_set(e, ERR_BAD_ARGUMENT,
		    say("--days:最多 %d 天,敞开的邀请如同门垫下的钥匙",
			"--days: at most %d, an open invite is a key under the "
			"mat"),
		    DAYS_MOST);
	if (strlen(c->conf.address) >= sizeof(i->address))
		return err_set(e, ERR_BAD_ARGUMENT, "%s",
		    say("address: 太长", "address: is too long"));
	snprintf(i->address, sizeof(i->address), "%s", c->conf.address);
	i->expires = time(NULL) + n * 86400;
	return load_server_key(c, i->server_key, e);
}

/* Stores a fresh secret's hash for the person; the line, or NULL. */
static char *
make_line(struct ctl *c, struct invite *i, int64_t person, struct err *e)
{
	uint8_t hash[SECRET_HASH_LEN];
	char id[24], expires[24], hex[2 * SECRET_HASH_LEN + 3] = "\\x";
	const char *texts[] = {hex, id, expires, NULL};
	size_t k;

	secret_random(i->secret, sizeof(i->secret));
	secret_hash(i->secret, sizeof(i->secret), hash);
	for (k = 0; k < sizeof(hash); k++)
		snprintf(hex + 2 + 2 * k, 3, "%02x", hash[k]);
	snprintf(id, sizeof(id), "%" PRId64, person);
	snprintf(expires, sizeof(expires), "%" PRId64, i->expires);
	if (ctl_query(c,
		"select firebreak.invite_add($1::bytea, $2::bigint,"
		" to_timestamp($3::bigint))",
		texts, NULL, e) < 0)
		return NULL;
	return invite_format(i);
}

static int
invite_one(struct ctl *c, const char *who, struct invite *i)
{
	struct err e = {0};
	int64_t person;
	char *line;

	if (ctl_find_person(c, who, &person, &e) < 0 || ctl_begin(c, &e) < 0)
		return ctl_fail(c, &e);
	line = make_line(c, i, person, &e);
	if (!line || ctl_commit(c, NULL, &e) < 0) {
		free(line);
		return ctl_fail(c, &e);
	}
	puts(line);
	free(line);
	return 0;
}

enum { NAME, ROLE, UNIT, EMAIL, COLUMNS };
static const char *const column_names[] = {"name", "role", "unit", "email"};

/* Which cell of a record holds which column. */
static int
read_heading(
    struct csvfile *f, const char *path, size_t place[COLUMNS], struct err *e)
{
	struct csvfile_record r;
	size_t i, k;

	if (!csvfile_next(f, &r) || r.fault)
		return err_set(e, ERR_BAD_ARGUMENT,
		    say("%s:1: 第一行应为:name,role,unit,email",
			"%s:1: the first line must be: name,role,unit,email"),
		    path);
	for (k = 0; k < COLUMNS; k++) {
		for (i = 0; i < r.count; i++) {
			if (strcmp(r.fields[i].text, column_names[k]) == 0)
				break;
		}
		if (i == r.count && k != EMAIL)
			return err_set(e, ERR_BAD_ARGUMENT,
			    say("%s:1: 缺少列 \"%s\";应为:name,role,unit,email",
				"%s:1: the column \"%s\" is missing; expected: "
				"name,role,unit,email"),
			    path, column_names[k]);
		place[k] = i;
	}
	return 0;
}

/* Somebody with this e-mail is invited again and not created twice. */
static int
ensure_person(struct ctl *c, const char *const cells[COLUMNS], int64_t *person,
    struct err *e)
{
	const char *email[] = {cells[EMAIL], NULL};
	struct pg_result *rows = NULL;
	char unit[24];
	const char *texts[] = {
	    cells[NAME], cells[EMAIL], unit, cells[ROLE], NULL};

	if (cells[EMAIL][0]) {
		if (ctl_query(c,
			"select person_id from firebreak.person"
			" where email = $1",
			email, &rows, e) < 0)
			return -1;
		*person = db_rows(rows) ? db_int(rows, 0, 0) : 0;
		db_result_free(rows);
		if (*person)
			return 0;
	}
	if (ctl_find_unit(c, cells[UNIT], person, e) < 0)
		return -1;
	snprintf(unit, sizeof(unit), "%" PRId64, *person);
	if (ctl_query(c,
		"select id from api.people_create($1, $2, null, $3::bigint, $4,"
		" null)",
		texts, &rows, e) < 0)
		return -1;
	*person = db_int(rows, 0, 0);
	db_result_free(rows);
	return 0;
}

static void
add_csv_cell(struct buf *out, const char *text)
{
	buf_add_byte(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			buf_add_byte(out, '"');
		buf_add_byte(out, (uint8_t)*text);
	}
	buf_add_byte(out, '"');
}

static int
invite_record(struct ctl *c, struct invite *i, const struct csvfile_record *r,
    const size_t place[COLUMNS], struct buf *out, struct err *e)
{
	const char *cells[COLUMNS];
	int64_t person;
	char *line;
	size_t k;

	if (r->fault)
		return err_set(e, ERR_BAD_ARGUMENT, "%s", r->fault);
	for (k = 0; k < COLUMNS; k++)
		cells[k] = place[k] < r->count ? r->fields[place[k]].text : "";
	if (ensure_person(c, cells, &person, e) < 0)
		return -1;
	line = make_line(c, i, person, e);
	if (!line)
		return -1;
	add_csv_cell(out, cells[NAME]);
	buf_add_byte(out, ',');
	add_csv_cell(out, cells[EMAIL]);
	buf_addf(out, ",%s\n", line);
	free(line);
	return 0;
}

/* All or nothing: every bad line is named, and then nobody was invited. */
static int
invite_records(struct ctl *c, struct csvfile *f, const char *path,
    struct invite *i, struct buf *out)
{
	struct csvfile_record r;
	size_t place[COLUMNS], faults = 0;
	char *why;
	struct err e = {0}, after = {0};

	if (read_heading(f, path, place, &e) < 0 || ctl_begin(c, &e) < 0)
		return ctl_fail(c, &e);
	while (csvfile_next(f, &r)) {
		if (ctl_query(c, "savepoint line", NULL, NULL, &e) < 0)
			return ctl_fail(c, &e);
		if (invite_record(c, i, &r, place, out, &e) == 0)
			continue;
		faults++;
		why = ctl_error_text(c, &e);
		fprintf(stderr, "%s:%zu: %s\n", path, r.line, why);
		free(why);
		if (ctl_query(c, "rollback to line", NULL, NULL, &after) < 0)
			return ctl_fail(c, &after);
	}
	if (faults) {
		fprintf(stderr, "%s\n",
		    ctl_say(c, "没有邀请任何人:请改正以上各行",
			"nobody was invited: correct these lines"));
		return 1;
	}
	if (ctl_commit(c, "people unit", &e) < 0)
		return ctl_fail(c, &e);
	return 0;
}

static int
invite_csv(struct ctl *c, const char *path, struct invite *i)
{
	struct csvfile_options o = {0};
	struct buf out = {0};
	struct err e = {0};
	struct csvfile *f = csvfile_open(path, &o, &e);
	int status;

	if (!f)
		return ctl_fail(c, &e);
	status = invite_records(c, f, path, i, &out);
	if (status == 0)
		printf("name,email,invite\n%s", buf_str(&out));
	buf_clear(&out);
	csvfile_free(f);
	return status;
}

int
ctl_invite(struct ctl *c, int argc, char **argv)
{
	const char *days = "7", *csv = NULL;
	const struct ctl_option options[] = {
	    {"days", &days, NULL}, {"csv", &csv, NULL}, {0}};
	struct invite i = {0};
	struct err e = {0};
	int status;

	if (ctl_options(&argc, argv, options, &e) < 0)
		return ctl_fail(c, &e);
	if (argc != (csv ? 0 : 1))
		return ctl_usage(c, "invite", argv[csv ? 0 : argc > 1]);
	if (prepare(c, days, &i, &e) < 0 || ctl_connect(c, &e) < 0)
		return ctl_fail(c, &e);
	status = csv ? invite_csv(c, csv, &i) : invite_one(c, argv[0], &i);
	secret_wipe(&i, sizeof(i));
	return status;
}
