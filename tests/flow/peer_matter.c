// SPDX-License-Identifier: Apache-2.0
// Is dedup's state the fold of its own journal, and does it decide the same again? Reads the whole
// journal in order, checks the hash chain, folds every event, and compares with what the tables
// hold, byte for byte. On the way every verdict on a blown whistle is taken once more from its
// cause, with the turn's recorded time and the reports that were committed then, and compared with
// the recorded one. Turns are told apart by their transactions. Prints one JSON object; exit 1 at a
// difference.
// Where another owner took over, the index is made anew as it made it.
//   peer_matter CONNINFO HOLD_S RAISE_AT
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/frame.h"
#include "dedup/handler.h"
#include "runtime/journal.h"
#include "runtime/row.h"
#include "support/fake_turn.h"

#define EVENT(name) WHISTLE__V1__DEDUP_EVENT__WHAT_##name
#define ROWS 1000

struct again {
    PGconn *conn;
    struct dedup state; // as much of it as verdicts need
    struct wh_arena arena;
    uint8_t hash[WH_HASH_SIZE];
    int64_t rows, judged, turn, at, n_starts;
    int64_t starts[64]; // heads at which an owner began
    size_t faults;
};

static void fault(struct again *a, const char *what, int64_t number)
{
    fprintf(stderr, "%s: %lld\n", what, (long long)number);
    a->faults++;
}

// ---- turns --------------------------------------------------------------------------------------

static void arrange_once(struct again *a, struct wh_map *seen, int64_t id)
{
    int64_t root = id != 0 ? matters_root(a->state.matters, id) : 0;
    if (root == 0 || wh_map_has(seen, root))
        return;
    if (wh_map_put_index(seen, root, 1) != 0)
        abort();
    reports_arrange(&a->state.reports, a->state.matters, root, a->at);
}

static void end_turn(struct again *a)
{
    struct matters *matters = a->state.matters;
    struct wh_map seen = {0};
    reports_stand(&a->state.reports);
    for (size_t i = 0; i < matters_mark(matters); i++) {
        struct matters_change change = matters_change(matters, i);
        if (change.what == MATTERS_APART)
            continue;
        arrange_once(a, &seen, change.id);
        arrange_once(a, &seen, change.other);
    }
    wh_map_done(&seen);
    matters_keep(matters);
}

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// As rows come after a start: by id, whoever stands alone at once, the others when all are known.
static void begin_anew(struct again *a)
{
    struct matters *matters = a->state.matters;
    size_t n = 0, pos = 0, got, cap = matters_count(matters);
    int64_t *ids = calloc(cap + 1, sizeof *ids);
    struct reports before = a->state.reports;
    if (ids == NULL || reports_init(&a->state.reports, a->state.model, 1000) != 0)
        abort();
    while ((got = matters_slice(matters, &pos, ids + n, cap - n)) > 0 && pos != 0)
        n += got;
    n += got;
    for (size_t i = 0; i < n; i++) {
        const struct match_report *report = reports_get(&before, ids[i]);
        if (report != NULL &&
            reports_keep(&a->state.reports, ids[i], report, match_report_size(report)) != 0)
            abort();
    }
    qsort(ids, n, sizeof *ids, by_id);
    for (size_t i = 0; i < n; i++)
        if (matters_root(matters, ids[i]) == ids[i] && matters_supporters(matters, ids[i]) == 0)
            reports_arrange(&a->state.reports, matters, ids[i], a->at);
    for (size_t i = 0; i < n; i++) {
        int64_t root = matters_root(matters, ids[i]);
        if (root != ids[i] && simindex_get(a->state.reports.index, root) == NULL)
            reports_arrange(&a->state.reports, matters, root, a->at);
    }
    reports_reckon(&a->state.reports);
    reports_done(&before);
    free(ids);
}

// ---- verdicts once more -------------------------------------------------------------------------

