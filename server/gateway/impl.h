/* What the files of the gateway share; see gateway.h for the files. */
#ifndef SERVER_GATEWAY_IMPL_H
#define SERVER_GATEWAY_IMPL_H

#include <sys/queue.h>

#include "common/buf.h"
#include "common/channel.h"
#include "server/catalogue.h"
#include "server/db.h"
#include "server/gateway/gateway.h"
#include "server/list.h"
#include "server/params.h"

#define DEVICE_BUCKETS 4096
#define WATCH_BUCKETS 16384
#define NARROW_SLOTS 4096
#define LISTENERS_MOST 8
#define WATCHES_MOST 64 /* of a session */

enum session_state {
	SESSION_HANDSHAKE, /* the channel is at work */
	SESSION_LOGIN,	   /* PostgreSQL is asked who this is */
	SESSION_OPEN,	   /* requests are taken */
	SESSION_CLOSING,   /* the last words are on their way */
	SESSION_DEAD,	   /* waits for the end of the turn */
	SESSION_STATES
};

enum request_stage {
	STAGE_SCOPE, /* a list: is its scope narrow? */
	STAGE_ROWS,
	STAGE_COUNT, /* a list: the total */
	STAGE_WRITE,
	STAGE_KEPT /* a write: was it applied before? */
};

struct request {
	TAILQ_ENTRY(request) link;
	struct gateway *gateway;
	struct session *session; /* NULL: an orphan */
	struct db_scope scope;	 /* the session's, which may be gone */
	const struct statement *statement;
	struct db_work *work;
	struct err *first_error; /* STAGE_KEPT: the answer if nothing is kept */
	uint64_t started;
	int64_t rows;
	uint32_t id;
	enum request_stage stage;
	uint8_t request_id[16]; /* of a write */
	bool heavy, retried, more, repeated;
	size_t args, options, len; /* places in body; options 0: none */
	uint8_t body[];
};

struct watch_node {
	LIST_ENTRY(watch_node) link; /* in a bucket or a topic's wide list */
	struct watch *watch;
	int topic;
};

struct watch {
	LIST_ENTRY(watch) link; /* of the session */
	struct session *session;
	uint32_t id;
	bool asking; /* its ASK is being answered */
	bool stale;  /* changed since the last ASK began */
	bool told;   /* and the terminal knows */
	int node_count;
	struct watch_node nodes[];
};

TAILQ_HEAD(session_list, session);
TAILQ_HEAD(request_list, request);
LIST_HEAD(node_list, watch_node);

struct session {
	TAILQ_ENTRY(session) link;	 /* strangers, members or dying */
	TAILQ_ENTRY(session) stale_link; /* of gateway.stale, if is_stale */
	LIST_ENTRY(session) device_link; /* of a bucket, if device */
	struct gateway *gateway;
	struct channel *channel;
	struct db_work *work; /* login under way */
	struct login *login;  /* what it needs; NULL afterwards */
	struct request_list requests;
	LIST_HEAD(, watch) watches;
	struct db_scope scope;
	int64_t device;
	uint64_t pinged; /* when; 0: not */
	unsigned role;	 /* bit */
	enum session_state state;
	int open, watch_count;
	bool zh, is_stale, is_paused;
};

struct narrow_slot {
	uint64_t key;
	uint64_t until; /* loop_now() */
	bool narrow;
};

struct change {
	uint64_t topics;
	int64_t lo, hi;
};

#define CHANGES_MOST 128 /* between two notifies */

struct gateway {
	struct loop *loop;
	struct gateway_options options;
	struct gateway_limits limits;
	struct channel_options channel_options;
	struct db *db;
	struct stream_listener *listeners[LISTENERS_MOST];
	int listener_count;
	struct session_list strangers, members, dying, stale;
	struct request_list orphans; /* writes whose session has gone */
	LIST_HEAD(, session) devices[DEVICE_BUCKETS];
	struct loop_timer *reaper, *housekeeper, *stale_timer, *notify_timer;
	uint64_t stale_sent; /* when the last STALEs left */
	struct buf *columns; /* per statement: the body of COLUMNS */
	struct node_list watch_buckets[WATCH_BUCKETS];
	struct node_list wide[CATALOGUE_TOPICS_MAX];
	struct narrow_slot narrow[NARROW_SLOTS];
	struct change changes[CHANGES_MOST]; /* for the other daemons */
	int change_count;
	uint64_t notified; /* when */
	uint64_t access;   /* the topics that say who may be here */
	char origin[17];   /* this daemon in notifies */
	/* Scratch of the request that is being worked on. */
	struct params params;
	struct list_options list;
	struct buf sql;
	struct gateway_counters counters;
	bool stopping, rechecking, recheck_again;
	uint64_t stop_by;
	void (*on_stopped)(void *);
	void *stopped_arg;
};

/* session.c */
void session_new(struct gateway *g, int fd);
void session_set_state(struct session *s, enum session_state state);
/* BYE with the code's sentence, then the end. */
void session_bye(struct session *s, enum err_code code);
/* Gone at once. */
void session_kill(struct session *s, const char *why);
void session_reap(struct gateway *g);
const char *session_lang(const struct session *s);
void session_send_screens(struct session *s);
const char *session_role_name(const struct session *s);

/* login.c */
void login_start(
    struct session *s, const uint8_t key[32], const uint8_t *hello, size_t len);
void login_cancel(struct session *s);
/* After a change to devices or people: sessions that may no longer be here, or
 * whose ranges are others now, are closed. */
void login_changed(struct gateway *g, uint64_t topics);

/* request.c */
void request_start(struct session *s, enum frame_type type, uint32_t id,
    const uint8_t *body, size_t len);
void request_cancel(struct session *s, uint32_t id);
/* Writes under way are carried through, as orphans. */
void request_drop_all(struct session *s);
void request_drop_orphans(struct gateway *g);
void request_on_reply(const struct db_reply *reply, void *arg);

/* request_send.c */
/* Reads the frame again and sends what the stage needs. */
int request_send(struct request *r, struct err *e)
    __attribute__((warn_unused_result));
/* How wide the scope of a list was found to be: its next page's plan. */
void request_note_scope(struct request *r, bool narrow);

/* request_values.c: into gateway.params and gateway.list */
bool request_has_second_range(const struct request *r);
int request_add_values(struct request *r, struct err *e)
    __attribute__((warn_unused_result));
int request_read_options(struct request *r, struct err *e)
    __attribute__((warn_unused_result));

/* answer.c */
void answer_columns(struct request *r);
void answer_rows(struct request *r, const struct pg_result *rows);
void answer_done(struct request *r, int64_t total, bool exact);
/* e is localised in place. */
void answer_error(struct session *s, uint32_t id, struct err *e);
void answer_localise(const struct gateway *g, const char *lang, struct err *e);
void answer_init(struct gateway *g);

/* watch.c */
/* With is_asked, or if the id has a watch already: that one is renewed. */
int watch_start(struct session *s, uint32_t id, const struct statement *st,
    bool is_asked, struct err *e) __attribute__((warn_unused_result));
/* The ASK with this id is answered (or failed). */
void watch_answered(struct session *s, uint32_t id);
void watch_cancel(struct session *s, uint32_t id);
void watch_drop_all(struct session *s);
void watch_changed(struct gateway *g, const struct change *c);
void watch_on_timer(void *arg);

/* notify.c */
void notify_add(struct gateway *g, const struct change *c);
void notify_heard(struct gateway *g, const char *payload);
void notify_on_timer(void *arg);

#endif
