/* PostgreSQL the plain way, for everything outside the loop. */
#include "server/db/sync.h"

#include <errno.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/say.h"
#include "server/db/conn.h"
#include "server/sqlfile.h"

struct db_sync {
	PGconn *pg;
	PGcancel *cancel;
	char sqlstate[6];
	int position; /* of the last error, in characters; 0: unknown */
};

static struct db_sync *volatile active; /* whom a signal cancels */
static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	char why[256];
	int was = errno;

	(void)number;
	interrupted = 1;
	if (active)
		PQcancel(active->cancel, why, sizeof(why));
	errno = was;
}

void
db_sync_obey_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction how = {.sa_handler = on_signal,
	    .sa_flags = SA_RESTART | (int)SA_RESETHAND};
	size_t i;

	for (i = 0; i < COUNT_OF(numbers); i++)
		sigaction(numbers[i], &how, NULL);
}

bool
db_sync_is_interrupted(void)
{
	return interrupted;
}

static int
refuse_interrupted(struct err *e)
{
	return err_set(e, ERR_SYSTEM, "%s", say("已中断", "interrupted"));
}

static void
drop_notice(void *arg, const PGresult *r)
{
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	(void)arg;
	log_debug("database: notice: %s", text ? text : "");
}

struct db_sync *
db_sync_open(const char *conninfo, struct err *e)
{
	struct db_sync *s = xcalloc(1, sizeof(*s));
	char *why;

	s->pg = PQconnectdb(conninfo);
	if (PQstatus(s->pg) == CONNECTION_OK) {
		PQsetNoticeReceiver(s->pg, drop_notice, NULL);
		s->cancel = PQgetCancel(s->pg);
		active = s;
		return s;
	}
	why = xstrdup(PQerrorMessage(s->pg));
	why[strcspn(why, "\n")] = '\0';
	err_set(e, ERR_UNAVAILABLE, "%s", why);
	free(why);
	db_sync_close(s);
	return NULL;
}

void
db_sync_close(struct db_sync *s)
{
	if (!s)
		return;
	if (active == s)
		active = NULL;
	PQfreeCancel(s->cancel);
	PQfinish(s->pg);
	free(s);
}

/* Takes the result; keeps SQLSTATE and position of a failure. */
static int
check(struct db_sync *s, PGresult *r, struct err *e)
{
	ExecStatusType status = PQresultStatus(r);
	const char *state, *position;

	s->sqlstate[0] = '\0';
	s->position = 0;
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	    status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
		return 0;
	if (interrupted)
		return refuse_interrupted(e);
	if (!r || !(state = PQresultErrorField(r, PG_DIAG_SQLSTATE)))
		return err_set(e, ERR_UNAVAILABLE, "%s", PQerrorMessage(s->pg));
	snprintf(s->sqlstate, sizeof(s->sqlstate), "%s", state);
	position = PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION);
	s->position = position ? atoi(position) : 0;
	if (e)
		db_result_error(r, e);
	return -1;
}

int
db_sync_run(struct db_sync *s, const char *sql, const struct db_value *values,
    int count, struct pg_result **rows, struct err *e)
{
	const char **texts = xcalloc((size_t)count + 1, sizeof(*texts));
	PGresult *r;
	int i, result;

	if (interrupted) {
		free(texts);
		return refuse_interrupted(e);
	}
	for (i = 0; i < count; i++)
		texts[i] = values[i].text;
	r = PQexecParams(s->pg, sql, count, NULL, texts, NULL, NULL, 1);
	free(texts);
	result = check(s, r, e);
	if (rows && result == 0)
		*rows = r;
	else
		PQclear(r);
	return result;
}

int
db_sync_describe(
    struct db_sync *s, const char *sql, struct pg_result **rows, struct err *e)
{
	PGresult *r = PQprepare(s->pg, "", sql, 0, NULL);
	int result = check(s, r, e);

	PQclear(r);
	if (result || !rows)
		return result;
	r = PQdescribePrepared(s->pg, "");
	result = check(s, r, e);
	if (result)
		PQclear(r);
	else
		*rows = r;
	return result;
}

int
db_sync_position(const struct db_sync *s)
{
	return s->position;
}

const char *
db_sync_sqlstate(const struct db_sync *s)
{
	return s->sqlstate;
}

/* Line and column of the position-th character (from 1) behind `at`. */
static void
locate(const char *text, size_t at, int position, int *line, int *column)
{
	size_t i;

	*line = *column = 1;
	for (i = 0; text[i] && (i < at || position > 1); i++) {
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text[i + 1] & 0xc0) != 0x80) {
			++*column;
		}
		if (i >= at && ((unsigned char)text[i + 1] & 0xc0) != 0x80)
			position--;
	}
}

int
db_sync_script(
    struct db_sync *s, const char *name, const char *text, struct err *e)
{
	const char *start;
	size_t at = 0, len;
	struct err cause;
	int line, column, failed;
	char *one;

	while (sqlfile_next_statement(text, &at, &start, &len)) {
		one = xstrndup(start, len);
		failed = db_sync_run(s, one, NULL, 0, NULL, &cause);
		free(one);
		if (!failed)
			continue;
		locate(
		    text, (size_t)(start - text), s->position, &line, &column);
		return err_set(e, cause.code, "%s:%d:%d: %s", name, line,
		    column, cause.text);
	}
	return 0;
}

int
db_copy_begin(struct db_sync *s, const char *sql, struct err *e)
{
	PGresult *r = PQexec(s->pg, sql);
	int result = check(s, r, e);

	if (result == 0 && PQresultStatus(r) != PGRES_COPY_IN)
		result = err_set(e, ERR_INTERNAL, "not a COPY FROM STDIN");
	PQclear(r);
	return result;
}

int
db_copy_put(struct db_sync *s, const void *data, size_t len, struct err *e)
{
	if (PQputCopyData(s->pg, data, (int)len) == 1)
		return 0;
	return err_set(e, ERR_UNAVAILABLE, "%s", PQerrorMessage(s->pg));
}

int
db_copy_end(struct db_sync *s, const char *why, long long *rows, struct err *e)
{
	PGresult *r, *more;
	int result;

	if (PQputCopyEnd(s->pg, why) != 1)
		return err_set(e, ERR_UNAVAILABLE, "%s", PQerrorMessage(s->pg));
	r = PQgetResult(s->pg);
	result = check(s, r, e);
	if (result == 0 && rows)
		*rows = atoll(PQcmdTuples(r));
	PQclear(r);
	while ((more = PQgetResult(s->pg)))
		PQclear(more);
	return result;
}

static char *
take(char *quoted)
{
	char *copy = xstrdup(quoted ? quoted : "");

	PQfreemem(quoted);
	return copy;
}

char *
db_sync_literal(struct db_sync *s, const char *text)
{
	return take(PQescapeLiteral(s->pg, text, strlen(text)));
}

char *
db_sync_name(struct db_sync *s, const char *text)
{
	return take(PQescapeIdentifier(s->pg, text, strlen(text)));
}
