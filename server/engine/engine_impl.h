/* Private to engine.c, walk.c, queue.c and work.c: the engine's state. */
#ifndef SERVER_ENGINE_ENGINE_IMPL_H
#define SERVER_ENGINE_ENGINE_IMPL_H

#include <stddef.h>
#include <sys/queue.h>

#include "common/buf.h"
#include "server/db.h"
#include "server/db/link.h"
#include "server/engine/due.h"
#include "server/engine/engine.h"
#include "server/engine/round.h"

#define SECOND INT64_C(1000000)
#define TAKE_MOST 5000
#define ROUND_MOST 2000
/* a commit of so many holds rows for less than a tenth of a second */
#define WALK_SLICE 1000
#define VALUES_MOST 32

enum engine_state {
	ENGINE_DOWN,	/* no connection */
	ENGINE_WAITING, /* another daemon has the lock, or after an error */
	ENGINE_STARTING,
	ENGINE_WALKING, /* everybody once */
	ENGINE_IDLE,
	ENGINE_BUSY /* a statement is under way */
};

struct asked;

struct queue_row {
	int64_t id;
	int left;   /* entries that have not been judged */
	bool batch; /* speaks of everybody: it goes after a walk */
};

/* What is due, and the item of the round that looks after it. */
struct round_entry {
	struct due_entry entry;
	size_t item;
};

struct engine {
	struct loop *loop;
	struct engine_options options;
	char *pack;
	struct db_link *link;
	struct loop_timer *timer;
	struct ruleset *set, *next_set;
	enum engine_state state;
	int64_t offset; /* the database's clock minus ours */
	int64_t *marks; /* one a program: judged up to here; 0: never */
	bool poked, walk_again;
	struct due *due; /* one a program */
	struct queue_row *rows;
	size_t row_count, rows_left;
	struct buf spent; /* ids to delete with the next commit */
	struct buf batch; /* ids to delete after the walk they ask for */
	int64_t held;	  /* subjects that `limit` holds back */
	bool backlog;	  /* the walk finds what was true long ago */
	struct round round;
	size_t program;			   /* of the round or of the walk */
	struct round_entry *round_entries; /* in the order of items */
	size_t round_entry_count;
	int pending;		  /* replies the round waits for */
	LIST_HEAD(, asked) asked; /* what those replies are for */
	bool walking;
	int64_t walk_after;
	int64_t walk_now; /* base of kinds that were never judged */
	uint64_t started;
	struct engine_stats stats;
};

/* engine.c: what is done next, and what every part needs. */
int64_t engine_now(const struct engine *e);
void engine_next(struct engine *e);
/* Whether the reply is an error: then the engine begins again by itself. */
bool engine_failed(struct engine *e, const struct db_reply *r);
void engine_send(struct engine *e, const char *sql, const struct db_value *v,
    int count, void (*on_reply)(const struct db_reply *r, void *arg));
struct db_value engine_value(struct buf *b);

/* work.c: one round from its subjects to its commit. */
bool work_choose(struct engine *e, int64_t clock);
void work_begin(struct engine *e, int64_t clock);
void work_start(struct engine *e);
void work_commit(struct engine *e);
void work_clear(struct engine *e); /* after the link is gone */

/* queue.c: the rows of the change queue. */
void queue_take(struct engine *e);
/* All entries of a row have been judged: it may go. */
void queue_spend(struct engine *e, const struct queue_row *q);

/* walk.c: everybody once.  _on returns false when it is over. */
void walk_begin(struct engine *e, bool for_batch);
bool walk_on(struct engine *e);
/* The instant as of which the walk judges the present kind. */
int64_t walk_base(const struct engine *e);

#endif
