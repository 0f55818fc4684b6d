/* Keys and what they do. */
#include "tui/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"

const struct form_key_def form_key_table[] = {
    {KEY_FN(10), "F10", true, "保存", "save", "检查全部栏位并保存",
	"check all fields and save"},
    {KEY_ESC_, "Esc", true, "退出", "leave", "离开, 保留草稿",
	"leave; the draft is kept"},
    {KEY_TAB_, "Tab", true, "下一栏", "next", "下一栏 (Enter, 下箭头也是)",
	"next field (so do Enter and Down)"},
    {KEY_BACKTAB_, "S-Tab", false, "上一栏", "back", "上一栏 (上箭头也是)",
	"field before (so does Up)"},
    {KEY_FN(4), "F4", true, "选择", "find", "从列表中选择; 选项也可直接输入",
	"pick from a list; a choice may be typed as well"},
    {KEY_FN(6), "F6", true, "上次", "last", "重复上一条记录的值",
	"the last record's value again"},
};
const size_t form_key_count = COUNT_OF(form_key_table);

void
form_hint(bool zh, struct buf *out)
{
	const char *gap = "";

	for (size_t i = 0; i < form_key_count; i++) {
		const struct form_key_def *k = &form_key_table[i];

		if (!k->hint)
			continue;
		buf_addf(out, "%s%s%s%s", gap, k->name, zh ? "" : " ",
		    zh ? k->zh : k->en);
		gap = zh ? " " : "  ";
	}
}

