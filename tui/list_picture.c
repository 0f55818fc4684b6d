/* Rows as they were drawn last, and the widths of columns: both are used again
 * until something that they come from changes, so that a key which moves the
 * selection costs two rows and not a screen. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tui/app.h"
#include "tui/list.h"

#define LINES 64 /* rows kept of a section, by number */
#define MINUTE INT64_C(60000000)

struct line {
	struct row_look look;
	struct grid_cell *cells; /* as many as the pane is wide; NULL: none */
};

struct list_picture {
	uint64_t fits;	/* what the widths come from */
	uint64_t draws; /* what the rows come from, beside their look */
	int *widths;
	int width;
	struct line lines[PANE_SOURCES][LINES];
};

static void
mix(uint64_t *hash, uint64_t with)
{
	*hash = (*hash ^ with) * UINT64_C(0x100000001b3);
	*hash ^= *hash >> 29;
}

static void
mix_common(const struct pane *p, uint64_t *hash)
{
	const struct app *a = pane_app(p);

	mix(hash, (uint64_t)(uintptr_t)a->bundle);
	mix(hash, (uint64_t)a->lang);
	/* ages are shown in minutes */
	mix(hash, (uint64_t)(a->host.wallclock() / MINUTE));
	mix(hash, (uint64_t)p->rect.w);
	for (int i = 0; i < p->source_count; i++)
		mix(hash, p->sources[i].version);
	for (int i = 0; i < list_column_count(p); i++)
		mix(hash,
		    (uint64_t)p->columns[i].width << 1 | p->columns[i].hidden);
}

static void
forget_lines(struct list_picture *k)
{
	for (int i = 0; i < PANE_SOURCES; i++)
		for (int j = 0; j < LINES; j++) {
			free(k->lines[i][j].cells);
			k->lines[i][j].cells = NULL;
		}
}

static struct list_picture *
picture(struct pane *p)
{
	if (!p->picture) {
		p->picture = xcalloc(1, sizeof(*p->picture));
		p->picture->widths =
		    xcalloc(p->def->column_count + 1, sizeof(int));
	}
	return p->picture;
}

void
picture_free(struct pane *p)
{
	if (!p->picture)
		return;
	forget_lines(p->picture);
	free(p->picture->widths);
	free(p->picture);
	p->picture = NULL;
}

const int *
picture_widths(struct pane *p, int room)
{
	struct list_picture *k = picture(p);
	uint64_t fits = UINT64_C(0xcbf29ce484222325), draws;

	mix_common(p, &fits);
	mix(&fits, (uint64_t)room << 32 | (uint32_t)p->rect.h);
	for (int i = 0; i < p->source_count; i++)
		mix(&fits, (uint64_t)p->lists[i].top);
	if (fits != k->fits)
		list_widths(p, room, k->widths);
	k->fits = fits;

	draws = UINT64_C(0xcbf29ce484222325);
	mix_common(p, &draws);
	mix(&draws, (uint64_t)p->left << 32 | (uint32_t)p->frozen);
	for (int i = 0; i < list_column_count(p); i++)
		mix(&draws, (uint64_t)k->widths[i]);
	if (draws != k->draws)
		forget_lines(k);
	k->draws = draws;
	k->width = p->rect.w;
	return k->widths;
}

static struct line *
line_of(struct pane *p, const struct row_look *look)
{
	return &picture(p)->lines[look->section][look->row % LINES];
}

/* Cells of a line within the grid; NULL: not all of it is. */
static struct grid_cell *
grid_line(const struct pane *p, const struct grid *g, int y)
{
	if (y < 0 || y >= g->height || p->rect.x < 0 ||
	    p->rect.x + p->rect.w > g->width)
		return NULL;
	return &g->cells[(size_t)y * (size_t)g->width + (size_t)p->rect.x];
}

bool
picture_draw(struct pane *p, struct grid *g, int y, const struct row_look *look)
{
	const struct line *l = line_of(p, look);
	struct grid_cell *to = grid_line(p, g, y);

	if (!l->cells || !to || memcmp(&l->look, look, sizeof(*look)) != 0)
		return false;
	memcpy(to, l->cells, (size_t)p->rect.w * sizeof(*to));
	return true;
}

void
picture_keep(
    struct pane *p, const struct grid *g, int y, const struct row_look *look)
{
	struct line *l = line_of(p, look);
	const struct grid_cell *from = grid_line(p, g, y);

	/* a tree's row shows what is below it, too */
	if (!from || p->ops == &tree_ops)
		return;
	if (!l->cells)
		l->cells = xcalloc((size_t)p->rect.w, sizeof(*l->cells));
	memcpy(l->cells, from, (size_t)p->rect.w * sizeof(*from));
	l->look = *look;
}
