// SPDX-License-Identifier: Apache-2.0
// A recorded event back to what caused it (intake's word, a person's act, time), and that decided
// under other data. What is refused there did not happen there.
#include "dispatch/simulate_replay.h"

#include <string.h>

#include "client/keys.h"
#include "dispatch/escalate.h"
#include "dispatch/fold.h"
#include "dispatch/route.h"
#include "dispatch/words.h"

#define TIMERS_MAX 4096 // of one whistle; a year's monthly looks and reminders are far fewer

void replay_begin(struct replay *replay, const struct wh_district *district, struct wh_arena *arena)
{
    replay->district = district;
    replay->arena = arena;
    replay->unrouted = false;
    whistle_copy(&replay->room, NULL);
}

static const struct whistle *whistle_of(const struct replay *replay)
{
    return replay->room.whistle.number == 0 ? NULL : &replay->room.whistle;
}

static void take(struct replay *replay)
{
    if (replay->decision.after != NULL) {
        whistle_copy(&replay->room, replay->decision.after);
    }
}

static unsigned roles_of(const struct wh_district *district, const char *identity)
{
    const struct wh_unit *unit = wh_district_unit(district, identity);
    if (strcmp(identity, BACKSTOP) == 0) {
        return WH_ROLE_DISTRICT;
    }
    if (unit == NULL) {
        return WH_ROLE_DEPARTMENT;
    }
    return wh_unit_is_street(unit) ? WH_ROLE_STREET : WH_ROLE_COMMUNITY;
}

static struct decision_context context_of(const struct replay *replay, int64_t at,
                                          const Whistle__V1__Actor *actor)
{
    struct decision_context context = {.now = at,
                                       .district = replay->district,
                                       .arena = replay->arena,
                                       .actor = {.identity = "", .officer = ""}};
    if (actor != NULL) {
        context.actor.identity = actor->identity;
        context.actor.officer = actor->officer;
        context.actor.party = wh_district_id(replay->district, actor->identity);
        context.actor.roles = roles_of(replay->district, actor->identity);
    }
    return context;
}

void replay_until(struct replay *replay, int64_t at)
{
    for (int i = 0; i < TIMERS_MAX && whistle_of(replay) != NULL; i++) {
        int64_t next = next_timer(&replay->room.whistle, replay->district);
        struct decision_context context = context_of(replay, next, NULL);
        decision_init(&replay->decision);
        if (next == 0 || next > at ||
            decide_timer(&replay->room.whistle, &context, &replay->decision) != 0 ||
            replay->decision.n == 0) {
            return;
        }
        take(replay);
    }
}

// ---- intake's word ------------------------------------------------------------------------------

static void note_route(struct replay *replay, const Whistle__V1__WhistleFacts *facts)
{
    struct route *route = wh_arena_alloc(replay->arena, sizeof *route);
    if (route != NULL && facts != NULL) {
        route_whistle(replay->district, facts, route);
        replay->unrouted = strcmp(route->choices[0].rule, "BACKSTOP") == 0;
    }
}

