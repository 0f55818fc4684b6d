/* The kinds of values in firebreakd.yaml. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/say.h"
#include "server/conf_table.h"

static const char *
read_text(const struct conf_def *def, const char *text, void *field)
{
	char **to = field;

	(void)def;
	free(*to);
	*to = xstrdup(text);
	return NULL;
}

static const char *
read_directory(const struct conf_def *def, const char *text, void *field)
{
	if (text[0] && text[0] != '/')
		return say("应当是以 / 开头的绝对路径",
		    "an absolute path is expected, beginning with /");
	return read_text(def, text, field);
}

/* A scalar in double quotes, so that any text comes back as it was. */
static void
add_quoted(const char *text, struct buf *out)
{
	const char *p;

	buf_add_byte(out, '"');
	for (p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, (uint8_t)*p);
	}
	buf_add_byte(out, '"');
}

static void
print_text(const void *field, struct buf *out)
{
	add_quoted(*(char *const *)field, out);
}

static void
clear_text(void *field)
{
	char **text = field;

	free(*text);
	*text = NULL;
}

static const char *
check_range(const struct conf_def *def, long long n, void *field)
{
	static char expected[96];

	if (n < def->least || n > def->most) {
		snprintf(expected, sizeof(expected),
		    say("应当是 %lld 到 %lld 的数",
			"a number from %lld to %lld is expected"),
		    (long long)def->least, (long long)def->most);
		return expected;
	}
	*(int64_t *)field = n;
	return NULL;
}

static const char *
read_number(const struct conf_def *def, const char *text, void *field)
{
	long long n;
	char *end;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || *end || errno)
		return say("应当是整数", "a whole number is expected");
	return check_range(def, n, field);
}

static void
print_number(const void *field, struct buf *out)
{
	buf_addf(out, "%lld", (long long)*(const int64_t *)field);
}

struct unit_def {
	const char *name;
	int shift;
};

static const struct unit_def unit_table[] = {
    {"GiB", 30},
    {"MiB", 20},
    {"KiB", 10},
    {"", 0},
};

static const char *
read_size(const struct conf_def *def, const char *text, void *field)
{
	long long n;
	char *end;
	size_t i;

	errno = 0;
	n = strtoll(text, &end, 10);
	while (*end == ' ')
		end++;
	if (end == text || errno || n < 0 || n > 1 << 30)
		return say("应当是大小,例如 64KiB 或 1MiB",
		    "a size is expected, such as 64KiB or 1MiB");
	for (i = 0; i < COUNT_OF(unit_table); i++) {
		if (strcmp(end, unit_table[i].name) == 0)
			return check_range(
			    def, n << unit_table[i].shift, field);
	}
	return say("大小的单位是 KiB、MiB 和 GiB",
	    "the units of sizes are KiB, MiB and GiB");
}

static void
print_size(const void *field, struct buf *out)
{
	int64_t n = *(const int64_t *)field;
	size_t i = 0;

	while (n & ((1LL << unit_table[i].shift) - 1))
		i++;
	if (n == 0)
		i = COUNT_OF(unit_table) - 1;
	buf_addf(out, "%lld%s", (long long)(n >> unit_table[i].shift),
	    unit_table[i].name);
}

static const char *
read_bool(const struct conf_def *def, const char *text, void *field)
{
	bool yes =
	    strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0;

	(void)def;
	if (!yes && strcasecmp(text, "no") != 0 &&
	    strcasecmp(text, "false") != 0)
		return say("应当是 yes 或 no", "yes or no is expected");
	*(bool *)field = yes;
	return NULL;
}

static void
print_bool(const void *field, struct buf *out)
{
	buf_add_str(out, *(const bool *)field ? "yes" : "no");
}

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static const char *
read_level(const struct conf_def *def, const char *text, void *field)
{
	int level = log_level_parse(text);

	(void)def;
	if (level < 0)
		return say("应当是 error、warn、info 或 debug",
		    "error, warn, info or debug is expected");
	*(int *)field = level;
	return NULL;
}

static void
print_level(const void *field, struct buf *out)
{
	buf_add_str(out, level_names[*(const int *)field]);
}

static const char *
read_item(const struct conf_def *def, const char *text, void *field)
{
	struct conf_list *list = field;

	(void)def;
	if (!text[0])
		return say("空的一项", "an empty entry");
	list->items =
	    xrealloc_array(list->items, list->count + 1, sizeof(char *));
	list->items[list->count++] = xstrdup(text);
	return NULL;
}

static const char *
read_directory_item(const struct conf_def *def, const char *text, void *field)
{
	if (text[0] != '/')
		return say("应当是以 / 开头的绝对路径",
		    "an absolute path is expected, beginning with /");
	return read_item(def, text, field);
}

static void
print_list(const void *field, struct buf *out)
{
	const struct conf_list *list = field;
	size_t i;

	buf_add_byte(out, '[');
	for (i = 0; i < list->count; i++) {
		buf_add_str(out, i ? ", " : "");
		add_quoted(list->items[i], out);
	}
	buf_add_byte(out, ']');
}

static void
clear_list(void *field)
{
	struct conf_list *list = field;
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct conf_list){0};
}

const struct conf_type conf_text = {
    "text", false, read_text, print_text, clear_text};
const struct conf_type conf_directory = {
    "directory", false, read_directory, print_text, clear_text};
const struct conf_type conf_number = {
    "number", false, read_number, print_number, NULL};
const struct conf_type conf_size = {"size", false, read_size, print_size, NULL};
const struct conf_type conf_bool = {
    "yes or no", false, read_bool, print_bool, NULL};
const struct conf_type conf_level = {
    "level", false, read_level, print_level, NULL};
const struct conf_type conf_texts = {
    "list of texts", true, read_item, print_list, clear_list};
const struct conf_type conf_directories = {
    "list of directories", true, read_directory_item, print_list, clear_list};
