// SPDX-License-Identifier: Apache-2.0
// Which of the connection string's servers is tried next. libpq itself can go through a list, but
// asynchronously it never gives up on a server that does not answer, and it looks names up while
// everybody waits; so each attempt is for one address of one server, and names are looked up in
// libuv's threads. Decides nothing about the connection itself. Nobody but db.c includes this.
#ifndef WH_RUNTIME_DB_HOST_H
#define WH_RUNTIME_DB_HOST_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct db_hosts;

// What a parsed connection string says of a keyword, borrowed from it; NULL: nothing.
const char *db_told(const PQconninfoOption *options, const char *keyword);

// One server; NULL or "": as the connection string or libpq's defaults say.
struct db_place {
    const char *host, *address, *port;
};

// A look-up that was waited for has ended (also without success).
typedef void (*db_looked_fn)(void *arg);

// Reads host, hostaddr and port of the connection string. Where it names none (or they do not fit
// together: libpq then says so) there is one place without a name. NULL: no memory.
struct db_hosts *db_hosts_new(uv_loop_t *loop, const char *conninfo, db_looked_fn looked,
                              void *arg);
void db_hosts_free(struct db_hosts *hosts);          // also while a look-up is on its way
size_t db_hosts_count(const struct db_hosts *hosts); // at least 1

// Begins the visit of the server in turn. true: its name is being looked up, looked() comes;
// false: db_hosts_place tells at once.
bool db_hosts_look(struct db_hosts *hosts);
// Waits no longer for the look-up; what it finds later is kept for the next visit.
void db_hosts_unlook(struct db_hosts *hosts);
// Where to connect to. false: the name is not known. Strings live until the next visit.
bool db_hosts_place(const struct db_hosts *hosts, struct db_place *ret_place);
// This one did not do, or was lost: the next address, else the next server. false: all have been
// tried since the last db_hosts_met; time for a pause. ret_fresh: another server, to be looked up.
bool db_hosts_next(struct db_hosts *hosts, bool *ret_fresh);
// Connected and of use: should it be lost, the others are tried first.
void db_hosts_met(struct db_hosts *hosts);

#endif
