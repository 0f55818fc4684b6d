/*
 * The passphrase of a key file, asked on the plain terminal before there are
 * any screens.
 */
#ifndef TUI_PASSPHRASE_H
#define TUI_PASSPHRASE_H

struct err;
struct keyfile;

#define PASSPHRASE_TRIES 3

/* A line without echo, for passphrase_wipe(); NULL: standard input is no
 * terminal, or it ended. */
char *passphrase_ask(const char *prompt);
void passphrase_wipe(char *passphrase); /* and frees; NULL is fine */

/* The key file, asked for its passphrase if it has one, up to three times. */
struct keyfile *passphrase_load(const char *path, int lang, struct err *e);

#endif
