/* Small uses of libsodium outside the channel. */
#include "common/secret.h"

#include <sodium.h>
#include <string.h>

#include "common/buf.h"
#include "common/log.h"

#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(SECRET_SEAL_EXTRA == NONCE_LEN + TAG_LEN, "secret.h");

/* sodium_init() is idempotent and cheap after the first time. */
static void
need_sodium(void)
{
	if (sodium_init() < 0)
		fatalx("libsodium cannot be initialised");
}

void
secret_random(void *out, size_t len)
{
	need_sodium();
	randombytes_buf(out, len);
}

void
secret_wipe(void *data, size_t len)
{
	sodium_memzero(data, len);
}

void
secret_hash(uint8_t out[SECRET_HASH_LEN], const void *data, size_t len)
{
	need_sodium();
	crypto_generichash(out, SECRET_HASH_LEN, data, len, NULL, 0);
}

void
secret_seal(const uint8_t key[SECRET_KEY_LEN], const char *context,
    const void *data, size_t len, struct buf *out)
{
	uint8_t *to = buf_reserve(out, len + SECRET_SEAL_EXTRA);

	secret_random(to, NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(to + NONCE_LEN, NULL, data,
	    len, (const uint8_t *)context, strlen(context), NULL, to, key);
	out->len += len + SECRET_SEAL_EXTRA;
}

bool
secret_open(const uint8_t key[SECRET_KEY_LEN], const char *context,
    const void *data, size_t len, struct buf *out)
{
	const uint8_t *from = data;
	unsigned long long got;

	if (len < SECRET_SEAL_EXTRA)
		return false;
	need_sodium();
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		buf_reserve(out, len - SECRET_SEAL_EXTRA), &got, NULL,
		from + NONCE_LEN, len - NONCE_LEN, (const uint8_t *)context,
		strlen(context), from, key) != 0)
		return false;
	out->len += (size_t)got;
	return true;
}

void
secret_encode(const void *data, size_t len, struct buf *out)
{
	int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
	size_t room = sodium_base64_encoded_len(len, variant);

	sodium_bin2base64(
	    (char *)buf_reserve(out, room), room, data, len, variant);
	out->len += room - 1;
}

bool
secret_decode(const char *text, size_t text_len, void *out, size_t len)
{
	size_t got;

	return sodium_base642bin(out, len, text, text_len, NULL, &got, NULL,
		   sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	       got == len;
}