static bool said_by_intake(struct replay *replay, const Whistle__V1__DispatchEvent *e,
                           Whistle__V1__IntakeEvent *ret)
{
    static const Whistle__V1__IntakeEvent empty = WHISTLE__V1__INTAKE_EVENT__INIT;
    struct wh_arena *arena = replay->arena;
    *ret = empty;
    if (e->what_case == EVENT(RECEIVED)) {
        Whistle__V1__WhistleSubmitted *said = wh_arena_alloc(arena, sizeof *said);
        if (said == NULL) {
            return false;
        }
        *said = (Whistle__V1__WhistleSubmitted)WHISTLE__V1__WHISTLE_SUBMITTED__INIT;
        said->whistle = e->received->whistle;
        said->due_review = e->received->due_review;
        said->why = e->received->why;
        ret->what_case = INTAKE(SUBMITTED);
        ret->submitted = said;
    } else if (e->what_case == EVENT(DISPATCHED)) {
        Whistle__V1__WhistleBlown *said = wh_arena_alloc(arena, sizeof *said);
        if (said == NULL) {
            return false;
        }
        *said = (Whistle__V1__WhistleBlown)WHISTLE__V1__WHISTLE_BLOWN__INIT;
        said->whistle = e->dispatched->whistle;
        said->unreviewed = e->dispatched->unreviewed;
        ret->what_case = INTAKE(BLOWN);
        ret->blown = said;
        note_route(replay, said->whistle);
    } else if (e->what_case == EVENT(PRIORITY_CHANGED)) {
        Whistle__V1__PriorityChanged *said = wh_arena_alloc(arena, sizeof *said);
        if (said == NULL) {
            return false;
        }
        *said = (Whistle__V1__PriorityChanged)WHISTLE__V1__PRIORITY_CHANGED__INIT;
        said->from = e->priority_changed->from;
        said->to = e->priority_changed->to;
        said->reason = e->priority_changed->reason;
        ret->what_case = INTAKE(PRIORITY_CHANGED);
        ret->priority_changed = said;
    }
    return ret->what_case != 0;
}

// ---- people's acts ------------------------------------------------------------------------------

static uint32_t act_on_task(const Whistle__V1__DispatchEvent *e, struct command *c)
{
    switch (e->what_case) {
    case EVENT(SIGNED):
        return COMMAND(SIGN);
    case EVENT(CHECKED_IN):
        c->choice = (int32_t)e->checked_in->method;
        return COMMAND(CHECK_IN);
    case EVENT(REPORTED):
        c->choice = (int32_t)e->reported->outcome;
        c->text = e->reported->text;
        return COMMAND(REPORT);
    case EVENT(EXTENSION_ASKED):
        c->until_at = e->extension_asked->until_at;
        c->reason = e->extension_asked->reason;
        return COMMAND(EXTEND);
    case EVENT(EXTENSION_DECIDED):
        c->choice = (int32_t)e->extension_decided->decision;
        c->reason = e->extension_decided->reason;
        return COMMAND(DECIDE_EXTENSION);
    case EVENT(LEDGER_ASKED):
        c->until_at = e->ledger_asked->until_at;
        c->text = e->ledger_asked->plan;
        return COMMAND(LEDGER);
    case EVENT(LEDGER_DECIDED):
        c->choice = (int32_t)e->ledger_decided->decision;
        c->reason = e->ledger_decided->reason;
        return COMMAND(DECIDE_LEDGER);
    default:
        return 0;
    }
}

static uint32_t act_of_dispute(const struct wh_district *district,
                               const Whistle__V1__DispatchEvent *e, struct command *c)
{
    if (e->what_case == EVENT(REFUSED)) {
        c->choice = (int32_t)e->refused->reason;
        c->reason = e->refused->basis;
        c->text = e->refused->text;
        c->party = wh_district_id(district, e->refused->alternative);
        return COMMAND(REFUSE);
    }
    if (e->what_case == EVENT(RULED) && !e->ruled->auto_) {
        c->choice = (int32_t)e->ruled->verdict;
        c->reason = e->ruled->basis;
        c->party = e->ruled->assigned == NULL
                       ? 0
                       : wh_district_id(district, e->ruled->assigned->department);
        return COMMAND(RULE);
    }
    return act_on_task(e, c);
}

// The tasks sent back that exist there too.
static bool fill_reworked(const struct replay *replay, const Whistle__V1__WhistleConfirmed *said,
                          struct command *c)
{
    int32_t *parties = wh_arena_calloc(replay->arena, said->n_reworked + 1, sizeof *parties);
    int64_t number;
    if (parties == NULL) {
        return false;
    }
    for (size_t i = 0; i < said->n_reworked; i++) {
        int32_t party;
        if (task_id_parse(replay->district, said->reworked[i]->task, &number, &party) == 0 &&
            whistle_task(&replay->room.whistle, party) != NULL) {
            parties[c->n_parties++] = party;
        }
    }
    c->parties = parties;
    return said->n_reworked == 0 || c->n_parties > 0;
}

