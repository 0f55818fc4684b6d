/*
 * Small uses of libsodium outside the channel: random bytes, hashes, sealing
 * of local files, base64url, wiping.
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define SECRET_KEY_LEN 32
#define SECRET_HASH_LEN 32
#define SECRET_SEAL_EXTRA 40 /* what sealing adds: nonce 24, tag 16 */

void secret_random(void *out, size_t len);
void secret_wipe(void *data, size_t len);

/* BLAKE2b-256. */
void secret_hash(uint8_t out[SECRET_HASH_LEN], const void *data, size_t len);

/* XChaCha20-Poly1305 with a random nonce in front, appended to out.  `context`
 * (a file's name, a record's number) is authenticated, not stored. */
void secret_seal(const uint8_t key[SECRET_KEY_LEN], const char *context,
    const void *data, size_t len, struct buf *out);
/* Appends the plain text; false if it was tampered with, cut, or sealed with
 * another key or context (out is as before then). */
bool secret_open(const uint8_t key[SECRET_KEY_LEN], const char *context,
    const void *data, size_t len, struct buf *out)
    __attribute__((warn_unused_result));

/* base64url without padding: text of (4 * len + 2) / 3 characters. */
void secret_encode(const void *data, size_t len, struct buf *out);
/* Exactly len bytes, or false. */
bool secret_decode(const char *text, size_t text_len, void *out, size_t len)
    __attribute__((warn_unused_result));

#endif
