// SPDX-License-Identifier: Apache-2.0
// Who owns the journal: the advisory lock, the epoch, the proof that the database still answers,
// and the standby's watch. Decides when this process serves, when it is void and when it takes
// over.
#ifndef WH_RUNTIME_OWNER_H
#define WH_RUNTIME_OWNER_H

#include "runtime/runtime.h"

int wh_owner_new(struct wh_runtime *runtime, struct wh_owner **ret_owner);
void wh_owner_close(struct wh_owner *owner); // asynchronous, frees itself
// The writer and the reader are both connected and prepared.
void wh_owner_connected(struct wh_runtime *runtime);
// One of them is gone.
void wh_owner_disconnected(struct wh_runtime *runtime);
// A round trip on the writer, sent at mono ms, was answered.
void wh_owner_proved(struct wh_runtime *runtime, int64_t sent_ms);
// The database works but refuses to write (disk full …): do not try again at once.
void wh_owner_hold(struct wh_runtime *runtime, const char *sqlstate);
// Standing by: events that our tail lacks of the journal; else 0.
int64_t wh_owner_standby_lag(const struct wh_runtime *runtime);
// Time since the last round trip with the database that is known to have worked.
int64_t wh_owner_silent_ms(const struct wh_runtime *runtime);
// Who owns the journal, in words, as the database told a standby last; of an owner: who did before.
const char *wh_owner_text(const struct wh_runtime *runtime);
// Gives the lock back, then calls done.
void wh_owner_release(struct wh_runtime *runtime, void (*done)(struct wh_runtime *runtime));

#endif
