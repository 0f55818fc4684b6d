/* Results in binary format: types, cells, errors. */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/codec.h"
#include "server/db/conn.h"
#include "server/db/sync.h"

#define DAYS_1970_TO_2000 10957
#define MICROSECONDS_A_DAY INT64_C(86400000000)

/* What terminals take; oids of PostgreSQL's built-in types never change. */
static const struct type_def {
	Oid oid;
	const char *name;
	enum db_column_type type;
} type_table[] = {
    {16, "bool", DB_BOOL},
    {17, "bytea", DB_BYTES},
    {19, "name", DB_TEXT},
    {20, "bigint", DB_INT},
    {21, "smallint", DB_INT},
    {23, "int", DB_INT},
    {25, "text", DB_TEXT},
    {114, "json", DB_JSON},
    {701, "float8", DB_REAL},
    {1043, "text", DB_TEXT},
    {1082, "date", DB_DATE},
    {1184, "timestamptz", DB_TIME},
    {3802, "jsonb", DB_JSON},
};

static const struct type_def *
find_type(const struct pg_result *r, int column)
{
	Oid oid = PQftype(r, column);
	size_t i;

	for (i = 0; i < sizeof(type_table) / sizeof(type_table[0]); i++) {
		if (type_table[i].oid == oid)
			return &type_table[i];
	}
	return NULL;
}

int
db_rows(const struct pg_result *r)
{
	return PQntuples(r);
}

int
db_columns(const struct pg_result *r)
{
	return PQnfields(r);
}

const char *
db_column_name(const struct pg_result *r, int column)
{
	return PQfname(r, column);
}

int
db_column_type(const struct pg_result *r, int column)
{
	const struct type_def *t = find_type(r, column);

	return t ? (int)t->type : -1;
}

const char *
db_column_type_name(const struct pg_result *r, int column)
{
	const struct type_def *t = find_type(r, column);

	return t ? t->name : NULL;
}

bool
db_is_null(const struct pg_result *r, int row, int column)
{
	return PQgetisnull(r, row, column);
}

/* A big-endian integer of 1, 2, 4 or 8 bytes. */
static int64_t
read_integer(const char *data, int len)
{
	const uint8_t *p = (const uint8_t *)data;
	uint64_t v = len > 0 && (p[0] & 0x80) ? UINT64_MAX : 0;
	int i;

	for (i = 0; i < len && i < 8; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

int64_t
db_int(const struct pg_result *r, int row, int column)
{
	int64_t v;

	if (PQgetisnull(r, row, column))
		return 0;
	v = read_integer(
	    PQgetvalue(r, row, column), PQgetlength(r, row, column));
	switch (db_column_type(r, column)) {
	case DB_DATE:
		return v + DAYS_1970_TO_2000;
	case DB_TIME:
		return v + DAYS_1970_TO_2000 * MICROSECONDS_A_DAY;
	default:
		return v;
	}
}

double
db_real(const struct pg_result *r, int row, int column)
{
	int64_t bits = read_integer(
	    PQgetvalue(r, row, column), PQgetlength(r, row, column));
	double v;

	if (PQgetisnull(r, row, column))
		return 0;
	memcpy(&v, &bits, sizeof(v));
	return v;
}

const char *
db_text(const struct pg_result *r, int row, int column, int *len)
{
	const char *text = PQgetvalue(r, row, column);
	int n = PQgetlength(r, row, column);

	/* jsonb travels with a version byte in front */
	if (n > 0 && PQftype(r, column) == 3802) {
		text++;
		n--;
	}
	if (len)
		*len = n;
	return text;
}

void
db_encode_cell(const struct pg_result *r, int row, int column, struct buf *out)
{
	const char *text;
	int len;

	if (PQgetisnull(r, row, column)) {
		codec_put_null(out);
		return;
	}
	switch (db_column_type(r, column)) {
	case DB_BOOL:
		codec_put_bool(out, db_int(r, row, column) != 0);
		break;
	case DB_INT:
	case DB_DATE:
	case DB_TIME:
		codec_put_int(out, db_int(r, row, column));
		break;
	case DB_REAL:
		codec_put_real(out, db_real(r, row, column));
		break;
	case DB_TEXT:
	case DB_JSON:
		text = db_text(r, row, column, &len);
		codec_put_textn(out, text, (size_t)len);
		break;
	default:
		text = db_text(r, row, column, &len);
		codec_put_bytes(out, text, (size_t)len);
		break;
	}
}

/* SQLSTATE to code; a pattern of two characters stands for a class. */
static const struct sqlstate_def {
	const char *pattern;
	enum err_code code;
} sqlstate_table[] = {
    {"08", ERR_UNAVAILABLE},	/* connection */
    {"22", ERR_BAD_ARGUMENT},	/* data: out of range, bad text */
    {"23", ERR_CONFLICT},	/* constraints */
    {"25006", ERR_UNAVAILABLE}, /* a standby: failover under way */
    {"40001", ERR_CONFLICT},	/* serialization */
    {"40P01", ERR_CONFLICT},	/* deadlock */
    {"42501", ERR_NOT_ALLOWED}, /* rights and policies */
    {"53", ERR_UNAVAILABLE},	/* out of connections, disk, memory */
    {"55P03", ERR_BUSY},	/* lock_timeout */
    {"57014", ERR_TIMEOUT},	/* statement_timeout */
    {"57P", ERR_UNAVAILABLE},	/* shutdown, crash, starting up */
    {"FB001", ERR_REFUSED},	/* api.refuse() */
    {"FB002", ERR_TOO_OLD},	/* firebreak.keep() */
    {"FB003", ERR_CONFLICT},	/* api.conflict() */
};

enum err_code
db_sqlstate_code(const char *sqlstate)
{
	const struct sqlstate_def *row;
	size_t i;

	for (i = 0; i < sizeof(sqlstate_table) / sizeof(*row); i++) {
		row = &sqlstate_table[i];
		if (strncmp(sqlstate, row->pattern, strlen(row->pattern)) == 0)
			return row->code;
	}
	return ERR_INTERNAL;
}

static const char *
field_or(const PGresult *r, int field, const char *fallback)
{
	const char *text = PQresultErrorField(r, field);

	return text ? text : fallback;
}

void
db_result_error(const struct pg_result *r, struct err *e)
{
	const char *state = field_or(r, PG_DIAG_SQLSTATE, "");
	const char *message = field_or(r, PG_DIAG_MESSAGE_PRIMARY, "");
	const char *detail = field_or(r, PG_DIAG_MESSAGE_DETAIL, "");
	enum err_code code =
	    state[0] ? db_sqlstate_code(state) : ERR_UNAVAILABLE;

	if (code == ERR_REFUSED) {
		err_set(e, code, "%s", detail);
		snprintf(e->name, sizeof(e->name), "%s", message);
		snprintf(e->field, sizeof(e->field), "%s",
		    field_or(r, PG_DIAG_COLUMN_NAME, ""));
		return;
	}
	err_set(e, code, "%s%s%s", message, *detail ? ": " : "", detail);
}

void
db_result_free(struct pg_result *r)
{
	PQclear(r);
}
