// SPDX-License-Identifier: Apache-2.0
// Every SQL statement of dedup. Tables: deploy/migrations/dedup. Decides nothing.
#ifndef WH_DEDUP_STORE_H
#define WH_DEDUP_STORE_H

#include "runtime/service.h"

// In the order of execution within a turn's transaction.
enum store_statement {
    PUT_REPORT,   // a whole new row of report, see store.c
    PUT_DISTRICT, // version, seq
    PUT_STATEMENTS
};

enum store_loader {
    LOAD_REPORT, // id → id, told
    LOAD_LOADERS
};

enum store_select {
    SELECT_HEALTH,       // see wh_health_sql
    SELECT_DEAD_LETTERS, // after id, limit → id, at, feed, seq, object, sqlstate, why
    SELECTS
};

enum store_rebuild { REBUILD_DISTRICT, REBUILDS };

extern const struct wh_statement dedup_statements[PUT_STATEMENTS];
extern const struct wh_loader dedup_loaders[LOAD_LOADERS];
extern const struct wh_select dedup_selects[SELECTS];
extern const struct wh_loader dedup_rebuild[REBUILDS];

// The callbacks that rows are handed to (handler_memory.c).
void dedup_loaded_report(void *state, const struct wh_row *row);
void dedup_rebuilt_district(void *state, const struct wh_row *row);

#endif
