/* Noise_XK_25519_ChaChaPoly_BLAKE2b on libsodium's primitives. */
#include "common/noise.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"

#define BLOCK_LEN 128 /* of BLAKE2b, for HMAC */

static const char protocol_name[] = "Noise_XK_25519_ChaChaPoly_BLAKE2b";

enum noise_turn {
	TURN_E_ES, /* -> e, es */
	TURN_E_EE, /* <- e, ee */
	TURN_S_SE, /* -> s, se */
	TURN_DONE,
	TURN_DEAD
};

static const size_t overhead_table[] = {
    [TURN_E_ES] = NOISE_KEY_LEN + NOISE_TAG_LEN,
    [TURN_E_EE] = NOISE_KEY_LEN + NOISE_TAG_LEN,
    [TURN_S_SE] = NOISE_KEY_LEN + 2 * NOISE_TAG_LEN,
    [TURN_DONE] = 0,
    [TURN_DEAD] = 0,
};

struct noise {
	bool initiator;
	enum noise_turn turn;
	const uint8_t *s, *s_public;   /* own static pair, borrowed */
	const uint8_t *fixed_e;	       /* vectors only */
	uint8_t e[NOISE_KEY_LEN];      /* own ephemeral secret */
	uint8_t rs[NOISE_KEY_LEN];     /* the peer's static key */
	uint8_t re[NOISE_KEY_LEN];     /* the peer's ephemeral key */
	uint8_t chain[NOISE_HASH_LEN]; /* ck of the specification */
	uint8_t hash[NOISE_HASH_LEN];  /* h of the specification */
	struct noise_cipher cipher;    /* of the symmetric state */
};

static void
mix_hash(struct noise *n, const void *data, size_t len)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, NOISE_HASH_LEN);
	crypto_generichash_update(&st, n->hash, NOISE_HASH_LEN);
	crypto_generichash_update(&st, data, len);
	crypto_generichash_final(&st, n->hash, NOISE_HASH_LEN);
}

/* HMAC over a then b; the key is at most one block. */
static void
hmac(const uint8_t key[NOISE_HASH_LEN], const uint8_t *data, size_t len,
    uint8_t tail, uint8_t out[NOISE_HASH_LEN])
{
	crypto_generichash_state st;
	uint8_t pad[BLOCK_LEN];

	memset(pad, 0x36, sizeof(pad));
	for (size_t i = 0; i < NOISE_HASH_LEN; i++)
		pad[i] ^= key[i];
	crypto_generichash_init(&st, NULL, 0, NOISE_HASH_LEN);
	crypto_generichash_update(&st, pad, sizeof(pad));
	crypto_generichash_update(&st, data, len);
	if (tail)
		crypto_generichash_update(&st, &tail, 1);
	crypto_generichash_final(&st, out, NOISE_HASH_LEN);
	for (size_t i = 0; i < BLOCK_LEN; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	crypto_generichash_init(&st, NULL, 0, NOISE_HASH_LEN);
	crypto_generichash_update(&st, pad, sizeof(pad));
	crypto_generichash_update(&st, out, NOISE_HASH_LEN);
	crypto_generichash_final(&st, out, NOISE_HASH_LEN);
	sodium_memzero(pad, sizeof(pad));
	sodium_memzero(&st, sizeof(st));
}

/* HKDF with two outputs; `first` may be the chain itself. */
static void
derive(const uint8_t chain[NOISE_HASH_LEN], const uint8_t *input, size_t len,
    uint8_t first[NOISE_HASH_LEN], uint8_t second[NOISE_HASH_LEN])
{
	uint8_t key[NOISE_HASH_LEN], block[NOISE_HASH_LEN + 1];

	hmac(chain, input, len, 0, key);
	hmac(key, NULL, 0, 1, first);
	memcpy(block, first, NOISE_HASH_LEN);
	hmac(key, block, NOISE_HASH_LEN, 2, second);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(block, sizeof(block));
}

static void
mix_key(struct noise *n, const uint8_t shared[NOISE_KEY_LEN])
{
	uint8_t key[NOISE_HASH_LEN];

	derive(n->chain, shared, NOISE_KEY_LEN, n->chain, key);
	memcpy(n->cipher.key, key, NOISE_KEY_LEN);
	n->cipher.nonce = 0;
	sodium_memzero(key, sizeof(key));
}

static int
mix_dh(struct noise *n, const uint8_t *secret, const uint8_t *public)
{
	uint8_t shared[NOISE_KEY_LEN];

	/* libsodium refuses points of small order: their result is zero. */
	if (crypto_scalarmult(shared, secret, public) != 0)
		return -1;
	mix_key(n, shared);
	sodium_memzero(shared, sizeof(shared));
	return 0;
}

static void
nonce_bytes(uint64_t nonce, uint8_t out[12])
{
	memset(out, 0, 4);
	for (int i = 0; i < 8; i++)
		out[4 + i] = (uint8_t)(nonce >> (8 * i));
}

static void
seal_with(struct noise_cipher *c, const struct noise *n, const void *in,
    size_t len, uint8_t *out)
{
	uint8_t nonce[12];

	nonce_bytes(c->nonce++, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len,
	    n ? n->hash : NULL, n ? NOISE_HASH_LEN : 0, NULL, nonce, c->key);
}

static int
open_with(struct noise_cipher *c, const struct noise *n, const void *in,
    size_t len, uint8_t *out)
{
	uint8_t nonce[12];

	if (len < NOISE_TAG_LEN)
		return -1;
	nonce_bytes(c->nonce, nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, len,
		n ? n->hash : NULL, n ? NOISE_HASH_LEN : 0, nonce, c->key) != 0)
		return -1;
	c->nonce++;
	return 0;
}

