/*
 * firebreakd.yaml, read once by the daemon and by firebreakctl.  Every key is
 * a row of conf_table with its default and its help; docs/firebreakd.yaml.5
 * and `firebreakctl config --defaults` are held against the table.
 */
#ifndef SERVER_CONF_H
#define SERVER_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct diags;

struct conf_list {
	char **items;
	size_t count;
};

struct conf {
	char *file; /* what was read; NULL: defaults alone */

	char *data;		 /* directory, absolute */
	struct conf_list listen; /* "host:port", "/path" */
	char *address;		 /* what invites advertise */
	char *metrics;		 /* "host:port"; "": off */
	int log_level;		 /* enum log_level */

	char *database; /* libpq conninfo; "": the embedded cluster */
	char *database_admin;
	char *pg_bin;
	char *pg_user; /* whom root becomes to run PostgreSQL */
	bool fsync;

	struct conf_list packs;
	int64_t seal_interval_ms;

	struct {
		int64_t light, heavy; /* connections */
		int64_t light_timeout_ms, heavy_timeout_ms, lock_timeout_ms;
		int64_t patience_ms;
	} pool;
	struct { /* docs/protocol.md section 5 */
		int64_t handshake_s;
		int64_t handshakes;
		int64_t sessions;
		int64_t sessions_per_device;
		int64_t frame_bytes;
		int64_t open_requests;
		int64_t unread_bytes;
		int64_t stalled_s;
		int64_t silence_s;
		int64_t pong_s;
		int64_t stop_s;
	} limits;
};

struct conf_source {
	const char *file; /* --config; NULL: the usual place, if it exists */
	const char *data; /* --data: goes before the file's; or NULL */
};

/* Defaults, then the file.  -1 with the faults in d; c is empty then. */
int conf_load(struct conf *c, const struct conf_source *s, struct diags *d)
    __attribute__((warn_unused_result));
/* The same from a text, for tests and `config --check`. */
int conf_parse(struct conf *c, const char *name, const char *text, size_t len,
    struct diags *d) __attribute__((warn_unused_result));
/* Takes over from `fresh` the keys that may change while the daemon runs.
 * The names of others that differ are appended to `ignored`, one a line. */
void conf_reload(struct conf *c, struct conf *fresh, struct buf *ignored);
void conf_clear(struct conf *c);

/* data/name; the caller frees. */
char *conf_path(const struct conf *c, const char *name);
bool conf_is_embedded(const struct conf *c);

/* Every key as YAML with its value, and its help in "zh" or "en"; secrets as
 * "***". */
void conf_print(const struct conf *c, const char *lang, struct buf *out);
void conf_print_defaults(const char *lang, struct buf *out);

#endif
