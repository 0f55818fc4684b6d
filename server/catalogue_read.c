/* The comment block of an api file: one reader a line, in a table. */
#include "server/catalogue_read.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* What a line's reader works on. */
struct line {
	struct catalogue *c;
	struct statement *s;
	struct diags *d;
	const char *text; /* the value, a copy that the statement may keep */
	size_t at;	  /* where the value is in the file */
};

struct diag_pos
catalogue_position(const struct diag_file *f, size_t at)
{
	struct diag_pos p = {1, 1};
	size_t i;

	for (i = 0; i < at && i < f->len; i++) {
		if (f->text[i] == '\n') {
			p.line++;
			p.column = 1;
		} else if ((f->text[i + 1] & 0xc0) != 0x80) {
			p.column++;
		}
	}
	return p;
}

#define fault(l, offset, suggest, ...)                                     \
	diag_add((l)->d, &(l)->s->file,                                    \
	    catalogue_position(&(l)->s->file, (l)->at + (offset)), "E101", \
	    (suggest), NULL, __VA_ARGS__)

static void
read_statement(struct line *l)
{
	const char *path = l->s->file.name + strlen("api/");
	size_t len = strlen(path) - strlen(".sql");

	l->s->name = xstrdup(l->text);
	if (strlen(l->text) != len || strncmp(path, l->text, len) != 0)
		fault(l, 0, NULL, "the name must be that of the file, %.*s",
		    (int)len, path);
}

static void
read_purpose(struct line *l)
{
	l->s->purpose = xstrdup(l->text);
}

/* The next word at or after *at; false at the end. */
static bool
next_word(const char *text, size_t *at, char *word, size_t size)
{
	size_t start = *at + strspn(text + *at, " ,\t");
	size_t len = strcspn(text + start, " ,\t");

	if (!len || len >= size)
		return false;
	memcpy(word, text + start, len);
	word[len] = '\0';
	*at = start + len;
	return true;
}

static void
read_roles(struct line *l)
{
	const char *const *names = catalogue_roles();
	char word[64];
	size_t at = 0;
	unsigned bit;

	while (next_word(l->text, &at, word, sizeof(word))) {
		bit = strcmp(word, "all") == 0 ? ~0u : catalogue_role_bit(word);
		if (!bit)
			fault(l, at - strlen(word), diag_nearest(word, names),
			    "unknown role \"%s\"", word);
		l->s->roles |= bit;
	}
}

static const struct arg_type {
	const char *name;
	enum db_column_type kind;
} arg_types[] = {
    {"bigint", DB_INT},
    {"bool", DB_BOOL},
    {"boolean", DB_BOOL},
    {"bytea", DB_BYTES},
    {"date", DB_DATE},
    {"float8", DB_REAL},
    {"int", DB_INT},
    {"integer", DB_INT},
    {"json", DB_JSON},
    {"jsonb", DB_JSON},
    {"smallint", DB_INT},
    {"text", DB_TEXT},
    {"timestamptz", DB_TIME},
};

static const struct arg_type *
find_arg_type(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT_OF(arg_types); i++) {
		if (strcmp(arg_types[i].name, name) == 0)
			return &arg_types[i];
	}
	return NULL;
}

static void
add_arg(struct line *l, const char *name, char *type, size_t at)
{
	struct statement *s = l->s;
	size_t len = strlen(type);
	bool optional = len > 0 && type[len - 1] == '?';
	const struct arg_type *t;

	if (optional)
		type[len - 1] = '\0';
	t = find_arg_type(type);
	if (!t) {
		fault(l, at, NULL, "\"%s\" is no type of an argument", type);
		return;
	}
	s->args =
	    xrealloc_array(s->args, (size_t)s->arg_count + 1, sizeof(*s->args));
	s->args[s->arg_count++] = (struct catalogue_arg){
	    xstrdup(name), xstrdup(type), t->kind, optional};
}

static void
read_args(struct line *l)
{
	char name[64], type[64];
	size_t at = 0;

	while (next_word(l->text, &at, name, sizeof(name))) {
		if (!next_word(l->text, &at, type, sizeof(type))) {
			fault(
			    l, at, NULL, "the type of \"%s\" is missing", name);
			return;
		}
		add_arg(l, name, type, at - strlen(type));
	}
}

static void
read_rows(struct line *l)
{
	static const char *const words[] = {"none", "one", "many", NULL};
	int i;

	for (i = 0; words[i]; i++) {
		if (strcmp(words[i], l->text) == 0) {
			l->s->rows = (enum catalogue_rows)i;
			return;
		}
	}
	fault(l, 0, diag_nearest(l->text, words), "rows are none, one or many");
}

static void
read_key(struct line *l)
{
	l->s->key = xstrdup(l->text);
}

static void
read_sort(struct line *l)
{
	l->s->sort_words = xstrdup(l->text);
}

static void
read_search(struct line *l)
{
	l->s->search = xstrdup(l->text);
}

static void
read_from(struct line *l)
{
	l->s->from = xstrdup(l->text);
}

static void
read_cost(struct line *l)
{
	l->s->heavy = strcmp(l->text, "heavy") == 0;
	if (!l->s->heavy)
		fault(l, 0, "heavy", "the only cost is heavy");
}

static void
read_topics(struct line *l)
{
	struct catalogue *c = l->c;
	char word[64];
	size_t at = 0;
	int topic;

	while (next_word(l->text, &at, word, sizeof(word))) {
		topic = catalogue_topic(c, word);
		if (topic < 0 && c->topic_count == CATALOGUE_TOPICS_MAX) {
			fault(l, at, NULL, "more than %d topics",
			    CATALOGUE_TOPICS_MAX);
			return;
		}
		if (topic < 0) {
			topic = c->topic_count++;
			c->topics[topic] = xstrdup(word);
		}
		l->s->topics |= UINT64_C(1) << topic;
	}
}

