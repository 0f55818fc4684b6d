/* YAML: libyaml's events to a tree with positions. */
#include "common/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/say.h"
#include "common/text.h"

#define BYTES_MAX (1024 * 1024)
#define DEPTH_MAX 32
#define NODES_MAX 100000
#define FAULTS_MAX 100 /* of one text, before reading stops */

struct reader {
	yaml_parser_t parser;
	struct yaml_doc *doc;
	struct diags *diags;
	size_t nodes;
	size_t faults_before; /* in diags when reading began */
	bool stopped;	      /* a fault after which no tree makes sense */
};

static int read_node(
    struct reader *r, yaml_event_t *event, struct yaml *node, int depth);

static struct diag_pos
pos_of(yaml_mark_t mark)
{
	return (struct diag_pos){(int)mark.line + 1, (int)mark.column + 1};
}

/* A fault after which reading ends. */
static int
stop(struct reader *r, struct diag_pos at, const char *code, const char *why,
    const char *text)
{
	diag_add(r->diags, &r->doc->file, at, code, NULL, why, "%s", text);
	r->stopped = true;
	return -1;
}

/* libyaml's words, for those that people meet; the rest are passed on. */
struct wording {
	const char *problem; /* begins with */
	const char *text[2]; /* zh, en */
	const char *why[2];
	bool at_start; /* shown where it began, not where it was noticed */
};

static const struct wording wording_table[] = {
    {"found character that cannot start any token",
	{"这个字符不能作为值的开头", "this character cannot begin a value"},
	{"把值放进引号: \"...\"", "put the value in quotes: \"...\""}, false},
    {"mapping values are not allowed in this context",
	{"同一行出现了第二个 \": \",或键缩进过深",
	    "a second \": \" in one line, or a key indented too far"},
	{"给值加引号,或让键与同级的键对齐",
	    "put the value in quotes, or align the key with its neighbours"},
	false},
    {"could not find expected ':'",
	{"键后面缺少 \":\"", "a key without its \":\""},
	{"写成 键: 值;多行的值要保持缩进",
	    "write key: value, and keep a value of several lines indented"},
	true},
    {"did not find expected key",
	{"缩进与上文都对不上,或前面的引号、括号过早结束",
	    "the indent fits nothing above, or a quote or bracket before it "
	    "ended too early"},
	{"同一个映射的键从同一列开始",
	    "keys of one map begin in the same column"},
	false},
    {"did not find expected '-' indicator",
	{"这里应当是列表的一项,以 \"- \" 开头",
	    "an item of a list was expected here, beginning with \"- \""},
	{"同一个列表的各项从同一列开始",
	    "items of one list begin in the same column"},
	false},
    {"did not find expected ',' or ']'",
	{"以 \"[\" 开始的列表没有结束",
	    "the list opened with \"[\" is not closed"},
	{"各项用 \",\" 分开,列表以 \"]\" 结束",
	    "items are separated by \",\" and the list ends with \"]\""},
	true},
    {"did not find expected ',' or '}'",
	{"以 \"{\" 开始的映射没有结束",
	    "the map opened with \"{\" is not closed"},
	{"各对用 \",\" 分开,映射以 \"}\" 结束",
	    "pairs are separated by \",\" and the map ends with \"}\""},
	true},
    {"found unexpected end of stream",
	{"引号开始后一直没有结束", "a quote is opened and never closed"},
	{"值以开头的那种引号结束",
	    "the value ends with the same quote that began it"},
	true},
    {"block sequence entries are not allowed",
	{"列表的一项不能从这里开始", "an item of a list cannot begin here"},
	{"列表另起一行,写在它的键下面",
	    "a list begins on a line of its own, below its key"},
	false},
    {"did not find expected <document start>",
	{"后面的内容不属于上面任何一项",
	    "something follows that belongs to nothing above it"},
	{"开头几行决定文件是映射还是列表",
	    "the first lines say whether the file is a map or a list"},
	false},
    {"control characters are not allowed",
	{"文本中有控制字符", "a control character in the text"},
	{"删去它,或另存为 UTF-8", "remove it, or save as UTF-8"}, false},
    {"found unknown escape character",
	{"这个 \\ 转义不认识", "this \\ sequence is unknown"},
	{"在 \"...\" 里反斜杠写作 \\\\;'...' 原样保留",
	    "in \"...\" a backslash is written \\\\; '...' takes it as it is"},
	false},
    {"found a tab character", {"用了制表符缩进", "a tab used to indent"},
	{"用空格缩进;YAML 不接受制表符",
	    "indent with blanks; YAML does not take tabs there"},
	false},
};

