/*
 * A device's key in a file.  The file is text, one "name value" a line:
 *     firebreak-key 1
 *     public <base64url>
 *     address <host:port>          (after join)
 *     server <base64url>           (after join)
 *     secret <base64url>           (not locked), or
 *     lock argon2id <ops> <memory bytes> <salt base64url>
 *     sealed <base64url of nonce, secret, tag>
 * The lines before the seal are bound in as its additional data, so that the
 * server cannot be exchanged in a locked file.
 */
#include "common/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/say.h"
#include "common/secret.h"

#define KEY_LEN 32
#define SALT_LEN crypto_pwhash_argon2id_SALTBYTES
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEALED_LEN (NONCE_LEN + KEY_LEN + TAG_LEN)
#define ADDRESS_MAX 256
#define FILE_MAX 4096
#define MAGIC "firebreak-key 1"

/* What a file may ask of us: a hostile one must not take the machine. */
#define OPS_MAX 16
#define MEMORY_MAX ((size_t)1 << 30)

struct keyfile {
	uint8_t *secret; /* sodium_malloc, 32 bytes */
	uint8_t public[KEY_LEN];
	uint8_t server[KEY_LEN];
	char address[ADDRESS_MAX];
};

/* A line's value, inside the file's text. */
struct value {
	const char *at; /* NULL: no such line */
	size_t len;
};

enum line {
	LINE_PUBLIC,
	LINE_ADDRESS,
	LINE_SERVER,
	LINE_SECRET,
	LINE_LOCK,
	LINE_SEALED,
	LINES
};

static const char *const line_table[LINES] = {
    [LINE_PUBLIC] = "public ",
    [LINE_ADDRESS] = "address ",
    [LINE_SERVER] = "server ",
    [LINE_SECRET] = "secret ",
    [LINE_LOCK] = "lock argon2id ",
    [LINE_SEALED] = "sealed ",
};

/* A key file under reading. */
struct key_text {
	const char *path; /* for messages */
	uint8_t data[FILE_MAX + 1];
	size_t len;
	struct value lines[LINES];
	size_t bound; /* bytes before the sealed line */
};

struct lock {
	unsigned long long ops;
	size_t memory;
	uint8_t salt[SALT_LEN];
};

static struct keyfile *
new_keyfile(void)
{
	struct keyfile *k = xcalloc(1, sizeof(*k));

	if (sodium_init() < 0)
		fatalx("libsodium does not start");
	k->secret = sodium_malloc(KEY_LEN);
	if (!k->secret)
		fatalx("out of memory: guarded pages for a key");
	return k;
}

struct keyfile *
keyfile_generate(void)
{
	struct keyfile *k = new_keyfile();

	randombytes_buf(k->secret, KEY_LEN);
	crypto_scalarmult_base(k->public, k->secret);
	return k;
}

void
keyfile_free(struct keyfile *k)
{
	if (!k)
		return;
	sodium_free(k->secret); /* wipes */
	free(k);
}

const uint8_t *
keyfile_public(const struct keyfile *k)
{
	return k->public;
}

const uint8_t *
keyfile_secret(const struct keyfile *k)
{
	return k->secret;
}

const char *
keyfile_address(const struct keyfile *k)
{
	return k->address;
}

const uint8_t *
keyfile_server_key(const struct keyfile *k)
{
	return k->server;
}

void
keyfile_set_server(
    struct keyfile *k, const char *address, const uint8_t server_key[KEY_LEN])
{
	snprintf(k->address, sizeof(k->address), "%s", address);
	memcpy(k->server, server_key, KEY_LEN);
}

void
keyfile_derive(const struct keyfile *k, const char *context, uint8_t out[32])
{
	char padded[crypto_kdf_CONTEXTBYTES] = {0};

	memcpy(padded, context, strnlen(context, sizeof(padded)));
	crypto_kdf_derive_from_key(out, 32, 1, padded, k->secret);
}

static void
add_line(struct buf *b, const char *name, const uint8_t *value, size_t len)
{
	buf_addf(b, "%s ", name);
	secret_base64_add(b, value, len);
	buf_add_byte(b, '\n');
}

/* The key that the passphrase gives.  argon2id's memory goes back to the
 * system at once: the terminal is to stay small afterwards. */
static int
stretch(const struct lock *lock, const char *passphrase, uint8_t out[KEY_LEN],
    struct err *e)
{
	int rc = crypto_pwhash(out, KEY_LEN, passphrase, strlen(passphrase),
	    lock->salt, lock->ops, lock->memory, crypto_pwhash_ALG_ARGON2ID13);

	malloc_trim(0);
	if (rc != 0)
		return err_set(e, ERR_SYSTEM,
		    "not enough memory to unlock the key: %zu MiB needed",
		    lock->memory >> 20);
	return 0;
}

static int
add_sealed(const struct keyfile *k, const char *passphrase, struct buf *b,
    struct err *e)
{
	struct lock lock = {
	    .ops = crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE,
	    .memory = crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE,
	};
	uint8_t key[KEY_LEN], sealed[SEALED_LEN];

