/* Imports as a whole. */
#include "server/import/run.h"

#include <dirent.h>
#include <fnmatch.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/buf.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/db/sync.h"
#include "server/import/csvfile.h"
#include "server/import/mapping.h"
#include "server/import/progress.h"
#include "server/import/rejects.h"
#include "server/import/rows.h"

#define COPY_CHUNK (256u * 1024) /* bytes sent to COPY at once */

struct input {
	char *path, *name;
	bool used;
};

struct run {
	struct db_sync *db;
	const struct import_options *o;
	struct import_report *report;
	struct diags *d;
	struct import_catalogue catalogue;
	struct mapping *mapping;
	struct input *inputs;
	size_t input_count;
	struct rejects *rejects;
	struct buf entities; /* "{unit,person}" without its end */
	struct err *e;
};

static int64_t
cell(const struct pg_result *rows, int column)
{
	return db_int(rows, 0, column);
}

static char *
copy_text(const struct pg_result *rows, int row, int column)
{
	int len;
	const char *text;

	if (db_is_null(rows, row, column))
		return NULL;
	text = db_text(rows, row, column, &len);
	return xstrndup(text, (size_t)len);
}

static char **
split(char *text)
{
	char **words = NULL, *save = NULL;
	size_t n = 0;

	if (!text)
		return NULL;
	for (char *w = strtok_r(text, "|", &save); w;
	     w = strtok_r(NULL, "|", &save)) {
		words = xrealloc_array(words, n + 2, sizeof(*words));
		words[n++] = xstrdup(w);
		words[n] = NULL;
	}
	free(text);
	return words;
}

static int
catalogue_load(struct run *r)
{
	struct pg_result *rows;
	struct import_field *f;

	if (db_sync_run(r->db,
		"select f.entity, f.field, f.type, f.required,"
		" array_to_string(f.choices, '|')"
		" from firebreak.import_field f"
		" join firebreak.import_entity e using (entity)"
		" order by e.position, f.field",
		NULL, 0, &rows, r->e))
		return -1;
	r->catalogue.count = (size_t)db_rows(rows);
	r->catalogue.fields =
	    xcalloc(r->catalogue.count + 1, sizeof(*r->catalogue.fields));
	for (int i = 0; i < db_rows(rows); i++) {
		f = &r->catalogue.fields[i];
		f->entity = copy_text(rows, i, 0);
		f->name = copy_text(rows, i, 1);
		f->type = copy_text(rows, i, 2);
		f->required = db_int(rows, i, 3) != 0;
		f->choices = split(copy_text(rows, i, 4));
	}
	db_result_free(rows);
	return 0;
}

static void
catalogue_clear(struct import_catalogue *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct import_field *f = &c->fields[i];

		for (char **w = f->choices; w && *w; w++)
			free(*w);
		free(f->choices);
		free(f->entity);
		free(f->name);
		free(f->type);
	}
	free(c->fields);
}

static void
input_add(struct run *r, char *path)
{
	struct input *in;
	char *slash = strrchr(path, '/');

	r->inputs =
	    xrealloc_array(r->inputs, r->input_count + 1, sizeof(*r->inputs));
	in = &r->inputs[r->input_count++];
	in->path = path;
	in->name = xstrdup(slash ? slash + 1 : path);
	in->used = false;
}

static int
compare_inputs(const void *a, const void *b)
{
	return strcmp(
	    ((const struct input *)a)->name, ((const struct input *)b)->name);
}

static int
inputs_from(struct run *r, const char *path)
{
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (stat(path, &st))
		return err_errno(r->e, "%s", path);
	if (!S_ISDIR(st.st_mode)) {
		input_add(r, xstrdup(path));
		return 0;
	}
	dir = opendir(path);
	if (!dir)
		return err_errno(r->e, "%s", path);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
		    fnmatch("*.csv", entry->d_name, FNM_CASEFOLD) == 0)
			input_add(r, xasprintf("%s/%s", path, entry->d_name));
	closedir(dir);
	return 0;
}

static int
inputs_collect(struct run *r)
{
	for (size_t i = 0; i < r->o->path_count; i++)
		if (inputs_from(r, r->o->paths[i]))
			return -1;
	if (r->input_count)
		qsort(r->inputs, r->input_count, sizeof(*r->inputs),
		    compare_inputs);
	return 0;
}

