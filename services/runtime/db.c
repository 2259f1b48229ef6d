// SPDX-License-Identifier: Apache-2.0
// A connection's life: connect without blocking, prepare, serve, be lost, wait, connect again.
// libpq may change its socket while connecting, so every step gets a new uv_poll handle. A loss
// found while sending is reported from the loop, never from inside the sender's call. Which server
// is next is db_host.c's matter.
#include "runtime/db_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define PREPARE_LIMIT_MS 5000
#define CONNECT_ONE_MS 5000  // where the string names one server,
#define CONNECT_EACH_MS 2000 // where it names several
#define LOOK_MS 1000         // where an address is known from before
#define BESIDE_MS 20
#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS 2000
#define RETRY_EACH_MS 500

static void on_poll(uv_poll_t *handle, int status, int events);
static void on_timer(uv_timer_t *timer);

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void poll_stop(struct wh_db *db)
{
    if (!db->poll)
        return;
    db->poll->data = NULL;
    uv_close((uv_handle_t *)db->poll, free_handle);
    db->poll = NULL;
    db->events = 0;
}

static int poll_renew(struct wh_db *db, int events)
{
    poll_stop(db);
    uv_poll_t *poll = malloc(sizeof *poll);
    if (!poll)
        return WH_E_NOMEM;
    if (uv_poll_init(db->loop, poll, PQsocket(db->conn)) < 0) {
        free(poll);
        return WH_E_IO;
    }
    poll->data = db;
    db->poll = poll;
    db->events = events;
    return uv_poll_start(poll, events, on_poll) < 0 ? WH_E_IO : 0;
}

void db_want(struct wh_db *db, int events)
{
    if (!db->poll || db->events == events)
        return;
    db->events = events;
    uv_poll_start(db->poll, events, on_poll);
}

// The next server at once; after all of them a pause, longer each time.
static void wait(struct wh_db *db)
{
    uint64_t last = wh_db_servers(db) > 1 ? RETRY_EACH_MS : RETRY_LAST_MS;
    bool another = !db->options.beside && db_hosts_next(db->hosts, &db->fresh);
    uv_timer_start(&db->timer, on_timer, another ? 0 : db->retry_ms, 0);
    if (!another)
        db->retry_ms = db->retry_ms * 2 > last ? last : db->retry_ms * 2;
}

void db_lost(struct wh_db *db, const char *why)
{
    if (db->state == DB_WAITING)
        return;
    char text[sizeof db->why];
    (void)snprintf(text, sizeof text, "%s", why);
    struct db_job *jobs = db->head;
    db->head = db->tail = NULL;
    db->queued = 0;
    db->state = DB_WAITING;
    db->broken = false;
    db->generation++;
    poll_stop(db);
    db_hosts_unlook(db->hosts);
    if (db->conn)
        PQfinish(db->conn);
    db->conn = NULL;
    wait(db);
    db_pipe_fail(db, jobs, text);
    if (!db->closing && db->options.on_lost)
        db->options.on_lost(db->options.arg, db, text);
}

void db_break_later(struct wh_db *db, const char *why)
{
    if (db->broken || db->state == DB_WAITING)
        return;
    db->broken = true;
    (void)snprintf(db->why, sizeof db->why, "%s", why);
    uv_timer_start(&db->timer, on_timer, 0, 0);
}

void wh_db_drop(struct wh_db *db, const char *why)
{
    db_lost(db, why);
}

static void connected(struct wh_db *db)
{
    if (PQsetnonblocking(db->conn, 1) != 0 || PQenterPipelineMode(db->conn) != 1 ||
        poll_renew(db, UV_READABLE) != 0) {
        db_lost(db, "pipeline mode refused");
        return;
    }
    db->state = DB_PREPARING;
    uv_timer_start(&db->timer, on_timer, PREPARE_LIMIT_MS, 0);
    if (db_pipe_start(db) != 0)
        db_break_later(db, PQerrorMessage(db->conn));
}