	randombytes_buf(lock.salt, sizeof(lock.salt));
	randombytes_buf(sealed, NONCE_LEN);
	buf_addf(b, "lock argon2id %llu %zu ", lock.ops, lock.memory);
	secret_base64_add(b, lock.salt, sizeof(lock.salt));
	buf_add_byte(b, '\n');
	if (stretch(&lock, passphrase, key, e) != 0)
		return -1;
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_LEN, NULL,
	    k->secret, KEY_LEN, b->data, b->len, NULL, sealed, key);
	sodium_memzero(key, sizeof(key));
	add_line(b, "sealed", sealed, sizeof(sealed));
	return 0;
}

static int
write_all(int fd, const uint8_t *data, size_t len)
{
	ssize_t n;

	for (size_t at = 0; at < len; at += (size_t)n) {
		n = write(fd, data + at, len - at);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -1;
	}
	return 0;
}

/* A rename lasts only once its directory is on disk. */
static void
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir =
	    slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
}

static int
replace_file(const char *path, const struct buf *b, struct err *e)
{
	char *new = xasprintf("%s.XXXXXX", path);
	int rc = -1, fd = mkostemp(new, O_CLOEXEC); /* mode 0600 */

	if (fd < 0) {
		err_errno(e, say("无法写入 %s", "cannot write %s"), new);
		goto free_name;
	}
	if (write_all(fd, b->data, b->len) != 0 || fsync(fd) != 0 ||
	    rename(new, path) != 0) {
		err_errno(e, say("无法写入 %s", "cannot write %s"), path);
		unlink(new);
	} else {
		sync_directory(path);
		rc = 0;
	}
	close(fd);
free_name:
	free(new);
	return rc;
}

int
keyfile_save(const struct keyfile *k, const char *path, const char *passphrase,
    struct err *e)
{
	struct buf b = {0};
	int rc = 0;

	buf_reserve(&b, FILE_MAX); /* no copies of the secret are left behind */
	buf_add_str(&b, MAGIC "\n");
	add_line(&b, "public", k->public, KEY_LEN);
	if (k->address[0]) {
		buf_addf(&b, "address %s\n", k->address);
		add_line(&b, "server", k->server, KEY_LEN);
	}
	if (passphrase)
		rc = add_sealed(k, passphrase, &b, e);
	else
		add_line(&b, "secret", k->secret, KEY_LEN);
	if (rc == 0)
		rc = replace_file(path, &b, e);
	sodium_memzero(b.data, b.size);
	buf_clear(&b);
	return rc;
}

static int
bad_file(const struct key_text *t, int line, struct err *e)
{
	return err_set(
	    e, ERR_BAD_ARGUMENT, "%s:%d: not a key file's line", t->path, line);
}

/* One line, without its newline, into its place. */
static int
take_line(struct key_text *t, const char *at, size_t len)
{
	size_t n;

	for (int i = 0; i < LINES; i++) {
		n = strlen(line_table[i]);
		if (len < n || memcmp(at, line_table[i], n) != 0)
			continue;
		if (t->lines[i].at)
			return -1;
		t->lines[i] = (struct value){at + n, len - n};
		if (i == LINE_SEALED)
			t->bound = (size_t)(at - (const char *)t->data);
		return 0;
	}
	return -1;
}

static int
split_lines(struct key_text *t, struct err *e)
{
	const char *at = (const char *)t->data, *end = at + t->len, *stop;
	int line = 1;

	for (; at < end; at = stop + 1, line++) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			return bad_file(t, line, e);
		if (line > 1 && take_line(t, at, (size_t)(stop - at)) != 0)
			return bad_file(t, line, e);
		if (line == 1 && ((size_t)(stop - at) != strlen(MAGIC) ||
				     memcmp(at, MAGIC, strlen(MAGIC)) != 0))
			return err_set(e, ERR_BAD_ARGUMENT,
			    "%s is not a firebreak key file", t->path);
	}
	if (!t->lines[LINE_PUBLIC].at ||
	    !t->lines[LINE_SECRET].at == !t->lines[LINE_SEALED].at ||
	    !t->lines[LINE_LOCK].at != !t->lines[LINE_SEALED].at ||
	    !t->lines[LINE_ADDRESS].at != !t->lines[LINE_SERVER].at)
		return err_set(e, ERR_BAD_ARGUMENT,
		    "%s is an incomplete key file", t->path);
	return 0;
}

/* NULL with e; the caller wipes and frees. */
static struct key_text *
read_text(const char *path, struct err *e)
{
	struct key_text *t = xcalloc(1, sizeof(*t));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	t->path = path;
	if (fd < 0) {
		err_errno(e, say("无法读取 %s", "cannot read %s"), path);
		goto free_text;
	}
	while (n > 0 && t->len < sizeof(t->data)) {
		n = read(fd, t->data + t->len, sizeof(t->data) - t->len);
		if (n > 0)
			t->len += (size_t)n;
	}
	if (n < 0)
		err_errno(e, say("无法读取 %s", "cannot read %s"), path);
	else if (t->len > FILE_MAX)
		err_set(
		    e, ERR_BAD_ARGUMENT, "%s is too long for a key file", path);
	close(fd);
	if (n == 0 && t->len <= FILE_MAX && split_lines(t, e) == 0)
		return t;
free_text:
	sodium_memzero(t, sizeof(*t));
	free(t);
	return NULL;
}

