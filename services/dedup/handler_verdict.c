// SPDX-License-Identifier: Apache-2.0
// A blown whistle gets its verdict: what it is like is found, decide.c decides, one event says it.
// And one that was held goes out.
#include "dedup/handler.h"

#define EVENT(name) WHISTLE__V1__DEDUP_EVENT__WHAT_##name
#define P1 WHISTLE__V1__PRIORITY__PRIORITY_P1

struct judging {
    struct dedup *state;
    struct wh_turn *turn;
    const struct wh_item *item;
    Whistle__V1__WhistleBlown *blown;
    struct raised raised;
    const struct match_report *report;
    struct verdict verdict;
    struct say say;
};

// A P1 that was blown as it was raised: nothing of it can come before, so it may overtake.
static bool is_urgent(const struct judging *j)
{
    return j->blown->whistle->priority == P1 &&
           j->blown->whistle->submitted_at == j->item->event->at;
}

static bool was_known_before(const struct judging *j)
{
    return j->item->event->seq <= wh_setting_int(j->state->runtime, "known_upto");
}

static void find(struct judging *j)
{
    struct simindex_hit hits[DEDUP_HITS];
    struct dedup *state = j->state;
    struct decide_by by = dedup_by(state, wh_turn_now(j->turn));
    j->verdict = (struct verdict){.kind = VERDICT_CLEAR};
    if (was_known_before(j))
        return;
    size_t n = reports_find(&state->reports, state->model, j->report, hits);
    decide_blown(&by, &j->raised.standing, hits, n, j->item->event->at, &j->verdict);
    if (!j->blown->unreviewed)
        decide_said(&by, &j->raised.standing, j->raised.same_as, &j->verdict);
}

static void say_cleared(struct judging *j, Whistle__V1__DedupEvent *event,
                        Whistle__V1__WhistleCleared *cleared)
{
    whistle__v1__whistle_cleared__init(cleared);
    cleared->blown = j->blown;
    cleared->why = say_text(was_known_before(j) ? "UNCHECKED" : "SCORE");
    cleared->model = match_model_version(j->state->model);
    cleared->n_perhaps = j->verdict.n;
    cleared->perhaps =
        dedup_likenesses(j->state, &j->say, &j->raised.input, j->verdict.like, j->verdict.n);
    event->what_case = EVENT(CLEARED);
    event->cleared = cleared;
}

static void say_held(struct judging *j, Whistle__V1__DedupEvent *event,
                     Whistle__V1__WhistleHeld *held)
{
    whistle__v1__whistle_held__init(held);
    held->blown = j->blown;
    held->until_at = j->verdict.until_at;
    held->n_perhaps = j->verdict.n;
    held->perhaps =
        dedup_likenesses(j->state, &j->say, &j->raised.input, j->verdict.like, j->verdict.n);
    event->what_case = EVENT(HELD);
    event->held = held;
}

static void say_merged(struct judging *j, Whistle__V1__DedupEvent *event,
                       Whistle__V1__WhistleMerged *merged)
{
    const struct resemblance *like = &j->verdict.like[0];
    const struct matters *matters = j->state->matters;
    Whistle__V1__Likeness **why = dedup_likenesses(j->state, &j->say, &j->raised.input, like, 1);
    whistle__v1__whistle_merged__init(merged);
    merged->number = j->blown->whistle->number;
    merged->into = say_number(&j->say, like->root);
    merged->blown = j->blown;
    merged->why = j->say.failed ? NULL : why[0];
    merged->how = WHISTLE__V1__JOIN_AS__JOIN_AS_DUPLICATE;
    merged->supporters = (int32_t)matters_supporters(matters, like->root) + 1;
    say_new_danger(&j->say, matters, like->root, &j->raised.danger, &merged->n_danger,
                   &merged->danger);
    merged->raise_to = (Whistle__V1__Priority)j->verdict.raise_to;
    merged->title = j->blown->whistle->title;
    merged->text = j->blown->whistle->text;
    event->what_case = EVENT(MERGED);
    event->merged = merged;
}

static void count(struct dedup_told *told, const struct judging *j,
                  const Whistle__V1__DedupEvent *event)
{
    told->unchecked += was_known_before(j);
    told->perhaps += event->what_case == EVENT(CLEARED) && j->verdict.n > 0;
    told->cleared += event->what_case == EVENT(CLEARED);
    told->held += event->what_case == EVENT(HELD);
    told->merged += event->what_case == EVENT(MERGED);
    told->danger += event->what_case == EVENT(MERGED) && event->merged->n_danger > 0;
}

