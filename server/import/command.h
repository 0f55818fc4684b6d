/* firebreakctl import: a row of the command table calls this. */
#ifndef SERVER_IMPORT_COMMAND_H
#define SERVER_IMPORT_COMMAND_H

struct ctl;

/* import --mapping NAME|FILE [--dry-run] [--encoding E] [--rejects FILE]
 *        [--owner EMAIL] DIR|FILE...
 * import --revert ID
 * import --list */
int import_command(struct ctl *c, int argc, char **argv);

#endif
