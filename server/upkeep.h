/*
 * The daemon's chores in the database: sealing the audit a few times a second
 * while something is unsealed, giving moved people's rows their new codes,
 * making next months' partitions, dropping answers older than 30 days.
 *
 * Every daemon may run this; an advisory lock inside each step lets one work
 * and the others pass.
 */
#ifndef SERVER_UPKEEP_H
#define SERVER_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct upkeep;

struct upkeep_counters {
	uint64_t sealed; /* rows, by this daemon */
	uint64_t seals;
	uint64_t restamped;
	uint64_t pruned;
	uint64_t errors;
	bool up; /* its connection is there */
};

/* conninfo of the app role; interval in milliseconds between seals while
 * there is work. */
struct upkeep *upkeep_new(
    struct loop *l, const char *conninfo, int64_t interval_ms);
void upkeep_free(struct upkeep *u); /* NULL is fine */

/* From the next seal on. */
void upkeep_set_interval(struct upkeep *u, int64_t interval_ms);

/* Something was written: there is something to seal. */
void upkeep_poke(struct upkeep *u);

const struct upkeep_counters *upkeep_counters(const struct upkeep *u);

#endif
