/* What keys do to tables, trees and alert panes. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tui/app.h"
#include "tui/list.h"

#define PROMPT_DELAY 150000 /* us of rest before asking */

/* One step in a direction over rows that show; false at the end. */
static bool
list_step(struct pane *p, int by)
{
	struct source *s = &p->sources[p->section];
	int row = p->lists[p->section].at, section = p->section;

	do {
		row += by;
		if (row >= 0 && row < source_count(s))
			continue;
		section += by;
		if (section < 0 || section >= p->source_count)
			return false;
		s = &p->sources[section];
		if (source_count(s) == 0)
			continue;
		row = by > 0 ? 0 : source_count(s) - 1;
	} while (row < 0 || row >= source_count(s) || !list_shows(p, s, row));
	list_select(p, section, row);
	return true;
}

bool
pane_step(struct pane *p, int by)
{
	return p->ops && p->ops->rows && pane_has_row(p) && list_step(p, by);
}

static void
list_prefetch(struct pane *p)
{
	struct source *s = &p->sources[p->section];
	int at = p->lists[p->section].at;

	if (at > source_count(s) - SOURCE_PAGE_ROWS / 2)
		source_more(s, false);
	else if (at < SOURCE_PAGE_ROWS / 2)
		source_more(s, true);
}

static void
list_move(struct pane *p, long by)
{
	long n = by < 0 ? -by : by;

	p->follow = false;
	while (n-- > 0 && list_step(p, by < 0 ? -1 : 1))
		;
	list_prefetch(p);
}

static void
list_goto(struct pane *p, long number)
{
	struct source *s = &p->sources[p->section];
	long row = number - 1 - (s->base > 0 ? s->base : 0);

	p->follow = false;
	if (row >= 0 && row < source_count(s))
		list_select(p, p->section, (int)row);
	else
		app_say(pane_app(p), true, STR_ROW_FAR, number);
}

static void
list_end(struct pane *p, bool last)
{
	struct source *s = &p->sources[p->section];

	p->follow = false;
	/* offline the last row that is here is the last one */
	if ((last ? !s->at_end : !s->at_start) &&
	    s->port->is_ready(s->port->arg)) {
		source_jump(s, last);
		p->lists[p->section].has_selected = false;
		if (last)
			p->lists[p->section] = (struct list_ui){
			    .selected = INT64_MIN,
			    .has_selected = true,
			    .at = SOURCE_PAGE_ROWS,
			};
		return;
	}
	if (source_count(s) > 0)
		list_select(p, p->section, last ? source_count(s) - 1 : 0);
}

static void
list_mark_range(struct pane *p)
{
	const struct source *s = &p->sources[p->section];
	int at = p->lists[p->section].at, from = at;

	if (p->marks.count > 0) {
		int64_t last = p->marks.ids[p->marks.count - 1];

		from = source_find(s, last);
	}
	if (from < 0 || from == at)
		id_list_toggle(&p->marks, source_id(s, at));
	else
		for (int i = from < at ? from + 1 : at;
		     i <= (from < at ? at : from - 1); i++)
			if (!id_list_has(&p->marks, source_id(s, i)))
				id_list_toggle(&p->marks, source_id(s, i));
	app_say(pane_app(p), false, STR_MARKED, (int)p->marks.count);
}

/* The newest row that has not been looked at, in the gravest level first. */
static bool
list_new(struct pane *p)
{
	for (int i = 0; i < p->source_count; i++) {
		struct source *s = &p->sources[i];

		if (source_new_rows(s) == 0)
			continue;
		source_hold(s, false);
		source_mark_seen(s);
		list_settle(p);
		for (int row = 0; row < source_count(s); row++)
			if (source_changed(s, row)) {
				list_select(p, i, row);
				break;
			}
		return true;
	}
	return false;
}

bool
tree_fold(struct pane *p, bool fold)
{
	const struct source *s = &p->sources[0];
	int at = p->lists[0].at, depth = list_depth(p, s, at);
	int64_t id = source_id(s, at);

	if (p->ops != &tree_ops || depth < 0)
		return false;
	if (list_depth(p, s, at + 1) > depth &&
	    id_list_has(&p->folds, id) != fold) {
		id_list_toggle(&p->folds, id);
		return true;
	}
	return true;
}

static void
tree_parent(struct pane *p)
{
	const struct source *s = &p->sources[0];
	int at = p->lists[0].at, depth = list_depth(p, s, at);

	while (--at >= 0)
		if (list_depth(p, s, at) < depth) {
			list_select(p, 0, at);
			return;
		}
}

static bool
list_row_act(struct pane *p, enum action act)
{
	switch (act) {
	case ACT_OPEN:
		if (!p->def->open)
			return false;
		pane_run(p, p->def->open);
		return true;
	case ACT_TICK:
		id_list_toggle(&p->marks, pane_row_id(p));
		list_move(p, 1);
		return true;
	case ACT_MARK:
		list_mark_range(p);
		return true;
	case ACT_COPY_CELL:
	case ACT_COPY_ROW:
		list_copy(p, act == ACT_COPY_ROW);
		return true;
	case ACT_PARENT:
		tree_parent(p);
		return true;
	case ACT_UNFOLD_ALL:
		id_list_clear(&p->folds);
		return true;
	default:
		return false;
	}
}

static bool
list_move_act(struct pane *p, enum action act, long count)
{
	long n = count > 0 ? count : 1,
	     page = p->rect.h > 4 ? p->rect.h - 3 : 1;

	switch (act) {
	case ACT_DOWN:
	case ACT_UP:
		list_move(p, act == ACT_DOWN ? n : -n);
		return true;
	case ACT_PAGE_DOWN:
	case ACT_PAGE_UP:
		list_move(p, act == ACT_PAGE_DOWN ? n * page : -n * page);
		return true;
	case ACT_FIRST:
	case ACT_LAST:
		if (count > 0)
			list_goto(p, count);
		else
			list_end(p, act == ACT_LAST);
		return true;
	default:
		return false;
	}
}

bool
list_act(struct pane *p, enum action act, long count)
{
	struct app *a = pane_app(p);

	if (p->source_count == 0)
		return false;
	if (act == ACT_FOLLOW) {
		p->follow = !p->follow;
		app_say(a, false, p->follow ? STR_FOLLOW_ON : STR_FOLLOW_OFF);
		if (p->follow)
			list_settle(p);
		return true;
	}
	if (act == ACT_FIND_BACK && list_new(p))
		return true;
	if (act == ACT_FIND_NEXT || act == ACT_FIND_BACK) {
		if (!p->find)
			app_say(a, true, STR_NO_NEW);
		else if (!list_find(p, act == ACT_FIND_NEXT ? 1 : -1))
			app_say(a, true, STR_NO_MATCH, p->find);
		return true;
	}
	if (list_layout_act(p, act))
		return true;
	if (!pane_has_row(p))
		return list_move_act(p, act, count);
	return list_move_act(p, act, count) || list_row_act(p, act);
}

/* Typing in the prompt above a table; Down and Enter go to the rows. */
bool
list_key(struct pane *p, uint32_t key, long count)
{
	(void)count;
	if (!pane_extra(p->def, "prompt") || key == KEY_LEFT_ ||
	    key == KEY_RIGHT_)
		return false;
	if (!edit_key(&p->prompt, key))
		return false;
	p->prompt_due = pane_app(p)->host.now() + PROMPT_DELAY;
	return true;
}
