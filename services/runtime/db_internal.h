// SPDX-License-Identifier: Apache-2.0
// What db.c (connecting) and db_pipe.c (statements and results) share of one connection. Nobody
// else includes this.
#ifndef WH_RUNTIME_DB_INTERNAL_H
#define WH_RUNTIME_DB_INTERNAL_H

#include "runtime/db.h"
#include "runtime/db_host.h"

enum db_state { DB_WAITING, DB_LOOKING, DB_CONNECTING, DB_PREPARING, DB_READY };

// One transaction on the wire, from its first statement to its Sync's result.
struct db_job {
    struct db_job *next;
    size_t n, got;      // statements sent, results read
    bool mid;           // a result was read, its closing NULL not yet
    wh_db_done_fn done; // NULL: the preparing itself
    void *arg;
    struct wh_db_outcome outcome;
    char message[512];
    PGresult **results;
    size_t cap;
};

struct wh_db {
    uv_loop_t *loop;
    struct wh_db_options options;
    char *conninfo, *settings;
    struct db_hosts *hosts;
    uint64_t limit_ms;    // for one server to take the connection
    bool fresh;           // the next attempt is for another server, not another address of this one
    char application[64]; // a copy: the options' own ends with the call
    char server[256];
    PGconn *conn;
    uv_poll_t *poll;
    int events;
    uv_timer_t timer; // retry while waiting; time limit while connecting; 0 ms: report a loss
    enum db_state state;
    uint64_t retry_ms;
    char why[512];
    bool broken, closing;
    unsigned generation; // changes whenever the connection ends
    struct db_job *head, *tail, *spare;
    size_t queued;
};

// db.c
void db_lost(struct wh_db *db, const char *why);
void db_break_later(struct wh_db *db, const char *why);
void db_want(struct wh_db *db, int events);
void db_prepared(struct wh_db *db, const struct wh_db_outcome *outcome);

// db_pipe.c
int db_pipe_start(struct wh_db *db);
bool db_pipe_read(struct wh_db *db); // false: the connection ended meanwhile
void db_pipe_flush(struct wh_db *db);
void db_pipe_fail(struct wh_db *db, struct db_job *first, const char *why);
void db_pipe_done(struct wh_db *db);

#endif