static int64_t blown_at(struct again *a, int64_t seq)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)seq);
    PGresult *result =
        fake_select(a->conn, "SELECT at FROM intake.journal WHERE seq = $1::int8", text);
    int64_t at = PQntuples(result) == 1 ? wh_row_int(&(struct wh_row){result, 0}, 0) : 0;
    PQclear(result);
    return at;
}

static bool same_likeness(const struct resemblance *like, const Whistle__V1__Likeness *said)
{
    return said != NULL && fold_id(said->number) == like->root &&
           fold_id(said->compared) == like->compared && strcmp(said->rule, like->rule) == 0 &&
           said->minutes == like->score.minutes;
}

static bool same_list(const struct verdict *v, Whistle__V1__Likeness *const *said, size_t n)
{
    bool same = v->n == n;
    for (size_t i = 0; same && i < n; i++)
        same = same_likeness(&v->like[i], said[i]);
    return same;
}

static bool same_verdict(const struct verdict *v, const Whistle__V1__DedupEvent *event)
{
    switch (event->what_case) {
    case EVENT(MERGED):
        return v->kind == VERDICT_MERGE && v->raise_to == event->merged->raise_to &&
               same_likeness(&v->like[0], event->merged->why);
    case EVENT(HELD):
        return v->kind == VERDICT_HOLD && v->until_at == event->held->until_at &&
               same_list(v, event->held->perhaps, event->held->n_perhaps);
    default:
        return v->kind == VERDICT_CLEAR &&
               same_list(v, event->cleared->perhaps, event->cleared->n_perhaps);
    }
}

static void tell_both(const struct verdict *v, const Whistle__V1__DedupEvent *event)
{
    Whistle__V1__Likeness **said = NULL;
    size_t n = dedup_perhaps_of(event, &said);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "  said %s by %s %s %.9f\n", said[i]->number, said[i]->compared,
                said[i]->rule, said[i]->probability);
    for (size_t i = 0; i < v->n; i++)
        fprintf(stderr, "  now %lld by %lld %s %.9f %.9f\n", (long long)v->like[i].root,
                (long long)v->like[i].compared, v->like[i].rule, v->like[i].score.likeness,
                v->like[i].score.logit);
}

static void judge_again(struct again *a, const Whistle__V1__Event *envelope,
                        const Whistle__V1__DedupEvent *event)
{
    struct raised raised;
    struct verdict verdict;
    struct simindex_hit hits[DEDUP_HITS];
    const struct match_report *report = NULL;
    const Whistle__V1__WhistleBlown *blown = dedup_blown_of(event);
    struct decide_by by = dedup_by(&a->state, envelope->at);
    int64_t at = blown_at(a, envelope->cause->seq);
    if (event->what_case == EVENT(HELD)) // the setting may have been another one
        a->state.settings.hold_ms = event->held->until_at - at;
    raised_read(a->state.district, envelope->object, blown->whistle, &raised);
    if (match_report_make(a->state.reports.maker, &raised.input, &report) != 0)
        abort();
    size_t n = reports_find(&a->state.reports, a->state.model, report, hits);
    decide_blown(&by, &raised.standing, hits, n, at, &verdict);
    if (!blown->unreviewed)
        decide_said(&by, &raised.standing, raised.same_as, &verdict);
    bool unchecked =
        event->what_case == EVENT(CLEARED) && strcmp(event->cleared->why, "UNCHECKED") == 0;
    if (!unchecked && !same_verdict(&verdict, event)) {
        fault(a, "another verdict", envelope->object);
        tell_both(&verdict, event);
    }
    if (reports_make(&a->state.reports, report) != 0)
        abort();
    a->judged++;
}

static bool is_verdict(const struct again *a, const Whistle__V1__Event *envelope,
                       const Whistle__V1__DedupEvent *event)
{
    const struct standing *known = matters_get(a->state.matters, envelope->object);
    const Whistle__V1__WhistleBlown *blown = dedup_blown_of(event);
    return blown != NULL && blown->whistle != NULL && (known == NULL || known->stage == STAGE_NONE);
}

