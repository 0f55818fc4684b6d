/* Which statements a connection has prepared: an open hash of their texts. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "server/db/conn.h"

#define SLOTS 2048 /* a power of two */
#define MOST 1024  /* then everything is forgotten */

struct prepared_slot {
	uint64_t hash;
	char *sql;
	unsigned number;
};

struct prepared {
	struct prepared_slot slots[SLOTS];
	int count;
	unsigned next;
};

struct prepared *
prepared_new(void)
{
	return xcalloc(1, sizeof(struct prepared));
}

void
prepared_reset(struct prepared *p)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		free(p->slots[i].sql);
	memset(p->slots, 0, sizeof(p->slots));
	p->count = 0;
}

void
prepared_free(struct prepared *p)
{
	if (!p)
		return;
	prepared_reset(p);
	free(p);
}

bool
prepared_is_full(const struct prepared *p)
{
	return p->count >= MOST;
}

/* FNV-1a, eight bytes a step: texts are long and differ early or late. */
static uint64_t
hash_text(const char *s, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ len, word;

	for (; len >= 8; s += 8, len -= 8) {
		memcpy(&word, s, 8);
		h = (h ^ word) * UINT64_C(0x100000001b3);
		h ^= h >> 29;
	}
	for (; len; s++, len--)
		h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

unsigned
prepared_find(struct prepared *p, const char *sql, bool *fresh)
{
	size_t len = strlen(sql);
	uint64_t hash = hash_text(sql, len);
	struct prepared_slot *slot;
	size_t i;

	for (i = hash % SLOTS;; i = (i + 1) % SLOTS) {
		slot = &p->slots[i];
		if (!slot->sql)
			break;
		if (slot->hash == hash && strcmp(slot->sql, sql) == 0) {
			*fresh = false;
			return slot->number;
		}
	}
	*fresh = true;
	slot->hash = hash;
	slot->sql = xstrndup(sql, len);
	slot->number = p->next++;
	p->count++;
	return slot->number;
}
