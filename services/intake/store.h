// SPDX-License-Identifier: Apache-2.0
// Every SQL statement of intake. Tables: deploy/migrations/intake. Rows go out with WH_PUT in the
// order of the enums, rows come back to the callbacks of handler_state.c and handler_query.c.
#ifndef WH_INTAKE_STORE_H
#define WH_INTAKE_STORE_H

#include "runtime/service.h"

enum store_put {
    PUT_FORGET,   // person id; before PUT_PERSON: the same phone may come again at once
    PUT_PERSON,   // id, hash, wrapped
    PUT_WHISTLE,  // id, seq, due_review, state: raised
    PUT_CHANGE,   // id, seq, due_review, state: one row for every later event
    PUT_DISTRICT, // version, seq
    PUT_CODE,     // code, id
    STORE_PUTS
};

enum store_load {
    LOAD_WHISTLE, // id → id, nth event of it, how many, body
    LOAD_PERSON,  // hash → id, hash, wrapped
    STORE_LOADS
};

enum store_select {
    SELECT_TRAIL,        // whistle → bodies of its events in order
    SELECT_PERSONS,      // ids → id, wrapped
    SELECT_KEYS,         // hashes one behind the other → id, hash, wrapped in the hashes' order
    SELECT_HEALTH,       // see wh_health_sql
    SELECT_DEAD_LETTERS, // after id, limit → id, at, feed, seq, object, sqlstate, why
    STORE_SELECTS
};

extern const struct wh_statement store_statements[STORE_PUTS];
extern const struct wh_loader store_loaders[STORE_LOADS];
extern const struct wh_select store_selects[STORE_SELECTS];
#define STORE_REBUILDS 4
extern const struct wh_loader store_rebuild[STORE_REBUILDS];

// The callbacks that the loaders hand rows to (handler_state.c).
void intake_loaded_whistle(void *state, const struct wh_row *row);
void intake_loaded_person(void *state, const struct wh_row *row);
void intake_rebuilt_district(void *state, const struct wh_row *row);
void intake_rebuilt_code(void *state, const struct wh_row *row);
void intake_rebuilt_clock(void *state, const struct wh_row *row);
void intake_rebuilt_number(void *state, const struct wh_row *row);

#endif
