/* firebreakctl: finds the command and gives it the configuration. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/log.h"
#include "common/mem.h"
#include "server/ctl/command.h"

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

/* Takes the options before the command; how many words they were. */
static int
read_globals(struct ctl *c, int argc, char **argv)
{
	int at = 1;
	size_t i;

	while (at + 1 < argc) {
		for (i = 0; i < COUNT_OF(global_table); i++) {
			if (strcmp(argv[at], global_table[i].name) == 0)
				break;
		}
		if (i == COUNT_OF(global_table))
			break;
		*(const char **)((char *)c + global_table[i].offset) =
		    argv[at + 1];
		at += 2;
	}
	return at;
}

/* The row whose words the arguments begin with; *words tells how many. */
static const struct ctl_command *
find_command(int argc, char **argv, int *words)
{
	const struct ctl_command *row;
	char *pair = argc > 1 ? xasprintf("%s %s", argv[0], argv[1]) : NULL;

	for (row = ctl_command_table; row->name; row++) {
		if (pair && strcmp(row->name, pair) == 0) {
			*words = 2;
			break;
		}
		if (strcmp(row->name, argv[0]) == 0) {
			*words = 1;
			break;
		}
	}
	free(pair);
	return row->name ? row : NULL;
}

static int
refuse_command(const struct ctl *c, int argc, char **argv)
{
	const struct ctl_command *row;
	const char *names[64] = {0}, *near;
	char *words;
	size_t n = 0;

	for (row = ctl_command_table; row->name && n < 63; row++)
		names[n++] = row->name;
	words = xasprintf(
	    "%s%s%s", argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
	near = diag_nearest(words, names);
	if (!near)
		near = diag_nearest(argv[0], names);
	fprintf(stderr,
	    ctl_say(c, "firebreakctl: 没有命令 \"%s\"\n",
		"firebreakctl: there is no command \"%s\"\n"),
	    words);
	if (near)
		fprintf(stderr,
		    ctl_say(
			c, "  是否想用 \"%s\"?\n", "  did you mean \"%s\"?\n"),
		    near);
	fputs(ctl_say(c, "  `firebreakctl help` 列出全部命令\n",
		  "  `firebreakctl help` lists them\n"),
	    stderr);
	free(words);
	return 2;
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
	int at = read_globals(&c, argc, argv), words = 0, status;
	char *help[] = {"help", NULL};

	log_open("firebreakctl", LOG_LEVEL_WARN);
	signal(SIGPIPE, SIG_IGN);
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
	row = find_command(argc, argv, &words);
	if (!row)
		return refuse_command(&c, argc, argv);
	if (!row->without_conf && load_conf(&c) < 0)
		return 1;
	status = row->run(&c, argc - words, argv + words);
	ctl_disconnect(&c);
	conf_clear(&c.conf);
	if (fflush(stdout) != 0)
		return 1;
	return status;
}
