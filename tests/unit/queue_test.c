/* Writes kept on this machine until the daemon has them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui/queue.h"

static char path[64];
static const uint8_t key[32] = {1}, other_key[32] = {2};
static struct queue queue;
static struct values args;

static void
open_again(void)
{
	struct err e;

	queue_close(&queue);
	assert_int_equal(queue_open(&queue, path, key, &e), 0);
}

static int
setup(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/queue_test.XXXXXX");
	fd = mkstemp(path);
	close(fd);
	queue.fd = -1;
	open_again();
	values_set(&args, "customer_id", value_int(7));
	return fd < 0;
}

static int
teardown(void **state)
{
	(void)state;
	queue_close(&queue);
	values_clear(&args);
	return unlink(path);
}

static struct queue_item *
add(int64_t row)
{
	struct err e;

	return queue_add(&queue, "a/save", &args, "save", row, &e);
}

static off_t
file_size(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void
test_memory_only(void **state)
{
	struct queue q;
	struct err e;

	(void)state;
	assert_int_equal(queue_open(&q, NULL, key, &e), 0);
	assert_int_equal(queue_count(&q, false), 0);
	assert_int_equal(queue_mark(&q, 0), 0);
	assert_non_null(queue_add(&q, "a/save", &args, "", 1, &e));
	assert_int_equal(queue_mark(&q, 1), '~');
	queue_close(&q);
}

static void
test_what_waits_is_there_again_with_its_id(void **state)
{
	uint8_t request[REQUEST_ID_LEN];

	(void)state;
	memcpy(request, add(5)->request, sizeof(request));
	open_again();
	assert_int_equal(queue_count(&queue, false), 1);
	assert_memory_equal(queue.items[0]->request, request, sizeof(request));
	assert_string_equal(queue.items[0]->statement, "a/save");
	assert_int_equal(queue_mark(&queue, 5), '~');
	queue_done(&queue, queue.items[0]);
	assert_int_equal(file_size(), 0);
	open_again();
	assert_int_equal(queue.count, 0);
}

static void
test_a_refusal_stays_with_its_reason(void **state)
{
	(void)state;
	queue_refuse(&queue, add(5), "不行 no");
	add(6);
	open_again();
	assert_int_equal(queue_count(&queue, true), 1);
	assert_int_equal(queue_mark(&queue, 5), '!');
	assert_int_equal(queue_mark(&queue, 6), '~');
	assert_string_equal(queue.items[0]->sentence, "不行 no");
	queue_dismiss(&queue, queue.items[0]);
	open_again();
	assert_int_equal(queue_mark(&queue, 5), 0);
	assert_int_equal(queue.count, 1);
}

static void
test_a_torn_record_is_cut_off(void **state)
{
	off_t whole;

	(void)state;
	add(5);
	whole = file_size();
	add(6);
	assert_int_equal(truncate(path, file_size() - 3), 0);
	open_again();
	assert_int_equal(queue.count, 1);
	assert_int_equal(file_size(), whole);
	add(7);
	open_again();
	assert_int_equal(queue.count, 2);
}

static void
test_another_key_opens_nothing(void **state)
{
	struct queue q;
	struct err e;
	off_t size;

	(void)state;
	add(5);
	size = file_size();
	assert_int_equal(queue_open(&q, path, other_key, &e), -1);
	assert_int_equal(file_size(), size);
}

static void
test_the_cap(void **state)
{
	struct err e;
	size_t taken = 0;

	(void)state;
	queue.max = 2000;
	while (
	    taken < 1000 && queue_add(&queue, "a/save", &args, "save", 1, &e))
		taken++;
	assert_true(taken > 5 && taken < 1000);
	assert_int_equal(e.code, ERR_FULL);
	assert_int_equal(queue.count, taken);
	assert_true(file_size() < 2500);
	while (queue.count > 0)
		queue_done(&queue, queue.items[0]);
	assert_non_null(add(1));
}

static void
test_the_cap_counts_what_was_there(void **state)
{
	struct err e;

	(void)state;
	for (int i = 0; i < 20; i++)
		add(i);
	open_again();
	queue.max = (size_t)file_size();
	assert_null(queue_add(&queue, "a/save", &args, "save", 1, &e));
	assert_int_equal(e.code, ERR_FULL);
}

static void
test_wiped(void **state)
{
	(void)state;
	add(5);
	queue_wipe(&queue);
	assert_int_equal(queue.count, 0);
	assert_int_equal(file_size(), 0);
	add(6);
	open_again();
	assert_int_equal(queue.count, 1);
}

/* A disk that is full, as far as this process goes. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The write is not said to be kept, and what was kept before and is kept
 * after is all there. */
static void
test_a_full_disk(void **state)
{
	static const off_t room[] = {0, 1, 4, 50};
	struct err e;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	add(5);
	for (size_t i = 0; i < sizeof(room) / sizeof(room[0]); i++) {
		off_t before = file_size();

		limit_files((rlim_t)(before + room[i]));
		e.code = ERR_NONE;
		assert_null(queue_add(&queue, "a/save", &args, "save", 6, &e));
		limit_files(RLIM_INFINITY);
		assert_int_equal(e.code, ERR_SYSTEM);
		assert_int_equal(queue_mark(&queue, 6), 0);
		assert_int_equal(file_size(), before);
		assert_non_null(add(7));
		open_again();
		assert_int_equal(queue.count, 2 + i);
		assert_int_equal(queue_mark(&queue, 5), '~');
		assert_int_equal(queue_mark(&queue, 6), 0);
	}
}

/* An outcome that finds no room: the write is sent again after a restart. */
static void
test_an_outcome_on_a_full_disk(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	add(5);
	add(6);
	limit_files((rlim_t)(file_size() + 7));
	queue_done(&queue, queue.items[0]);
	limit_files(RLIM_INFINITY);
	assert_int_equal(queue.count, 1);
	add(7);
	open_again();
	assert_int_equal(queue.count, 3);
	for (int i = 5; i < 8; i++)
		assert_int_equal(queue_mark(&queue, i), '~');
}

#define QUEUE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    QUEUE_TEST(test_memory_only),
	    QUEUE_TEST(test_what_waits_is_there_again_with_its_id),
	    QUEUE_TEST(test_a_refusal_stays_with_its_reason),
	    QUEUE_TEST(test_a_torn_record_is_cut_off),
	    QUEUE_TEST(test_another_key_opens_nothing),
	    QUEUE_TEST(test_the_cap),
	    QUEUE_TEST(test_the_cap_counts_what_was_there),
	    QUEUE_TEST(test_wiped),
	    QUEUE_TEST(test_a_full_disk),
	    QUEUE_TEST(test_an_outcome_on_a_full_disk),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
