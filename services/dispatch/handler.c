// SPDX-License-Identifier: Apache-2.0
// Commands: from what came in to a decision of the rules, and from the
// decision to events, rows, queues and the next timer. One runner serves all verbs; what a verb
// means is decided in decide*.c. No SQL, no sockets.
#include <string.h>

#include "dispatch/dispatch.h"
#include "dispatch/escalate.h"
#include "dispatch/wire.h"
#include "dispatch/words.h"

const struct wh_district *dispatch_district(const struct dispatch *state)
{
    return state->pending != NULL ? state->pending : state->district;
}

struct decision_context dispatch_context(struct dispatch *state, struct wh_turn *turn,
                                         const struct wh_item *item)
{
    const struct wh_district *district = dispatch_district(state);
    const struct wh_actor *actor = &item->actor;
    bool timer = item->kind == WH_ITEM_TIMER;
    const char *identity = timer || actor->identity == NULL ? "" : actor->identity;
    const char *officer = timer || actor->officer == NULL ? "" : actor->officer;
    return (struct decision_context){
        .collect_first = state->collect_first,
        .collect_every = state->collect_every,
        .now = wh_turn_now(turn),
        .district = district,
        .arena = wh_turn_arena(turn),
        .actor = {.identity = identity,
                  .officer = officer,
                  .party = wh_district_id(district, identity),
                  .roles = timer ? 0 : actor->roles},
    };
}

// ---- whistles in memory -------------------------------------------------------------------------

void dispatch_need_whistle(struct dispatch *state, struct wh_turn *turn, int64_t number)
{
    if (number > 0 && number <= state->highest && !wh_shelf_has(state->whistles, number)) {
        wh_need(turn, LOAD_WHISTLE, number);
    }
}

const struct whistle *dispatch_whistle(struct dispatch *state, int64_t number)
{
    return wh_shelf_get(state->whistles, number, NULL);
}

const struct whistle *dispatch_before(struct dispatch *state, int64_t number)
{
    const struct whistle *w = dispatch_whistle(state, number);
    if (w == NULL) {
        return NULL;
    }
    whistle_copy(&state->before, w);
    return &state->before.whistle;
}

// ---- making a decision effective ----------------------------------------------------------------

static const struct whistle *lookup(void *arg, int64_t number)
{
    return dispatch_whistle(arg, number);
}

static int emit_all(struct wh_turn *turn, const struct wh_item *item, struct decision *d)
{
    int error = 0;
    for (size_t i = 0; i < d->n && error == 0; i++) {
        error = wh_emit(turn, item, d->object, d->events[i].subjects, d->events[i].n_subjects,
                        &d->events[i].event->base, NULL);
    }
    return error;
}

// Bundles stand in a table of their own and in the history of every whistle they name.
static int put_bundles(struct dispatch *state, struct wh_turn *turn, const struct decision *d,
                       int64_t seq)
{
    int error = 0;
    for (size_t e = 0; e < d->n && error == 0; e++, seq++) {
        const Whistle__V1__DispatchEvent *event = d->events[e].event;
        for (size_t i = 0; i < event->n_notices && error == 0; i++) {
            const Whistle__V1__Notice *notice = event->notices[i];
            error = WH_PUT(turn, PUT_BUNDLE, WH_T(notice->id), WH_L(seq));
            for (size_t n = 0; n < notice->n_numbers && error == 0; n++) {
                struct wire_target target;
                if (wire_parse(notice->numbers[n], &target) == 0 &&
                    target.whistle <= state->pending_highest) {
                    error = WH_PUT(turn, PUT_HISTORY, WH_L(target.whistle), WH_L(seq));
                }
            }
        }
    }
    return error;
}

