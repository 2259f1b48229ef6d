// SPDX-License-Identifier: Apache-2.0
// Every SQL statement of dispatch, and the way between rows and the flat aggregate. An aggregate
// read back equals the one that was put, byte for byte (a test says so). Decides nothing.
#ifndef WH_DISPATCH_STORE_H
#define WH_DISPATCH_STORE_H

#include "dispatch/notice.h"
#include "dispatch/whistle.h"
#include "runtime/service.h"

// In the order of execution within a turn's transaction.
enum store_statement {
    PUT_WHISTLE_NEW,
    PUT_POINT,
    PUT_TASK_NEW,
    PUT_WHISTLE,
    PUT_JOINED,
    PUT_TASK,
    PUT_HISTORY,
    PUT_TOLD,
    PUT_WAITING,
    PUT_RELEASED,
    PUT_BUNDLE,
    PUT_BUNDLE_ANSWERED,
    PUT_DISTRICT,
    PUT_NOTED_OLD,
    PUT_NOTED,
    PUT_NOTED_DONE,
    PUT_STATEMENTS,
};

enum store_loader {
    LOAD_WHISTLE,
    LOAD_AUDIENCE,
    LOAD_SAYINGS,
    LOAD_HELD,
    LOAD_NOTICES,
    LOAD_BUNDLE,
    LOAD_LOADERS
};

enum store_rebuild {
    REBUILD_DISTRICT,
    REBUILD_HIGHEST,
    REBUILD_TIMERS,
    REBUILD_WAITING,
    REBUILD_NOTED,
    REBUILDS
};

// Parameters stand beside the statements in store_sql.c.
enum store_select {
    SELECT_WHISTLES,    // aggregates of ids, see store_take
    SELECT_JOURNAL,     // w.id, seq, at, kind, body, hash of ids' journal rows, in order
    SELECT_LIST,        // ids, smallest id looked at, how many were looked at
    SELECT_LIST_OPEN,   // the same of what is open
    SELECT_TASKS_OPEN,  // whistle, body, due: a department's
    SELECT_TASKS_EVERY, // everybody's
    SELECT_TASKS_ALL,   // whistle, body, smallest id, how many: also those that have ended
    SELECT_COUNTS, // open whistles, open tasks, overdue tasks, events set aside, waiting notices
    SELECT_DEAD_LETTERS,
    SELECT_HEALTH,     // see wh_health_sql
    SELECT_HEADS,      // epoch, seq, hash of this journal; seq, hash of dedup's as taken
    SELECT_SIMULATION, // ids of whistles dispatched in a time
    SELECT_FIGURES,    // for /metrics, see handler_figures.c
    SELECT_AUDIENCE,   // as store_load_audience
    SELECT_FAMILY, // of ids: root, whistle joined to it, since when, has a live task; newest first
    SELECTS,
};

extern const struct wh_statement store_statements[PUT_STATEMENTS];
extern const struct wh_select store_selects[SELECTS];
extern const char store_load_whistle[], store_load_audience[], store_load_sayings[],
    store_load_held[], store_load_notices[], store_load_bundle[];
extern const char store_rebuild_highest[], store_rebuild_timers[], store_rebuild_waiting[],
    store_rebuild_noted[];

// ---- writing ------------------------------------------------------------------------------------

// The rows that change between `before` (NULL: none yet) and `after`, caused by the journal rows
// seq to seq + events - 1. timer: when it next needs a look, 0 never. 0, WH_E_NOMEM.
int store_put_whistle(struct wh_turn *turn, const struct whistle *before,
                      const struct whistle *after, int64_t seq, size_t events, int64_t timer);
// The point that an event of this whistle brings, if it does. 0, WH_E_NOMEM.
int store_put_point(struct wh_turn *turn, int64_t number, const Whistle__V1__DispatchEvent *event);
// Is there anything that this whistle still waits for?
bool store_is_open(const struct whistle *w, int64_t timer);

// ---- reading ------------------------------------------------------------------------------------

// Rows of one whistle come together, its tasks in order: take hands over the whole whistle with its
// last row, NULL before that. What it hands over is valid until the next call.
struct store_gather {
    struct whistle_room room;
    bool told[TASKS_MAX];        // a notice about the task was sent
    int64_t assigned[TASKS_MAX]; // seq of the journal row that assigned it
};
const struct whistle *store_take(struct store_gather *gather, const struct wh_row *row);

#endif
