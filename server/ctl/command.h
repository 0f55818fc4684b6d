/*
 * firebreakctl's commands: each is a row, `firebreakctl help` is printed from
 * the rows.  A new command: a function in a file here or elsewhere under
 * server/, its prototype below or in its own header, and a row in table.c.
 */
#ifndef SERVER_CTL_COMMAND_H
#define SERVER_CTL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/conf.h"

struct cluster;
struct db_sync;

struct ctl {
	struct conf conf;
	struct conf_source source; /* as given on the command line */
	const char *lang;	   /* "zh" or "en": from LANG, or --lang */
	struct cluster *cluster;   /* after ctl_connect() */
	struct db_sync *db;	   /* after ctl_connect() */
};

struct ctl_command {
	const char *name; /* one or two words: "unit add" */
	const char *args; /* as help shows them */
	const char *zh;	  /* help, one line */
	const char *en;
	bool without_conf; /* runs even if the configuration is faulty */
	/* argv[0] is the first argument after the name; argv ends with NULL.
	 * Returns the exit status: 0, 1 (said why on stderr), 2 (usage). */
	int (*run)(struct ctl *c, int argc, char **argv);
};

/* Sorted by group as help shows it; ends with a NULL name. */
extern const struct ctl_command ctl_command_table[];

/* Starts (or joins) the cluster, opens the admin connection and checks that
 * the schema is this program's.  Closed by the caller of run(). */
int ctl_connect(struct ctl *c, struct err *e)
    __attribute__((warn_unused_result));
/* The same without the look at the schema (init, migrate, restore). */
int ctl_connect_raw(struct ctl *c, struct err *e)
    __attribute__((warn_unused_result));
void ctl_disconnect(struct ctl *c);

/* A sentence in the language of the user. */
const char *ctl_say(const struct ctl *c, const char *zh, const char *en)
    __attribute__((format_arg(2), format_arg(3)));
/* The sentence of an error in the language of the user; the caller frees. */
char *ctl_error_text(const struct ctl *c, const struct err *e);
/* That on stderr; returns 1, for `return ctl_fail(...)`, or 2 for
 * ERR_BAD_REQUEST, a wrong command line. */
int ctl_fail(const struct ctl *c, const struct err *e);
/* A command line that has `surplus`, or (NULL) lacks something, and how it
 * should be, on stderr; returns 2. */
int ctl_usage(const struct ctl *c, const char *name, const char *surplus);
/* Help for one command on stdout. */
void ctl_print_help(const struct ctl *c, const struct ctl_command *row);
/* The row whose words the arguments begin with (*words tells how many), or
 * NULL after a sentence on stderr. */
const struct ctl_command *ctl_find_command(
    const struct ctl *c, int argc, char **argv, int *words);

/*
 * Options of one command: "--days N" with a value, "--check" without.  Found
 * options are taken out of argv.  -1 with e (ERR_BAD_REQUEST): an unknown
 * option (with did-you-mean) or a missing value.
 */
struct ctl_option {
	const char *name;   /* "days"; NULL ends the list */
	const char **value; /* gets the value; NULL: a flag */
	bool *flag;	    /* gets true */
};
int ctl_options(int *argc, char **argv, const struct ctl_option *options,
    struct err *e) __attribute__((warn_unused_result));

/* A positive number, or -1 with e. */
int ctl_number(const char *text, const char *what, int64_t *n, struct err *e)
    __attribute__((warn_unused_result));

#endif