static void connect_step(struct wh_db *db)
{
    int events = 0;
    switch (PQconnectPoll(db->conn)) {
    case PGRES_POLLING_OK:
        connected(db);
        return;
    case PGRES_POLLING_READING:
        events = UV_READABLE;
        break;
    case PGRES_POLLING_WRITING:
        events = UV_WRITABLE;
        break;
    default:
        db_lost(db, PQerrorMessage(db->conn));
        return;
    }
    if (poll_renew(db, events) != 0)
        db_lost(db, "cannot watch the connection");
}

static void quiet(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

static void connect_to(struct wh_db *db, const struct db_place *place)
{
    // what stands before dbname gives way to the connection string, what stands behind does not
    const char *keys[] = {"keepalives_idle",  "keepalives_interval",
                          "keepalives_count", "tcp_user_timeout",
                          "dbname",           "host",
                          "hostaddr",         "port",
                          "options",          "application_name",
                          "client_encoding",  NULL};
    const char *values[] = {"2",
                            "1",
                            "3",
                            "5000",
                            db->conninfo,
                            place->host,
                            place->address,
                            place->port,
                            db->settings,
                            db->options.application,
                            "UTF8",
                            NULL};
    db->state = DB_CONNECTING;
    db->conn = PQconnectStartParams(keys, values, 1);
    if (!db->conn || PQstatus(db->conn) == CONNECTION_BAD) {
        db_lost(db, db->conn ? PQerrorMessage(db->conn) : "out of memory");
        return;
    }
    PQsetNoticeProcessor(db->conn, quiet, NULL);
    uv_timer_start(&db->timer, on_timer, db->limit_ms, 0);
    if (poll_renew(db, UV_WRITABLE) != 0)
        db_lost(db, "cannot watch the connection");
}

static void connect_found(void *arg)
{
    struct wh_db *db = arg;
    struct db_place place;
    db_hosts_unlook(db->hosts);
    if (db_hosts_place(db->hosts, &place))
        connect_to(db, &place);
    else
        db_lost(db, "the server's name cannot be looked up");
}

static void connect_beside(struct wh_db *db)
{
    const struct wh_db *other = db->options.beside;
    if (!wh_db_ready(other)) {
        uv_timer_start(&db->timer, on_timer, BESIDE_MS, 0);
        return;
    }
    const struct db_place place = {PQhost(other->conn), PQhostaddr(other->conn),
                                   PQport(other->conn)};
    connect_to(db, &place);
}

static void connect_begin(struct wh_db *db)
{
    struct db_place place;
    if (db->options.beside) {
        connect_beside(db);
        return;
    }
    db->state = DB_LOOKING;
    if (!db->fresh || !db_hosts_look(db->hosts)) {
        connect_found(db);
        return;
    }
    bool known = db_hosts_place(db->hosts, &place);
    uv_timer_start(&db->timer, on_timer, known ? LOOK_MS : db->limit_ms, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct wh_db *db = timer->data;
    if (db->broken)
        db_lost(db, db->why);
    else if (db->state == DB_WAITING)
        connect_begin(db);
    else if (db->state == DB_LOOKING)
        connect_found(db);
    else if (db->state != DB_READY)
        db_lost(db, "no connection in time");
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct wh_db *db = handle->data;
    if (!db)
        return;
    if (db->state == DB_CONNECTING) {
        connect_step(db);
        return;
    }
    if (status < 0 || ((events & UV_READABLE) && !PQconsumeInput(db->conn))) {
        db_lost(db, status < 0 ? uv_strerror(status) : PQerrorMessage(db->conn));
        return;
    }
    if (db_pipe_read(db))
        db_pipe_flush(db);
}

void db_prepared(struct wh_db *db, const struct wh_db_outcome *outcome)
{
    if (outcome->status != 0) {
        char why[sizeof db->why];
        (void)snprintf(why, sizeof why, "statement %zu (%s): %.300s", outcome->step,
                       outcome->sqlstate, outcome->message ? outcome->message : "");
        db_break_later(db, why);
        return;
    }
    db->state = DB_READY;
    db->retry_ms = RETRY_FIRST_MS;
    db_hosts_met(db->hosts);
    uv_timer_stop(&db->timer);
    if (db->options.on_ready)
        db->options.on_ready(db->options.arg, db);
}

// libpq itself heeds connect_timeout only where it blocks.
static uint64_t limit_of(const struct wh_db *db)
{
    PQconninfoOption *parsed = PQconninfoParse(db->conninfo, NULL);
    const char *text = db_told(parsed, "connect_timeout");
    long seconds = text ? strtol(text, NULL, 10) : 0;
    PQconninfoFree(parsed);
    if (seconds > 0)
        return (uint64_t)seconds * 1000;
    return db_hosts_count(db->hosts) > 1 ? CONNECT_EACH_MS : CONNECT_ONE_MS;
}

// Our session settings behind those of the connection string. Before them: the server, too, is to
// notice within 5 s that nobody is there any more, for an abandoned session keeps its lock.
static char *settings_text(const struct wh_db_options *options)
{
    PQconninfoOption *parsed = PQconninfoParse(options->conninfo, NULL);
    const char *theirs = db_told(parsed, "options");
    const char *more = options->settings ? options->settings : "";
    size_t n = strlen(more) + strlen(options->schema) + (theirs ? strlen(theirs) : 0) + 640;
    char *text = malloc(n);
    if (text)
        (void)snprintf(text, n,
                       "-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 "
                       "-c tcp_keepalives_count=3 -c tcp_user_timeout=5000 "
                       "%s -c synchronous_commit=on -c enable_seqscan=off -c enable_mergejoin=off "
                       "-c enable_hashjoin=off -c jit=off "
                       "-c plan_cache_mode=force_generic_plan -c statement_timeout=0 "
                       "-c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0 "
                       "-c lock_timeout=0 -c timezone=UTC%s%s %s",
                       theirs ? theirs : "", options->schema[0] ? " -c search_path=" : "",
                       options->schema, more);
    PQconninfoFree(parsed);
    return text;
}

static void release(struct wh_db *db)
{
    db_hosts_free(db->hosts);
    free(db->conninfo);
    free(db->settings);
    free(db);
}

int wh_db_open(uv_loop_t *loop, const struct wh_db_options *options, struct wh_db **ret_db)
{
    struct wh_db *db = calloc(1, sizeof *db);
    if (!db)
        return WH_E_NOMEM;
    db->loop = loop;
    db->options = *options;
    (void)snprintf(db->application, sizeof db->application, "%s", options->application);
    db->options.application = db->application;
    db->conninfo = strdup(options->conninfo);
    db->settings = settings_text(options);
    db->hosts = db->conninfo ? db_hosts_new(loop, db->conninfo, connect_found, db) : NULL;
    db->retry_ms = RETRY_FIRST_MS;
    db->fresh = true;
    if (!db->conninfo || !db->settings || !db->hosts) {
        release(db);
        return WH_E_NOMEM;
    }
    db->limit_ms = limit_of(db);
    uv_timer_init(loop, &db->timer);
    db->timer.data = db;
    uv_timer_start(&db->timer, on_timer, 0, 0);
    *ret_db = db;
    return 0;
}

static void free_db(uv_handle_t *handle)
{
    struct wh_db *db = handle->data;
    db_pipe_done(db);
    release(db);
}

void wh_db_close(struct wh_db *db)
{
    if (!db || db->closing)
        return;
    db->closing = true;
    db_lost(db, "closed");
    uv_timer_stop(&db->timer);
    uv_close((uv_handle_t *)&db->timer, free_db);
}

bool wh_db_ready(const struct wh_db *db)
{
    return db && db->state == DB_READY && !db->broken;
}

int wh_db_backend_pid(const struct wh_db *db)
{
    return db->conn ? PQbackendPID(db->conn) : 0;
}

size_t wh_db_servers(const struct wh_db *db)
{
    return db_hosts_count(db->hosts);
}

const char *wh_db_server(struct wh_db *db)
{
    db->server[0] = '\0';
    if (db->conn)
        (void)snprintf(db->server, sizeof db->server, "%s:%s", PQhost(db->conn), PQport(db->conn));
    return db->server;
}
