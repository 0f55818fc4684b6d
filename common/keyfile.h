/*
 * A device's key: an X25519 key pair in a file that a passphrase may lock
 * (argon2id, then XChaCha20-Poly1305), with the server it belongs to.  The
 * secret lives in sodium_malloc memory.
 */
#ifndef COMMON_KEYFILE_H
#define COMMON_KEYFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct keyfile;

struct keyfile *keyfile_generate(void);
void keyfile_free(struct keyfile *k); /* wipes the secret; NULL is fine */

const uint8_t *keyfile_public(const struct keyfile *k); /* 32 bytes */
const uint8_t *keyfile_secret(const struct keyfile *k); /* 32 bytes */

/* What `join` pinned; empty before. */
const char *keyfile_address(const struct keyfile *k);
const uint8_t *keyfile_server_key(const struct keyfile *k);
void keyfile_set_server(
    struct keyfile *k, const char *address, const uint8_t server_key[32]);

/* A key of this device for sealing its local files (queue, cache): 32 bytes
 * derived from the secret for a context of at most 8 characters. */
void keyfile_derive(
    const struct keyfile *k, const char *context, uint8_t out[32]);

/* Writes atomically (new file, fsync, rename), mode 0600.  passphrase NULL:
 * not locked. */
int keyfile_save(const struct keyfile *k, const char *path,
    const char *passphrase, struct err *e) __attribute__((warn_unused_result));

/* NULL with e set.  ERR_NOT_ALLOWED: locked and the passphrase is NULL or
 * wrong (e->text says which). */
struct keyfile *keyfile_load(
    const char *path, const char *passphrase, struct err *e);
/* Whether the file asks for a passphrase; -1 with e if it cannot be read. */
int keyfile_is_locked(const char *path, struct err *e);

#endif
