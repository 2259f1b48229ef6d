// SPDX-License-Identifier: Apache-2.0
// The runtime's own SQL and where it stands among each connection's prepared statements; the
// service's and the feed's follow behind. Names tables of deploy/migrations/common.
#ifndef WH_RUNTIME_SQL_H
#define WH_RUNTIME_SQL_H

#include <stddef.h>

#include "runtime/service.h"

// On the writer.
enum {
    WH_W_LOCK,      // key → bool
    WH_W_UNLOCK,    // key
    WH_W_HEAD,      // → epoch, seq, touched; the owner: instance, release, host, pid, since
    WH_W_TAKE,      // now, pid, instance, release, host → epoch, seq, hash; the owner before
    WH_W_TOUCH,     // epoch, seq, touched
    WH_W_TERMINATE, // key → ends the holder's session
    WH_W_TRIM,      // uuid: kept answers before it, 1,000 a time
    // of a turn, in this order
    WH_W_SET_HEAD, // epoch, seq, new seq, new hash, touched, old hash
    WH_W_JOURNAL,  // arrays
    WH_W_ANSWER,   // arrays
    WH_W_CURSOR,   // arrays
    WH_W_DEAD,     // arrays
    WH_W_RETRIED,  // arrays
    WH_W_OWN       // the service's first
};
#define WH_JOURNAL_COLUMNS "LLSLABB"
#define WH_ANSWER_COLUMNS "UTBLB"
#define WH_CURSOR_COLUMNS "TLB"
#define WH_DEAD_COLUMNS "LTLLTUBTT"
#define WH_RETRIED_COLUMNS "LL"

// On the reader.
enum {
    WH_R_SCHEMA,  // → migrations (check.c)
    WH_R_KEPT,    // uuid[] → request, principal, digest, seq, refusal, body
    WH_R_TAKEN,   // → epoch, seq, hash, the journal's hash and at there, the journal's last seq
    WH_R_JOURNAL, // from, to → rows
    WH_R_CURSORS, // → feed, seq, hash
    WH_R_PARKED,  // → object, count
    WH_R_OWN      // the service's rebuild, then its loaders
};

// On the viewer.
enum {
    WH_V_PARKED, // id → id, feed, cause of it and all open ones of its object, in order
    WH_V_OWN     // the service's selects, then the feed's
};

struct wh_sql {
    const char **writer, **reader, **viewer;
    size_t n_writer, n_reader, n_viewer;
    size_t loaders, feed; // first of them
};

int wh_sql_init(struct wh_sql *sql, const struct wh_service *service);
void wh_sql_done(struct wh_sql *sql);

#endif
