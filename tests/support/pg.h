// SPDX-License-Identifier: Apache-2.0
// A private PostgreSQL for one test program: a folder under /tmp, a unix socket in it, an
// unprivileged user when run as root. Ended with the test, also when the test dies. Everything
// aborts the test on failure.
#ifndef WH_TEST_PG_H
#define WH_TEST_PG_H

#include <libpq-fe.h>
#include <stdint.h>

struct pg;

// initdb (UTF-8, C.UTF-8), started, accepting connections. Superuser and database: "whistle".
struct pg *pg_new(void);
void pg_free(struct pg *pg); // NULL is fine
// Connection string for a role; valid until the next call.
const char *pg_conninfo(struct pg *pg, const char *role);
const char *pg_dir(const struct pg *pg);

void pg_kill(struct pg *pg);  // SIGQUIT: as after a crash; pg_start recovers
void pg_stop(struct pg *pg);  // SIGINT: fast shutdown
void pg_start(struct pg *pg); // again
// Runs the folder of migrations for these services (NULL-terminated list) as the superuser.
void pg_migrate(struct pg *pg, const char *const *services);

// On a connection of the superuser that is kept: statements without rows; one number; one text
// (malloc'ed). They fail the test on an error.
void pg_run(struct pg *pg, const char *sql);
int64_t pg_int(struct pg *pg, const char *sql);
char *pg_text(struct pg *pg, const char *sql);
PGconn *pg_conn(struct pg *pg);

#endif