int dispatch_release(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item,
                     const struct queue *queue)
{
    struct decision *d = wh_arena_alloc(wh_turn_arena(turn), sizeof *d);
    if (d == NULL) {
        return WH_E_NOMEM;
    }
    decision_init(d);
    int32_t receiver = queue->receiver;
    int64_t seq = wh_turn_next_seq(turn);
    struct decision_context context = dispatch_context(state, turn, item);
    int error = decide_release(queue, &context, lookup, state, d);
    struct queue empty = {.receiver = receiver};
    if (error == 0) {
        error = emit_all(turn, item, d);
    }
    if (error == 0) {
        error = put_bundles(state, turn, d, seq);
    }
    if (error == 0) {
        error = WH_PUT(turn, PUT_RELEASED, WH_I(receiver), WH_L(seq));
    }
    if (error == 0) {
        error = wh_shelf_put(state->queues, receiver, &empty, sizeof empty);
    }
    wh_timer_set(turn, receiver, 0);
    return error;
}

// Where the rows of a decision's waiting notices stand: by the seq of its event. After a release in
// between, behind the release (which takes all rows up to its own seq) and before those that the
// next decision leaves under that seq.
struct waiting_place {
    int64_t seq;
    int before; // places kept free in front of n
};
#define PLACES_BEFORE 1024

static int queue_one(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item,
                     const struct waiting_notice *waiting, struct waiting_place *place, size_t n)
{
    const struct queue *q = wh_shelf_get(state->queues, waiting->receiver, NULL);
    if (!queue_push(&state->queue, q, waiting)) {
        int error = dispatch_release(state, turn, item, q);
        if (error != 0) {
            return error;
        }
        q = wh_shelf_get(state->queues, waiting->receiver, NULL);
        if (!queue_push(&state->queue, q, waiting)) {
            return WH_E_INVALID;
        }
        *place = (struct waiting_place){wh_turn_next_seq(turn), PLACES_BEFORE};
    }
    q = &state->queue.queue;
    int error = wh_shelf_put(state->queues, waiting->receiver, q, queue_size(q));
    if (error == 0) {
        error = WH_PUT(turn, PUT_WAITING, WH_I(waiting->receiver), WH_L(place->seq),
                       WH_S((int)n - place->before), WH_L(waiting->number),
                       WH_I(waiting->department), WH_S(waiting->kind), WH_L(waiting->until));
    }
    wh_timer_set(turn, waiting->receiver, q->release_at);
    return error;
}

static int put_after(struct dispatch *state, struct wh_turn *turn, const struct decision *d,
                     const struct whistle *before, int64_t seq)
{
    const struct whistle *after = d->after;
    int64_t timer = next_timer(after, dispatch_district(state));
    int error = store_put_whistle(turn, before, after, seq, d->n, timer);
    for (size_t i = 0; i < d->n && error == 0; i++) {
        error = store_put_point(turn, after->number, d->events[i].event);
    }
    if (error == 0) {
        error = wh_shelf_put(state->whistles, after->number, after, whistle_size(after));
    }
    if (after->number > state->pending_highest) {
        state->pending_highest = after->number;
    }
    wh_timer_set(turn, after->number, timer);
    return error;
}

int dispatch_apply(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item,
                   struct decision *d, bool has_before)
{
    const struct whistle *before = has_before ? &state->before.whistle : NULL;
    int64_t seq = wh_turn_next_seq(turn);
    int error = emit_all(turn, item, d);
    if (error == 0 && d->after != NULL && d->n > 0) {
        error = put_after(state, turn, d, before, seq);
    }
    if (error == 0 && d->object == 0) {
        error = put_bundles(state, turn, d, seq);
    }
    if (error == 0) {
        error = dispatch_sayings_grow(state, turn, d);
    }
    struct waiting_place place = {seq, 0};
    for (size_t i = 0; i < d->n_waiting && error == 0; i++) {
        error = queue_one(state, turn, item, &d->waiting[i], &place, i);
    }
    return error;
}

int dispatch_refuse(struct wh_turn *turn, const struct wh_item *item, enum wh_rule rule,
                    const struct decision *d)
{
    return d->detail[0] == '\0' ? wh_refuse(turn, item, rule, d->field, NULL)
                                : wh_refuse(turn, item, rule, d->field, "%s", d->detail);
}

