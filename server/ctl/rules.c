/* firebreakctl rules: what the daemon would say of rule files. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/mem.h"
#include "server/ctl/groups.h"
#include "server/engine/rule.h"

/* As the daemon chooses it: the first pack that has sources. */
static const char *
find_pack(const struct conf *conf)
{
	const char *found = NULL;
	char *path;

	for (size_t i = 0; i < conf->packs.count && !found; i++) {
		path = xasprintf("%s/sources.yaml", conf->packs.items[i]);
		if (access(path, R_OK) == 0)
			found = conf->packs.items[i];
		free(path);
	}
	return found;
}

static int
report(const struct ctl *c, const struct ruleset *set, const struct diags *d,
    bool json)
{
	struct buf out = {0};

	if (json)
		diags_print_json(d, &out);
	else
		diags_print(d, &out);
	fputs(buf_str(&out), json ? stdout : stderr);
	buf_clear(&out);
	if (set && !json)
		printf(ctl_say(c, "%zu 条规则,没有错误\n",
			   "%zu rules, no faults\n"),
		    set->rule_count);
	return set ? 0 : 1;
}

int
ctl_rules_check(struct ctl *c, int argc, char **argv)
{
	const char *pack = NULL;
	bool json = false;
	const struct ctl_option options[] = {
	    {"pack", &pack, NULL}, {"json", NULL, &json}, {0}};
	struct diags *d;
	struct ruleset *set;
	struct err e = {0};
	int status;

	if (ctl_options(&argc, argv, options, &e) < 0)
		return ctl_fail(c, &e);
	if (!pack)
		pack = find_pack(&c->conf);
	if (!pack) {
		err_set(&e, ERR_BAD_ARGUMENT, "%s",
		    ctl_say(c, "没有找到含 sources.yaml 的规则包",
			"no pack with a sources.yaml was found"));
		return ctl_fail(c, &e);
	}
	d = diags_new();
	set = argc ? ruleset_load_files(pack, argv, (size_t)argc, d)
		   : ruleset_load(pack, d);
	status = report(c, set, d, json);
	ruleset_free(set);
	diags_free(d);
	return status;
}