/* The tab in the blank beginning of a line, if any: what is behind most of
 * libyaml's complaints about it. */
static bool
find_indent_tab(const struct diag_file *f, struct diag_pos *at)
{
	const char *s = f->text, *end = s + f->len;
	int line = 1, column;

	for (; s < end && line < at->line; line++) {
		s = memchr(s, '\n', (size_t)(end - s));
		if (!s)
			return false;
		s++;
	}
	for (column = 1; s < end && (*s == ' ' || *s == '\t'); s++, column++) {
		if (*s == '\t') {
			at->column = column;
			return true;
		}
	}
	return false;
}

/* libyaml gives no line for what it cannot decode, only the offset. */
static struct diag_pos
pos_of_offset(const struct diag_file *f, size_t offset)
{
	struct diag_pos at = {1, 1};
	size_t i = 0, len;

	while (i < offset && i < f->len) {
		if (f->text[i] == '\n')
			at = (struct diag_pos){at.line + 1, 0};
		text_decode(f->text + i, f->len - i, &len);
		i += len;
		at.column++;
	}
	return at;
}

static const struct wording *
find_wording(const char *problem)
{
	size_t i;

	for (i = 0; i < COUNT_OF(wording_table); i++)
		if (strncmp(problem, wording_table[i].problem,
			strlen(wording_table[i].problem)) == 0)
			return &wording_table[i];
	return NULL;
}

static int
stop_on_parser(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem =
	    p->problem ? p->problem : say("不是 YAML", "not YAML");
	const struct wording *w = find_wording(problem);
	struct diag_pos at = pos_of(p->problem_mark);

	if (p->error == YAML_READER_ERROR) {
		at = pos_of_offset(&r->doc->file, p->problem_offset);
		if (!w)
			return stop(r, at, "E001",
			    say("请另存为 UTF-8", "save the file as UTF-8"),
			    say("有字符不是 UTF-8 文本",
				"a character that is not UTF-8 text"));
	} else if (find_indent_tab(&r->doc->file, &at)) {
		return stop(r, at, "E001",
		    say("用空格缩进;YAML 不接受制表符",
			"indent with blanks; YAML does not take tabs there"),
		    say("用了制表符缩进", "a tab used to indent"));
	}
	if (!w)
		return stop(r, at, "E001", p->context, problem);
	if (w->at_start)
		at = pos_of(p->context_mark);
	return stop(r, at, "E001", say(w->why[0], w->why[1]),
	    say(w->text[0], w->text[1]));
}

static int
next_event(struct reader *r, yaml_event_t *event)
{
	if (!yaml_parser_parse(&r->parser, event))
		return stop_on_parser(r);
	return 0;
}

/* Another node will be added; -1 if that is one too many. */
static int
count_node(struct reader *r, struct diag_pos at)
{
	if (++r->nodes > NODES_MAX)
		return stop(r, at, "E001", say("请拆分文件", "split the file"),
		    say("一个文件里超过 100,000 个值",
			"more than 100,000 values in one file"));
	if (diags_errors(r->diags) - r->faults_before > FAULTS_MAX)
		return stop(r, at, "E001", NULL,
		    say("错误超过 100 处;其余不再读取",
			"more than 100 faults; the rest is not read"));
	return 0;
}

static struct yaml *
grow(struct yaml *nodes, size_t count)
{
	/* doubled at each power of two */
	if ((count & (count - 1)) == 0)
		nodes = xrealloc_array(
		    nodes, count ? count * 2 : 1, sizeof(*nodes));
	memset(&nodes[count], 0, sizeof(*nodes));
	return nodes;
}

static int
read_text(struct reader *r, const yaml_event_t *event, struct yaml *node)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	node->kind = YAML_TEXT;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = xstrndup(value, len);
	if (memchr(value, '\0', len))
		return stop(r, node->at, "E001", say("删去 \\0", "remove \\0"),
		    say("值里不能有 NUL 字符",
			"a value may not contain a NUL character"));
	return 0;
}