static void
read_changes(struct line *l)
{
	l->s->is_write = true;
	read_topics(l);
}

static void
read_undo(struct line *l)
{
	if (strcmp(l->text, "none") != 0)
		l->s->undo = xstrdup(l->text);
}

static const struct line_def {
	const char *name;
	void (*read)(struct line *l);
	bool needed;
} line_table[CATALOGUE_LINES + 1] = {
    [LINE_STATEMENT] = {"statement", read_statement, true},
    [LINE_PURPOSE] = {"purpose", read_purpose, true},
    [LINE_ROLES] = {"roles", read_roles, true},
    [LINE_ARGS] = {"args", read_args, false},
    [LINE_ROWS] = {"rows", read_rows, true},
    [LINE_KEY] = {"key", read_key, false},
    [LINE_SORT] = {"sort", read_sort, false},
    [LINE_SEARCH] = {"search", read_search, false},
    [LINE_FROM] = {"from", read_from, false},
    [LINE_COST] = {"cost", read_cost, false},
    [LINE_WATCH] = {"watch", read_topics, false},
    [LINE_CHANGES] = {"changes", read_changes, false},
    [LINE_UNDO] = {"undo", read_undo, false},
};

static const char *
nearest_line(const char *word)
{
	const char *names[CATALOGUE_LINES + 1];
	int i;

	for (i = 0; i <= CATALOGUE_LINES; i++)
		names[i] = line_table[i].name;
	return diag_nearest(word, names);
}

/* "-- word: value" at `at`, `len` bytes long. */
static void
read_line(struct line *l, size_t len)
{
	const char *start = l->s->file.text + l->at;
	size_t name = 2 + strspn(start + 2, " ");
	size_t colon = name + strcspn(start + name, ":\n");
	char *word, *value;
	int i;

	if (colon >= len) {
		fault(l, 0, NULL, "expected \"-- word: value\"");
		return;
	}
	word = xstrndup(start + name, colon - name);
	for (i = 0; i < CATALOGUE_LINES; i++) {
		if (strcmp(line_table[i].name, word) == 0)
			break;
	}
	if (i == CATALOGUE_LINES) {
		fault(l, name, nearest_line(word), "unknown line \"%s\"", word);
	} else if (l->s->place[i]) {
		fault(l, name, NULL, "a second \"%s\"", word);
	} else {
		colon += 1 + strspn(start + colon + 1, " ");
		value = xstrndup(start + colon, colon < len ? len - colon : 0);
		l->at += colon;
		l->s->place[i] = l->at;
		l->text = value;
		line_table[i].read(l);
		free(value);
	}
	free(word);
}

static void
check_header(struct line *l)
{
	struct statement *s = l->s;
	int i;

	l->at = 0;
	for (i = 0; i < CATALOGUE_LINES; i++) {
		if (line_table[i].needed && !s->place[i])
			fault(l, 0, NULL, "\"%s\" is missing",
			    line_table[i].name);
	}
	if (s->rows == ROWS_MANY && (!s->key || !s->sort_words))
		fault(l, 0, NULL, "rows: many needs a key and a sort");
	if (s->is_write && s->place[LINE_WATCH])
		fault(l, 0, NULL, "a write cannot watch");
	if (s->is_write && s->place[LINE_ROWS] && s->rows != ROWS_ONE)
		fault(l, 0, NULL, "a write gives one row");
}

struct statement *
catalogue_read_statement(
    struct catalogue *c, const struct sqlfile *f, struct diags *d)
{
	struct statement *s = xcalloc(1, sizeof(*s));
	struct line l = {.c = c, .s = s, .d = d};
	const char *start;
	size_t at = 0, len;

	s->file = (struct diag_file){f->name, f->text, f->len};
	s->key_column = s->search_column = -1;
	while (strncmp(f->text + at, "--", 2) == 0) {
		len = strcspn(f->text + at, "\n");
		l.at = at;
		read_line(&l, len);
		at += len + (f->text[at + len] == '\n');
	}
	check_header(&l);
	if (!s->name)
		s->name = xstrdup(f->name);
	if (!s->purpose)
		s->purpose = xstrdup("");
	s->body = at;
	l.at = at;
	if (!sqlfile_next_statement(f->text, &at, &start, &len))
		fault(&l, 0, NULL, "there is no statement");
	else if (sqlfile_next_statement(f->text, &at, &start, &len))
		fault(&l, (size_t)(start - f->text) - l.at, NULL,
		    "one file holds one statement");
	catalogue_expand(s, d);
	return s;
}

static void
free_text(struct catalogue_text *t)
{
	free(t->sql);
	free(t->pieces);
}

void
catalogue_free_statement(struct statement *s)
{
	int i;

	for (i = 0; i < s->arg_count; i++) {
		free(s->args[i].name);
		free(s->args[i].type);
	}
	for (i = 0; i < s->column_count; i++)
		free(s->columns[i].name);
	free(s->args);
	free(s->columns);
	free(s->sort);
	free_text(&s->text[0]);
	free_text(&s->text[1]);
	free(s->keep_sql);
	free(s->kept_sql);
	free((char *)s->name);
	free((char *)s->purpose);
	free((char *)s->key);
	free((char *)s->search);
	free((char *)s->from);
	free((char *)s->undo);
	free((char *)s->sort_words);
	free(s);
}
