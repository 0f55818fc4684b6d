/*
 * What one client of libpq alone gets out of PostgreSQL, to compare one
 * terminal with:
 *
 *     direct CONNINFO SECONDS NUMBER... <STATEMENTS
 *
 * Every line of STATEMENTS is prepared once; then all of them are sent in one
 * pipeline, again and again, each time with the next NUMBER as $1 of those
 * that have one.  Prints `direct_per_s value`: pipelines a second.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

#define STATEMENTS_MAX 16

static char *texts[STATEMENTS_MAX];
static int text_count;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The name of statement i. */
static const char *
name_of(int i)
{
	static char name[16];

	snprintf(name, sizeof(name), "s%d", i);
	return name;
}

static void
prepare(PGconn *db)
{
	size_t size = 0;

	while (text_count < STATEMENTS_MAX &&
	       getline(&texts[text_count], &size, stdin) > 0) {
		PGresult *r = PQprepare(
		    db, name_of(text_count), texts[text_count], 0, NULL);

		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			errx(1, "%s%s", texts[text_count], PQerrorMessage(db));
		PQclear(r);
		text_count++;
		size = 0;
	}
	if (text_count == 0 || text_count == STATEMENTS_MAX)
		errx(1, "one to %d statements are wanted", STATEMENTS_MAX - 1);
}

/* One pipeline, from the first byte sent to the last result read. */
static void
once(PGconn *db, const char *number)
{
	for (int i = 0; i < text_count; i++)
		if (!PQsendQueryPrepared(db, name_of(i),
			strstr(texts[i], "$1") != NULL, &number, NULL, NULL, 1))
			errx(1, "%s", PQerrorMessage(db));
	if (!PQpipelineSync(db))
		errx(1, "%s", PQerrorMessage(db));
	for (;;) {
		PGresult *r = PQgetResult(db);
		ExecStatusType status = PQresultStatus(r);

		if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
		    status != PGRES_PIPELINE_SYNC && r)
			errx(1, "%s", PQresultErrorMessage(r));
		PQclear(r);
		if (status == PGRES_PIPELINE_SYNC)
			return;
	}
}

int
main(int argc, char **argv)
{
	long count = 0;
	double begin, end;
	PGconn *db;

	if (argc < 4)
		errx(1, "usage: see the top of tests/bench/direct.c");
	db = PQconnectdb(argv[1]);
	if (PQstatus(db) != CONNECTION_OK)
		errx(1, "%s", PQerrorMessage(db));
	prepare(db);
	if (!PQenterPipelineMode(db))
		errx(1, "%s", PQerrorMessage(db));
	for (int i = 0; i < 2000; i++) /* caches are warm, plans are generic */
		once(db, argv[3 + i % (argc - 3)]);
	begin = now();
	end = begin + atof(argv[2]);
	do
		once(db, argv[3 + count % (argc - 3)]);
	while (count++, now() < end);
	printf("direct_per_s %.0f\n", (double)count / (now() - begin));
	PQfinish(db);
	for (int i = 0; i < text_count; i++)
		free(texts[i]);
	return 0;
}
