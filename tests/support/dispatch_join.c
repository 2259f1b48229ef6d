// SPDX-License-Identifier: Apache-2.0
// See dispatch_join.h.
#include "support/dispatch_join.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/frame.h"

#define DEDUP(x) WHISTLE__V1__DEDUP_EVENT__WHAT_##x

static char *literal(const char *text)
{
    return (char *)(uintptr_t)text;
}

void world_begin(struct world *w, const struct wh_district *district, int64_t now, size_t n,
                 Whistle__V1__Priority priority)
{
    w->district = district;
    w->now = now;
    w->n = n;
    w->priority = (uint8_t)priority;
    w->danger = NULL;
    w->raise_to = w->lower_to = 0;
    w->how = WHISTLE__V1__JOIN_AS__JOIN_AS_DUPLICATE;
    for (size_t i = 0; i < n; i++) {
        play_begin(&w->plays[i], district, now);
        w->plays[i].number += (int64_t)i;
        w->into[i] = NOBODY;
    }
    wh_arena_init(&w->arena, (size_t)4 << 20);
}

void world_end(struct world *w)
{
    wh_arena_done(&w->arena);
    for (size_t i = 0; i < w->n; i++)
        play_end(&w->plays[i]);
}

void world_pass(struct world *w, int64_t ms)
{
    w->now += ms;
    for (size_t i = 0; i < w->n; i++)
        w->plays[i].now = w->now;
}

// ---- what intake says of it ---------------------------------------------------------------------
struct said {
    char number[WH_NUMBER_MAX], other[WH_NUMBER_MAX];
    Whistle__V1__WhistleFacts facts;
    Whistle__V1__Place place;
    Whistle__V1__WhistleBlown blown;
};

static void say(const struct world *w, size_t i, struct said *ret)
{
    const char *category = w->priority == PRIORITY(P1)   ? "GAS_LEAK"
                           : w->priority == PRIORITY(P2) ? "FIRE_LANE"
                           : w->priority == PRIORITY(P3) ? "WAGE"
                                                         : "LIFT_RETROFIT";
    (void)wh_number_format(wh_district_prefix(w->district), w->plays[i].number, ret->number);
    ret->other[0] = '\0';
    whistle__v1__whistle_facts__init(&ret->facts);
    whistle__v1__place__init(&ret->place);
    whistle__v1__whistle_blown__init(&ret->blown);
    ret->facts.number = ret->number;
    ret->facts.unit = ret->facts.street = literal(STREET_OF_WORLD);
    ret->facts.category = literal(category);
    ret->facts.title = literal("染坊街下穿桥积水");
    ret->facts.priority = (Whistle__V1__Priority)w->priority;
    ret->facts.submitted_at = w->now;
    ret->place.unit = literal("990101001001");
    ret->facts.place = &ret->place;
    ret->blown.whistle = &ret->facts;
}

size_t world_clear(struct world *w, size_t i)
{
    struct said said;
    Whistle__V1__WhistleCleared cleared = WHISTLE__V1__WHISTLE_CLEARED__INIT;
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    say(w, i, &said);
    cleared.blown = &said.blown;
    event.what_case = DEDUP(CLEARED);
    event.cleared = &cleared;
    return play_dedup(&w->plays[i], &event, false);
}

size_t world_submit(struct world *w, size_t i)
{
    struct said said;
    Whistle__V1__WhistleSubmitted submitted = WHISTLE__V1__WHISTLE_SUBMITTED__INIT;
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__IntakeForwarded forwarded = WHISTLE__V1__INTAKE_FORWARDED__INIT;
    Whistle__V1__DedupEvent outer = WHISTLE__V1__DEDUP_EVENT__INIT;
    say(w, i, &said);
    submitted.whistle = &said.facts;
    submitted.due_review = w->now + 300000;
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_SUBMITTED;
    event.submitted = &submitted;
    forwarded.event = &event;
    outer.what_case = DEDUP(FORWARDED);
    outer.forwarded = &forwarded;
    return play_dedup(&w->plays[i], &outer, false);
}

size_t world_hold(struct world *w, size_t i, int64_t until)
{
    struct said said;
    Whistle__V1__WhistleHeld held = WHISTLE__V1__WHISTLE_HELD__INIT;
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    say(w, i, &said);
    held.blown = &said.blown;
    held.until_at = until;
    event.what_case = DEDUP(HELD);
    event.held = &held;
    return play_dedup(&w->plays[i], &event, false);
}

size_t world_unheld(struct world *w, size_t i)
{
    struct said said;
    Whistle__V1__WhistleHeldBack held = WHISTLE__V1__WHISTLE_HELD_BACK__INIT;
    say(w, i, &said);
    held.whistle = &said.facts;
    return play_unheld(&w->plays[i], &held);
}

size_t world_unchecked(struct world *w, size_t i)
{
    struct said said;
    say(w, i, &said);
    return play_unchecked(&w->plays[i], &said.blown);
}

// ---- joins --------------------------------------------------------------------------------------
static bool decided(const struct play *p, uint32_t what)
{
    return p->d.n > 0 && p->d.events[0].event->what_case == what;
}

static bool goes_out_again(const struct world *w, size_t i)
{
    return !w->plays[i].exists || !whistle_has_tasks(&w->plays[i].state.whistle);
}

int world_root(const struct world *w, size_t i)
{
    int at = (int)i;
    while (w->into[at] != NOBODY)
        at = w->into[at];
    return at;
}