static bool fill_added(const struct replay *replay, const Whistle__V1__DepartmentsAdded *said,
                       struct command *c)
{
    int32_t *parties = wh_arena_calloc(replay->arena, said->n_tasks + 1, sizeof *parties);
    if (parties == NULL) {
        return false;
    }
    for (size_t i = 0; i < said->n_tasks; i++) {
        int32_t party = wh_district_id(replay->district, said->tasks[i]->department);
        if (party != 0 && whistle_task(&replay->room.whistle, party) == NULL) {
            parties[c->n_parties++] = party;
        }
    }
    c->parties = parties;
    c->reason = said->reason;
    return c->n_parties > 0;
}

static uint32_t act_on_whistle(const struct replay *replay, const Whistle__V1__DispatchEvent *e,
                               struct command *c)
{
    switch (e->what_case) {
    case EVENT(CONFIRMED):
        c->choice = (int32_t)e->confirmed->verdict;
        c->rating = e->confirmed->rating;
        c->text = e->confirmed->text;
        return fill_reworked(replay, e->confirmed, c) ? COMMAND(CONFIRM) : 0;
    case EVENT(REOPENED):
        c->reason = e->reopened->reason;
        return COMMAND(REOPEN);
    case EVENT(WITHDRAWN):
        c->reason = e->withdrawn->reason;
        return COMMAND(WITHDRAW);
    case EVENT(DEPARTMENTS_ADDED):
        return fill_added(replay, e->departments_added, c) ? COMMAND(ADD) : 0;
    case EVENT(RULE_CLOSE_PROPOSED):
        c->reason = e->rule_close_proposed->reason;
        return COMMAND(RULE_CLOSE);
    case EVENT(ENDED):
        c->reason = e->ended->reason;
        return e->ended->to == STATE(RULED_CLOSED) ? COMMAND(RULE_CLOSE) : 0;
    default:
        return act_of_dispute(replay->district, e, c);
    }
}

static void act(struct replay *replay, const Whistle__V1__Event *envelope,
                const Whistle__V1__DispatchEvent *e, const ProtobufCMessage *member)
{
    struct command command = {.text = "", .reason = "", .officer = ""};
    struct decision_context context = context_of(replay, envelope->at, envelope->actor);
    const ProtobufCFieldDescriptor *first =
        protobuf_c_message_descriptor_get_field(member->descriptor, 1);
    uint32_t what = act_on_whistle(replay, e, &command);
    int64_t number;
    if (what == 0 || whistle_of(replay) == NULL) {
        return;
    }
    if (strcmp(first->name, "task") == 0) {
        const char *id;
        memcpy(&id, (const uint8_t *)member + first->offset, sizeof id);
        if (task_id_parse(replay->district, id, &number, &command.department) != 0 ||
            whistle_task(&replay->room.whistle, command.department) == NULL) {
            return; // not called there
        }
    }
    decision_init(&replay->decision);
    if (decide(what, &replay->room.whistle, &context, &command, &replay->decision) ==
        WH_RULE_NONE) {
        take(replay);
    }
}

// ---- rows ---------------------------------------------------------------------------------------

// ---- dedup's word -------------------------------------------------------------------------------

// Who is joined to what stays as it was; which tasks that cancels and restores is decided anew.
static bool said_by_dedup(const Whistle__V1__DispatchEvent *e, const struct whistle *w,
                          Whistle__V1__DedupEvent *ret, Whistle__V1__WhistleMerged *merged,
                          Whistle__V1__WhistleSplit *split)
{
    *ret = (Whistle__V1__DedupEvent)WHISTLE__V1__DEDUP_EVENT__INIT;
    if (e->what_case == EVENT(JOINED)) {
        *merged = (Whistle__V1__WhistleMerged)WHISTLE__V1__WHISTLE_MERGED__INIT;
        merged->number = e->joined->number;
        merged->into = e->joined->into;
        merged->by_person = e->joined->by_person;
        ret->what_case = WHISTLE__V1__DEDUP_EVENT__WHAT_MERGED;
        ret->merged = merged;
    } else if (e->what_case == EVENT(PARTED)) {
        *split = (Whistle__V1__WhistleSplit)WHISTLE__V1__WHISTLE_SPLIT__INIT;
        split->number = e->parted->number;
        split->from = e->parted->from;
        ret->what_case = WHISTLE__V1__DEDUP_EVENT__WHAT_SPLIT;
        ret->split = split;
    }
    return ret->what_case != 0 && w != NULL && whistle_has_tasks(w);
}

