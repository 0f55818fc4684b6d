/* Every sentence built into the terminal. */
#include "tui/lang.h"

#include <string.h>

static const char *const string_table[STR_COUNT][LANG_COUNT] = {
    [STR_CONNECTED] = {"已连接", "online"},
    [STR_CONNECTING] = {"连接中", "connecting"},
    [STR_OFFLINE] = {"离线 %s", "OFFLINE %s"},
    [STR_QUEUED] = {"待发%zu", "queued %zu"},
    [STR_REFUSED] = {"被拒%zu", "refused %zu"},
    [STR_LOADING] = {"读取中…", "loading…"},
    [STR_EMPTY] = {"暂无数据", "nothing here"},
    [STR_NO_MATCH] = {"没有找到: %s", "not found: %s"},
    [STR_TOO_SMALL] = {"窗口太小, 至少 40x10",
	"window too small: 40x10 needed"},
    [STR_UNKNOWN_WIDGET] = {"此版本终端不支持 %s, 请升级",
	"this terminal does not know %s: update it"},
    [STR_NO_STATEMENT] = {"没有权限或没有此查询: %s", "no such statement: %s"},
    [STR_NO_SCREEN] = {"没有这个页面: %s", "no such screen: %s"},
    [STR_NO_SCREENS] = {"等待服务器发送页面", "waiting for the screens"},
    [STR_KEY_NOTHING] = {"%s 在这里没有作用, ? 看帮助",
	"%s does nothing here, ? for help"},
    [STR_KEY_NEAREST] = {"%s 在这里没有作用; 最接近的是 %s %s",
	"%s does nothing here; nearest is %s %s"},
    [STR_HOME] = {"已在首页, Q 退出", "this is the first screen, Q quits"},
    [STR_NEW_ROWS] = {"新到 %d 按 N", "%d new, press N"},
    [STR_NO_NEW] = {"没有新到的", "nothing new"},
    [STR_FOLLOW_ON] = {"跟随:开", "follow: on"},
    [STR_FOLLOW_OFF] = {"跟随:关", "follow: off"},
    [STR_SAVED] = {"已保存 %s", "saved: %s"},
    [STR_SAVED_UNDO] = {"已保存 %s (F8 撤销)", "saved: %s (F8 undo)"},
    [STR_QUEUED_LOCALLY] = {"离线, 已存本机待发: %s",
	"offline, kept here until sent: %s"},
    [STR_WAS_REFUSED] = {"被拒绝: %s", "refused: %s"},
    [STR_UNDONE] = {"已撤销", "undone"},
    [STR_NOTHING_TO_UNDO] = {"没有可撤销的", "nothing to undo"},
    [STR_NO_UNDO] = {"%s 不能撤销", "%s cannot be undone"},
    [STR_CONFIRM_KEYS] = {"y 确定  n 取消", "y yes  n no"},
    [STR_QUIT_QUEUED] = {"还有 %zu 笔未发送, 下次启动再发。退出?",
	"%zu writes wait for the next start. Quit?"},
    [STR_REQUIRED] = {"必填", "required"},
    [STR_BAD_INT] = {"要整数, 例 3", "a whole number, e.g. 3"},
    [STR_BAD_NUMBER] = {"要数字, 例 12.50", "a number, e.g. 12.50"},
    [STR_BAD_DATE] = {"要日期, 例 2026-01-14", "a date, e.g. 2026-01-14"},
    [STR_BAD_TIME] = {"要时间, 例 2026-01-14 09:30",
	"a time, e.g. 2026-01-14 09:30"},
    [STR_BAD_CHOICE] = {"请用 F4 选择", "choose with F4"},
    [STR_DRAFT_KEPT] = {"草稿已保留", "draft kept"},
    [STR_NO_LAST] = {"没有上一条记录", "no last record yet"},
    [STR_NO_LOOKUP] = {"此栏没有可选列表", "nothing to look up here"},
    [STR_SORTED_BY] = {"排序: %s", "sorted by %s"},
    [STR_NOT_SORTABLE] = {"不能按 %s 排序", "cannot sort by %s"},
    [STR_FILTERED] = {"筛选: %s (Esc 取消)", "filter: %s (Esc clears)"},
    [STR_FILTER_OFF] = {"筛选已取消", "filter cleared"},
    [STR_HIDDEN] = {"已隐藏: %s (+ 恢复)", "hidden: %s (+ shows)"},
    [STR_NOTHING_HIDDEN] = {"没有隐藏的列", "no hidden columns"},
    [STR_FROZEN] = {"冻结 %d 列", "%d columns frozen"},
    [STR_MARKED] = {"已标记 %d 行", "%d rows marked"},
    [STR_SENT_COPY] = {"已发给终端剪贴板", "sent to the terminal's clipboard"},
    [STR_COPY_TOO_LONG] = {"太长, 未复制", "too long to copy"},
    [STR_PASTE_REFUSED] = {"这里不接受粘贴", "pasting is refused here"},
    [STR_LOCKED] = {"已锁定", "locked"},
    [STR_PASSPHRASE] = {"口令", "passphrase"},
    [STR_PASSPHRASE_WRONG] = {"口令不对, 请再试",
	"wrong passphrase, try again"},
    [STR_PASSPHRASE_NEW] = {"新口令", "new passphrase"},
    [STR_PASSPHRASE_AGAIN] = {"再输一次", "once more"},
    [STR_CHECKING] = {"解锁中…", "unlocking…"},
    [STR_ROW_FAR] = {"到不了第 %ld 行", "row %ld cannot be reached"},
    [STR_FIND] = {"查找 /", "find /"},
    [STR_FILTER] = {"筛选 &", "filter &"},
    [STR_COMMAND] = {"命令 :", "command :"},
    [STR_HELP_TITLE] = {"帮助: 输入查找, Enter 执行",
	"help: type to search, Enter runs"},
    [STR_LOOKUP_TITLE] = {"选择: %s", "choose: %s"},
    [STR_REQUIRED_MARK] = {"*", "*"},
    [STR_SCREEN_GONE] = {"此页面已撤下", "this screen is gone"},
    [STR_SCREENS_NEW] = {"页面已更新", "the screens were updated"},
    [STR_YES] = {"是", "yes"},
    [STR_NO] = {"否", "no"},
    [STR_SELECT_FIRST] = {"先选一行", "select a row first"},
    [STR_ROW_CHANGED] = {"还缺 %s", "missing: %s"},
    [STR_REVOKED_WIPED] = {"此设备已吊销, 本机数据已清除",
	"this device was revoked; its local data was wiped"},
    [STR_COUNT_KEYS] = {"%d …", "%d …"},
    [STR_MENU_VERB] = {"打开", "open"},
    [STR_AS_OF] = {"截至 %s", "as of %s"},
    [STR_AS_OF_OFFLINE] = {"截至 %s, 离线", "as of %s, offline"},
    [STR_ROWS_DONE] = {"已办 %d/%d 行", "%d of %d rows done"},
    [STR_ROWS_REFUSED] = {"已办 %d/%d 行, 被拒 %d: %s",
	"%d of %d rows done, %d refused: %s"},
    [STR_ROWS_QUEUED] = {"离线, 已存本机待发 %d 笔: %s",
	"offline, %d kept here until sent: %s"},
    [STR_ROWS_CONFIRM] = {"(%d 行)", "(%d rows)"},
    [STR_ROWS_FORM] = {"%s 要填表, 请逐行办理",
	"%s has a form: one row at a time"},
    [STR_ROWS_GONE] = {"%d 个标记行已不在此列表, 未办 (Esc 取消标记)",
	"%d marked rows are not here any more, nothing done (Esc unmarks)"},
    [STR_QUEUE_TITLE] = {"待发与被拒", "queue"},
    [STR_QUEUE_FULL] = {"本机待发已满, 未保存: 先联网发送",
	"too many writes wait here, this one was not saved: go online first"},
    [STR_LOCK_SHORT] = {"已锁定: 输入口令", "locked: enter the passphrase"},
    [STR_ALERTS_WAIT] = {"新预警 %d", "%d new alerts"},
    [STR_DAYS] = {"%lld天", "%lld d"},
    [STR_NONE] = {"-", "-"},
    [STR_OK] = {"正常", "ok"},
    [STR_BLUE] = {"蓝", "BLU"},
    [STR_YELLOW] = {"黄", "YEL"},
    [STR_RED] = {"红", "RED"},
    [STR_GREY] = {"灰", "GRY"},
    [STR_UNDONE_SOME] = {"已撤销 %d/%d 行: %s", "%d of %d rows undone: %s"},
    [STR_RIGHT_NOW] = {"刚刚", "now"},
    [STR_MONO_DUMB] = {"此终端 (TERM=%s) 不能显示页面, 可用 --dump",
	"this terminal (TERM=%s) cannot show screens; --dump can"},
};

const char *
lang_string(enum string s, int lang)
{
	return string_table[s][lang];
}

int
lang_parse(const char *name)
{
	if (name && strncmp(name, "zh", 2) == 0)
		return LANG_ZH;
	if (name && strncmp(name, "en", 2) == 0)
		return LANG_EN;
	return -1;
}

const char *
lang_name(int lang)
{
	return lang == LANG_ZH ? "zh" : "en";
}
