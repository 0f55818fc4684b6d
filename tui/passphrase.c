/* The passphrase of a key file, asked on the plain terminal. */
#include "tui/passphrase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/err.h"
#include "common/keyfile.h"
#include "common/mem.h"
#include "common/secret.h"
#include "tui/lang.h"

char *
passphrase_ask(const char *prompt)
{
	struct termios old, quiet;
	char line[512] = "", *answer = NULL;

	if (tcgetattr(STDIN_FILENO, &old) != 0)
		return NULL;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	/* before the prompt: what is typed at it is not flushed */
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	fprintf(stderr, "%s: ", prompt);
	if (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		answer = xstrdup(line);
	}
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	fputc('\n', stderr);
	secret_wipe(line, sizeof(line));
	return answer;
}

void
passphrase_wipe(char *passphrase)
{
	if (passphrase)
		secret_wipe(passphrase, strlen(passphrase));
	free(passphrase);
}

struct keyfile *
passphrase_load(const char *path, int lang, struct err *e)
{
	int locked = keyfile_is_locked(path, e);
	struct keyfile *k = NULL;
	char *passphrase, *prompt;

	if (locked < 0)
		return NULL;
	if (!locked)
		return keyfile_load(path, NULL, e);
	for (int i = 0; !k && i < PASSPHRASE_TRIES; i++) {
		/* one prompt: whoever reads that it was wrong types unseen */
		prompt = i == 0 ? xstrdup(lang_string(STR_PASSPHRASE, lang))
				: xasprintf("%s\n%s",
				      lang_string(STR_PASSPHRASE_WRONG, lang),
				      lang_string(STR_PASSPHRASE, lang));
		passphrase = passphrase_ask(prompt);
		free(prompt);
		if (!passphrase)
			return keyfile_load(path, NULL, e);
		/* it takes a while, on purpose */
		fprintf(stderr, "%s\n", lang_string(STR_CHECKING, lang));
		k = keyfile_load(path, passphrase, e);
		passphrase_wipe(passphrase);
		if (!k && e->code != ERR_NOT_ALLOWED)
			break;
	}
	return k;
}
