/* The commands of server/ctl, and helpers that only they use. */
#ifndef SERVER_CTL_GROUPS_H
#define SERVER_CTL_GROUPS_H

#include <stdint.h>

#include "server/ctl/command.h"

struct pg_result;

/* One statement with text parameters (at most 8, the array ends with NULL; ""
 * stands for NULL).  rows NULL: not wanted. */
int ctl_query(struct ctl *c, const char *sql, const char *const *texts,
    struct pg_result **rows, struct err *e) __attribute__((warn_unused_result));
/* A transaction with the rights of the company's first ops person, so that api
 * functions can be called; the audit names nobody, has the cause "console" and
 * in "new" the login of the system.  _commit tells the daemons which
 * topics ("people unit") changed.  After a failure the connection is only
 * good for closing. */
int ctl_begin(struct ctl *c, struct err *e) __attribute__((warn_unused_result));
/* The audit rows of the transaction that is open name the console, which sees
 * the whole company. */
int ctl_as_console(struct ctl *c, struct err *e)
    __attribute__((warn_unused_result));
int ctl_commit(struct ctl *c, const char *topics, struct err *e)
    __attribute__((warn_unused_result));
/* One api function in such a transaction; its first column is the id. */
int ctl_write(struct ctl *c, const char *sql, const char *const *texts,
    const char *topics, int64_t *id, struct err *e)
    __attribute__((warn_unused_result));
/* Aligned columns; every column must be text. */
void ctl_print_rows(const struct pg_result *rows);
/* Connects, asks and prints; the exit status. */
int ctl_list(struct ctl *c, const char *sql);

/* setup.c */
int ctl_init(struct ctl *c, int argc, char **argv);
int ctl_migrate(struct ctl *c, int argc, char **argv);
int ctl_config(struct ctl *c, int argc, char **argv);
/* people.c */
int ctl_unit_add(struct ctl *c, int argc, char **argv);
int ctl_unit_list(struct ctl *c, int argc, char **argv);
int ctl_person_add(struct ctl *c, int argc, char **argv);
int ctl_person_list(struct ctl *c, int argc, char **argv);
int ctl_person_move(struct ctl *c, int argc, char **argv);
int ctl_person_leave(struct ctl *c, int argc, char **argv);
/* The id of a unit or person given by number, name or (person) e-mail. */
int ctl_find_unit(struct ctl *c, const char *text, int64_t *id, struct err *e)
    __attribute__((warn_unused_result));
int ctl_find_person(struct ctl *c, const char *text, int64_t *id, struct err *e)
    __attribute__((warn_unused_result));
/* invite.c */
int ctl_invite(struct ctl *c, int argc, char **argv);
/* device.c */
int ctl_device_list(struct ctl *c, int argc, char **argv);
int ctl_device_revoke(struct ctl *c, int argc, char **argv);
/* look.c */
int ctl_api(struct ctl *c, int argc, char **argv);
int ctl_audit_verify(struct ctl *c, int argc, char **argv);
int ctl_health(struct ctl *c, int argc, char **argv);
int ctl_version(struct ctl *c, int argc, char **argv);
int ctl_help(struct ctl *c, int argc, char **argv);
/* rules.c */
int ctl_rules_check(struct ctl *c, int argc, char **argv);
/* backup.c */
int ctl_backup(struct ctl *c, int argc, char **argv);
int ctl_restore(struct ctl *c, int argc, char **argv);
/* copy.c: a directory with all it holds; regular files and directories only.
 * Existing files stay as they are. */
int ctl_copy_tree(const char *from, const char *to, struct err *e)
    __attribute__((warn_unused_result));
/* What was made of a copy that failed. */
void ctl_remove_tree(const char *path);

#endif
