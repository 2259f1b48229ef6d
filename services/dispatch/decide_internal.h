// SPDX-License-Identifier: Apache-2.0
// Between the files that decide: one verb is one function of a `deciding`.
#ifndef WH_DISPATCH_DECIDE_INTERNAL_H
#define WH_DISPATCH_DECIDE_INTERNAL_H

#include "dispatch/notice_internal.h"
#include "dispatch/pen.h"

struct deciding {
    struct pen pen;
    const struct command *command;
    const struct task *task; // of the scratch state; NULL for verbs on the whistle
    char *task_id;           // "" for verbs on the whistle
};

typedef enum wh_rule (*verb_fn)(struct deciding *x);

// Notes field and detail of a refusal, and returns the rule.
enum wh_rule refuse(struct deciding *x, enum wh_rule rule, const char *field, const char *detail,
                    ...) __attribute__((format(printf, 4, 5)));

// ---- who acts -----------------------------------------------------------------------------------
bool acts_as(const struct deciding *x, int32_t party);
bool acts_as_district(const struct deciding *x);
bool acts_as_side(const struct deciding *x);       // a raising side
bool acts_as_department(const struct deciding *x); // the task's own
int64_t now_of(const struct deciding *x);
const struct wh_district *district_of(const struct deciding *x);
char *text_of(const char *text); // for a message's field; NULL is ""

// ---- pieces of events ---------------------------------------------------------------------------
// A task from now on, with its due times.
Whistle__V1__TaskAssigned *assignment(struct pen *p, int32_t department, uint8_t part);
// Every side has confirmed.
void resolve(struct pen *p);
// Everything is reported: the raising side is told, once each time it comes to that. awaited: it
// was so before.
void tell_reported(struct pen *p, bool awaited);
// Every CONFIRMED task goes to REWORK with clocks from now.
void reopen(struct pen *p, char *reason);
// With the clocks of every task that it may still matter to. Nothing where it is `to` already.
// restored: what a join had raised is taken back, so no clock is held off until now.
void change_priority(struct pen *p, Whistle__V1__Priority to, char *reason, bool restored);

// ---- what comes from outside (intake.c, join.c) -------------------------------------------------
// What is known beside the whistle as it goes out.
struct going_out {
    Whistle__V1__Likeness **perhaps;
    size_t n_perhaps;
    bool unchecked;
    const char *note; // NULL none
};
// All departments at once; nothing where it has been here before. Where it was withdrawn before it
// came, it ends instead.
void send_out(struct pen *p, const Whistle__V1__WhistleBlown *said, const struct going_out *with);
// Was it withdrawn before it came? Then it ends here, as withdrawn.
bool ended_before(struct pen *p, Whistle__V1__WhistleFacts *facts);
// Does it wait before its dispatch (also for a person's word on a likeness)?
bool waits_for_dispatch(const struct whistle *w);
void follow_intake(struct pen *p, const Whistle__V1__IntakeEvent *e);

// ---- the verbs ----------------------------------------------------------------------------------
enum wh_rule decide_sign(struct deciding *x);
enum wh_rule decide_check_in(struct deciding *x);
enum wh_rule decide_report(struct deciding *x);
enum wh_rule decide_refuse(struct deciding *x);
enum wh_rule decide_rule(struct deciding *x);
enum wh_rule decide_extend(struct deciding *x);
enum wh_rule decide_extension(struct deciding *x);
enum wh_rule decide_ask_ledger(struct deciding *x);
enum wh_rule decide_ledger(struct deciding *x);
enum wh_rule decide_delegate(struct deciding *x);
enum wh_rule decide_confirm(struct deciding *x);
enum wh_rule decide_rate(struct deciding *x);
enum wh_rule decide_reply(struct deciding *x);
enum wh_rule decide_opinion(struct deciding *x);
enum wh_rule decide_reopen(struct deciding *x);
enum wh_rule decide_withdraw(struct deciding *x);
enum wh_rule decide_add(struct deciding *x);
enum wh_rule decide_rule_close(struct deciding *x);

#endif