static int tell(struct judging *j)
{
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    union {
        Whistle__V1__WhistleCleared cleared;
        Whistle__V1__WhistleHeld held;
        Whistle__V1__WhistleMerged merged;
    } said;
    if (j->verdict.kind == VERDICT_MERGE)
        say_merged(j, &event, &said.merged);
    else if (j->verdict.kind == VERDICT_HOLD)
        say_held(j, &event, &said.held);
    else
        say_cleared(j, &event, &said.cleared);
    if (j->say.failed)
        return WH_E_NOMEM;
    struct dedup_event told = {.event = &event,
                               .object = j->raised.standing.id,
                               .facts = j->blown->whistle,
                               .blob = j->report,
                               .n_blob = match_report_size(j->report),
                               .urgent = is_urgent(j)};
    if (j->verdict.kind == VERDICT_MERGE)
        told.matter = j->verdict.like[0].root;
    int error = dedup_emit(j->state, j->turn, j->item, &told);
    if (error == 0)
        count(&j->state->told, j, &event);
    return error;
}

int dedup_judge(struct dedup *state, struct wh_turn *turn, const struct wh_item *item,
                Whistle__V1__WhistleBlown *blown)
{
    struct judging *j = wh_arena_calloc(wh_turn_arena(turn), 1, sizeof *j);
    if (j == NULL)
        return WH_E_NOMEM;
    j->state = state;
    j->turn = turn;
    j->item = item;
    j->blown = blown;
    j->say = dedup_say(state, wh_turn_arena(turn));
    raised_read(dedup_district(state), item->event->object, blown->whistle, &j->raised);
    int error = match_report_make(state->reports.maker, &j->raised.input, &j->report);
    if (error != 0)
        return error;
    // The maker's own blob is overwritten while shared words are looked for.
    j->report = wh_arena_dup(wh_turn_arena(turn), j->report, match_report_size(j->report));
    if (j->report == NULL)
        return WH_E_NOMEM;
    find(j);
    error = tell(j);
    if (error == 0)
        error = reports_make(&state->reports, j->report);
    return error;
}

// ---- held ones go out ---------------------------------------------------------------------------

// Those it was perhaps the same as: what they are part of now; of those that a person joined to it
// since, nothing.
static void say_apart(struct dedup *state, struct say *say, int64_t id,
                      Whistle__V1__Likeness *const *perhaps, size_t n,
                      Whistle__V1__WhistleCleared *cleared)
{
    cleared->apart = say_list(say, n);
    for (size_t i = 0; i < n && !say->failed; i++) {
        int64_t root = matters_root(state->matters, fold_id(perhaps[i]->number));
        if (root != 0 && root != id)
            cleared->apart[cleared->n_apart++] = say_number(say, root);
    }
}

int dedup_release(struct dedup *state, struct wh_turn *turn, const struct wh_item *item, int64_t id,
                  const char *why)
{
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    Whistle__V1__WhistleCleared cleared = WHISTLE__V1__WHISTLE_CLEARED__INIT;
    Whistle__V1__Likeness **perhaps = NULL;
    struct say say = dedup_say(state, wh_turn_arena(turn));
    const struct standing *standing = matters_get(state->matters, id);
    const Whistle__V1__DedupEvent *raised = dedup_facts(state, wh_turn_arena(turn), id);
    bool separated = *why == 'S';
    cleared.blown = dedup_blown_of(raised);
    if (cleared.blown == NULL || cleared.blown->whistle == NULL || standing == NULL)
        return WH_E_INVALID;
    size_t n = dedup_perhaps_of(raised, &perhaps);
    cleared.blown->whistle->priority = (Whistle__V1__Priority)standing->priority;
    cleared.why = say_text(why);
    cleared.model = match_model_version(state->model);
    if (separated) {
        say_apart(state, &say, id, perhaps, n, &cleared);
    } else {
        cleared.perhaps = perhaps;
        cleared.n_perhaps = n;
    }
    event.what_case = EVENT(CLEARED);
    event.cleared = &cleared;
    if (say.failed)
        return WH_E_NOMEM;
    return dedup_emit(
        state, turn, item,
        &(struct dedup_event){.event = &event, .object = id, .facts = cleared.blown->whistle});
}
