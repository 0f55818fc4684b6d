/*
 * The published vectors of Noise_XK_25519_ChaChaPoly_BLAKE2b, every message
 * both ways and the handshake hash, and what must be refused.  The vectors are
 * found through FIREBREAK_DATA (default ../shared/data).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/noise.h"

#define NAME "Noise_XK_25519_ChaChaPoly_BLAKE2b"

struct bytes {
	uint8_t data[1024];
	size_t len;
};

/* One party of a vector. */
struct party {
	struct noise *n;
	struct bytes secret, ephemeral, prologue;
	uint8_t public[32];
	struct noise_cipher send, receive;
};

static struct bytes
hex(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	struct bytes b = {.len = 0};
	unsigned v;

	for (; s && sscanf(s, "%2x", &v) == 1; s += 2)
		b.data[b.len++] = (uint8_t)v;
	return b;
}

static void
step(struct party *from, struct party *to, size_t at, const json_t *message)
{
	struct bytes payload = hex(message, "payload");
	struct bytes want = hex(message, "ciphertext");
	uint8_t out[1024], back[1024];
	size_t extra = NOISE_TAG_LEN;

	if (at < 3) {
		extra = noise_overhead(from->n);
		assert_int_equal(
		    noise_write(from->n, payload.data, payload.len, out), 0);
	} else {
		noise_seal(&from->send, payload.data, payload.len, out);
	}
	assert_int_equal(payload.len + extra, want.len);
	assert_memory_equal(out, want.data, want.len);
	if (at < 3)
		assert_int_equal(noise_read(to->n, out, want.len, back), 0);
	else
		assert_int_equal(
		    noise_open(&to->receive, out, want.len, back), 0);
	assert_memory_equal(back, payload.data, payload.len);
	if (at == 2) {
		noise_split(from->n, &from->send, &from->receive);
		noise_split(to->n, &to->send, &to->receive);
	}
}

static void
start(struct party *p, const json_t *v, bool initiator, const uint8_t *remote)
{
	const char *side = initiator ? "init" : "resp";
	char key[32];
	struct noise_options o = {.initiator = initiator};

	snprintf(key, sizeof(key), "%s_prologue", side);
	p->prologue = hex(v, key);
	snprintf(key, sizeof(key), "%s_static", side);
	p->secret = hex(v, key);
	snprintf(key, sizeof(key), "%s_ephemeral", side);
	p->ephemeral = hex(v, key);
	assert_int_equal(p->secret.len, 32);
	assert_int_equal(p->ephemeral.len, 32);
	noise_public(p->secret.data, p->public);
	o.prologue = p->prologue.data;
	o.prologue_len = p->prologue.len;
	o.secret = p->secret.data;
	o.public = p->public;
	o.remote = remote;
	o.ephemeral = p->ephemeral.data;
	p->n = noise_new(&o);
}

static void
run_vector(const json_t *v)
{
	const json_t *messages = json_object_get(v, "messages");
	struct bytes remote = hex(v, "init_remote_static");
	struct bytes hash = hex(v, "handshake_hash");
	struct party client = {0}, server = {0};

	start(&client, v, true, remote.data);
	start(&server, v, false, NULL);
	assert_memory_equal(remote.data, server.public, 32);
	assert_true(json_array_size(messages) > 3);
	for (size_t i = 0; i < json_array_size(messages); i++)
		step(i % 2 ? &server : &client, i % 2 ? &client : &server, i,
		    json_array_get(messages, i));
	assert_true(noise_is_done(client.n) && noise_is_done(server.n));
	assert_memory_equal(noise_remote(server.n), client.public, 32);
	assert_memory_equal(noise_hash(client.n), noise_hash(server.n), 64);
	if (hash.len)
		assert_memory_equal(noise_hash(client.n), hash.data, 64);
	noise_free(client.n);
	noise_free(server.n);
}

static void
run_file(const char *file)
{
	const char *data = getenv("FIREBREAK_DATA");
	char path[512];
	json_t *root, *v;
	json_error_t error;
	size_t i, run = 0;

	snprintf(path, sizeof(path), "%s/noise_vectors/%s",
	    data ? data : "../shared/data", file);
	if (access(path, R_OK) != 0)
		skip();
	root = json_load_file(path, 0, &error);
	assert_non_null(root);
	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		if (strcmp(
			json_string_value(json_object_get(v, "protocol_name")),
			NAME) != 0)
			continue;
		run_vector(v);
		run++;
	}
	assert_true(run > 0);
	json_decref(root);
}