void
noise_seal(struct noise_cipher *c, const void *in, size_t len, uint8_t *out)
{
	seal_with(c, NULL, in, len, out);
}

int
noise_open(struct noise_cipher *c, const void *in, size_t len, uint8_t *out)
{
	return open_with(c, NULL, in, len, out);
}

void
noise_rekey(struct noise_cipher *c)
{
	static const uint8_t zeros[NOISE_KEY_LEN];
	uint8_t nonce[12], out[NOISE_KEY_LEN + NOISE_TAG_LEN];

	nonce_bytes(UINT64_MAX, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(
	    out, NULL, zeros, sizeof(zeros), NULL, 0, NULL, nonce, c->key);
	memcpy(c->key, out, NOISE_KEY_LEN);
	sodium_memzero(out, sizeof(out));
}

void
noise_public(const uint8_t secret[NOISE_KEY_LEN], uint8_t public[NOISE_KEY_LEN])
{
	crypto_scalarmult_base(public, secret);
}

struct noise *
noise_new(const struct noise_options *o)
{
	struct noise *n = xcalloc(1, sizeof(*n));

	if (sodium_init() < 0)
		fatalx("libsodium does not start");
	n->initiator = o->initiator;
	n->s = o->secret;
	n->s_public = o->public;
	n->fixed_e = o->ephemeral;
	/* The name is shorter than a hash, so it is padded, not hashed. */
	memcpy(n->hash, protocol_name, sizeof(protocol_name) - 1);
	memcpy(n->chain, n->hash, NOISE_HASH_LEN);
	mix_hash(n, o->prologue, o->prologue_len);
	if (n->initiator)
		memcpy(n->rs, o->remote, NOISE_KEY_LEN);
	mix_hash(n, n->initiator ? n->rs : n->s_public, NOISE_KEY_LEN);
	return n;
}

void
noise_free(struct noise *n)
{
	if (!n)
		return;
	sodium_memzero(n, sizeof(*n));
	free(n);
}

size_t
noise_overhead(const struct noise *n)
{
	return overhead_table[n->turn];
}

bool
noise_is_done(const struct noise *n)
{
	return n->turn == TURN_DONE;
}

const uint8_t *
noise_remote(const struct noise *n)
{
	return n->rs;
}

const uint8_t *
noise_hash(const struct noise *n)
{
	return n->hash;
}

static void
write_ephemeral(struct noise *n, uint8_t out[NOISE_KEY_LEN])
{
	if (n->fixed_e)
		memcpy(n->e, n->fixed_e, NOISE_KEY_LEN);
	else
		randombytes_buf(n->e, NOISE_KEY_LEN);
	crypto_scalarmult_base(out, n->e);
	mix_hash(n, out, NOISE_KEY_LEN);
}

static void
read_ephemeral(struct noise *n, const uint8_t *in)
{
	memcpy(n->re, in, NOISE_KEY_LEN);
	mix_hash(n, n->re, NOISE_KEY_LEN);
}

/* EncryptAndHash: the hash takes the ciphertext, which is at `out`. */
static void
seal_and_hash(struct noise *n, const void *in, size_t len, uint8_t *out)
{
	seal_with(&n->cipher, n, in, len, out);
	mix_hash(n, out, len + NOISE_TAG_LEN);
}

static int
open_and_hash(struct noise *n, const uint8_t *in, size_t len, uint8_t *out)
{
	if (open_with(&n->cipher, n, in, len, out) != 0)
		return -1;
	mix_hash(n, in, len);
	return 0;
}

/* Messages 1 and 2: an ephemeral key, then one agreement with the key that
 * the other side is known by so far. */
static int
write_e(struct noise *n, uint8_t *out)
{
	write_ephemeral(n, out);
	return mix_dh(n, n->e, n->initiator ? n->rs : n->re);
}

static int
read_e(struct noise *n, const uint8_t *in)
{
	read_ephemeral(n, in);
	return mix_dh(n, n->initiator ? n->e : n->s, n->re);
}

/* Message 3: the initiator's static key, hidden. */
static int
write_s(struct noise *n, uint8_t *out)
{
	seal_and_hash(n, n->s_public, NOISE_KEY_LEN, out);
	return mix_dh(n, n->s, n->re);
}

static int
read_s(struct noise *n, const uint8_t *in)
{
	if (open_and_hash(n, in, NOISE_KEY_LEN + NOISE_TAG_LEN, n->rs) != 0)
		return -1;
	return mix_dh(n, n->e, n->rs);
}

/* Messages 1 and 3 are the initiator's. */
static bool
is_own_turn(const struct noise *n, bool writing)
{
	bool initiators = n->turn != TURN_E_EE;

	return n->turn < TURN_DONE && (initiators == n->initiator) == writing;
}

int
noise_write(struct noise *n, const void *payload, size_t len, uint8_t *out)
{
	size_t head;
	int rc;

	if (!is_own_turn(n, true))
		goto dead;
	head = noise_overhead(n) - NOISE_TAG_LEN;
	rc = n->turn == TURN_S_SE ? write_s(n, out) : write_e(n, out);
	if (rc != 0)
		goto dead;
	seal_and_hash(n, payload, len, out + head);
	n->turn++;
	return 0;
dead:
	n->turn = TURN_DEAD;
	return -1;
}

int
noise_read(struct noise *n, const void *message, size_t len, uint8_t *payload)
{
	const uint8_t *in = message;
	size_t head;
	int rc;

	if (!is_own_turn(n, false) || len < noise_overhead(n))
		goto dead;
	head = noise_overhead(n) - NOISE_TAG_LEN;
	rc = n->turn == TURN_S_SE ? read_s(n, in) : read_e(n, in);
	if (rc != 0 || open_and_hash(n, in + head, len - head, payload) != 0)
		goto dead;
	n->turn++;
	return 0;
dead:
	n->turn = TURN_DEAD;
	return -1;
}

void
noise_split(
    struct noise *n, struct noise_cipher *send, struct noise_cipher *receive)
{
	uint8_t first[NOISE_HASH_LEN], second[NOISE_HASH_LEN];

	derive(n->chain, NULL, 0, first, second);
	memcpy(send->key, n->initiator ? first : second, NOISE_KEY_LEN);
	memcpy(receive->key, n->initiator ? second : first, NOISE_KEY_LEN);
	send->nonce = 0;
	receive->nonce = 0;
	sodium_memzero(first, sizeof(first));
	sodium_memzero(second, sizeof(second));
}