const struct action_def action_table[] = {
    {ACT_HELP, WHERE_ANY, 1, "? F1", "帮助", "help",
	"本页所有按键; 输入查找, Enter 执行; 在栏位上为该栏说明",
	"every key of this screen: type to search, Enter runs; on a field its "
	"meaning"},
    {ACT_FIND, WHERE_ROWS, 5, "/", "查找", "find", "在已载入的行中查找",
	"find in the rows that are here"},
    {ACT_PALETTE, WHERE_ANY, 2, ": C-p", "命令", "command",
	"命令与页面: 中文, 拼音首字母或英文",
	"commands and screens by name, pinyin initials or English"},
    {ACT_OPEN, WHERE_ROWS, 3, "Enter", "打开", "open", "打开所选行",
	"open the selected row"},
    {ACT_TICK, WHERE_ROWS, 0, "Space", "勾选", "tick", "标记所选行并下移",
	"mark the row and go on"},
    {ACT_FIND_NEXT, WHERE_ROWS, 0, "n", "下一个", "next", "下一个查找结果",
	"next match"},
    {ACT_FIND_BACK, WHERE_ROWS, 0, "N", "新到", "new",
	"跳到新到的行; 没有新到时为上一个查找结果",
	"jump to what is new; with nothing new the previous match"},
    {ACT_FILTER, WHERE_ROWS, 6, "&", "筛选", "filter",
	"筛选: 文字, 列>值, !文字; Esc 取消",
	"filter: text, column>value, !text; Esc clears"},
    {ACT_BACK, WHERE_ANY, 9, "q Esc F3", "返回", "back", "返回上一页",
	"back one screen"},
    {ACT_QUIT, WHERE_ANY, 0, "Q", "退出", "quit", "退出程序", "leave"},
    {ACT_REFRESH, WHERE_ANY, 0, "F5", "刷新", "refresh", "重新查询",
	"ask the daemon again"},
    {ACT_REDRAW, WHERE_ANY, 0, "C-l", "重画", "redraw", "重画屏幕",
	"draw the screen anew"},
    {ACT_UNDO, WHERE_ANY, 0, "F8 u", "撤销", "undo", "撤销自己上一次保存",
	"undo your own last write"},
    {ACT_COPY_CELL, WHERE_ROWS, 0, "y", "复制", "copy", "复制单元格",
	"copy the cell"},
    {ACT_COPY_ROW, WHERE_ROWS, 0, "Y", "复制行", "copy row", "复制整行",
	"copy the row, tab separated"},
    {ACT_SUSPEND, WHERE_ANY, 0, "C-z", "挂起", "shell", "回到命令行",
	"to the shell"},
    {ACT_LOCK, WHERE_ANY, 0, "C-x", "锁定", "lock", "立即锁定", "lock now"},
    {ACT_DOWN, WHERE_ROWS, 0, "j Down", "下", "down", "下一行 (5j 下五行)",
	"next row (5j: five)"},
    {ACT_UP, WHERE_ROWS, 0, "k Up", "上", "up", "上一行", "previous row"},
    {ACT_LEFT, WHERE_ROWS, 0, "h Left", "左", "left", "左一列; 树: 折叠",
	"column to the left; tree: fold"},
    {ACT_RIGHT, WHERE_ROWS, 0, "l Right", "右", "right", "右一列; 树: 展开",
	"column to the right; tree: unfold"},
    {ACT_PAGE_DOWN, WHERE_ROWS, 0, "PgDn C-d", "下页", "page down", "下一页",
	"a page down"},
    {ACT_PAGE_UP, WHERE_ROWS, 0, "PgUp C-u", "上页", "page up", "上一页",
	"a page up"},
    {ACT_FIRST, WHERE_ROWS, 0, "g Home", "首行", "first", "第一行",
	"first row"},
    {ACT_LAST, WHERE_ROWS, 0, "G End", "末行", "last",
	"最后一行 (120G 第120行)", "last row (120G: row 120)"},
    {ACT_PANE_NEXT, WHERE_ANY, 4, "Tab", "窗格", "pane",
	"下一窗格 (数字: 第几个)", "next pane (a digit: that pane)"},
    {ACT_PANE_BACK, WHERE_ANY, 0, "S-Tab", "上一窗格", "pane back", "上一窗格",
	"previous pane"},
    {ACT_RECORD_NEXT, WHERE_ANY, 0, "]", "下一条", "next record",
	"列表中的下一条记录", "next record of the list behind"},
    {ACT_RECORD_BACK, WHERE_ANY, 0, "[", "上一条", "previous record",
	"列表中的上一条记录", "previous record of the list behind"},
    {ACT_MARK, WHERE_ROWS, 0, "v", "标记", "mark", "从上次标记处标到这里",
	"mark from the last mark to here"},
    {ACT_SORT, WHERE_ROWS, 0, "s", "排序", "sort", "按此列排序, 再按反向",
	"sort by this column, again reverses"},
    {ACT_SORT_MORE, WHERE_ROWS, 0, "S", "加排序", "sort also", "再加此列排序",
	"sort by this column too"},
    {ACT_NARROWER, WHERE_ROWS, 0, "<", "变窄", "narrower", "此列变窄",
	"this column narrower"},
    {ACT_WIDER, WHERE_ROWS, 0, ">", "变宽", "wider", "此列变宽",
	"this column wider"},
    {ACT_FIT, WHERE_ROWS, 0, "=", "适宽", "fit", "此列按内容",
	"this column as wide as its content"},
    {ACT_FREEZE, WHERE_ROWS, 0, "z", "冻结", "freeze", "冻结到此列",
	"freeze the columns up to here"},
    {ACT_HIDE, WHERE_ROWS, 0, "-", "隐藏", "hide", "隐藏此列",
	"hide this column"},
    {ACT_UNHIDE, WHERE_ROWS, 0, "+", "恢复列", "show columns", "恢复隐藏的列",
	"show the hidden columns"},
    {ACT_UNFOLD_ALL, WHERE_TREE, 0, "*", "全展开", "unfold all", "展开全部",
	"unfold all"},
    {ACT_PARENT, WHERE_TREE, 0, "p", "上级", "parent", "到上级",
	"to the parent"},
    {ACT_FOLLOW, WHERE_ROWS, 7, "F", "跟随", "follow", "跟随最新, 移动即停",
	"follow the newest; moving stops it"},
    {ACT_QUEUE, WHERE_ANY, 0, "C-o", "待发", "queue", "列出待发与被拒的修改",
	"writes that wait or were refused"},
};
const size_t action_count = COUNT_OF(action_table);

