/* The commands, in the order of help. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/diag.h"
#include "common/mem.h"
#include "server/ctl/groups.h"
#include "server/import/command.h"
#include "server/import/demo.h"

const struct ctl_command ctl_command_table[] = {
    {"init", "[--company NAME] [--ops NAME]",
	"建立数据目录、数据库、密钥和第一个运营人员",
	"make the data directory, the database, the key, the first ops person",
	false, ctl_init},
    {"migrate", "", "把数据库结构升级到本程序的版本",
	"bring the database to this program's schema", false, ctl_migrate},
    {"config", "[--defaults | --check]", "显示当前配置、默认值,或检查配置文件",
	"print the configuration in force, the defaults, or check the file",
	true, ctl_config},
    {"unit add", "NAME --kind KIND --under UNIT",
	"新增部门(region、area、team)",
	"add a unit (region, area, team) below another", false, ctl_unit_add},
    {"unit list", "", "列出部门", "list the units", false, ctl_unit_list},
    {"person add",
	"NAME --role ROLE --unit UNIT [--email EMAIL] [--lang zh|en]",
	"新增人员", "add a person", false, ctl_person_add},
    {"person list", "", "列出人员", "list the people", false, ctl_person_list},
    {"person move", "PERSON --unit UNIT [--role ROLE] [--leave-customers]",
	"调动人员", "move a person to another unit or role", false,
	ctl_person_move},
    {"person leave", "PERSON [--heir PERSON]", "人员离职:吊销设备,移交客户",
	"a person left: devices revoked, customers handed over", false,
	ctl_person_leave},
    {"invite", "PERSON [--days N] | --csv FILE [--days N]",
	"生成邀请;--csv 按 name,role,unit,email 批量建人并邀请",
	"print an invite; --csv: for people listed as name,role,unit,email",
	false, ctl_invite},
    {"import",
	"--mapping NAME|FILE [--dry-run] [--encoding E] [--rejects FILE]"
	" [--owner EMAIL] PATH... | --revert ID | --list",
	"导入 CSV;撤销一次导入;列出导入",
	"bring in CSV files; take an import back; list imports", false,
	import_command},
    {"demo", "[--reps N] [--customers N] [--days N] [--seed N] | --roster N",
	"生成演示公司", "make the synthetic company", false, demo_command},
    {"device list", "", "列出设备", "list the devices", false, ctl_device_list},
    {"device revoke", "ID", "吊销设备,立即断开",
	"revoke a device; it is disconnected at once", false,
	ctl_device_revoke},
    {"rules check", "[--pack DIRECTORY] [--json] [FILE...]",
	"检查规则文件,一次列出所有错误",
	"check rule files; all faults in one run", false, ctl_rules_check},
    {"api", "[STATEMENT]", "列出可用的查询和写入",
	"print the catalogue, or one statement of it", true, ctl_api},
    {"audit verify", "", "校验审计链", "verify the chain of the audit", false,
	ctl_audit_verify},
    {"health", "", "数据库与队列状况", "state of the database and its queues",
	false, ctl_health},
    {"backup", "DIRECTORY", "备份数据库、密钥和规则包",
	"save database, keys and packs into a new directory", false,
	ctl_backup},
    {"restore", "DIRECTORY", "从备份恢复到空的数据目录",
	"restore a backup into an empty data directory", false, ctl_restore},
    {"version", "", "显示版本", "print the version", true, ctl_version},
    {"help", "[COMMAND]", "全部命令,或其中一个", "all commands, or one of them",
	true, ctl_help},
    {0}};

static void
refuse_command(const struct ctl *c, int argc, char **argv)
{
	const char *names[64] = {0}, *near;
	const struct ctl_command *row;
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
	    ctl_say(c,
		"firebreakctl: 没有命令 \"%s\",`firebreakctl help` 列出全部",
		"firebreakctl: there is no command \"%s\", `firebreakctl help` "
		"lists them all"),
	    words);
	if (near)
		fprintf(stderr,
		    ctl_say(c, ";是否想用 \"%s\"?", "; did you mean \"%s\"?"),
		    near);
	fputc('\n', stderr);
	free(words);
}

const struct ctl_command *
ctl_find_command(const struct ctl *c, int argc, char **argv, int *words)
{
	char *pair = argc > 1 ? xasprintf("%s %s", argv[0], argv[1]) : NULL;
	const struct ctl_command *row;

	for (row = ctl_command_table; row->name; row++) {
		*words = pair && strcmp(row->name, pair) == 0 ? 2 : 1;
		if (*words == 2 || strcmp(row->name, argv[0]) == 0)
			break;
	}
	free(pair);
	if (row->name)
		return row;
	refuse_command(c, argc, argv);
	return NULL;
}
