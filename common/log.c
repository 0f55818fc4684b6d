/* One line an event on standard error. */
#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/mem.h"

static const struct {
	const char *name;
	const char *journal; /* sd-daemon(3) priority prefix */
} level_table[] = {
    [LOG_LEVEL_ERROR] = {"error", "<3>"},
    [LOG_LEVEL_WARN] = {"warn", "<4>"},
    [LOG_LEVEL_INFO] = {"info", "<6>"},
    [LOG_LEVEL_DEBUG] = {"debug", "<7>"},
};

static const char *log_program = "firebreak";
static enum log_level log_least = LOG_LEVEL_INFO;
static int log_journal;

void
log_open(const char *program, enum log_level least)
{
	log_program = program;
	log_least = least;
	log_journal = getenv("JOURNAL_STREAM") != NULL;
}

int
log_level_parse(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(level_table); i++)
		if (strcmp(level_table[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* Written with one fprintf so that lines of several processes do not mix. */
__attribute__((format(printf, 2, 0))) static void
log_line(enum log_level level, const char *fmt, va_list ap)
{
	char text[2048], when[40] = "";
	struct timespec now;
	struct tm tm;

	if (level > log_least)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (log_journal) {
		fprintf(stderr, "%s%s\n", level_table[level].journal, text);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(stderr, "%s.%03ld %s[%s] %s\n", when, now.tv_nsec / 1000000,
	    log_program, level_table[level].name, text);
}

#define LOG_FUNCTION(name, level)         \
	void name(const char *fmt, ...)   \
	{                                 \
		va_list ap;               \
		va_start(ap, fmt);        \
		log_line(level, fmt, ap); \
		va_end(ap);               \
	}
LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

void
fatal(const char *fmt, ...)
{
	char text[1024];
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_error("%s: %s", text, strerror(saved));
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
	exit(1);
}