static int
read_list(struct reader *r, struct yaml *node, int depth)
{
	yaml_event_t event;
	int rc;

	node->kind = YAML_LIST;
	for (;;) {
		if (next_event(r, &event) < 0)
			return -1;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			break;
		node->items = grow(node->items, node->count);
		node->count++;
		rc = read_node(r, &event, &node->items[node->count - 1], depth);
		yaml_event_delete(&event);
		if (rc < 0)
			return -1;
	}
	yaml_event_delete(&event);
	return 0;
}

/* Sorted keys find duplicates in n log n: a hostile map may be long. */
static int
compare_key(const void *left, const void *right)
{
	const struct yaml *a = *(const struct yaml *const *)left;
	const struct yaml *b = *(const struct yaml *const *)right;
	int c = strcmp(a->text, b->text);

	if (c == 0)
		c = (a->at.line > b->at.line) - (a->at.line < b->at.line);
	if (c == 0)
		c = (a->at.column > b->at.column) -
		    (a->at.column < b->at.column);
	return c;
}

static void
check_duplicates(struct reader *r, const struct yaml *map)
{
	const struct yaml **keys = xcalloc(map->count, sizeof(keys[0]));
	size_t i, faults = 0;

	for (i = 0; i < map->count; i++)
		keys[i] = &map->keys[i];
	qsort(keys, map->count, sizeof(keys[0]), compare_key);
	for (i = 1; i < map->count && faults < FAULTS_MAX; i++) {
		if (strcmp(keys[i - 1]->text, keys[i]->text) != 0)
			continue;
		faults++;
		yaml_fault(r->doc, keys[i], r->diags, "E003",
		    say("\"%s\" 写了两次(第一次在第 %d 行)",
			"\"%s\" is given twice (first in line %d)"),
		    keys[i]->text, keys[i - 1]->at.line);
	}
	free(keys);
}

static int
read_key(struct reader *r, yaml_event_t *event, struct yaml *key, int depth)
{
	if (read_node(r, event, key, depth) < 0)
		return -1;
	if (key->kind != YAML_TEXT)
		return stop(r, key->at, "E001",
		    say("写成 键: 值;含 { 或 [ 的文本要加引号",
			"write key: value; text with { or [ goes in quotes"),
		    say("键必须是普通文本", "a key must be plain text"));
	return 0;
}

static int
read_pair(struct reader *r, yaml_event_t *event, struct yaml *node, int depth)
{
	yaml_event_t value;
	size_t i = node->count;
	int rc;

	node->keys = grow(node->keys, i);
	node->items = grow(node->items, i);
	node->count++;
	if (read_key(r, event, &node->keys[i], depth) < 0 ||
	    next_event(r, &value) < 0)
		return -1;
	rc = read_node(r, &value, &node->items[i], depth);
	yaml_event_delete(&value);
	return rc;
}

static int
read_map(struct reader *r, struct yaml *node, int depth)
{
	yaml_event_t event;
	int rc;

	node->kind = YAML_MAP;
	for (;;) {
		if (next_event(r, &event) < 0)
			return -1;
		if (event.type == YAML_MAPPING_END_EVENT)
			break;
		rc = read_pair(r, &event, node, depth);
		yaml_event_delete(&event);
		if (rc < 0)
			return -1;
	}
	yaml_event_delete(&event);
	check_duplicates(r, node);
	return 0;
}

/* Anchors and tags would make a file mean more than it shows. */
static int
refuse_extras(struct reader *r, const yaml_event_t *event, struct diag_pos at)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor || event->type == YAML_ALIAS_EVENT)
		return stop(r, at, "E004",
		    say("把值写全;含 & 或 * 的文本要加引号",
			"write the value out; text with & or * goes in quotes"),
		    say("这里不用锚点 (&name) 和别名 (*name)",
			"anchors (&name) and aliases (*name) are not used "
			"here"));
	if (tag)
		return stop(r, at, "E004",
		    say("含 ! 的文本要加引号", "text with ! goes in quotes"),
		    say("这里不用标签 (!name)",
			"tags (!name) are not used here"));
	return 0;
}

static int
read_node(struct reader *r, yaml_event_t *event, struct yaml *node, int depth)
{
	node->at = pos_of(event->start_mark);
	if (count_node(r, node->at) < 0 ||
	    refuse_extras(r, event, node->at) < 0)
		return -1;
	if (event->type == YAML_SCALAR_EVENT)
		return read_text(r, event, node);
	if (depth == DEPTH_MAX)
		return stop(r, node->at, "E001",
		    say("请减少层次", "flatten it"),
		    say("嵌套超过 32 层", "nested deeper than 32 levels"));
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return read_list(r, node, depth + 1);
	return read_map(r, node, depth + 1);
}