static int
begin(struct run *r)
{
	struct db_value values[4];
	struct pg_result *rows;
	const char *texts[4] = {
	    r->o->paths[0], r->mapping->name, r->mapping->source, r->o->owner};

	for (int i = 0; i < 4; i++)
		values[i] = (struct db_value){
		    texts[i], texts[i] ? (int)strlen(texts[i]) : 0};
	if (db_sync_run(r->db, "begin", NULL, 0, NULL, r->e))
		return -1;
	if (db_sync_run(r->db,
		"select firebreak.import_begin($1::text, $2::text, $3::text,"
		" (select person_id from firebreak.person"
		" where email = $4::text))",
		values, 4, &rows, r->e))
		return -1;
	r->report->import_id = cell(rows, 0);
	db_result_free(rows);
	return 0;
}

struct copying {
	struct csvfile *csv;
	struct rows *rows;
	struct progress *progress;
	struct buf lines;
	int64_t sent;
};

static int
copy_rows(struct run *r, struct copying *c, const char *file, bool count)
{
	struct csvfile_record rec;
	const char *why;

	while (csvfile_next(c->csv, &rec)) {
		r->report->rows += count;
		switch (rows_make(c->rows, &rec, &c->lines, &why)) {
		case ROWS_MADE:
			c->sent++;
			break;
		case ROWS_REJECTED:
			rejects_add(r->rejects, file, c->csv, &rec, why);
			r->report->rejected++;
			break;
		case ROWS_SKIPPED:
			break;
		}
		if (c->lines.len < COPY_CHUNK)
			continue;
		if (db_copy_put(r->db, c->lines.data, c->lines.len, r->e))
			return -1;
		buf_reset(&c->lines);
		progress_show(c->progress, csvfile_at(c->csv), c->sent);
	}
	if (c->lines.len > 0 &&
	    db_copy_put(r->db, c->lines.data, c->lines.len, r->e))
		return -1;
	return 0;
}

static int
stage(struct run *r, struct copying *c, const char *entity, const char *file,
    bool count)
{
	char *sql = xasprintf("truncate staging.\"%s\"", entity);
	long long copied;
	int rc = db_sync_run(r->db, sql, NULL, 0, NULL, r->e);

	free(sql);
	if (rc)
		return -1;
	sql = xasprintf("copy staging.\"%s\" (%s) from stdin", entity,
	    rows_columns(c->rows));
	rc = db_copy_begin(r->db, sql, r->e);
	free(sql);
	if (rc)
		return -1;
	if (copy_rows(r, c, file, count)) {
		struct err ignored;

		(void)!db_copy_end(r->db, "given up", &copied, &ignored);
		return -1;
	}
	return db_copy_end(r->db, NULL, &copied, r->e);
}

static int
stand_in(struct run *r, const struct mapping_target *t)
{
	struct db_value values[3] = {{t->entity, (int)strlen(t->entity)},
	    {t->stand_in, (int)strlen(t->stand_in)},
	    {t->stand_in_owner, (int)strlen(t->stand_in_owner)}};
	struct pg_result *rows;

	if (db_sync_run(r->db,
		"select firebreak.import_stand_in($1::text, $2::text,"
		" $3::text)",
		values, 3, &rows, r->e))
		return -1;
	if (cell(rows, 0) > 0)
		fprintf(r->o->report,
		    r->o->zh ? "  %lld 行没有客户:归到「%s」名下\n"
			     : "  %lld rows without a customer: kept under "
			       "\"%s\"\n",
		    (long long)cell(rows, 0), t->stand_in);
	db_result_free(rows);
	return 0;
}

static int
take_rejects(struct run *r, struct copying *c, const char *file)
{
	struct pg_result *rows;
	char *why;

	if (db_sync_run(r->db,
		"select line, min(why) from staging.reject group by line"
		" order by line",
		NULL, 0, &rows, r->e))
		return -1;
	r->report->rejected += db_rows(rows);
	csvfile_rewind(c->csv);
	for (int i = 0; i < db_rows(rows); i++) {
		why = copy_text(rows, i, 1);
		rejects_find(
		    r->rejects, file, c->csv, (size_t)db_int(rows, i, 0), why);
		free(why);
	}
	db_result_free(rows);
	return db_sync_run(
	    r->db, "truncate staging.reject", NULL, 0, NULL, r->e);
}

