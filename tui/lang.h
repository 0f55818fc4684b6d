/*
 * Every sentence built into the terminal, in both languages, in one table.
 * What a screen says comes with the screen (tui/bundle.h).
 */
#ifndef TUI_LANG_H
#define TUI_LANG_H

#include "tui/bundle.h" /* LANG_ZH, LANG_EN */

enum string {
	STR_CONNECTED,
	STR_CONNECTING,
	STR_OFFLINE, /* %s: age of the data */
	STR_QUEUED,  /* %zu */
	STR_REFUSED, /* %zu */
	STR_LOADING,
	STR_EMPTY,
	STR_NO_MATCH,
	STR_TOO_SMALL,
	STR_UNKNOWN_WIDGET, /* %s */
	STR_NO_STATEMENT,   /* %s */
	STR_NO_SCREEN,	    /* %s */
	STR_NO_SCREENS,
	STR_KEY_NOTHING, /* %s: the key */
	STR_KEY_NEAREST, /* %s key, %s key, %s what */
	STR_HOME,
	STR_NEW_ROWS, /* %d */
	STR_NO_NEW,
	STR_FOLLOW_ON,
	STR_FOLLOW_OFF,
	STR_SAVED,	    /* %s */
	STR_SAVED_UNDO,	    /* %s */
	STR_QUEUED_LOCALLY, /* %s */
	STR_WAS_REFUSED,    /* %s: sentence */
	STR_UNDONE,
	STR_NOTHING_TO_UNDO,
	STR_NO_UNDO,
	STR_CONFIRM_KEYS,
	STR_QUIT_QUEUED, /* %zu */
	STR_REQUIRED,
	STR_BAD_INT,
	STR_BAD_NUMBER,
	STR_BAD_DATE,
	STR_BAD_TIME,
	STR_BAD_CHOICE,
	STR_DRAFT_KEPT,
	STR_NO_LAST,
	STR_NO_LOOKUP,
	STR_SORTED_BY,	  /* %s */
	STR_NOT_SORTABLE, /* %s */
	STR_FILTERED,	  /* %s */
	STR_FILTER_OFF,
	STR_HIDDEN, /* %s */
	STR_NOTHING_HIDDEN,
	STR_FROZEN, /* %d */
	STR_MARKED, /* %d */
	STR_SENT_COPY,
	STR_COPY_TOO_LONG,
	STR_PASTE_REFUSED,
	STR_LOCKED,
	STR_PASSPHRASE,
	STR_PASSPHRASE_WRONG,
	STR_PASSPHRASE_NEW,
	STR_PASSPHRASE_AGAIN,
	STR_CHECKING,
	STR_ROW_FAR, /* %ld */
	STR_FIND,
	STR_FILTER,
	STR_COMMAND,
	STR_HELP_TITLE,
	STR_LOOKUP_TITLE,
	STR_REQUIRED_MARK,
	STR_SCREEN_GONE,
	STR_SCREENS_NEW,
	STR_YES,
	STR_NO,
	STR_SELECT_FIRST,
	STR_ROW_CHANGED,
	STR_REVOKED_WIPED,
	STR_COUNT_KEYS, /* %d: a number was typed */
	STR_MENU_VERB,
	STR_AS_OF,	   /* %s: time */
	STR_AS_OF_OFFLINE, /* %s: time */
	STR_QUEUE_FULL,
	STR_ROWS_DONE,	  /* %d, %d: of how many */
	STR_ROWS_REFUSED, /* %d, %d: of how many, %d refused, %s why */
	STR_ROWS_QUEUED,  /* %d, %s: what */
	STR_ROWS_CONFIRM, /* %d rows */
	STR_ROWS_FORM,	  /* %s: what */
	STR_ROWS_GONE,	  /* %d */
	STR_QUEUE_TITLE,
	STR_LOCK_SHORT,
	STR_ALERTS_WAIT, /* %d */
	STR_RIGHT_NOW,
	STR_DAYS, /* %lld */
	STR_NONE,
	STR_OK,
	STR_BLUE,
	STR_YELLOW,
	STR_RED,
	STR_GREY,
	STR_UNDONE_SOME, /* %d, %d: of how many, %s why */
	STR_MONO_DUMB,
	STR_COUNT
};

const char *lang_string(enum string s, int lang);

/* LANG_ZH or LANG_EN from "zh", "zh_CN.UTF-8", "en_US", …; -1: neither. */
int lang_parse(const char *name);
const char *lang_name(int lang); /* "zh", "en" */

#endif
