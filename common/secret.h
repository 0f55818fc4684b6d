/*
 * Small services of libsodium for those who keep secrets: random bytes,
 * hashes, wiping, base64 and sealed boxes under a key of their own.
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define SECRET_KEY_LEN 32
#define SECRET_HASH_LEN 32
#define SECRET_SEAL_LEN 40 /* what a seal adds: nonce and tag */

void secret_random(void *out, size_t n);
void secret_wipe(void *data, size_t n);
/* In constant time. */
bool secret_is_equal(const void *a, const void *b, size_t n);

void secret_sha256(const void *data, size_t n, uint8_t out[SECRET_HASH_LEN]);
/* BLAKE2b-256. */
void secret_hash(const void *data, size_t n, uint8_t out[SECRET_HASH_LEN]);

/* URL-safe, without padding; appended. */
void secret_base64_add(struct buf *b, const void *data, size_t n);
/* n characters of it that must give exactly out_len bytes; -1 otherwise. */
int secret_base64_read(const char *text, size_t n, void *out, size_t out_len)
    __attribute__((warn_unused_result));

/* XChaCha20-Poly1305 with a random nonce in front; appended.  `context` (a
 * string) must be the same when opening: what the bytes are for. */
void secret_seal(const uint8_t key[SECRET_KEY_LEN], const char *context,
    const void *data, size_t n, struct buf *sealed);
/* -1 and nothing appended if it was not sealed by this key and context. */
int secret_open(const uint8_t key[SECRET_KEY_LEN], const char *context,
    const void *sealed, size_t n, struct buf *data)
    __attribute__((warn_unused_result));

#endif
