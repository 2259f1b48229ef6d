// SPDX-License-Identifier: Apache-2.0
// What one dispatch process holds in memory, shared by its handlers and views: whistles and queues
// in shelves, the district in force. Everything here can be rebuilt from the tables. Internal.
#ifndef WH_DISPATCH_DISPATCH_H
#define WH_DISPATCH_DISPATCH_H

#include "dispatch/decide.h"
#include "dispatch/notice.h"
#include "dispatch/store.h"
#include "runtime/service.h"

#define DISPATCH_FRESH_MAX 512 // items of a turn
#define DISPATCH_TASK_STATES (WHISTLE__V1__TASK_STATE__TASK_STATE_CANCELLED + 1)

struct dispatch {
    struct wh_runtime *runtime;
    struct wh_shelf *whistles; // number → struct whistle
    struct wh_shelf *queues;   // receiver → struct queue; all of them are always there
    struct wh_shelf
        *books; // number → notices of one whistle, for the turn that asks (handler_notice.c)
    struct wh_shelf *audiences;       // number → struct audience, for the turn that asks
    struct wh_shelf *sayings;         // number → what was said in it (sayings.h), likewise
    struct wh_shelf *held;            // number → its packed DispatchEvent, for the turn that asks
    struct wh_shelf *noted;           // number → struct noted; all of them are always there
    struct wh_district *district;     // in force; NULL before the first one
    struct wh_district *pending;      // adopted in the turn in hand
    int64_t highest, pending_highest; // largest number with a row; larger ones need no load
    struct store_gather gather;       // loads and rebuild
    struct {                          // the book being read from rows
        int64_t key;
        uint8_t *data;
        size_t n, cap;
    } book;
    struct { // what was said in a matter, being read from rows
        int64_t key;
        uint8_t *data;
        size_t n, cap;
    } saying;
    int64_t audience_key; // the audience being read from rows
    struct audience audience;
    int64_t collect_first, collect_every; // settings, ms
    struct whistle_room before;           // a whistle as it was before the item in hand
    struct queue_room queue;
    struct decision decision;
    struct simulation_job *simulating; // one at a time (view_simulate.c)
    struct {                           // whistles dispatched in the turn in hand
        uint8_t priority;
        int64_t at; // when intake told of them
    } fresh[DISPATCH_FRESH_MAX];
    size_t n_fresh;
    struct { // in the turn in hand
        int64_t by_rule, by_person, parted, unchecked;
    } tally;
    struct dispatch_counted {
        int64_t tasks[DISPATCH_TASK_STATES], overdue, supervised, untold, untold_ms;
    } counted; // in the tables, for /metrics
};

// The district the turn in hand decides by.
const struct wh_district *dispatch_district(const struct dispatch *state);

