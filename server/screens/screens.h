/*
 * The screens of the packs: read from YAML, checked against the catalogue and
 * the phrases, resolved into one bundle of bytes for each role
 * (docs/screens.md has both forms).  This folder:
 *     screens.c  loading a set of packs, the bundles
 *     read.c     one screen file into structs, with every fault it has
 *     check.c    structs against the catalogue: columns, arguments, targets
 *     bundle.c   structs into CBOR
 */
#ifndef SERVER_SCREENS_SCREENS_H
#define SERVER_SCREENS_SCREENS_H

#include <stddef.h>
#include <stdint.h>

struct catalogue;
struct diags;
struct phrases;
struct screens;

struct screens_bundle {
	uint8_t hash[32]; /* BLAKE2b-256 of the bytes */
	const uint8_t *data;
	size_t len;
};

/*
 * Reads screens/ *.yaml of each pack directory, in order.  The catalogue must
 * be prepared (its columns known) and, like the phrases, is only needed during
 * the call.  NULL if anything is wrong; every fault of every file is in d.
 */
struct screens *screens_load(const char *const *dirs, size_t count,
    const struct catalogue *c, const struct phrases *p, struct diags *d);
void screens_free(struct screens *s);

/* The bundle for a role, alive as long as s; NULL for an unknown role. */
const struct screens_bundle *screens_bundle_for(
    const struct screens *s, const char *role);

#endif
