// SPDX-License-Identifier: Apache-2.0
// One PostgreSQL connection in the loop, libpq pipeline mode. Never blocks: connects with
// PQconnectStart/Poll (a new uv_poll each step), no PQreset, no PQcancel. Statements are prepared
// at connect. Knows SQL texts only as handed to it; decides nothing. A service has three: the
// writer (holds the advisory lock), the reader (loads of a turn), the viewer (queries and a feed's
// catch-up; nothing a turn waits for).
//
// The connection string may name several servers (with target_session_attrs=read-write). They are
// tried one after the other, each for connect_timeout seconds (not given: 2 s each of several, 5 s
// for one), and after a loss the one behind the lost one comes first. Names are looked up beside
// the loop. Keepalives and tcp_user_timeout are set at both ends, so that either gives a silent one
// up within 5 s, unless the string says otherwise.
#ifndef WH_RUNTIME_DB_H
#define WH_RUNTIME_DB_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct wh_db;

struct wh_db_param {
    const char *data; // binary or text; NULL: SQL null
    int n;
    int format; // 0 text, 1 binary
};

// One statement of a transaction.
struct wh_db_step {
    size_t statement; // index of a prepared one
    const struct wh_db_param *params;
    size_t n_params;
};

// How a transaction ended. status: 0; WH_E_DB with sqlstate, step (which one failed) and message;
// WH_E_IO: connection lost, outcome unknown. results: one PGresult a step on success, owned by the
// db and valid during the call.
struct wh_db_outcome {
    int status;
    char sqlstate[6];
    size_t step;
    const char *message;
    PGresult *const *results;
    size_t n_results;
};

typedef void (*wh_db_done_fn)(void *arg, const struct wh_db_outcome *outcome);

struct wh_db_options {
    const char *conninfo;    // libpq connection string
    const char *schema;      // search_path; "" leaves it
    const char *settings;    // more of the session, "-c name=value …"; NULL: none
    const char *application; // application_name
    struct wh_db *beside;    // connects only to the server that this one is connected to; NULL: any
    const char *const *sql;  // prepared at connect, results in binary
    size_t n_sql;
    void (*on_ready)(void *arg, struct wh_db *db);                 // connected and prepared
    void (*on_lost)(void *arg, struct wh_db *db, const char *why); // also: could not connect
    void (*before_sync)(void *arg); // all of a transaction is sent but its Sync (tests); NULL: none
    void *arg;
};

// Begins to connect; tries again by itself (100 ms to 2 s) after on_lost until closed.
int wh_db_open(uv_loop_t *loop, const struct wh_db_options *options, struct wh_db **ret_db);
void wh_db_close(struct wh_db *db);
bool wh_db_ready(const struct wh_db *db);
int wh_db_backend_pid(const struct wh_db *db);
// How many servers the connection string names, at least 1.
size_t wh_db_servers(const struct wh_db *db);
// "host:port" of the server in hand, "" where not connected; valid until the connection is lost.
const char *wh_db_server(struct wh_db *db);

// Sends the steps as one transaction (one Sync). Copies nothing after return. Several may be
// queued; they run in order. done is called once, also when the connection is lost. 0, WH_E_DB (not
// ready).
int wh_db_run(struct wh_db *db, const struct wh_db_step *steps, size_t n, wh_db_done_fn done,
              void *arg);
// Drops the connection and connects anew (an outcome that does not come).
void wh_db_drop(struct wh_db *db, const char *why);
size_t wh_db_queued(const struct wh_db *db);

#endif
