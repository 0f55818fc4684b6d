/* firebreakctl import. */
#include "server/import/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/mem.h"
#include "common/say.h"
#include "server/ctl/command.h"
#include "server/import/history.h"
#include "server/import/run.h"

struct arguments {
	const char *mapping, *encoding, *rejects, *owner, *revert;
	bool dry_run, list;
};

/* A name is looked for in the packs' mappings; what has a slash or ends in
 * .yaml is a file.  The caller frees. */
static char *
mapping_path(const struct ctl *c, const char *name)
{
	const char *dot = strrchr(name, '.');
	char *path;

	if (strchr(name, '/') || (dot && strcmp(dot, ".yaml") == 0))
		return xstrdup(name);
	for (size_t i = c->conf.packs.count; i-- > 0;) {
		path = xasprintf(
		    "%s/mappings/%s.yaml", c->conf.packs.items[i], name);
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return xasprintf("%s.yaml", name);
}

static int
command_run(struct ctl *c, const struct arguments *a, int argc, char **argv)
{
	char *path = mapping_path(c, a->mapping);
	struct import_options o = {
	    .mapping = path,
	    .paths = (const char *const *)argv,
	    .path_count = (size_t)argc,
	    .encoding = a->encoding,
	    .rejects = a->rejects,
	    .owner = a->owner,
	    .dry_run = a->dry_run,
	    .progress = isatty(STDERR_FILENO),
	    .report = stdout,
	    .zh = strcmp(c->lang, "zh") == 0,
	};
	struct diags *d = diags_new();
	struct import_report report;
	struct buf faults = {0};
	struct err e = {0};
	int rc = 0;

	if (import_run(c->db, &o, &report, d, &e)) {
		diags_print(d, &faults);
		if (faults.len > 0)
			fputs(buf_str(&faults), stderr);
		rc = diags_errors(d) > 0 ? 1 : ctl_fail(c, &e);
	}
	buf_clear(&faults);
	diags_free(d);
	free(path);
	return rc;
}

int
import_command(struct ctl *c, int argc, char **argv)
{
	struct arguments a = {0};
	const struct ctl_option options[] = {
	    {.name = "mapping", .value = &a.mapping},
	    {.name = "encoding", .value = &a.encoding},
	    {.name = "rejects", .value = &a.rejects},
	    {.name = "owner", .value = &a.owner},
	    {.name = "revert", .value = &a.revert},
	    {.name = "dry-run", .flag = &a.dry_run},
	    {.name = "list", .flag = &a.list},
	    {0},
	};
	struct err e = {0};
	char *end;
	long long id;

	if (ctl_options(&argc, argv, options, &e))
		return ctl_fail(c, &e);
	if (!a.list && !a.revert && (!a.mapping || argc == 0))
		return ctl_usage(c, "import", NULL);
	if (ctl_connect(c, &e))
		return ctl_fail(c, &e);
	if (a.list)
		return import_list(c->db, stdout, &e) ? ctl_fail(c, &e) : 0;
	if (!a.revert)
		return command_run(c, &a, argc, argv);
	id = strtoll(a.revert, &end, 10);
	if (*end != '\0' || id <= 0) {
		err_set(&e, ERR_BAD_ARGUMENT,
		    say("--revert 后面是导入的编号,不是 \"%s\"",
			"--revert takes the number of an import, not \"%s\""),
		    a.revert);
		return ctl_fail(c, &e);
	}
	return import_revert(c->db, id, stdout, strcmp(c->lang, "zh") == 0, &e)
		   ? ctl_fail(c, &e)
		   : 0;
}
