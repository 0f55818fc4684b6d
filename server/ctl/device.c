/* Devices. */
#include <inttypes.h>
#include <stdio.h>

#include "server/ctl/groups.h"

int
ctl_device_list(struct ctl *c, int argc, char **argv)
{
	if (argc)
		return ctl_usage(c, "device list", argv[0]);
	return ctl_list(c,
	    "select d.device_id::text as id, p.name::text as person, d.name as"
	    " device, coalesce(to_char(d.last_seen, 'YYYY-MM-DD HH24:MI'), '-')"
	    " as last_seen, case when d.revoked_at is null then 'good' else"
	    " 'revoked' end as state from firebreak.device d"
	    " join firebreak.person p using (person_id) order by d.device_id");
}

int
ctl_device_revoke(struct ctl *c, int argc, char **argv)
{
	const char *texts[] = {argv[0], NULL};
	struct err e = {0};
	int64_t id;

	if (argc != 1)
		return ctl_usage(c, "device revoke", argc > 1 ? argv[1] : NULL);
	if (ctl_number(argv[0], ctl_say(c, "设备", "device"), &id, &e) < 0 ||
	    ctl_connect(c, &e) < 0 ||
	    ctl_write(c, "select id from api.device_revoke($1::bigint)", texts,
		"device people", &id, &e) < 0)
		return ctl_fail(c, &e);
	printf(ctl_say(c, "设备 %" PRId64 " 已吊销\n",
		   "device %" PRId64 " is revoked\n"),
	    id);
	return 0;
}