// Facts that no other data change: they are as they were.
static bool stays(const Whistle__V1__DispatchEvent *e)
{
    return e->what_case == EVENT(HELD) || e->what_case == EVENT(JOINED) ||
           e->what_case == EVENT(PARTED) || e->what_case == EVENT(SUPPORTED) ||
           e->what_case == EVENT(SUPPORT_LOST) || e->what_case == EVENT(RECURS);
}

static void live_joined(struct replay *replay, const Whistle__V1__Event *envelope,
                        const Whistle__V1__DispatchEvent *e)
{
    Whistle__V1__DedupEvent said;
    Whistle__V1__WhistleMerged merged;
    Whistle__V1__WhistleSplit split;
    struct decision_context context = context_of(replay, envelope->at, envelope->actor);
    if (!said_by_dedup(e, whistle_of(replay), &said, &merged, &split)) {
        struct fold_context as_it_was = fold_context_of(replay->district, envelope);
        (void)fold(&replay->room, &as_it_was, e);
        return;
    }
    decision_init(&replay->decision);
    if (decide_dedup(&said, whistle_of(replay), envelope->object, true, &context,
                     &replay->decision) == 0) {
        take(replay);
    }
}

static void live_again(struct replay *replay, const Whistle__V1__Event *envelope,
                       const Whistle__V1__DispatchEvent *e, const ProtobufCMessage *member)
{
    Whistle__V1__IntakeEvent said;
    struct decision_context context = context_of(replay, envelope->at, envelope->actor);
    replay_until(replay, envelope->at);
    if (stays(e)) {
        live_joined(replay, envelope, e);
        return;
    }
    if (!said_by_intake(replay, e, &said)) {
        act(replay, envelope, e, member);
        return;
    }
    decision_init(&replay->decision);
    if (decide_intake(&said, whistle_of(replay), envelope->object, &context, &replay->decision) ==
        0) {
        take(replay);
    }
}

static void *arena_alloc(void *arena, size_t size)
{
    return wh_arena_alloc(arena, size);
}

static void arena_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

// Our own journal's bytes, so that no wire check is needed.
static const Whistle__V1__Event *unpack(struct wh_arena *arena, const uint8_t *body, size_t n,
                                        const Whistle__V1__DispatchEvent **ret_event)
{
    ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
    const Whistle__V1__Event *envelope = whistle__v1__event__unpack(&allocator, n, body);
    *ret_event = envelope == NULL ? NULL
                                  : whistle__v1__dispatch_event__unpack(
                                        &allocator, envelope->payload.len, envelope->payload.data);
    return *ret_event == NULL || (*ret_event)->what_case == 0 ? NULL : envelope;
}

int replay_row(struct replay *before, struct replay *after, const uint8_t *body, size_t n)
{
    const Whistle__V1__DispatchEvent *e;
    const Whistle__V1__Event *envelope = unpack(before->arena, body, n, &e);
    if (envelope == NULL) {
        return WH_E_INVALID;
    }
    if (envelope->object == 0) {
        return 0; // a bundle that named the whistle
    }
    struct fold_context context = fold_context_of(before->district, envelope);
    if (fold(&before->room, &context, e) != 0) {
        return WH_E_INVALID;
    }
    live_again(after, envelope, e, &e->received->base); // the members are one union of pointers
    return 0;
}
