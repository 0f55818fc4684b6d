/*
 * Key files: saved, locked, loaded, and every way in which one can be wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/keyfile.h"

static char dir[64], path[96];
static const uint8_t server_key[32] = {1, 2, 3};

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/keyfile_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static size_t
slurp(char *out, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	fclose(f);
	return n;
}

static void
spill(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

static void
check_round_trip(const char *passphrase)
{
	struct keyfile *k = keyfile_generate(), *back;
	uint8_t a[32], b[32];
	struct stat st;
	struct err e;

	assert_string_equal(keyfile_address(k), "");
	keyfile_set_server(k, "host:4022", server_key);
	assert_int_equal(keyfile_save(k, path, passphrase, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(keyfile_is_locked(path, &e), passphrase != NULL);
	back = keyfile_load(path, passphrase, &e);
	assert_non_null(back);
	assert_memory_equal(keyfile_secret(k), keyfile_secret(back), 32);
	assert_memory_equal(keyfile_public(k), keyfile_public(back), 32);
	assert_memory_equal(keyfile_server_key(back), server_key, 32);
	assert_string_equal(keyfile_address(back), "host:4022");
	keyfile_derive(k, "queue", a);
	keyfile_derive(back, "queue", b);
	assert_memory_equal(a, b, 32);
	keyfile_derive(back, "cache", b);
	assert_memory_not_equal(a, b, 32);
	keyfile_free(k);
	keyfile_free(back);
}

static void
test_open(void **state)
{
	(void)state;
	keyfile_free(NULL);
	check_round_trip(NULL);
}

static void
test_locked(void **state)
{
	struct err e;

	(void)state;
	check_round_trip("correct horse");
	assert_null(keyfile_load(path, NULL, &e));
	assert_int_equal(e.code, ERR_NOT_ALLOWED);
	assert_non_null(strstr(e.text, "is needed"));
	assert_null(keyfile_load(path, "wrong", &e));
	assert_int_equal(e.code, ERR_NOT_ALLOWED);
	assert_non_null(strstr(e.text, "wrong passphrase"));
	assert_null(keyfile_load(path, "", &e));
}

/* The server's address in a locked file cannot be exchanged. */
static void
test_locked_is_bound(void **state)
{
	char text[4096];
	struct err e;
	size_t n;

	(void)state;
	check_round_trip("p");
	n = slurp(text, sizeof(text));
	*strstr(text, "host:4022") = 'm';
	spill(text, n);
	assert_null(keyfile_load(path, "p", &e));
	assert_int_equal(e.code, ERR_NOT_ALLOWED);
}

static const struct bad {
	const char *text;
	const char *says;
} bad_table[] = {
    {"", "incomplete"},
    {"\n", "not a firebreak key file"},
    {"-----BEGIN OPENSSH PRIVATE KEY-----\n", "not a firebreak key file"},
    {"firebreak-key 1\n", "incomplete"},
    {"firebreak-key 1\npublic", ":2: "},
    {"firebreak-key 1\npublic AA\nsecret AA\n", "damaged"},
    {"firebreak-key 1\npublic AA\npublic AA\n", ":3: "},
    {"firebreak-key 1\nnonsense\n", ":2: "},
    {"firebreak-key 1\npublic AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
     "secret AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
	"do not belong together"},
    {"firebreak-key 1\npublic AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
     "lock argon2id 2 99999999999 AAAAAAAAAAAAAAAAAAAAAA\n"
     "sealed AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
	"out of bounds"},
};

static void
test_bad_files(void **state)
{
	struct err e;

	(void)state;
	assert_null(keyfile_load(path, NULL, &e));
	assert_int_equal(e.code, ERR_SYSTEM);
	assert_int_equal(keyfile_is_locked(path, &e), -1);
	for (size_t i = 0; i < sizeof(bad_table) / sizeof(bad_table[0]); i++) {
		spill(bad_table[i].text, strlen(bad_table[i].text));
		assert_null(keyfile_load(path, "p", &e));
		if (!strstr(e.text, bad_table[i].says))
			fail_msg("row %zu says: %s", i, e.text);
	}
}

/* Cut at any byte, a file is refused and never half-read. */
static void
test_cut(void **state)
{
	char text[4096];
	struct err e;
	size_t n;

	(void)state;
	check_round_trip(NULL);
	n = slurp(text, sizeof(text));
	for (size_t cut = 0; cut < n; cut++) {
		spill(text, cut);
		assert_null(keyfile_load(path, NULL, &e));
	}
}

static void
test_cannot_save(void **state)
{
	struct keyfile *k = keyfile_generate();
	struct err e;

	(void)state;
	assert_int_equal(keyfile_save(k, "/nonexistent/dir/key", NULL, &e), -1);
	assert_int_equal(e.code, ERR_SYSTEM);
	keyfile_free(k);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_bad_files),
	    T(test_cannot_save),
	    T(test_open),
	    T(test_locked),
	    T(test_locked_is_bound),
	    T(test_cut),
	};

	return cmocka_run_group_tests_name("keyfile", tests, NULL, NULL);
}