// ---- the journal --------------------------------------------------------------------------------

static void adopt(struct again *a, const Whistle__V1__DedupEvent *event)
{
    wh_district_free(a->state.district);
    a->state.district = NULL;
    if (wh_district_new(event->district_adopted->district, &a->state.district) != 0)
        fault(a, "district", 0);
}

static void take_event(struct again *a, const Whistle__V1__Event *envelope,
                       const Whistle__V1__DedupEvent *event)
{
    a->at = envelope->at;
    if (event->what_case == EVENT(DISTRICT_ADOPTED)) {
        adopt(a, event);
        return;
    }
    if (is_verdict(a, envelope, event))
        judge_again(a, envelope, event);
    if (fold_event(a->state.matters, a->state.district, envelope, event) != 0)
        fault(a, "does not fit", envelope->seq);
}

static void take_turn(struct again *a, int64_t seq, int64_t turn)
{
    if (turn == a->turn)
        return;
    end_turn(a);
    a->turn = turn;
    for (int64_t i = 0; i < a->n_starts; i++)
        if (a->starts[i] == seq - 1)
            begin_anew(a);
}

// Columns: seq, body, hash, transaction.
static void take_row(struct again *a, const struct wh_row *row)
{
    size_t n, hash_n;
    const uint8_t *body = wh_row_bytes(row, 1, &n), *hash = wh_row_bytes(row, 2, &hash_n);
    uint8_t chained[WH_HASH_SIZE];
    const Whistle__V1__Event *envelope = NULL;
    wh_journal_hash(a->hash, body, n, chained);
    if (wh_row_int(row, 0) != ++a->rows || hash_n != WH_HASH_SIZE ||
        memcmp(chained, hash, WH_HASH_SIZE) != 0)
        fault(a, "chain", wh_row_int(row, 0));
    memcpy(a->hash, chained, WH_HASH_SIZE);
    wh_arena_reset(&a->arena);
    take_turn(a, wh_row_int(row, 0), wh_row_int(row, 3));
    const Whistle__V1__DedupEvent *event = dedup_read_body(&a->arena, row, 1, &envelope);
    if (event == NULL)
        fault(a, "unreadable", wh_row_int(row, 0));
    else
        take_event(a, envelope, event);
}

static void read_starts(struct again *a)
{
    PGresult *result =
        fake_select(a->conn, "SELECT seq FROM ownership WHERE $1 = '' ORDER BY epoch LIMIT 64", "");
    for (int i = 0; i < PQntuples(result); i++)
        a->starts[a->n_starts++] = wh_row_int(&(struct wh_row){result, i}, 0);
    PQclear(result);
}

static void read_journal(struct again *a)
{
    for (bool more = true; more;) {
        char after[32];
        (void)snprintf(after, sizeof after, "%lld", (long long)a->rows);
        PGresult *result = fake_select(
            a->conn,
            "SELECT seq, body, hash, xmin::text::int8 FROM journal WHERE seq > $1::int8 "
            "ORDER BY seq LIMIT 1000",
            after);
        for (int i = 0; i < PQntuples(result); i++)
            take_row(a, &(struct wh_row){result, i});
        more = PQntuples(result) == ROWS;
        PQclear(result);
    }
    end_turn(a);
}

// ---- the tables ---------------------------------------------------------------------------------

static bool same_standing(const struct standing *a, const struct standing *b)
{
    return a->id == b->id && a->at == b->at && a->told == b->told && a->seq == b->seq &&
           a->until_at == b->until_at && a->resolved_at == b->resolved_at && a->asks == b->asks &&
           a->raised == b->raised && a->unit == b->unit && a->street == b->street &&
           a->stage == b->stage && a->moved == b->moved && a->priority == b->priority &&
           a->flags == b->flags;
}