static int
apply(struct run *r, struct copying *c, const struct mapping_target *t,
    const char *file)
{
	struct db_value values[2] = {{t->entity, (int)strlen(t->entity)},
	    {rows_repeat(c->rows) ? "true" : "false", 0}};
	struct pg_result *rows;
	int64_t made, changed, same;

	values[1].len = (int)strlen(values[1].text);
	if (t->stand_in && stand_in(r, t))
		return -1;
	if (db_sync_run(r->db,
		"select inserted, updated, unchanged from"
		" firebreak.import_apply($1::text, $2::bool)",
		values, 2, &rows, r->e))
		return -1;
	made = cell(rows, 0);
	changed = cell(rows, 1);
	same = cell(rows, 2);
	db_result_free(rows);
	r->report->inserted += made;
	r->report->updated += changed;
	r->report->unchanged += same;
	fprintf(r->o->report,
	    r->o->zh ? "%s → %s:新增 %lld,更新 %lld,未变 %lld\n"
		     : "%s -> %s: %lld new, %lld updated, %lld unchanged\n",
	    file, t->entity, (long long)made, (long long)changed,
	    (long long)same);
	buf_addf(&r->entities, "%c%s", r->entities.len ? ',' : '{', t->entity);
	return take_rejects(r, c, file);
}

static void
report_map(struct run *r, const char *name, struct value_map *map, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (map[i].used > 0 && strcmp(map[i].from, map[i].to) != 0)
			fprintf(r->o->report, "  %s: %s -> %s (%zu)\n", name,
			    map[i].from, map[i].to, map[i].used);
		map[i].used = 0;
	}
}

static void
report_maps(struct run *r, struct mapping_target *t)
{
	for (size_t i = 0; i < t->field_count; i++)
		report_map(r, t->fields[i].field->name, t->fields[i].map,
		    t->fields[i].map_count);
	for (size_t i = 0; i < t->extra_count; i++)
		report_map(r, t->extras[i].name, t->extras[i].map,
		    t->extras[i].map_count);
}

static int
run_target(struct run *r, struct csvfile *csv, struct mapping_target *t,
    const struct input *in, bool count)
{
	struct copying c = {.csv = csv};
	struct csvfile_record header;
	char *path = xstrdup(in->path);
	size_t bytes;
	int rc = -1;

	csvfile_rewind(csv);
	if (!csvfile_next(csv, &header) || header.fault) {
		err_set(r->e, ERR_BAD_ARGUMENT, "%s:1: %s", in->path,
		    header.fault ? header.fault : "the file is empty");
		goto free_path;
	}
	c.rows =
	    rows_new(r->mapping, t, in->name, dirname(path), &header, r->d);
	if (!c.rows) {
		err_set(r->e, ERR_BAD_ARGUMENT, "%s", diags_first(r->d));
		goto free_path;
	}
	csvfile_text(csv, &bytes);
	c.progress = progress_start(r->o->progress, in->name, bytes);
	rc = stage(r, &c, t->entity, in->name, count);
	progress_end(c.progress);
	if (rc == 0)
		rc = apply(r, &c, t, in->name);
	if (rc == 0)
		report_maps(r, t);
	buf_clear(&c.lines);
	rows_free(c.rows);
free_path:
	free(path);
	return rc;
}

static int
run_input(struct run *r, struct mapping_file *f, struct input *in)
{
	struct csvfile_options o = {
	    .encoding = r->o->encoding ? r->o->encoding : r->mapping->encoding,
	    .delimiter = f->delimiter};
	struct csvfile *csv = csvfile_open(in->path, &o, r->e);
	int rc = csv ? 0 : -1;

	for (size_t i = 0; i < f->target_count && rc == 0; i++)
		rc =
		    run_target(r, csv, &f->targets[i], in, !in->used && i == 0);
	in->used = true;
	csvfile_free(csv);
	return rc;
}