static bool stands_below(const struct world *w, size_t k, size_t top)
{
    for (int at = (int)k; at != NOBODY; at = w->into[at])
        if ((size_t)at == top)
            return true;
    return false;
}

struct sayings world_sayings(struct world *w, size_t i)
{
    struct sayings sayings = {0};
    wh_arena_reset(&w->arena);
    if (w->plays[i].n_record == 0)
        return sayings;
    ProtobufCMessage *record =
        wh_unpack_ample(&whistle__v1__whistle_supported__descriptor, &w->arena, w->plays[i].record,
                        w->plays[i].n_record, NULL);
    assert_non_null(record);
    sayings_read((Whistle__V1__WhistleSupported *)record, &sayings);
    return sayings;
}

// Everybody above it hears: those between, then the root.
static void tell_above(struct world *w, size_t i, int parent, const Whistle__V1__DedupEvent *event)
{
    struct sayings sayings = world_sayings(w, i);
    for (int at = parent; at != NOBODY; at = w->into[at]) {
        struct play *p = &w->plays[at];
        p->sayings = &sayings;
        if (w->into[at] == NOBODY)
            (void)play_matter(p, event);
        else
            (void)play_between(p, event);
        p->sayings = NULL;
    }
}

bool world_supplement(struct world *w, size_t i, const char *text)
{
    struct said said;
    Whistle__V1__WhistleSupplemented more = WHISTLE__V1__WHISTLE_SUPPLEMENTED__INIT;
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__IntakeForwarded forwarded = WHISTLE__V1__INTAKE_FORWARDED__INIT;
    Whistle__V1__DedupEvent outer = WHISTLE__V1__DEDUP_EVENT__INIT;
    say(w, i, &said);
    more.number = said.number;
    more.text = literal(text);
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_SUPPLEMENTED;
    event.supplemented = &more;
    forwarded.event = &event;
    outer.what_case = DEDUP(FORWARDED);
    outer.forwarded = &forwarded;
    bool taken = play_dedup(&w->plays[i], &outer, false) > 0;
    tell_above(w, i, w->into[i], &outer);
    return taken;
}

bool world_join(struct world *w, size_t i, size_t into, bool by_person)
{
    struct said said;
    struct play *matter = &w->plays[into];
    Whistle__V1__WhistleMerged merged = WHISTLE__V1__WHISTLE_MERGED__INIT;
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    char *danger[] = {literal(w->danger)};
    say(w, i, &said);
    (void)wh_number_format(wh_district_prefix(w->district), matter->number, said.other);
    merged.number = said.number;
    merged.into = said.other;
    merged.blown = goes_out_again(w, i) ? &said.blown : NULL;
    merged.how = w->how;
    merged.raise_to = w->raise_to;
    merged.by_person = by_person;
    merged.title = said.facts.title;
    merged.danger = danger;
    merged.n_danger = w->danger != NULL;
    event.what_case = DEDUP(MERGED);
    event.merged = &merged;
    bool taken =
        matter->exists &&
        whistle_takes_join(&matter->state.whistle, w->how == WHISTLE__V1__JOIN_AS__JOIN_AS_REOPEN);
    (void)play_dedup(&w->plays[i], &event, taken);
    if (!decided(&w->plays[i], EVENT(JOINED)))
        return false;
    w->into[i] = (int)into;
    tell_above(w, i, (int)into, &event);
    return true;
}

bool world_split(struct world *w, size_t i)
{
    struct said said;
    Whistle__V1__WhistleSplit split = WHISTLE__V1__WHISTLE_SPLIT__INIT;
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    size_t from = w->into[i] == NOBODY ? 0 : (size_t)world_root(w, i);
    say(w, i, &said);
    (void)wh_number_format(wh_district_prefix(w->district), w->plays[from].number, said.other);
    split.number = said.number;
    split.from = said.other;
    split.lower_to = w->lower_to;
    for (size_t k = 0; k < w->n; k++)
        split.supporters += k != from && world_root(w, k) == (int)from && !stands_below(w, k, i);
    split.blown = goes_out_again(w, i) ? &said.blown : NULL;
    event.what_case = DEDUP(SPLIT);
    event.split = &split;
    (void)play_dedup(&w->plays[i], &event, false);
    if (!decided(&w->plays[i], EVENT(PARTED)))
        return false;
    int parent = w->into[i];
    w->into[i] = NOBODY;
    tell_above(w, i, parent, &event);
    return true;
}

// ---- looking ------------------------------------------------------------------------------------
static const struct whistle *lookup(void *arg, int64_t number)
{
    struct world *w = arg;
    for (size_t i = 0; i < w->n; i++)
        if (w->plays[i].number == number)
            return &w->plays[i].state.whistle;
    return NULL;
}

void world_release(struct world *w, size_t i, const struct queue *queue)
{
    struct play *p = &w->plays[i];
    struct decision_context context = {.now = w->now,
                                       .district = w->district,
                                       .arena = &p->arena,
                                       .actor = {.identity = "", .officer = ""}};
    decision_init(&p->d);
    assert_int_equal(decide_release(queue, &context, lookup, w, &p->d), 0);
}

size_t world_fan_outs(const struct world *w, size_t i)
{
    size_t n = 0;
    for (size_t k = 0; k < w->plays[i].n_events; k++)
        n += w->plays[i].kinds[k] == EVENT(DISPATCHED);
    return n;
}