static bool same_bytes(const struct again *a, const struct store_report *report)
{
    size_t n = 0;
    int64_t id = report->standing.id;
    const uint64_t *danger = matters_danger_of(a->state.matters, id, &n);
    const struct match_report *blob = reports_get(&a->state.reports, id);
    if (n != report->n_danger || (n > 0 && memcmp(danger, report->danger, n * sizeof *danger) != 0))
        return false;
    if (blob == NULL)
        return report->n_blob == 0;
    return match_report_size(blob) == report->n_blob &&
           memcmp(blob, report->blob, report->n_blob) == 0;
}

static size_t compare_reports(struct again *a)
{
    const struct wh_loader *loader = &dedup_loaders[LOAD_MATTER];
    PGresult *ids =
        fake_select(a->conn, "SELECT coalesce(array_agg(id), $1)::text FROM report", "{}");
    PGresult *result = fake_select(a->conn, loader->sql, PQgetvalue(ids, 0, 0));
    size_t n = (size_t)PQntuples(result);
    for (size_t i = 0; i < n; i++) {
        struct store_report report;
        store_read(&(struct wh_row){result, (int)i}, true, &report);
        int64_t id = report.standing.id;
        const struct standing *known = matters_get(a->state.matters, id);
        if (known == NULL || !same_standing(known, &report.standing))
            fault(a, "rows are not the fold", id);
        if (matters_parent(a->state.matters, id) != report.parent ||
            matters_joined_seq(a->state.matters, id) != report.joined_seq ||
            matters_raised_from(a->state.matters, id) != report.raised_from)
            fault(a, "memberships are not the fold", id);
        if (!same_bytes(a, &report))
            fault(a, "bytes are not the fold", id);
    }
    PQclear(ids);
    PQclear(result);
    return n;
}

static size_t compare_apart(struct again *a)
{
    PGresult *result = fake_select(a->conn, "SELECT a, b, lifted_seq FROM apart WHERE $1 = ''", "");
    for (int i = 0; i < PQntuples(result); i++) {
        struct wh_row row = {result, i};
        if (matters_are_apart_themselves(a->state.matters, wh_row_int(&row, 0),
                                         wh_row_int(&row, 1)) != (wh_row_int(&row, 2) == 0))
            fault(a, "separations are not the fold", wh_row_int(&row, 0));
    }
    size_t n = (size_t)PQntuples(result);
    PQclear(result);
    return n;
}

static void begin(struct again *a, char **argv)
{
    PQclear(PQexec(a->conn, "SET search_path = dedup"));
    PQclear(PQexec(a->conn, "BEGIN ISOLATION LEVEL REPEATABLE READ"));
    wh_arena_init(&a->arena, (size_t)32 << 20);
    a->state.model = match_model_builtin();
    a->state.matters = matters_new();
    a->state.settings.hold_ms = strtoll(argv[2], NULL, 10) * 1000;
    if (decide_read_raise(argv[3], &a->state.settings) != 0 || a->state.matters == NULL ||
        reports_init(&a->state.reports, a->state.model, 1000) != 0)
        abort();
}

int main(int argc, char **argv)
{
    static struct again a;
    if (argc != 4) {
        fprintf(stderr, "peer_matter CONNINFO HOLD_S RAISE_AT\n");
        return 2;
    }
    a.conn = PQconnectdb(argv[1]);
    if (PQstatus(a.conn) != CONNECTION_OK) {
        fprintf(stderr, "peer_matter: %s", PQerrorMessage(a.conn));
        return 3;
    }
    begin(&a, argv);
    read_starts(&a);
    read_journal(&a);
    size_t reports = compare_reports(&a), apart = compare_apart(&a);
    if (reports != matters_count(a.state.matters))
        fault(&a, "reports with a row", (int64_t)reports);
    printf("{\"rows\":%lld,\"judged\":%lld,\"reports\":%zu,\"apart\":%zu,\"faults\":%zu}\n",
           (long long)a.rows, (long long)a.judged, reports, apart, a.faults);
    PQfinish(a.conn);
    return a.faults == 0 ? 0 : 1;
}
