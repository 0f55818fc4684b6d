/* Instants to judge: a binary heap, and a hash of what each subject waits for.
 */
#include "server/engine/due.h"

#include <stdlib.h>

#include "common/mem.h"

struct due_slot {
	int64_t subject;
	int64_t next;	/* its own next instant */
	uint32_t stamp; /* the selection it is in */
	uint32_t number;
	int32_t rows;
	bool used;
};

void
due_clear(struct due *d)
{
	free(d->heap);
	free(d->slots);
	*d = (struct due){0};
}

static size_t
hash(int64_t subject)
{
	uint64_t h = (uint64_t)subject * UINT64_C(0x9E3779B97F4A7C15);

	return (size_t)(h ^ h >> 29);
}

static struct due_slot *
probe(const struct due *d, int64_t subject)
{
	size_t i = hash(subject) & (d->slot_size - 1);

	while (d->slots[i].used && d->slots[i].subject != subject)
		i = (i + 1) & (d->slot_size - 1);
	return &d->slots[i];
}

static void
grow_slots(struct due *d)
{
	struct due old = *d;

	d->slot_size = old.slot_size ? old.slot_size * 2 : 64;
	d->slots = xcalloc(d->slot_size, sizeof(*d->slots));
	for (size_t i = 0; i < old.slot_size; i++)
		if (old.slots[i].used)
			*probe(d, old.slots[i].subject) = old.slots[i];
	free(old.slots);
}

static struct due_slot *
slot_of(struct due *d, int64_t subject)
{
	struct due_slot *s;

	if ((d->slot_count + 1) * 3 > d->slot_size * 2)
		grow_slots(d);
	s = probe(d, subject);
	if (!s->used) {
		*s = (struct due_slot){
		    .subject = subject, .next = DUE_NEVER, .used = true};
		d->slot_count++;
	}
	return s;
}

/* Earlier first; at one instant in order of the subject, whatever the order
 * in which they were found. */
static bool
is_before(const struct due_entry *a, const struct due_entry *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	return a->subject < b->subject;
}

static void
sift_up(struct due *d, size_t i)
{
	struct due_entry e = d->heap[i];

	while (i > 0 && is_before(&e, &d->heap[(i - 1) / 2])) {
		d->heap[i] = d->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	d->heap[i] = e;
}

static void
sift_down(struct due *d, size_t i)
{
	struct due_entry e = d->heap[i];
	size_t kid;

	while ((kid = 2 * i + 1) < d->count) {
		if (kid + 1 < d->count &&
		    is_before(&d->heap[kid + 1], &d->heap[kid]))
			kid++;
		if (!is_before(&d->heap[kid], &e))
			break;
		d->heap[i] = d->heap[kid];
		i = kid;
	}
	d->heap[i] = e;
}

static bool
is_current(const struct due *d, const struct due_entry *e)
{
	return e->row >= 0 || probe(d, e->subject)->next == e->at;
}

/* Replaced instants stay in the heap until they surface; when they are more
 * than the rest, they are swept out. */
static void
sweep(struct due *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->count; i++)
		if (is_current(d, &d->heap[i]))
			d->heap[kept++] = d->heap[i];
	d->count = kept;
	for (size_t i = kept / 2; i-- > 0;)
		sift_down(d, i);
}

static void
push(struct due *d, struct due_entry e)
{
	if (d->count > 2 * d->slot_count + 4096)
		sweep(d);
	if (d->count == d->size) {
		d->size = d->size ? d->size * 2 : 64;
		d->heap = xrealloc_array(d->heap, d->size, sizeof(*d->heap));
	}
	d->heap[d->count] = e;
	sift_up(d, d->count++);
}

void
due_add_row(struct due *d, int64_t subject, int64_t at, int32_t row)
{
	slot_of(d, subject)->rows++;
	push(d, (struct due_entry){at, subject, row});
}

void
due_set_next(struct due *d, int64_t subject, int64_t at)
{
	struct due_slot *s = slot_of(d, subject);

	if (s->next == at)
		return;
	s->next = at;
	if (at != DUE_NEVER)
		push(d, (struct due_entry){at, subject, -1});
}

static void
remove_top(struct due *d)
{
	d->heap[0] = d->heap[--d->count];
	if (d->count)
		sift_down(d, 0);
}

const struct due_entry *
due_top(struct due *d)
{
	while (d->count && !is_current(d, &d->heap[0]))
		remove_top(d);
	return d->count ? &d->heap[0] : NULL;
}

struct due_entry
due_pop(struct due *d)
{
	struct due_entry e = d->heap[0];
	struct due_slot *s = probe(d, e.subject);

	remove_top(d);
	if (e.row >= 0)
		s->rows--;
	else
		s->next = DUE_NEVER;
	return e;
}

void
due_put_back(struct due *d, struct due_entry e)
{
	if (e.row >= 0)
		due_add_row(d, e.subject, e.at, e.row);
	else
		due_set_next(d, e.subject, e.at);
}

int
due_rows_of(const struct due *d, int64_t subject)
{
	const struct due_slot *s;

	if (d->slot_size == 0)
		return 0;
	s = probe(d, subject);
	return s->used ? s->rows : 0;
}

void
due_select(struct due *d)
{
	d->stamp++;
}

bool
due_mark(struct due *d, int64_t subject, uint32_t *number)
{
	struct due_slot *s = slot_of(d, subject);

	if (s->stamp == d->stamp) {
		*number = s->number;
		return true;
	}
	s->stamp = d->stamp;
	s->number = *number;
	return false;
}
