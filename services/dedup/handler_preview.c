// SPDX-License-Identifier: Apache-2.0
// What would this join? Answered from memory; only the titles of what is found are read, and what
// has left memory itself.
#include "dedup/handler.h"
#include "dedup/wire.h"

#define ANSWER(name) WHISTLE__V1__DEDUP_ANSWER__WHAT_##name
#define P1 WHISTLE__V1__PRIORITY__PRIORITY_P1

struct preview {
    Whistle__V1__Matches matches;
    int64_t roots[WIRE_LIKE_MAX];
};

static void answer(struct wh_query *query, struct preview *preview)
{
    Whistle__V1__DedupAnswer answer = WHISTLE__V1__DEDUP_ANSWER__INIT;
    answer.what_case = ANSWER(MATCHES);
    answer.matches = &preview->matches;
    wh_query_answer(query, &answer.base);
}

static void got_titles(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct preview *preview = wh_query_data(query);
    (void)arg;
    for (size_t i = 0; i < wh_result_rows(result); i++) {
        const struct wh_row *row = wh_result_row(result, i);
        const Whistle__V1__WhistleBlown *blown =
            dedup_blown_of(dedup_read_body(wh_query_arena(query), row, 2, NULL));
        for (size_t k = 0; k < preview->matches.n_matches; k++)
            if (blown != NULL && blown->whistle != NULL &&
                preview->roots[k] == wh_row_int(row, 0)) {
                preview->matches.matches[k]->title = blown->whistle->title;
            }
    }
    answer(query, preview);
}

// The band of what would happen by itself.
static Whistle__V1__Band band_of(const struct resemblance *like, size_t n)
{
    if (n == 0 || like[0].band == MATCH_NEW)
        return WHISTLE__V1__BAND__BAND_NEW;
    return like[0].band == MATCH_SAME ? WHISTLE__V1__BAND__BAND_SAME
                                      : WHISTLE__V1__BAND__BAND_PERHAPS;
}

static void tell(struct dedup *state, struct wh_query *query, const struct match_input *input,
                 const struct resemblance *like, size_t n)
{
    struct say say = dedup_say(state, wh_query_arena(query));
    struct preview *preview = wh_arena_calloc(wh_query_arena(query), 1, sizeof *preview);
    Whistle__V1__Likeness **list = dedup_likenesses(state, &say, input, like, n);
    if (preview == NULL || say.failed) {
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
        return;
    }
    whistle__v1__matches__init(&preview->matches);
    preview->matches.matches = list;
    preview->matches.n_matches = n;
    preview->matches.band = band_of(like, n);
    for (size_t i = 0; i < n; i++)
        preview->roots[i] = like[i].root;
    wh_query_set_data(query, preview);
    if (n == 0)
        answer(query, preview);
    else if (WH_SELECT(query, SELECT_FACTS, got_titles, WH_A(preview->roots, n)) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}

static void look(struct dedup *state, struct wh_query *query, const struct standing *standing,
                 const struct match_report *report, const struct match_input *input, size_t limit)
{
    struct simindex_hit hits[DEDUP_HITS];
    struct resemblance like[WIRE_LIKE_MAX];
    struct decide_by by = dedup_by(state, wh_query_now(query));
    size_t n_hits = simindex_find(state->reports.index, report, SIMINDEX_FLOOR, hits, DEDUP_HITS);
    size_t n = decide_likenesses(&by, standing, hits, n_hits, like, limit);
    tell(state, query, input, like, n);
}

// As intake would give it: what is compared, and the priority it would have.
static void raised_of(const struct dedup *state, const Whistle__V1__PreviewMatch *message,
                      int64_t now, Whistle__V1__WhistleFacts *facts)
{
    const struct wh_category *category = wh_district_category(state->district, message->category);
    whistle__v1__whistle_facts__init(facts);
    facts->unit = message->unit;
    facts->category = message->category;
    facts->title = message->title;
    facts->text = message->text;
    facts->place = message->place;
    facts->submitted_at = now;
    facts->priority = category != NULL ? category->row->priority : P1;
}

static void look_at_raised(struct dedup *state, struct wh_query *query,
                           const Whistle__V1__PreviewMatch *message, size_t limit)
{
    Whistle__V1__WhistleFacts facts;
    struct raised raised;
    const struct match_report *report;
    raised_of(state, message, wh_query_now(query), &facts);
    raised_read(state->district, 0, &facts, &raised);
    if (match_report_make(state->reports.maker, &raised.input, &report) != 0)
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
    else if ((report = wh_arena_dup(wh_query_arena(query), report, match_report_size(report))) ==
             NULL)
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
    else
        look(state, query, &raised.standing, report, &raised.input, limit);
}

// One that has left memory: its row has all that is compared. What it is like among the hot ones is
// found as for any other.
static void got_report(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct dedup *state = arg;
    const size_t *limit = wh_query_data(query);
    struct store_report report = {0};
    if (wh_result_rows(result) > 0)
        store_read(wh_result_row(result, 0), false, &report);
    if (report.n_blob == 0 || report.standing.stage == STAGE_NONE) {
        wh_query_refuse(query, WH_RULE_DEDUP_NOT_BLOWN, "number", NULL);
        return;
    }
    const struct match_report *blob =
        wh_arena_dup(wh_query_arena(query), report.blob, report.n_blob);
    if (blob == NULL || state->district == NULL || !match_report_valid(blob, report.n_blob))
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
    else
        look(state, query, &report.standing, blob, NULL, *limit);
}

static void look_at_number(struct dedup *state, struct wh_query *query,
                           const struct wire_preview *ask)
{
    const struct standing *standing = matters_get(state->matters, ask->number);
    const struct match_report *report = reports_get(&state->reports, ask->number);
    if (standing != NULL && report != NULL) {
        look(state, query, standing, report, NULL, ask->limit);
        return;
    }
    size_t *limit = wh_arena_dup(wh_query_arena(query), &ask->limit, sizeof ask->limit);
    wh_query_set_data(query, limit);
    if (limit == NULL || WH_SELECT(query, SELECT_REPORT, got_report, WH_L(ask->number)) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}

void query_preview(void *arg, struct wh_query *query, const struct wh_item *item)
{
    struct dedup *state = arg;
    const Whistle__V1__PreviewMatch *message = (const Whistle__V1__PreviewMatch *)item->message;
    struct wire_fault fault;
    struct wire_preview ask;
    if (state->district == NULL) {
        wh_query_refuse(query, WH_RULE_DISTRICT_MISSING, NULL, NULL);
        return;
    }
    if (wire_preview(message, state->district, &ask, &fault) != 0) {
        wh_query_refuse(query, fault.rule, fault.field, NULL);
        return;
    }
    if (ask.number == 0) {
        look_at_raised(state, query, message, ask.limit);
        return;
    }
    look_at_number(state, query, &ask);
}
