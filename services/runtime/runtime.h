// SPDX-License-Identifier: Apache-2.0
// One process of a service: what its parts share. Only the runtime's own files include this;
// services see service.h. service.c builds it up and takes it down, owner.c decides when it serves.
#ifndef WH_RUNTIME_RUNTIME_H
#define WH_RUNTIME_RUNTIME_H

#include "runtime/db.h"
#include "runtime/disk.h"
#include "runtime/door.h"
#include "runtime/feed.h"
#include "runtime/identity.h"
#include "runtime/journal.h"
#include "runtime/log.h"
#include "runtime/probe.h"
#include "runtime/service.h"
#include "runtime/sql.h"
#include "runtime/timers.h"
#include "runtime/zap.h"

struct wh_engine;
struct wh_owner;
struct wh_followings;

// Where the process stands with its schema.
enum wh_phase {
    WH_PHASE_DOWN,    // no database: the door is bound and answers BUSY
    WH_PHASE_STANDBY, // another one holds the lock: not bound
    WH_PHASE_TAKING,  // lock held; epoch, tail, cursors and memory are being made
    WH_PHASE_SERVING,
    WH_PHASE_DRAINING, // serving what was taken, taking nothing more
};

struct wh_runtime {
    const struct wh_service *service;
    void *state;
    uv_loop_t loop;
    struct wh_settings *settings;
    struct wh_metrics *metrics;
    struct wh_probe *probe;
    struct wh_bus *bus;
    struct wh_identity *identity;
    struct wh_zap *zap;
    struct wh_key key;
    struct wh_door_socket *door;
    struct wh_feed *feed;
    struct wh_tail *tail;
    struct wh_timers *timers;
    struct wh_sql sql;
    struct wh_db *checker, *writer, *reader, *viewer;
    struct wh_engine *engine;
    struct wh_owner *owner;
    struct wh_followings *followings;
    uv_signal_t signals[3];
    uv_timer_t drain;
    int64_t drain_until, lost_told;
    char lost_why[200]; // what the database's connection last ended with
    enum wh_phase phase;
    bool voiding, stopping, bind_told;
    size_t n_queries; // being answered
    struct {
        int64_t asked_at, next_at; // mono; next_at 0: at once
        bool busy;
    } counting;     // service->counts_select, see figures.c
    bool disk_full; // as the database said
    struct wh_disk disk;
    int exit_code;
};

int64_t wh_wall_ms(void); // UTC
int64_t wh_mono_ms(void);
double wh_since_ms(uint64_t begin); // of uv_hrtime

// Memory is void: the database, or ownership of the journal, is gone. Everything in hand is given
// up, the service forgets. Safe to call again.
void wh_runtime_void(struct wh_runtime *runtime, const char *why);
// Ownership is taken and memory rebuilt.
void wh_runtime_serve(struct wh_runtime *runtime);
// Binds door and feed where they are not; unbinds the door.
void wh_runtime_bind(struct wh_runtime *runtime);
void wh_runtime_unbind(struct wh_runtime *runtime);

#define WH_FOLLOWS_MAX 16

// options.c: settings and command line. true: nothing more is to be done (exit_code tells).
bool wh_options_read(struct wh_runtime *runtime, int argc, char **argv);
// check.c: is this a database this service can live in? Ends the process where not; then opens the
// three connections.
void wh_check_begin(struct wh_runtime *runtime);
// Rows of WH_CHECK_SCHEMA: ends the process where the tables are not those this program can live
// with. Asked again before each taking of the journal: tables may have changed meanwhile.
#define WH_CHECK_SCHEMA                                                                  \
    "SELECT set, version, to_jsonb(v) ->> 'name', (to_jsonb(v) ->> 'keeps')::int4 FROM " \
    "schema_version v ORDER BY version"
void wh_check_schema(const struct wh_runtime *runtime, const PGresult *result);
void wh_runtime_connect(struct wh_runtime *runtime);
// asked.c: what /readyz says.
bool wh_ready(void *runtime, char *ret_why, size_t n);
// lifecycle.c: signals, draining, the end.
int wh_lifecycle_begin(struct wh_runtime *runtime);
void wh_lifecycle_stop(struct wh_runtime *runtime);

// query.c: a route with `query`; takes the item over.
void wh_query_begin(struct wh_runtime *runtime, struct wh_door_item *item);

#endif
