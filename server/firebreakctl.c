/* firebreakctl: finds the command and gives it the configuration. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/say.h"
#include "server/ctl/command.h"
#include "server/db/sync.h"

static const char *
user_language(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *value;
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++) {
		value = getenv(names[i]);
		if (value && value[0])
			return strncmp(value, "zh", 2) == 0 ? "zh" : "en";
	}
	return "en";
}

struct global_def {
	const char *name;
	size_t offset; /* of a const char * in struct ctl */
};

static const struct global_def global_table[] = {
    {"--config", offsetof(struct ctl, source.file)},
    {"--data", offsetof(struct ctl, source.data)},
    {"--lang", offsetof(struct ctl, lang)},
};

/* Takes the options before the command; how many words they were, or -1 with
 * e. */
static int
read_globals(struct ctl *c, int argc, char **argv, struct err *e)
{
	const char *names[COUNT_OF(global_table) + 1] = {NULL}, *near;
	int at = 1;
	size_t i;

	for (; at < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
		for (i = 0; i < COUNT_OF(global_table); i++) {
			names[i] = global_table[i].name;
			if (strcmp(argv[at], names[i]) == 0)
				break;
		}
		if (i == COUNT_OF(global_table)) {
			if (strcmp(argv[at], "--help") == 0 ||
			    strcmp(argv[at], "--version") == 0)
				break;
			near = diag_nearest(argv[at], names);
			return err_set(e, ERR_BAD_REQUEST,
			    say("没有选项 %s%s%s%s", "unknown option %s%s%s%s"),
			    argv[at],
			    near ? say(";是否想用 ", "; did you mean ") : "",
			    near ? near : "", near ? "?" : "");
		}
		if (at + 1 == argc)
			return err_set(e, ERR_BAD_REQUEST,
			    say("%s 后面缺少值", "%s needs a value"), argv[at]);
		*(const char **)((char *)c + global_table[i].offset) =
		    argv[at + 1];
	}
	if (strcmp(c->lang, "zh") != 0 && strcmp(c->lang, "en") != 0) {
		near = c->lang;
		c->lang = user_language();
		return err_set(e, ERR_BAD_REQUEST,
		    say("--lang 是 zh 或 en,不是 \"%s\"",
			"--lang is zh or en, not \"%s\""),
		    near);
	}
	return at;
}

/* "--help" somewhere behind the command. */
static bool
wants_help(int argc, char **argv)
{
	while (argc-- > 0) {
		if (strcmp(argv[argc], "--help") == 0)
			return true;
	}
	return false;
}

static int
load_conf(struct ctl *c)
{
	struct diags *faults = diags_new();
	struct buf out = {0};
	int status = conf_load(&c->conf, &c->source, faults);

	if (status < 0) {
		diags_print(faults, &out);
		fputs(buf_str(&out), stderr);
	}
	buf_clear(&out);
	diags_free(faults);
	return status;
}

int
main(int argc, char **argv)
{
	struct ctl c = {.lang = user_language()};
	const struct ctl_command *row;
	char *help[] = {"help", NULL};
	struct err e = {0};
	int at, words = 0, status;

	log_open("firebreakctl", LOG_LEVEL_WARN);
	signal(SIGPIPE, SIG_IGN);
	db_sync_obey_signals();
	say_language(c.lang);
	at = read_globals(&c, argc, argv, &e);
	if (at < 0)
		return ctl_fail(&c, &e);
	say_language(c.lang);
	argc -= at;
	argv += at;
	if (argc == 0 || strcmp(argv[0], "--help") == 0) {
		argc = 1;
		argv = help;
	} else if (strcmp(argv[0], "--version") == 0) {
		argc = 1;
		help[0] = "version";
		argv = help;
	}
	row = ctl_find_command(&c, argc, argv, &words);
	if (!row)
		return 2;
	if (wants_help(argc - words, argv + words)) {
		ctl_print_help(&c, row);
		return 0;
	}
	if (!row->without_conf && load_conf(&c) < 0)
		return 1;
	status = row->run(&c, argc - words, argv + words);
	ctl_disconnect(&c);
	conf_clear(&c.conf);
	if (fflush(stdout) != 0)
		return 1;
	return status;
}
