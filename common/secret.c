/* Small services of libsodium. */
#include "common/secret.h"

#include <sodium.h>
#include <string.h>

#include "common/buf.h"
#include "common/log.h"

#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(SECRET_SEAL_LEN == NONCE_LEN + TAG_LEN, "a seal's size");

/* Cheap when done before. */
static void
start(void)
{
	if (sodium_init() < 0)
		fatalx("libsodium does not start");
}

void
secret_random(void *out, size_t n)
{
	start();
	randombytes_buf(out, n);
}

void
secret_wipe(void *data, size_t n)
{
	sodium_memzero(data, n);
}

bool
secret_is_equal(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

void
secret_sha256(const void *data, size_t n, uint8_t out[SECRET_HASH_LEN])
{
	start();
	crypto_hash_sha256(out, data, n);
}

void
secret_hash(const void *data, size_t n, uint8_t out[SECRET_HASH_LEN])
{
	start();
	crypto_generichash(out, SECRET_HASH_LEN, data, n, NULL, 0);
}

void
secret_base64_add(struct buf *b, const void *data, size_t n)
{
	int form = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
	size_t size = sodium_base64_encoded_len(n, form); /* with NUL */
	uint8_t *p = buf_reserve(b, size);

	sodium_bin2base64((char *)p, size, data, n, form);
	b->len += size - 1;
}

int
secret_base64_read(const char *text, size_t n, void *out, size_t out_len)
{
	size_t got;

	if (sodium_base642bin(out, out_len, text, n, NULL, &got, NULL,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return -1;
	return got == out_len ? 0 : -1;
}

void
secret_seal(const uint8_t key[SECRET_KEY_LEN], const char *context,
    const void *data, size_t n, struct buf *sealed)
{
	uint8_t *p = buf_reserve(sealed, n + SECRET_SEAL_LEN);

	secret_random(p, NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(p + NONCE_LEN, NULL, data, n,
	    (const uint8_t *)context, strlen(context), NULL, p, key);
	sealed->len += n + SECRET_SEAL_LEN;
}

int
secret_open(const uint8_t key[SECRET_KEY_LEN], const char *context,
    const void *sealed, size_t n, struct buf *data)
{
	const uint8_t *in = sealed;
	uint8_t *p;

	if (n < SECRET_SEAL_LEN)
		return -1;
	start();
	p = buf_reserve(data, n - SECRET_SEAL_LEN + 1);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(p, NULL, NULL,
		in + NONCE_LEN, n - NONCE_LEN, (const uint8_t *)context,
		strlen(context), in, key) != 0)
		return -1;
	data->len += n - SECRET_SEAL_LEN;
	return 0;
}
