/* firebreakctl demo: the synthetic company (sql/demo.sql). */
#ifndef SERVER_IMPORT_DEMO_H
#define SERVER_IMPORT_DEMO_H

struct ctl;

/* demo [--reps N] [--customers N] [--days N] [--seed N]: fills an empty
 *     database; prints what each step took.
 * demo --roster N: people of one region as a CSV for invite: first its
 *     supervisor, an ops person and a rep, then N reps, those with the most
 *     visits of this week before the others. */
int demo_command(struct ctl *c, int argc, char **argv);

#endif
