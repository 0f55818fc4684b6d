/*
 * A cell as people read it: the formats of docs/screens.md.
 */
#ifndef TUI_FORMAT_H
#define TUI_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "tui/bundle.h"
#include "tui/style.h"

struct buf;

struct format_env {
	const struct bundle *bundle;
	int lang;
	int64_t now; /* us since 1970 */
};

/* Appends the cell's text; returns the style of what carries a severity, else
 * STYLE_PLAIN.  `type` is the wire's. */
enum style format_cell(const struct format_env *env,
    const struct column_def *column, const char *type, const struct value *v,
    struct buf *out);
/* Whether a column stands to the right: figures do. */
bool format_is_right(const struct column_def *column, const char *type);

/* "!!红", "! YEL", "i BLU", … for a light (0 to 3) or a level (1 to 3). */
enum style format_light(
    const struct format_env *env, int64_t light, struct buf *out);
enum style format_level(
    const struct format_env *env, int64_t level, struct buf *out);

/* "3m", "2h05m", "4d": a span of microseconds. */
void format_span(int64_t microseconds, struct buf *out);
/* "[####------]" with `cells` inside. */
void format_bar(double share, int cells, struct buf *out);

#endif