/* Events up to and with the one of this type; *event is the caller's. */
static int
expect(struct reader *r, yaml_event_t *event, yaml_event_type_t type)
{
	for (;;) {
		if (next_event(r, event) < 0)
			return -1;
		if (event->type == type)
			return 0;
		if (event->type == YAML_STREAM_END_EVENT)
			break;
		yaml_event_delete(event);
	}
	yaml_event_delete(event);
	return stop(r, (struct diag_pos){0}, "E001", NULL,
	    say("除了空白和注释什么也没有",
		"nothing in it but blanks and comments"));
}

static int
read_document(struct reader *r)
{
	yaml_event_t event;
	struct diag_pos at;
	bool more;
	int rc;

	if (expect(r, &event, YAML_DOCUMENT_START_EVENT) < 0)
		return -1;
	yaml_event_delete(&event);
	if (next_event(r, &event) < 0)
		return -1;
	rc = read_node(r, &event, &r->doc->root, 0);
	yaml_event_delete(&event);
	if (rc < 0)
		return -1;
	if (expect(r, &event, YAML_DOCUMENT_END_EVENT) < 0)
		return -1;
	yaml_event_delete(&event);
	if (next_event(r, &event) < 0)
		return -1;
	more = event.type != YAML_STREAM_END_EVENT;
	at = pos_of(event.start_mark);
	yaml_event_delete(&event);
	if (more)
		return stop(r, at, "E001",
		    say("每个文档单独一个文件",
			"give each document its own file"),
		    say("一个文件里有第二个文档",
			"a second document in one file"));
	return 0;
}

struct yaml_doc *
yaml_parse(const char *name, const char *text, size_t len, struct diags *d)
{
	struct reader r = {.diags = d, .faults_before = diags_errors(d)};

	r.doc = xcalloc(1, sizeof(*r.doc));
	r.doc->file.name = xstrdup(name);
	/* a NUL in the text is found by libyaml, so it must be kept */
	r.doc->file.text = memcpy(xmalloc(len + 1), text, len);
	r.doc->file.len = len;
	if (len > BYTES_MAX) {
		stop(&r, (struct diag_pos){0}, "E001",
		    say("请拆分", "split it"),
		    say("超过 1 MiB", "longer than 1 MiB"));
	} else if (!yaml_parser_initialize(&r.parser)) {
		stop(&r, (struct diag_pos){0}, "E001", NULL,
		    say("内存不足", "out of memory"));
	} else {
		yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(
		    &r.parser, (const unsigned char *)r.doc->file.text, len);
		read_document(&r);
		yaml_parser_delete(&r.parser);
	}
	if (r.stopped || diags_errors(d) > r.faults_before) {
		yaml_unload(r.doc);
		return NULL;
	}
	return r.doc;
}

struct yaml_doc *
yaml_load(const char *path, struct diags *d)
{
	struct diag_file none = {.name = path};
	struct diag_pos whole = {0};
	struct yaml_doc *doc = NULL;
	struct buf text = {0};
	size_t n = 0;
	FILE *f = fopen(path, "re");

	if (!f) {
		diag_add(d, &none, whole, "E000", NULL, NULL,
		    say("无法读取: %s", "cannot be read: %s"),
		    say_errno(errno));
		return NULL;
	}
	while (text.len <= BYTES_MAX &&
	       (n = fread(buf_reserve(&text, 65536), 1, 65536, f)) > 0)
		text.len += n;
	if (ferror(f))
		diag_add(d, &none, whole, "E000", NULL, NULL,
		    say("无法读取: %s", "cannot be read: %s"),
		    say_errno(errno));
	else
		doc = yaml_parse(path, buf_str(&text), text.len, d);
	fclose(f);
	buf_clear(&text);
	return doc;
}

static void
node_clear(struct yaml *node)
{
	size_t i;

	for (i = 0; i < node->count; i++) {
		node_clear(&node->items[i]);
		if (node->keys)
			node_clear(&node->keys[i]);
	}
	free(node->items);
	free(node->keys);
	free(node->text);
}

void
yaml_unload(struct yaml_doc *doc)
{
	if (!doc)
		return;
	node_clear(&doc->root);
	free((char *)doc->file.name);
	free((char *)doc->file.text);
	free(doc);
}
