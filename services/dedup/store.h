// SPDX-License-Identifier: Apache-2.0
// Every SQL statement of dedup. Tables: deploy/migrations/dedup. Decides nothing.
#ifndef WH_DEDUP_STORE_H
#define WH_DEDUP_STORE_H

#include "dedup/matter.h"
#include "runtime/service.h"

#define STORE_HOT_DAYS 35

// In the order of execution within a turn's transaction.
enum store_statement {
    PUT_REPORT,   // a whole row of report
    PUT_STANDING, // what of it changes
    PUT_JOIN,     // child, seq, parent, raised_from
    PUT_PART,     // child, seq, parted_seq
    PUT_APART,    // a, b, seq, lifted_seq
    PUT_DISTRICT, // version, seq
    PUT_STATEMENTS
};

enum store_loader {
    LOAD_MATTER, // id → the rows of its whole matter, as REBUILD_REPORTS, and each one's membership
    LOAD_FACTS, // id → id, body of the journal row with what was raised
    LOAD_LOADERS
};

enum store_select {
    SELECT_FACTS,   // ids → id, until_at, body of the journal row with what was raised
    SELECT_REPORT,  // id → its row of report: see store_read
    SELECT_MEMBERS, // id → id, parent, resolved_at, flags, body of the row that joined it,
                    // unit, street, raised_from; the root first
    SELECT_PAST,    // ids → child, parent, body of the join, time of the parting, raised_from
    SELECT_HEALTH,  // see wh_health_sql
    SELECT_DEAD_LETTERS, // after id, limit → id, at, feed, seq, object, sqlstate, why
    SELECTS
};

enum store_rebuild {
    REBUILD_DISTRICT,
    REBUILD_MEMBERSHIPS, // of hot ones, those that hold: child, parent, seq, raised_from
    REBUILD_REPORTS,     // hot ones, by id, a day at a time: see store_read
    REBUILD_REPORTS_LAST = REBUILD_REPORTS + STORE_HOT_DAYS + 1,
    REBUILD_OLDER, // those of matters that are open or reach into the window, as LOAD_MATTER
    REBUILD_APART, // those that hold: a, b
    REBUILDS
};

extern const struct wh_statement dedup_statements[PUT_STATEMENTS];
extern const struct wh_loader dedup_loaders[LOAD_LOADERS];
extern const struct wh_select dedup_selects[SELECTS];
extern const struct wh_loader dedup_rebuild[REBUILDS];

// ---- rows ---------------------------------------------------------------------------------------

// A row of report; danger and blob are borrowed from the row.
struct store_report {
    struct standing standing;
    uint64_t danger[MATTER_DANGER_MAX];
    size_t n_danger, n_blob;
    const void *blob;
    int64_t parent, joined_seq; // LOAD_MATTER only, else 0
    uint8_t raised_from;
};
void store_read(const struct wh_row *row, bool with_membership, struct store_report *ret_report);
int store_put_report(struct wh_turn *turn, const struct standing *standing, const uint64_t *danger,
                     size_t n_danger, const void *blob, size_t n_blob);
int store_put_standing(struct wh_turn *turn, const struct standing *standing,
                       const uint64_t *danger, size_t n_danger);

// The callbacks that rows are handed to (handler_memory.c).
void dedup_loaded_matter(void *state, const struct wh_row *row);
void dedup_loaded_matters(void *state, const int64_t *keys, size_t n);
void dedup_loaded_facts(void *state, const struct wh_row *row);
void dedup_rebuilt_district(void *state, const struct wh_row *row);
void dedup_rebuilt_membership(void *state, const struct wh_row *row);
void dedup_rebuilt_report(void *state, const struct wh_row *row);
void dedup_rebuilt_older(void *state, const struct wh_row *row);
void dedup_rebuilt_apart(void *state, const struct wh_row *row);

#endif