static void
test_cacophony(void **state)
{
	(void)state;
	run_file("cacophony.txt");
}

static void
test_snow(void **state)
{
	(void)state;
	run_file("snow.txt");
}

static uint8_t secrets[2][32], publics[2][32];

static void
make_pair(struct noise **client, struct noise **server)
{
	struct noise_options o = {.initiator = true,
	    .prologue = "p",
	    .prologue_len = 1,
	    .secret = secrets[0],
	    .public = publics[0],
	    .remote = publics[1]};

	for (int i = 0; i < 2; i++) {
		memset(secrets[i], 17 + i, 32);
		noise_public(secrets[i], publics[i]);
	}
	*client = noise_new(&o);
	o = (struct noise_options){.prologue = "p",
	    .prologue_len = 1,
	    .secret = secrets[1],
	    .public = publics[1]};
	*server = noise_new(&o);
}

static void
test_low_order_points(void **state)
{
	uint8_t message[48] = {0}, out[64];
	struct noise *client, *server;

	(void)state;
	make_pair(&client, &server);
	for (int first = 0; first < 2; first++) {
		message[0] = (uint8_t)first; /* 0 and 1 have small order */
		assert_int_equal(noise_read(server, message, 48, out), -1);
		noise_free(client);
		noise_free(server);
		make_pair(&client, &server);
	}
	noise_free(client);
	noise_free(server);
}

/* Every single flipped bit of each message is noticed. */
static void
test_flipped_bits(void **state)
{
	static const size_t sizes[] = {48, 48, 69};
	struct noise *ends[2];
	uint8_t m[128], payload[128];

	(void)state;
	for (size_t at = 0; at < 3; at++)
		for (size_t bit = 0; bit < sizes[at] * 8; bit += 7) {
			make_pair(&ends[0], &ends[1]);
			for (size_t i = 0; i <= at; i++) {
				size_t n = i == 2 ? 5 : 0;

				assert_int_equal(
				    noise_write(ends[i % 2], "hello", n, m), 0);
				/* X25519 ignores a key's last bit, the
				 * hash does not */
				if (i == at)
					m[bit / 8] ^= (uint8_t)(1 << bit % 8);
				assert_int_equal(noise_read(ends[1 - i % 2], m,
						     sizes[i], payload),
				    i == at ? -1 : 0);
			}
			noise_free(ends[0]);
			noise_free(ends[1]);
		}
}

static void
test_turns_and_lengths(void **state)
{
	struct noise *client, *server;
	uint8_t m[128] = {0}, out[128];

	(void)state;
	make_pair(&client, &server);
	assert_int_equal(noise_read(client, m, 48, out), -1);
	assert_int_equal(noise_write(client, NULL, 0, m), -1); /* dead */
	noise_free(client);
	assert_int_equal(noise_read(server, m, 47, out), -1);
	noise_free(server);
	make_pair(&client, &server);
	assert_int_equal(noise_write(server, NULL, 0, m), -1);
	noise_free(client);
	noise_free(server);
	noise_free(NULL);
}

static void
test_replay_and_rekey(void **state)
{
	struct noise_cipher a = {.key = {1}}, b = a, old;
	uint8_t m[32], out[32];

	(void)state;
	noise_seal(&a, "x", 1, m);
	assert_int_equal(noise_open(&b, m, 17, out), 0);
	assert_int_equal(noise_open(&b, m, 17, out), -1);
	assert_int_equal(noise_open(&b, m, 15, out), -1);
	old = a;
	noise_rekey(&a);
	assert_memory_not_equal(a.key, old.key, 32);
	assert_int_equal(a.nonce, 1); /* REKEY() leaves the nonce */
	noise_seal(&a, "y", 1, m);
	assert_int_equal(noise_open(&b, m, 17, out), -1);
	noise_rekey(&b);
	assert_int_equal(noise_open(&b, m, 17, out), 0);
	assert_int_equal(out[0], 'y');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_turns_and_lengths),
	    cmocka_unit_test(test_cacophony),
	    cmocka_unit_test(test_snow),
	    cmocka_unit_test(test_low_order_points),
	    cmocka_unit_test(test_flipped_bits),
	    cmocka_unit_test(test_replay_and_rekey),
	};

	return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}
