/*
 * The log: one line an event on standard error (systemd and people add the
 * rest), and the two ways a process ends early.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdarg.h>

enum log_level {
	LOG_LEVEL_ERROR, /* somebody must act */
	LOG_LEVEL_WARN,	 /* looked after, but should not be frequent */
	LOG_LEVEL_INFO,	 /* the life of the process: starts, stops, reloads */
	LOG_LEVEL_DEBUG	 /* for those who work on firebreak */
};

/*
 * Program name for the lines, and the least important level written.  With
 * systemd's journal behind standard error (JOURNAL_STREAM set) lines carry the
 * journal's <n> priority and no time.
 */
void log_open(const char *program, enum log_level least);

/* Level by name ("error", "warn", "info", "debug"), or -1. */
int log_level_parse(const char *name);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The line ("…: strerror" with fatal), then exit(1).  Start-up and the
 * impossible only. */
void fatal(const char *fmt, ...)
    __attribute__((noreturn, format(printf, 1, 2)));
void fatalx(const char *fmt, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

#endif
