/*
 * Between the files of forms: form.c what keys do, form_draw.c how they look,
 * field.c one field's value as text and back, drafts.c what is kept of them.
 */
#ifndef TUI_FIELD_H
#define TUI_FIELD_H

#include "tui/app.h"

/* The value as people type it; of a lookup or a choice the key stays behind
 * it. */
void field_show(struct pane *p, size_t i, const struct value *v);
/* From the row, the screen, or the field's default. */
void field_initial(struct pane *p, size_t i);
/* What the text means; null when it is empty.  False: the field says what is
 * wrong; with `whole` that it is required, too. */
bool field_value(struct pane *p, size_t i, struct value *out, bool whole);

void form_draw(struct pane *p, struct grid *g, bool focused);
void form_lines(const struct pane *p, int width, int *want, int *least);

#endif