static int
run_file(struct run *r, struct mapping_file *f)
{
	bool found = false;

	for (size_t i = 0; i < r->input_count; i++) {
		if (fnmatch(f->pattern, r->inputs[i].name, FNM_CASEFOLD) != 0)
			continue;
		found = true;
		if (run_input(r, f, &r->inputs[i]))
			return -1;
	}
	if (found || f->optional)
		return 0;
	diag_add(r->d, &r->mapping->doc->file, f->at, "E042", NULL,
	    "`optional: true` lets it be absent", "no file is called \"%s\"",
	    f->pattern);
	return err_set(r->e, ERR_BAD_ARGUMENT, "%s", diags_first(r->d));
}

static int
finish(struct run *r)
{
	struct import_report *t = r->report;
	struct pg_result *rows;
	struct db_value value;
	char *sql;
	int rc;

	buf_add_str(&r->entities, r->entities.len ? "}" : "{}");
	value.text = buf_str(&r->entities);
	value.len = (int)r->entities.len;
	sql = xasprintf("select firebreak.import_end(%lld, %lld, %lld, %lld,"
			" %lld, '', $1::text[])",
	    (long long)t->rows, (long long)t->inserted, (long long)t->updated,
	    (long long)t->unchanged, (long long)t->rejected);
	rc = db_sync_run(r->db, sql, &value, 1, &rows, r->e);
	free(sql);
	if (rc)
		return -1;
	db_result_free(rows);
	return db_sync_run(
	    r->db, r->o->dry_run ? "rollback" : "commit", NULL, 0, NULL, r->e);
}

static void
summary(struct run *r)
{
	const struct import_report *t = r->report;

	for (size_t i = 0; i < r->input_count; i++)
		if (!r->inputs[i].used)
			fprintf(r->o->report,
			    r->o->zh ? "%s:映射未提到,未读\n"
				     : "%s: not in the mapping, not read\n",
			    r->inputs[i].name);
	fprintf(r->o->report,
	    r->o->zh ? "导入 %lld%s:读 %lld 行,新增 %lld,更新 %lld,未变 "
		       "%lld,拒收 %lld%s%s\n"
		     : "import %lld%s: %lld rows read, %lld new, %lld updated, "
		       "%lld unchanged, %lld rejected%s%s\n",
	    (long long)t->import_id,
	    !r->o->dry_run ? ""
	    : r->o->zh	   ? "(试运行,未保存)"
			   : " (dry run, nothing kept)",
	    (long long)t->rows, (long long)t->inserted, (long long)t->updated,
	    (long long)t->unchanged, (long long)t->rejected,
	    t->rejected ? " -> " : "",
	    t->rejected ? rejects_path(r->rejects) : "");
	if (t->inserted + t->updated == 0)
		fprintf(r->o->report,
		    r->o->zh ? "没有任何变化\n" : "nothing changed\n");
}

static int
run_all(struct run *r)
{
	if (inputs_collect(r) || catalogue_load(r))
		return -1;
	r->mapping = mapping_load(r->o->mapping, &r->catalogue, r->d);
	if (!r->mapping)
		return err_set(r->e, ERR_BAD_ARGUMENT, "%s", diags_first(r->d));
	if (begin(r))
		return -1;
	r->rejects = rejects_new(r->o->rejects, r->report->import_id);
	for (size_t i = 0; i < r->mapping->file_count; i++)
		if (run_file(r, &r->mapping->files[i]))
			return -1;
	for (size_t i = 0; i < r->mapping->file_count; i++)
		for (size_t j = 0; j < r->input_count; j++)
			if (fnmatch(r->mapping->files[i].pattern,
				r->inputs[j].name, FNM_CASEFOLD) == 0)
				r->inputs[j].used = true;
	if (rejects_finish(r->rejects, r->e))
		return -1;
	return finish(r);
}

int
import_run(struct db_sync *db, const struct import_options *o,
    struct import_report *report, struct diags *d, struct err *e)
{
	struct run r = {.db = db, .o = o, .report = report, .d = d, .e = e};
	struct err ignored;
	int rc;

	*report = (struct import_report){0};
	rc = run_all(&r);
	if (rc == 0)
		summary(&r);
	else
		(void)!db_sync_run(db, "rollback", NULL, 0, NULL, &ignored);
	rejects_free(r.rejects);
	mapping_free(r.mapping);
	catalogue_clear(&r.catalogue);
	for (size_t i = 0; i < r.input_count; i++) {
		free(r.inputs[i].path);
		free(r.inputs[i].name);
	}
	free(r.inputs);
	buf_clear(&r.entities);
	return rc;
}