static const struct {
	const char *name;
	uint32_t key;
} key_table[] = {
    {"Enter", KEY_ENTER_},
    {"Tab", KEY_TAB_},
    {"S-Tab", KEY_BACKTAB_},
    {"Esc", KEY_ESC_},
    {"Space", ' '},
    {"Backspace", KEY_RUBOUT_},
    {"Up", KEY_UP_},
    {"Down", KEY_DOWN_},
    {"Left", KEY_LEFT_},
    {"Right", KEY_RIGHT_},
    {"Home", KEY_HOME_},
    {"End", KEY_END_},
    {"PgUp", KEY_PGUP_},
    {"PgDn", KEY_PGDN_},
    {"Delete", KEY_DELETE_},
    {"Insert", KEY_INSERT_},
};

uint32_t
key_parse(const char *name)
{
	size_t n = strlen(name), len;
	int f;

	for (size_t i = 0; i < COUNT_OF(key_table); i++)
		if (strcmp(key_table[i].name, name) == 0)
			return key_table[i].key;
	if (n == 3 && strncmp(name, "C-", 2) == 0)
		return KEY_CTRL(name[2]);
	if (name[0] == 'F' && n > 1 && n < 4) {
		f = atoi(name + 1);
		return f >= 1 && f <= 12 ? KEY_FN(f) : 0;
	}
	if (n == 0)
		return 0;
	f = (int)text_decode(name, n, &len);
	return len == n ? (uint32_t)f : 0;
}

void
keys_name(uint32_t key, char out[16])
{
	char utf8[5] = {0};

	for (size_t i = 0; i < COUNT_OF(key_table); i++)
		if (key_table[i].key == key) {
			snprintf(out, 16, "%s", key_table[i].name);
			return;
		}
	if (key > KEY_F0_ && key <= KEY_F12_)
		snprintf(out, 16, "F%d", (int)(key - KEY_F0_));
	else if (key < 32)
		snprintf(out, 16, "C-%c", (int)(key + 'a' - 1));
	else if (key < KEY_SPECIAL_) {
		text_encode(key, utf8);
		snprintf(out, 16, "%s", utf8);
	} else
		snprintf(out, 16, "?");
}

const struct action_def *
action_find(enum action a)
{
	for (size_t i = 0; i < action_count; i++)
		if (action_table[i].action == a)
			return &action_table[i];
	return NULL;
}

static bool
action_fits(const struct action_def *d, bool rows, bool tree)
{
	return d->where == WHERE_ANY || (d->where == WHERE_ROWS && rows) ||
	       (d->where == WHERE_TREE && tree);
}

static bool
keys_contain(const char *keys, uint32_t key)
{
	char name[16];
	size_t n;

	while (*keys) {
		n = strcspn(keys, " ");
		snprintf(name, sizeof(name), "%.*s", (int)n, keys);
		if (key_parse(name) == key)
			return true;
		keys += n;
		keys += strspn(keys, " ");
	}
	return false;
}

static const struct action_def *
action_lookup(uint32_t key, bool rows, bool tree)
{
	for (size_t i = 0; i < action_count; i++)
		if (action_fits(&action_table[i], rows, tree) &&
		    keys_contain(action_table[i].keys, key))
			return &action_table[i];
	return NULL;
}

enum action
action_of_key(uint32_t key, bool rows, bool tree)
{
	const struct action_def *d = action_lookup(key, rows, tree);

	return d ? d->action : ACT_NONE;
}

const struct action_def *
action_nearest(uint32_t key, bool rows, bool tree)
{
	const struct action_def *d = NULL;

	if (key > 0 && key < 27)
		d = action_lookup(key + 'a' - 1, rows, tree);
	else if ((key | 0x20) >= 'a' && (key | 0x20) <= 'z') {
		d = action_lookup(key ^ 0x20, rows, tree);
		if (!d)
			d = action_lookup(KEY_CTRL(key), rows, tree);
	}
	return d;
}

void
keys_document(struct buf *out)
{
	static const char *const where[] = {
	    "everywhere", "tables, trees, alerts", "trees"};

	buf_add_str(out, "| key | where | 中文 | English |\n");
	buf_add_str(out, "| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < action_count; i++) {
		const struct action_def *d = &action_table[i];

		buf_addf(out, "| `%s` | %s | %s | %s |\n", d->keys,
		    where[d->where], d->help_zh, d->help_en);
	}
}
