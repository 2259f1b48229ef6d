// SPDX-License-Identifier: Apache-2.0
// What time alone brings about: reminders, escalation levels, the ruling nobody gave, the monthly
// look at a ledger, a confirmation that does not come, the archive after 30 days. Computed from the
// due times; at most one escalation level per whistle and turn, the rest comes with the next turn.
#ifndef WH_DISPATCH_ESCALATE_H
#define WH_DISPATCH_ESCALATE_H

#include "dispatch/decide.h"

// A held whistle of which nothing has been said so long after its time goes out by itself.
#define HELD_GRACE_MS 60000
#define ARCHIVE_AFTER_MS (30 * INT64_C(86400000))

// When this whistle next needs a look, ms UTC; may lie in the past; 0: never.
int64_t next_timer(const struct whistle *w, const struct wh_district *district);
// A timer came: what is due now as events (none where it came too early). 0, WH_E_NOMEM.
int decide_timer(const struct whistle *w, const struct decision_context *context,
                 struct decision *d);

#endif
