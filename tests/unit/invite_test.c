/* The invite line: round trip, blanks from mail programs, typing errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/invite.h"

static const char *const addresses[] = {
    "host.example.com:4022", "[::1]:4022", "unix:/run/firebreak/sock"};

static struct invite
make(const char *address)
{
	struct invite i = {.expires = 1800000000};

	snprintf(i.address, sizeof(i.address), "%s", address);
	memset(i.server_key, 0xfb, sizeof(i.server_key));
	memset(i.secret, 0x3e, sizeof(i.secret));
	return i;
}

static void
test_round_trip(void **state)
{
	struct invite in, out;
	struct err e;
	char *line;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		in = make(addresses[i]);
		line = invite_format(&in);
		assert_null(strchr(line, '\n'));
		assert_int_equal(invite_parse(line, &out, &e), 0);
		assert_string_equal(out.address, in.address);
		assert_memory_equal(out.server_key, in.server_key, 32);
		assert_memory_equal(out.secret, in.secret, INVITE_SECRET_LEN);
		assert_int_equal(out.expires, in.expires);
		free(line);
	}
}

static void
test_broken_by_mail(void **state)
{
	struct invite in = make(addresses[0]), out;
	char *line = invite_format(&in), text[512] = "  ";
	struct err e;
	size_t at = 2;

	(void)state;
	for (size_t i = 0; line[i]; i++) {
		text[at++] = line[i];
		if (i % 20 == 19)
			at += (size_t)snprintf(
			    text + at, sizeof(text) - at, "\r\n ");
	}
	text[at] = '\0';
	assert_int_equal(invite_parse(text, &out, &e), 0);
	assert_memory_equal(out.secret, in.secret, INVITE_SECRET_LEN);
	free(line);
}

/* Each character changed, and the line cut at each, is noticed. */
static void
test_typing_errors(void **state)
{
	struct invite in = make(addresses[0]), out;
	char *line = invite_format(&in), kept;
	struct err e;

	(void)state;
	for (size_t i = strlen(line); i-- > 0;) {
		kept = line[i];
		line[i] = kept == 'x' ? 'y' : 'x';
		assert_int_equal(invite_parse(line, &out, &e), -1);
		assert_int_equal(e.code, ERR_BAD_ARGUMENT);
		line[i] = kept;
	}
	for (size_t i = strlen(line); i-- > 0;) {
		line[i] = '\0';
		assert_int_equal(invite_parse(line, &out, &e), -1);
	}
	free(line);
}

static void
test_not_an_invite(void **state)
{
	static char huge[5000];
	struct invite out;
	struct err e;

	(void)state;
	memset(huge, 'a', sizeof(huge) - 1);
	assert_int_equal(invite_parse("", &out, &e), -1);
	assert_int_equal(invite_parse("hello", &out, &e), -1);
	assert_non_null(strstr(e.text, "begins with"));
	assert_int_equal(invite_parse("firebreak:1:", &out, &e), -1);
	assert_int_equal(invite_parse(huge, &out, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_not_an_invite),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_broken_by_mail),
	    cmocka_unit_test(test_typing_errors),
	};

	return cmocka_run_group_tests_name("invite", tests, NULL, NULL);
}
