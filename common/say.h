/*
 * Sentences for the person at the console, in zh_CN and in English.  One
 * language a process, chosen once at the start: firebreakctl takes that of the
 * locale; the daemon's log stays English.
 */
#ifndef COMMON_SAY_H
#define COMMON_SAY_H

/* "zh" or "en", which it is until then. */
void say_language(const char *lang);

/* The one of the two that is wanted; both take the same arguments in the same
 * order. */
const char *say(const char *zh, const char *en)
    __attribute__((format_arg(1), format_arg(2)));

/* strerror() in that language; what is rare stays in the C library's words. */
const char *say_errno(int code);

#endif
