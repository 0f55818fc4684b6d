/* Bands from top to bottom; a band is one pane, or a run of left and right
 * ones side by side. */
#include "tui/layout.h"

#include <stdlib.h>

#include "common/mem.h"

struct band {
	size_t from, to; /* panes */
	bool split;
	int want, least, height;
};

static int
max(int a, int b)
{
	return a > b ? a : b;
}

static bool
is_dropped(const struct layout_pane *p)
{
	return p->rect.h < 0;
}

/* What a column of panes wants: the sum; any share makes it a share (0). */
static void
column_needs(const struct layout_pane *panes, const struct band *b, int side,
    int *want, int *least)
{
	bool share = false;

	*want = *least = 0;
	for (size_t i = b->from; i < b->to; i++) {
		if (is_dropped(&panes[i]) ||
		    (side >= 0 && (int)panes[i].side != side))
			continue;
		*want += max(panes[i].want, panes[i].least);
		*least += panes[i].least;
		share |= panes[i].want == 0;
	}
	if (share)
		*want = 0;
}

static void
band_needs(const struct layout_pane *panes, struct band *b)
{
	int want, least;

	column_needs(panes, b, b->split ? SIDE_LEFT : -1, &b->want, &b->least);
	if (!b->split)
		return;
	column_needs(panes, b, SIDE_RIGHT, &want, &least);
	b->least = max(b->least, least);
	b->want = b->want && want ? max(b->want, want) : 0;
}

static size_t
find_bands(const struct layout_pane *panes, size_t count, int width,
    struct band *bands)
{
	size_t n = 0, i = 0, from;

	while (i < count) {
		from = i++;
		bands[n] = (struct band){.from = from};
		if (panes[from].side != SIDE_WHOLE &&
		    width >= LAYOUT_SIDES_FROM) {
			while (i < count && panes[i].side != SIDE_WHOLE)
				i++;
			bands[n].split = true;
		}
		bands[n++].to = i;
	}
	return n;
}

static int
total_least(struct layout_pane *panes, struct band *bands, size_t n)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++) {
		band_needs(panes, &bands[i]);
		sum += bands[i].least;
	}
	return sum;
}

/* The least heavy pane goes; of two the later.  Never the first pane. */
static bool
drop_one(struct layout_pane *panes, size_t count)
{
	struct layout_pane *worst = NULL;

	for (size_t i = 1; i < count; i++)
		if (!is_dropped(&panes[i]) &&
		    (!worst || panes[i].weight <= worst->weight))
			worst = &panes[i];
	if (worst)
		worst->rect.h = -1;
	return worst != NULL;
}

/* Lines to each of n wishes: everybody's least first, then wants in order,
 * then what is left to those who take a share. */
struct wish {
	int want, least, height;
};

static void
share_out(struct wish *w, size_t n, int height)
{
	int left = height, shares = 0, each;

	for (size_t i = 0; i < n; i++) {
		w[i].height = w[i].least;
		left -= w[i].least;
		shares += w[i].want == 0 && w[i].least > 0;
	}
	for (size_t i = 0; i < n && left > 0; i++) {
		each = w[i].want - w[i].height;
		if (each <= 0)
			continue;
		each = each < left ? each : left;
		w[i].height += each;
		left -= each;
	}
	for (size_t i = 0; i < n && left > 0 && shares > 0; i++) {
		if (w[i].want != 0 || w[i].least == 0)
			continue;
		each = left / shares--;
		w[i].height += each;
		left -= each;
	}
	for (size_t i = 0; left < 0 && i < n; i++) {
		each = w[i].height < -left ? w[i].height : -left;
		w[i].height -= each;
		left += each;
	}
}

static void
place_column(struct layout_pane *panes, const struct band *b, int side,
    const struct rect *area)
{
	struct wish *w = xcalloc(b->to - b->from, sizeof(*w));
	int y = area->y;

	for (size_t i = b->from; i < b->to; i++)
		if (!is_dropped(&panes[i]) &&
		    (side < 0 || (int)panes[i].side == side)) {
			w[i - b->from].want = panes[i].want;
			w[i - b->from].least = panes[i].least;
		}
	share_out(w, b->to - b->from, area->h);
	for (size_t i = b->from; i < b->to; i++) {
		if (is_dropped(&panes[i]) ||
		    (side >= 0 && (int)panes[i].side != side))
			continue;
		panes[i].rect =
		    (struct rect){y, area->x, w[i - b->from].height, area->w};
		y += panes[i].rect.h;
	}
	free(w);
}

static void
place_band(
    struct layout_pane *panes, const struct band *b, const struct rect *area)
{
	struct rect left = *area, right = *area;
	int want, least;

	column_needs(panes, b, SIDE_RIGHT, &want, &least);
	if (!b->split || least == 0) {
		place_column(panes, b, -1, area);
		return;
	}
	column_needs(panes, b, SIDE_LEFT, &want, &least);
	if (least == 0) {
		place_column(panes, b, -1, area);
		return;
	}
	left.w = area->w * 3 / 5;
	right.x = area->x + left.w + 2;
	right.w = area->w - left.w - 2;
	place_column(panes, b, SIDE_LEFT, &left);
	place_column(panes, b, SIDE_RIGHT, &right);
}

void
layout_place(struct layout_pane *panes, size_t count, const struct rect *area)
{
	struct band *bands = xcalloc(count, sizeof(*bands));
	struct wish *wishes = xcalloc(count, sizeof(*wishes));
	struct rect line = *area;
	size_t n;

	for (size_t i = 0; i < count; i++)
		panes[i].rect = (struct rect){0, 0, 0, 0};
	n = find_bands(panes, count, area->w, bands);
	while (total_least(panes, bands, n) > area->h && drop_one(panes, count))
		;
	for (size_t i = 0; i < n; i++)
		wishes[i] = (struct wish){bands[i].want, bands[i].least, 0};
	share_out(wishes, n, area->h);
	for (size_t i = 0; i < n; i++) {
		line.h = wishes[i].height;
		place_band(panes, &bands[i], &line);
		line.y += line.h;
	}
	for (size_t i = 0; i < count; i++)
		if (is_dropped(&panes[i]))
			panes[i].rect = (struct rect){0, 0, 0, 0};
	free(bands);
	free(wishes);
}
