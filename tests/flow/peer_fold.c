// SPDX-License-Identifier: Apache-2.0
// Is dispatch's state the fold of its own journal? Reads the whole journal in order, folds every
// whistle with the district in force at each row, checks the hash chain on the way, and compares
// with what the tables hold, byte for byte. Prints one JSON object; exit 1 at a difference.
//   peer_fold CONNINFO
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "client/frame.h"
#include "dispatch/dispatch.h"
#include "dispatch/fold.h"
#include "dispatch/words.h"
#include "runtime/journal.h"
#include "runtime/row.h"
#include "support/fake_turn.h"

#define ROWS 1000

struct folding {
    struct wh_map whistles; // number → struct whistle_room
    struct wh_district *district;
    struct wh_arena arena;
    uint8_t hash[WH_HASH_SIZE];
    int64_t rows;
    size_t faults;
};

static void fault(struct folding *f, const char *what, int64_t number)
{
    fprintf(stderr, "%s: %lld\n", what, (long long)number);
    f->faults++;
}

static void adopt(struct folding *f, const Whistle__V1__DispatchEvent *event)
{
    wh_district_free(f->district);
    f->district = NULL;
    if (wh_district_new(event->district_adopted->district, &f->district) != 0) {
        fault(f, "district", 0);
    }
}

static struct whistle_room *room_of(struct folding *f, int64_t number)
{
    struct whistle_room *room = wh_map_get(&f->whistles, number);
    if (room == NULL) {
        room = calloc(1, sizeof *room);
        if (room == NULL || wh_map_put(&f->whistles, number, room) != 0) {
            abort();
        }
    }
    return room;
}

// Columns: seq, body, hash.
static void take_row(struct folding *f, const struct wh_row *row)
{
    size_t n, hash_n;
    const uint8_t *body = wh_row_bytes(row, 1, &n), *hash = wh_row_bytes(row, 2, &hash_n);
    uint8_t chained[WH_HASH_SIZE];
    wh_journal_hash(f->hash, body, n, chained);
    if (wh_row_int(row, 0) != ++f->rows || hash_n != WH_HASH_SIZE ||
        memcmp(chained, hash, WH_HASH_SIZE) != 0) {
        fault(f, "chain", wh_row_int(row, 0));
    }
    memcpy(f->hash, chained, WH_HASH_SIZE);
    wh_arena_reset(&f->arena);
    const Whistle__V1__Event *envelope =
        (const void *)wh_unpack(&whistle__v1__event__descriptor, &f->arena, body, n, NULL);
    const Whistle__V1__DispatchEvent *event =
        envelope == NULL
            ? NULL
            : (const void *)wh_unpack(&whistle__v1__dispatch_event__descriptor, &f->arena,
                                      envelope->payload.data, envelope->payload.len, NULL);
    if (event == NULL) {
        fault(f, "unreadable", wh_row_int(row, 0));
    } else if (event->what_case == EVENT(DISTRICT_ADOPTED)) {
        adopt(f, event);
    } else if (envelope->object != 0 && event->what_case != EVENT(WITHDRAWAL_NOTED)) {
        struct fold_context context = fold_context_of(f->district, envelope);
        if (fold(room_of(f, envelope->object), &context, event) != 0) {
            fault(f, "does not fit", wh_row_int(row, 0));
        }
    }
}

static void read_journal(struct folding *f, PGconn *conn)
{
    for (bool more = true; more;) {
        char after[32];
        (void)snprintf(after, sizeof after, "%lld", (long long)f->rows);
        PGresult *result = fake_select(conn,
                                       "SELECT seq, body, hash FROM journal WHERE seq > $1::int8 "
                                       "ORDER BY seq LIMIT 1000",
                                       after);
        for (int i = 0; i < PQntuples(result); i++) {
            take_row(f, &(struct wh_row){result, i});
        }
        more = PQntuples(result) == ROWS;
        PQclear(result);
    }
}

static size_t compare(struct folding *f, PGconn *conn)
{
    static struct store_gather gather;
    size_t found = 0;
    for (bool more = true; more;) {
        static int64_t after;
        char text[32];
        (void)snprintf(text, sizeof text, "%lld", (long long)after);
        PGresult *ids = fake_select(conn,
                                    "SELECT coalesce(array_agg(id), '{}')::text FROM (SELECT id "
                                    "FROM whistle WHERE id > $1::int8 ORDER BY id LIMIT 1000) x",
                                    text);
        PGresult *result = fake_select(conn, store_load_whistle, PQgetvalue(ids, 0, 0));
        more = PQntuples(result) > 0;
        for (int i = 0; i < PQntuples(result); i++) {
            const struct whistle *w = store_take(&gather, &(struct wh_row){result, i});
            const struct whistle_room *room =
                w == NULL ? NULL : wh_map_get(&f->whistles, w->number);
            if (w == NULL) {
                continue;
            }
            found++;
            after = w->number;
            if (room == NULL || whistle_size(&room->whistle) != whistle_size(w) ||
                memcmp(&room->whistle, w, whistle_size(w)) != 0) {
                fault(f, "rows are not the fold", w->number);
            }
        }
        PQclear(ids);
        PQclear(result);
    }
    return found;
}

int main(int argc, char **argv)
{
    static struct folding f;
    PGconn *conn = PQconnectdb(argc > 1 ? argv[1] : "");
    if (PQstatus(conn) != CONNECTION_OK) {
        fprintf(stderr, "peer_fold: %s", PQerrorMessage(conn));
        return 3;
    }
    PQclear(PQexec(conn, "SET search_path = dispatch"));
    PQclear(PQexec(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ"));
    wh_arena_init(&f.arena, (size_t)16 << 20);
    read_journal(&f, conn);
    size_t found = compare(&f, conn);
    if (found != wh_map_count(&f.whistles)) {
        fault(&f, "whistles with a row", (int64_t)found);
    }
    printf("{\"rows\":%lld,\"whistles\":%zu,\"faults\":%zu}\n", (long long)f.rows, found, f.faults);
    PQfinish(conn);
    return f.faults == 0 ? 0 : 1;
}
