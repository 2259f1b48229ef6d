// SPDX-License-Identifier: Apache-2.0
// Every decision of dispatch, pure. One runner serves all verbs:
//
//   struct decision d; decision_init(&d);
//   enum wh_rule rule = decide(what, whistle_or_NULL, &context, &command, &d);
//   if (rule != WH_RULE_NONE) return wh_refuse(turn, item, rule, d.field, "%s", d.detail);
//   for (i < d.n) wh_emit(turn, item, d.object, d.events[i].subjects, d.events[i].n_subjects,
//                         &d.events[i].event->base, NULL);
//   if (d.after) wh_shelf_put(shelf, d.object, d.after, whistle_size(d.after));
//   for (i < d.n_waiting) queue_push …                                   (notice.h)
//   wh_timer_set(turn, d.object, d.after ? next_timer(d.after, district) : 0);   (escalate.h)
//
// Events and everything they point to lie in context->arena or are borrowed from the command, the
// intake event and the district: all live as long as the turn. Each event of a decision was decided
// on the state its predecessors left (d.after is the fold of them all). No event: nothing to do
// (a repeated sign or check-in).
#ifndef WH_DISPATCH_DECIDE_H
#define WH_DISPATCH_DECIDE_H

#include "base/arena.h"
#include "base/error.h"
#include "dispatch/audience.h"
#include "dispatch/sayings.h"
#include "dispatch/whistle.h"
#include "whistle/v1/dedup.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

// Who acts. party: the identity as unit or body, 0 where it is neither (a service).
struct deciding_actor {
    const char *identity, *officer;
    int32_t party;
    unsigned roles; // enum wh_role
};

struct decision_context {
    int64_t now;
    const struct wh_district *district;
    struct wh_arena *arena;
    struct deciding_actor actor;     // a timer: empty strings, no roles
    const char *times_set;           // for new tasks: "normal" (also NULL) or "emergency"
    const struct audience *audience; // of the whistle decided on; NULL: nobody stands behind it
    const struct sayings *sayings;   // of the whistle that joins it or leaves it; NULL: none
    const struct noted *noted;       // withdrawals that came before it; NULL: none
    int64_t collect_first, collect_every; // ms: joined reports are told collected
};

// Everything a command may say, in plain form; wire.c fills what its verb has, the rest is zero.
// Texts are never NULL where the verb requires them; lengths and UTF-8 are wire.c's business.
struct command {
    int32_t department;         // of the task named; verbs on tasks
    int32_t party;              // alternative (refuse), department (rule); 0 not given
    const char *text;           // text, note, plan
    const char *reason;         // reason, why, basis
    const char *officer;        // delegate
    int32_t choice;             // outcome, refuse reason, verdict, rating, method, decision
    Whistle__V1__Rating rating; // confirm
    int64_t until_at;
    const Whistle__V1__Place *place; // check in
    const int32_t *parties;          // departments (add), of the tasks that go back (confirm)
    size_t n_parties;
    char **attachments;
    size_t n_attachments;
};

#define DECISION_EVENTS 8
#define DECISION_SUBJECTS (TASKS_MAX + JOINT_MAX + 8 + 2 * AUDIENCE_MAX)

struct decided_event {
    Whistle__V1__DispatchEvent *event;
    const int32_t *subjects; // in the arena, ascending, each once
    size_t n_subjects;
};

// A notice that waits for its desk's hours (its event says so too, in `waiting`): for the queue of
// its receiver, see notice.h. department 0: about the whistle.
struct waiting_notice {
    int32_t receiver, department;
    int64_t number, until;
    uint8_t kind;
};

struct decision {
    int64_t object;
    size_t n;
    struct decided_event events[DECISION_EVENTS];
    const struct whistle
        *after; // the state with all events folded in; NULL where no whistle is touched
    size_t n_waiting;
    struct waiting_notice waiting[2 * TASKS_MAX];
    const char *field; // on refusal; "" where no field is to blame
    char detail[200];  // on refusal; no personal data
    struct whistle_room room;
};

// The first event is the decision itself (what an answer describes), its notices come last.
void decision_init(struct decision *d); // cheap; does not touch `room`

// ---- commands -----------------------------------------------------------------------------------
// what: field number in DispatchCommand.what (sign … rule_close; not the notices' answers nor
// queries). w: NULL where there is no such whistle (refused by whistle.unknown). sign: call once a
// task named. WH_RULE_NONE, or why not.
enum wh_rule decide(uint32_t what, const struct whistle *w, const struct decision_context *context,
                    const struct command *command, struct decision *d);

// An answer of a notices' sender: what is notice_sent or notice_failed; notice: as it was issued,
// from the journal, NULL where unknown; answered: it was answered before. A failure issues the next
// channel, then the next contact, then the district's desk. w: the notice's whistle, NULL for a
// bundle.
enum wh_rule decide_notice(uint32_t what, const Whistle__V1__Notice *notice, bool answered,
                           const struct whistle *w, const struct decision_context *context,
                           const char *why, struct decision *d);

// ---- intake's events ----------------------------------------------------------------------------
// w: NULL or as it stands. Repeats and events that come too late make no event. Never refused; a
// category that no rule knows goes to the backstop. 0, WH_E_NOMEM, WH_E_INVALID (the event names
// nothing this district knows: a bug).
int decide_intake(const Whistle__V1__IntakeEvent *event, const struct whistle *w, int64_t number,
                  const struct decision_context *context, struct decision *d);
// A P1 without a verdict: dispatched unchecked, unless it went out or a verdict on it is here.
int decide_unchecked(const Whistle__V1__WhistleBlown *blown, const struct whistle *w,
                     int64_t number, const struct decision_context *context, struct decision *d);

// ---- dedup's events -----------------------------------------------------------------------------
// What an event means for the whistle it is about: cleared, held, joined, parted, or what intake
// said of it. Repeats and what comes too late make no event. taken: the matter of a join is here
// and takes joins; else the whistle goes out by itself, with a note: nothing is swallowed.
// WH_E_INVALID: also where a whistle must go out and the event does not bring it.
int decide_dedup(const Whistle__V1__DedupEvent *event, const struct whistle *w, int64_t number,
                 bool taken, const struct decision_context *context, struct decision *d);
// A held whistle (held: the event that says so) whose time has passed without a word from dedup
// goes out unchecked. Nothing where it is not held any more.
int decide_unheld(const struct whistle *w, const Whistle__V1__WhistleHeldBack *held,
                  const struct decision_context *context, struct decision *d);
// What the same event means for the matter `w`: a supporter more or less, its words, danger, a
// higher priority, a reopening; additions and priorities of what is joined to it. Call it for a
// join only where decide_dedup joined.
int decide_matter(const Whistle__V1__DedupEvent *event, const struct whistle *w,
                  const struct decision_context *context, struct decision *d);
// And what it means for a joined whistle `w` that stands between the two: it keeps what is said in
// its branch. Nothing is told; who goes on there hears it from the matter.
int decide_between(const Whistle__V1__DedupEvent *event, const struct whistle *w,
                   const struct decision_context *context, struct decision *d);
// `by` withdraws a number that is not here. Makes WithdrawalNoted of no aggregate. 0, WH_E_NOMEM.
int decide_noted(int64_t number, const char *reason, const struct decision_context *context,
                 struct decision *d);

#endif
