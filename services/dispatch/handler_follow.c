// SPDX-License-Identifier: Apache-2.0
// What dedup says, in its order: the verdict on each whistle, joins and partings, and whatever
// intake said of it. A P1 goes ways of its own: `urgent` brings its verdict past any backlog, and
// intake's `p1` brings it after a while in case there is no verdict yet. One event may concern two
// whistles: itself and the matter it is joined to; both change in one turn.
#include "dispatch/dispatch.h"
#include "dispatch/words.h"

#define DEDUP(x) WHISTLE__V1__DEDUP_EVENT__WHAT_##x

static const Whistle__V1__DedupEvent *dedup_event(const struct wh_item *item)
{
    return (const Whistle__V1__DedupEvent *)item->payload;
}

// Our own copy, so that our state is the fold of our own journal.
static int adopt(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item,
                 Whistle__V1__DistrictAdopted *adopted)
{
    Whistle__V1__DispatchEvent event = WHISTLE__V1__DISPATCH_EVENT__INIT;
    struct wh_district *district;
    if (adopted->district == NULL) {
        return WH_E_INVALID;
    }
    const struct wh_district *known = dispatch_district(state);
    if (known != NULL && wh_district_version(known) >= adopted->district->version) {
        return 0;
    }
    int error = wh_district_new(adopted->district, &district);
    if (error != 0) {
        return error;
    }
    event.what_case = EVENT(DISTRICT_ADOPTED);
    event.district_adopted = adopted;
    int64_t seq = wh_turn_next_seq(turn);
    error = wh_emit(turn, item, 0, NULL, 0, &event.base, NULL);
    if (error == 0) {
        error = WH_PUT(turn, PUT_DISTRICT, WH_I(adopted->district->version), WH_L(seq));
    }
    if (error != 0) {
        wh_district_free(district);
        return error;
    }
    dispatch_pend_district(state, district);
    return 0;
}

// The matter that the event concerns beside its whistle; 0 none.
static int64_t matter_of(const struct dispatch *state, const struct wh_item *item)
{
    const Whistle__V1__DedupEvent *e = dedup_event(item);
    const struct wh_district *district = dispatch_district(state);
    const char *text = e->what_case == DEDUP(MERGED)      ? e->merged->into
                       : e->what_case == DEDUP(SPLIT)     ? e->split->from
                       : e->what_case == DEDUP(FORWARDED) ? e->forwarded->matter
                                                          : "";
    int64_t number = 0;
    if (district == NULL || text[0] == '\0' || whistle_number_parse(district, text, &number) != 0 ||
        number == item->event->object) {
        return 0;
    }
    return number;
}

// The i-th joined whistle between the two, 0: no more.
static int64_t between(const struct dispatch *state, const struct wh_item *item, size_t i)
{
    const Whistle__V1__DedupEvent *e = dedup_event(item);
    size_t n = e->what_case == DEDUP(SPLIT)       ? e->split->n_through
               : e->what_case == DEDUP(FORWARDED) ? e->forwarded->n_through
                                                  : 0;
    int64_t number = 0;
    if (i >= n) {
        return 0;
    }
    const char *text =
        e->what_case == DEDUP(SPLIT) ? e->split->through[i] : e->forwarded->through[i];
    return whistle_number_parse(dispatch_district(state), text, &number) == 0 ? number : 0;
}

int need_dedup(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dispatch *state = arg;
    uint32_t what = (uint32_t)dedup_event(item)->what_case;
    int64_t matter = matter_of(state, item), number;
    int error = 0;
    dispatch_need_whistle(state, turn, item->event->object);
    if (matter == 0) {
        return 0;
    }
    dispatch_need_whistle(state, turn, matter);
    for (size_t i = 0; (number = between(state, item, i)) != 0; i++) {
        dispatch_need_whistle(state, turn, number);
    }
    if (what == DEDUP(MERGED) || what == DEDUP(SPLIT)) {
        error = dispatch_need_sayings(state, turn, item->event->object);
    }
    error = error != 0 ? error : dispatch_need_audience(state, turn, item->event->object);
    return error != 0 ? error : dispatch_need_audience(state, turn, matter);
}

// Is this matter here, and does it take what the event joins to it?
static bool takes(const struct whistle *into, const Whistle__V1__DedupEvent *e)
{
    bool reopens =
        e->what_case == DEDUP(MERGED) && e->merged->how == WHISTLE__V1__JOIN_AS__JOIN_AS_REOPEN;
    return into != NULL && whistle_takes_join(into, reopens);
}

// What the event means for its whistle. ret_said: what was decided first, 0 nothing.
static int decide_own(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item,
                      int64_t matter, uint32_t *ret_said)
{
    int64_t number = item->event->object;
    const struct whistle *into = dispatch_whistle(state, matter);
    struct decision_context context = dispatch_context(state, turn, item);
    struct decision *d = &state->decision;
    bool taken = takes(into, dedup_event(item));
    const struct whistle *w = dispatch_before(state, number);
    bool had_tasks = w != NULL && whistle_has_tasks(w);
    context.noted = dispatch_noted(state, number);
    decision_init(d);
    int error = decide_dedup(dedup_event(item), w, number, taken, &context, d);
    error = error != 0 ? error : dispatch_apply(state, turn, item, d, w != NULL);
    if (error != 0) {
        return error;
    }
    *ret_said = d->n == 0 ? 0 : (uint32_t)d->events[0].event->what_case;
    dispatch_tally(state, d);
    if (!had_tasks && d->after != NULL && whistle_has_tasks(d->after)) {
        dispatch_fresh(state, item->event->at, d->after);
    }
    return context.noted == NULL ? 0 : dispatch_noted_done(state, turn, number);
}