// ---- commands -----------------------------------------------------------------------------------

// Does it end or begin a matter, so that everybody behind it is to hear of it?
static bool concerns_all(const struct wh_item *item)
{
    return item->what == COMMAND(CONFIRM) || item->what == COMMAND(REOPEN) ||
           item->what == COMMAND(WITHDRAW) || item->what == COMMAND(RULE_CLOSE);
}

int need_command(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dispatch *state = arg;
    struct wire_fault fault;
    struct wire_target target;
    if (wire_check(item, &fault) != 0) {
        return 0;
    }
    int error = 0;
    for (size_t i = 0; error == 0 && wire_target(item, i, &target); i++) {
        dispatch_need_whistle(state, turn, target.whistle);
        if (concerns_all(item)) {
            error = dispatch_need_audience(state, turn, target.whistle);
        }
    }
    return error;
}

// A repeat under another request id: nothing happens, the answer says how it stands.
static void say_done(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item,
                     const struct command *command)
{
    const struct whistle *w = &state->before.whistle;
    const struct task *t = command->department == 0 ? NULL : whistle_task(w, command->department);
    const ProtobufCEnumDescriptor *type =
        t != NULL ? &whistle__v1__task_state__descriptor : &whistle__v1__whistle_state__descriptor;
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(type, t != NULL ? t->state : (int)whistle_state(w));
    size_t prefix = strlen(t != NULL ? "TASK_STATE_" : "WHISTLE_STATE_");
    char ref[WH_TASK_ID_MAX];
    if (t != NULL) {
        task_id_format(w, dispatch_district(state), t->department, ref);
    } else {
        whistle_number_format(w, dispatch_district(state), ref);
    }
    wh_done(turn, item, ref, value == NULL ? "" : value->name + prefix);
}

// One task or whistle of a command. apply false: only whether it would be refused.
static int decide_one(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item,
                      const struct wire_target *target, bool apply)
{
    struct decision_context context = dispatch_context(state, turn, item);
    struct command command;
    struct wire_fault fault;
    struct decision *d = &state->decision;
    if (strcmp(target->prefix, wh_district_prefix(context.district)) != 0) {
        return wh_refuse(turn, item, WH_RULE_NOT_FOUND, "number", NULL);
    }
    if (wire_command(item, target, context.district, context.arena, &command, &fault) != 0) {
        return wh_refuse(turn, item, fault.rule, fault.field, NULL);
    }
    const struct whistle *w = dispatch_before(state, target->whistle);
    if (w == NULL && item->what == COMMAND(WITHDRAW)) {
        return dispatch_note_withdrawal(state, turn, item, target->whistle);
    }
    if (concerns_all(item)) {
        context.audience = dispatch_audience(state, target->whistle);
    }
    decision_init(d);
    enum wh_rule rule = decide(item->what, w, &context, &command, d);
    if (rule != WH_RULE_NONE) {
        return dispatch_refuse(turn, item, rule, d);
    }
    if (apply && d->n == 0 && w != NULL) {
        say_done(state, turn, item, &command);
    }
    return apply ? dispatch_apply(state, turn, item, d, w != NULL) : 0;
}

// Several tasks in one action: all or none, so each is asked before the first one is done.
int on_command(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dispatch *state = arg;
    struct wire_fault fault;
    struct wire_target target;
    if (wire_check(item, &fault) != 0) {
        return wh_refuse(turn, item, fault.rule, fault.field, NULL);
    }
    if (dispatch_district(state) == NULL) {
        return wh_refuse(turn, item, WH_RULE_DISTRICT_MISSING, NULL, NULL);
    }
    bool several = item->what == COMMAND(SIGN);
    for (size_t i = 0; several && wire_target(item, i, &target); i++) {
        int error = decide_one(state, turn, item, &target, false);
        if (error != 0) {
            return error;
        }
    }
    for (size_t i = 0; wire_target(item, i, &target); i++) {
        int error = decide_one(state, turn, item, &target, true);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}