static int
read_key(const struct key_text *t, enum line line, uint8_t *out, size_t len,
    struct err *e)
{
	const struct value *v = &t->lines[line];

	if (secret_base64_read(v->at, v->len, out, len) == 0)
		return 0;
	return err_set(e, ERR_BAD_ARGUMENT, "%s: the line \"%s...\" is damaged",
	    t->path, line_table[line]);
}

static int
read_lock(const struct key_text *t, struct lock *lock, struct err *e)
{
	const struct value *v = &t->lines[LINE_LOCK];
	char line[128], salt[64];
	int n;

	snprintf(line, sizeof(line), "%.*s", (int)v->len, v->at);
	n = sscanf(line, "%llu %zu %63s", &lock->ops, &lock->memory, salt);
	if (n != 3 ||
	    secret_base64_read(salt, strlen(salt), lock->salt, SALT_LEN) != 0)
		return err_set(e, ERR_BAD_ARGUMENT,
		    "%s: the line \"lock ...\" is damaged", t->path);
	if (lock->ops < 1 || lock->ops > OPS_MAX ||
	    lock->memory < crypto_pwhash_argon2id_MEMLIMIT_MIN ||
	    lock->memory > MEMORY_MAX)
		return err_set(e, ERR_BAD_ARGUMENT,
		    "%s asks for %llu rounds over %zu bytes: out of bounds",
		    t->path, lock->ops, lock->memory);
	return 0;
}

static int
unseal(const struct key_text *t, const char *passphrase, uint8_t *secret,
    struct err *e)
{
	uint8_t sealed[SEALED_LEN], key[KEY_LEN];
	struct lock lock;
	int rc;

	if (!passphrase)
		return err_set(e, ERR_NOT_ALLOWED,
		    "%s is locked: its passphrase is needed", t->path);
	if (read_key(t, LINE_SEALED, sealed, sizeof(sealed), e) != 0 ||
	    read_lock(t, &lock, e) != 0 ||
	    stretch(&lock, passphrase, key, e) != 0)
		return -1;
	rc = crypto_aead_xchacha20poly1305_ietf_decrypt(secret, NULL, NULL,
	    sealed + NONCE_LEN, sizeof(sealed) - NONCE_LEN, t->data, t->bound,
	    sealed, key);
	sodium_memzero(key, sizeof(key));
	if (rc != 0)
		return err_set(e, ERR_NOT_ALLOWED,
		    "wrong passphrase for %s (or the file was changed)",
		    t->path);
	return 0;
}

static int
read_server(const struct key_text *t, struct keyfile *k, struct err *e)
{
	const struct value *v = &t->lines[LINE_ADDRESS];

	if (!v->at)
		return 0;
	if (v->len == 0 || v->len >= ADDRESS_MAX)
		return err_set(e, ERR_BAD_ARGUMENT,
		    "%s: the line \"address ...\" is damaged", t->path);
	snprintf(k->address, ADDRESS_MAX, "%.*s", (int)v->len, v->at);
	return read_key(t, LINE_SERVER, k->server, KEY_LEN, e);
}

static int
read_keyfile(const struct key_text *t, const char *passphrase,
    struct keyfile *k, struct err *e)
{
	uint8_t public[KEY_LEN];
	int rc;

	if (read_key(t, LINE_PUBLIC, k->public, KEY_LEN, e) != 0 ||
	    read_server(t, k, e) != 0)
		return -1;
	rc = t->lines[LINE_SEALED].at
		 ? unseal(t, passphrase, k->secret, e)
		 : read_key(t, LINE_SECRET, k->secret, KEY_LEN, e);
	if (rc != 0)
		return -1;
	crypto_scalarmult_base(public, k->secret);
	if (memcmp(public, k->public, KEY_LEN) != 0)
		return err_set(e, ERR_BAD_ARGUMENT,
		    "%s: its two keys do not belong together", t->path);
	return 0;
}

struct keyfile *
keyfile_load(const char *path, const char *passphrase, struct err *e)
{
	struct keyfile *k = new_keyfile();
	struct key_text *t = read_text(path, e);

	if (!t || read_keyfile(t, passphrase, k, e) != 0) {
		keyfile_free(k);
		k = NULL;
	}
	if (t)
		sodium_memzero(t, sizeof(*t));
	free(t);
	return k;
}

int
keyfile_is_locked(const char *path, struct err *e)
{
	struct key_text *t = read_text(path, e);
	int locked;

	if (!t)
		return -1;
	locked = t->lines[LINE_SEALED].at != NULL;
	sodium_memzero(t, sizeof(*t));
	free(t);
	return locked;
}