// ---- turns (handler*.c) -------------------------------------------------------------------------
int need_command(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_command(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_notice_answer(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_notice_answer(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_dedup(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_dedup(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_urgent(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_p1(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_p1(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_timer(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_timer(void *state, struct wh_turn *turn, const struct wh_item *item);

// ---- memory (handler_memory.c) ------------------------------------------------------------------
int dispatch_start(struct wh_runtime *runtime, void **ret_state);
void dispatch_stop(void *state);
void dispatch_reset(void *state);
int dispatch_ready(void *state);
void dispatch_committed(void *state);
void dispatch_rolled_back(void *state);
int32_t dispatch_subject(void *state, const char *code);
void dispatch_describe(const Whistle__V1__Event *event, const ProtobufCMessage *payload,
                       struct wh_done *ret_done);
extern const struct wh_loader dispatch_loaders[LOAD_LOADERS];
extern const struct wh_loader dispatch_rebuild[REBUILDS];

// ---- figures (handler_figures.c) ----------------------------------------------------------------
void dispatch_count(void *state, const struct wh_row *row); // service.h: count
// A whistle has its tasks now (in the turn in hand); at: when it was to go out.
void dispatch_fresh(struct dispatch *state, int64_t at, const struct whistle *w);
// Joins, partings, unchecked ones among a decision's events.
void dispatch_tally(struct dispatch *state, const struct decision *decision);
void dispatch_tell_fresh(struct dispatch *state); // the turn is committed

// ---- inside the handlers ------------------------------------------------------------------------
struct decision_context dispatch_context(struct dispatch *state, struct wh_turn *turn,
                                         const struct wh_item *item);
// The whistle as the turn sees it, NULL where there is none.
const struct whistle *dispatch_whistle(struct dispatch *state, int64_t number);
void dispatch_need_whistle(struct dispatch *state, struct wh_turn *turn, int64_t number);
// Who stands behind a matter (handler_matter.c): to be asked for before; NULL: nobody does.
int dispatch_need_audience(struct dispatch *state, struct wh_turn *turn, int64_t number);
const struct audience *dispatch_audience(struct dispatch *state, int64_t number);
// A whistle with all behind it now stands behind the matter, as far as this turn goes on.
int dispatch_audience_joins(struct dispatch *state, int64_t number, int64_t matter);
// What was said in a matter (handler_sayings.c): to be asked for before. grow: by this decision. 0,
// WH_E_NOMEM.
int dispatch_need_sayings(struct dispatch *state, struct wh_turn *turn, int64_t number);
int dispatch_sayings(struct dispatch *state, struct wh_turn *turn, int64_t number,
                     struct sayings *ret);
int dispatch_sayings_grow(struct dispatch *state, struct wh_turn *turn, const struct decision *d);
// What holds a whistle back, to be asked for before; NULL: nothing does.
const Whistle__V1__WhistleHeldBack *dispatch_held(struct dispatch *state, struct wh_turn *turn,
                                                  int64_t number);
// Withdrawals of a number that is not here; NULL: none. done: the whistle has come.
const struct noted *dispatch_noted(struct dispatch *state, int64_t number);
int dispatch_noted_done(struct dispatch *state, struct wh_turn *turn, int64_t number);
int dispatch_note_withdrawal(struct dispatch *state, struct wh_turn *turn,
                             const struct wh_item *item, int64_t number);
// Makes a decision that was taken on state->before (has_before) effective: events, rows, queues,
// timer.
int dispatch_apply(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item,
                   struct decision *decision, bool has_before);
// What waits for a receiver leaves as one bundle, and its queue is empty.
int dispatch_release(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item,
                     const struct queue *queue);
int dispatch_refuse(struct wh_turn *turn, const struct wh_item *item, enum wh_rule rule,
                    const struct decision *decision);
void dispatch_pend_district(struct dispatch *state, struct wh_district *district); // takes it
// Copies the whistle to state->before; NULL where there is none.
const struct whistle *dispatch_before(struct dispatch *state, int64_t number);

// ---- views (view*.c) ----------------------------------------------------------------------------
void view_show(void *state, struct wh_query *query, const struct wh_item *item);
void view_list(void *state, struct wh_query *query, const struct wh_item *item);
void view_tasks(void *state, struct wh_query *query, const struct wh_item *item);
void view_history(void *state, struct wh_query *query, const struct wh_item *item);
void view_sheet(void *state, struct wh_query *query, const struct wh_item *item);
void view_notices(void *state, struct wh_query *query, const struct wh_item *item);
void view_explain(void *state, struct wh_query *query, const struct wh_item *item);
void view_check(void *state, struct wh_query *query, const struct wh_item *item);
void view_status(void *state, struct wh_query *query, const struct wh_item *item);
void view_health(void *state, struct wh_query *query, const struct wh_item *item);
void view_dead_letters(void *state, struct wh_query *query, const struct wh_item *item);
void view_retry(void *state, struct wh_query *query, const struct wh_item *item);
void view_simulate(void *state, struct wh_query *query, const struct wh_item *item);

#endif