// And for the matter, or for one between the two.
static int decide_its_matter(struct dispatch *state, struct wh_turn *turn,
                             const struct wh_item *item, int64_t matter, bool is_between)
{
    const struct whistle *w = dispatch_before(state, matter);
    struct sayings sayings;
    if (w == NULL) {
        return 0;
    }
    struct decision_context context = dispatch_context(state, turn, item);
    struct decision *d = &state->decision;
    context.audience = is_between ? NULL : dispatch_audience(state, matter);
    context.sayings = &sayings;
    decision_init(d);
    int error = dispatch_sayings(state, turn, item->event->object, &sayings);
    if (error != 0) {
        return error;
    }
    error = is_between ? decide_between(dedup_event(item), w, &context, d)
                       : decide_matter(dedup_event(item), w, &context, d);
    return error != 0 ? error : dispatch_apply(state, turn, item, d, true);
}

static int decide_all_between(struct dispatch *state, struct wh_turn *turn,
                              const struct wh_item *item)
{
    int error = 0;
    int64_t number;
    for (size_t i = 0; error == 0 && (number = between(state, item, i)) != 0; i++) {
        error = decide_its_matter(state, turn, item, number, true);
    }
    return error;
}

int on_dedup(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dispatch *state = arg;
    const Whistle__V1__DedupEvent *e = dedup_event(item);
    if (e->what_case == DEDUP(DISTRICT_ADOPTED)) {
        return adopt(state, turn, item, e->district_adopted);
    }
    if (dispatch_district(state) == NULL || item->event->object == 0) {
        return 0; // nothing of a whistle can come before the first district
    }
    int64_t matter = matter_of(state, item);
    uint32_t said = 0;
    int error = decide_own(state, turn, item, matter, &said);
    bool concerned = (e->what_case == DEDUP(MERGED) && said == EVENT(JOINED)) ||
                     (e->what_case == DEDUP(SPLIT) && said == EVENT(PARTED)) ||
                     e->what_case == DEDUP(FORWARDED);
    if (error != 0 || matter == 0 || !concerned) {
        return error;
    }
    error = decide_all_between(state, turn, item);
    error = error != 0 ? error : decide_its_matter(state, turn, item, matter, false);
    if (error == 0 && e->what_case == DEDUP(MERGED)) {
        error = dispatch_audience_joins(state, item->event->object, matter);
    }
    return error;
}

// ---- P1 past any backlog ------------------------------------------------------------------------
// Only the first word on a whistle that is not here: it goes out, or is joined to a matter that is
// here. All else waits for the feed that has everything in its order.

static bool overtakes(struct dispatch *state, const struct wh_item *item)
{
    uint32_t what = (uint32_t)dedup_event(item)->what_case;
    if (what == DEDUP(DISTRICT_ADOPTED)) {
        return true;
    }
    if (dispatch_whistle(state, item->event->object) != NULL) {
        return false;
    }
    const struct whistle *into = dispatch_whistle(state, matter_of(state, item));
    return what == DEDUP(CLEARED) || (what == DEDUP(MERGED) && takes(into, dedup_event(item)));
}

int on_urgent(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    return overtakes(arg, item) ? on_dedup(arg, turn, item) : 0;
}

// ---- P1 without a verdict -----------------------------------------------------------------------
// Intake's own word, held back for `unchecked_s`: whatever has not gone out by then goes unchecked.
// A whistle is blown once, so what dedup's feed brings of it later (also of the time before) finds
// it out and changes nothing that matters.

static const Whistle__V1__WhistleBlown *blown_p1(const struct wh_item *item)
{
    const Whistle__V1__IntakeEvent *e = (const Whistle__V1__IntakeEvent *)item->payload;
    bool is = e->what_case == INTAKE(BLOWN) && e->blown->whistle != NULL &&
              e->blown->whistle->priority == PRIORITY(P1);
    return is ? e->blown : NULL;
}

int need_p1(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    if (blown_p1(item) != NULL) {
        dispatch_need_whistle(arg, turn, item->event->object);
    }
    return 0;
}

static int send_unchecked(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item,
                          const Whistle__V1__WhistleBlown *blown)
{
    int64_t number = item->event->object;
    struct decision_context context = dispatch_context(state, turn, item);
    struct decision *d = &state->decision;
    const struct whistle *w = dispatch_before(state, number);
    context.noted = dispatch_noted(state, number);
    decision_init(d);
    int error = decide_unchecked(blown, w, number, &context, d);
    error = error != 0 ? error : dispatch_apply(state, turn, item, d, w != NULL);
    if (error == 0 && d->n > 0) {
        dispatch_tally(state, d);
        dispatch_fresh(state, item->event->at, d->after);
    }
    return error != 0 || context.noted == NULL ? error : dispatch_noted_done(state, turn, number);
}

int on_p1(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dispatch *state = arg;
    const Whistle__V1__IntakeEvent *e = (const Whistle__V1__IntakeEvent *)item->payload;
    if (e->what_case ==
        INTAKE(DISTRICT_ADOPTED)) { // so that a P1 meets the one it was raised under
        return adopt(state, turn, item, e->district_adopted);
    }
    const Whistle__V1__WhistleBlown *blown = blown_p1(item);
    if (blown == NULL || dispatch_district(state) == NULL) {
        return 0;
    }
    return send_unchecked(state, turn, item, blown);
}
