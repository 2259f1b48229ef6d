// SPDX-License-Identifier: Apache-2.0
// A whistle and its tasks as messages, as far as the aggregate knows them: states, parts, due
// times, overdue, escalation, what comes next. Texts (title and text in full, reasons, plans,
// reports) are put in by the view, from the journal.
#ifndef WH_DISPATCH_SHOW_H
#define WH_DISPATCH_SHOW_H

#include "base/arena.h"
#include "dispatch/whistle.h"

// In the arena; NULL past its cap. Cancelled tasks are shown too, after the live ones in order.
Whistle__V1__Whistle *show_whistle(const struct whistle *w, const struct wh_district *district,
                                   struct wh_arena *arena, int64_t now);
Whistle__V1__Task *show_task(const struct whistle *w, const struct task *t,
                             const struct wh_district *district, struct wh_arena *arena,
                             int64_t now);

#endif
