/*
 * Noise_XK_25519_ChaChaPoly_BLAKE2b, revision 34 of the Noise specification:
 * the handshake of both sides and the two ciphers it leaves.  Messages only;
 * how they travel is common/channel.h.
 */
#ifndef COMMON_NOISE_H
#define COMMON_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct noise; /* a handshake under way; its keys are wiped when freed */

#define NOISE_KEY_LEN 32
#define NOISE_TAG_LEN 16
#define NOISE_HASH_LEN 64
#define NOISE_MESSAGE_MAX 65535 /* a Noise message, tag included */

struct noise_options {
	bool initiator;
	const void *prologue; /* hashed in noise_new */
	size_t prologue_len;
	const uint8_t *secret;	  /* own static pair, 32 bytes each, */
	const uint8_t *public;	  /* borrowed until noise_free */
	const uint8_t *remote;	  /* initiator: the responder's static key */
	const uint8_t *ephemeral; /* published vectors only; else NULL */
};

/* One direction after the handshake.  Copies of it must be wiped. */
struct noise_cipher {
	uint8_t key[NOISE_KEY_LEN];
	uint64_t nonce;
};

/* The public half of a static key. */
void noise_public(
    const uint8_t secret[NOISE_KEY_LEN], uint8_t public[NOISE_KEY_LEN]);

struct noise *noise_new(const struct noise_options *o);
void noise_free(struct noise *n);

/* What the next message adds to its payload: 48, 48, 64 bytes. */
size_t noise_overhead(const struct noise *n);

/* The next handshake message: `out` takes len + noise_overhead() bytes.  -1 if
 * it is not our turn or the peer's key is a bad point; the handshake is dead
 * then. */
int noise_write(struct noise *n, const void *payload, size_t len, uint8_t *out)
    __attribute__((warn_unused_result));
/* Takes the peer's message; `payload` takes len - noise_overhead() bytes.  -1
 * if it is forged, too short or out of turn; the handshake is dead then. */
int noise_read(struct noise *n, const void *message, size_t len,
    uint8_t *payload) __attribute__((warn_unused_result));

bool noise_is_done(const struct noise *n); /* all three messages passed */
/* The peer's static key: the responder's knows it once done. */
const uint8_t *noise_remote(const struct noise *n);
/* The transcript's hash, 64 bytes, once done. */
const uint8_t *noise_hash(const struct noise *n);
/* The ciphers, once done. */
void noise_split(
    struct noise *n, struct noise_cipher *send, struct noise_cipher *receive);

/* `out` takes len + NOISE_TAG_LEN bytes and may be `in`. */
void noise_seal(
    struct noise_cipher *c, const void *in, size_t len, uint8_t *out);
/* `out` takes len - NOISE_TAG_LEN bytes and may be `in`.  -1: forged. */
int noise_open(struct noise_cipher *c, const void *in, size_t len, uint8_t *out)
    __attribute__((warn_unused_result));
void noise_rekey(struct noise_cipher *c);

#endif
