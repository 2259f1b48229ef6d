// SPDX-License-Identifier: Apache-2.0
// The street's review: when it is due, who may do it, what a verdict or a change of priority does
// to a whistle in its present state (domain 3.2, 3.5). Pure.
#ifndef WH_INTAKE_REVIEW_H
#define WH_INTAKE_REVIEW_H

#include "intake/admit.h"
#include "intake/whistle.h"

// Review clock from `from` (ms UTC): a resident's P1 the row's review_resident, others its review.
int64_t review_due(const struct wh_district *district, int priority, int64_t from);

// What a command or a clock leads to. Several steps become events in this order.
struct review_step {
    enum wh_rule refused; // WH_RULE_NONE: go on
    const char *field;    // of the refusal
    int priority;         // the whistle's from now on
    bool goes_out;        // emit WhistleBlown
    bool unreviewed;      // …that nobody at the street looked at
    bool overdue;         // emit ReviewOverdue
    int state;            // whistle.v1.WhistleState afterwards
    int64_t due_review;   // 0: no clock
};

struct review_step review_verdict(const struct wh_district *district, const struct whistle *whistle,
                                  const struct who *who, int verdict, int priority,
                                  const char *reason);
struct review_step review_priority(const struct wh_district *district,
                                   const struct whistle *whistle, const struct who *who,
                                   int priority, int64_t now);
// Answers came: complete: no required answer is missing any more.
struct review_step review_supplement(const struct whistle *whistle, const struct who *who,
                                     bool complete);
// The clock ran out.
struct review_step review_clock(const struct whistle *whistle, int64_t now);

// Is `who` the raiser, its street, or a joint street?
bool review_is_side(const struct whistle *whistle, const struct who *who);

#endif
