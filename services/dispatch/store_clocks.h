// SPDX-License-Identifier: Apache-2.0
// A clock's beginning, round, level and reminders as bytes of a row (layout: store.c). Internal to
// the store.
#ifndef WH_DISPATCH_STORE_CLOCKS_H
#define WH_DISPATCH_STORE_CLOCKS_H

#include "dispatch/whistle.h"

#define CLOCK_BYTES 12

// Are the clocks as a dispatch sets them: begun at the task's dispatch where there is a due time,
// in their first round, nothing reminded or escalated?
bool clocks_are_fresh(const struct task *t);
void clocks_set_fresh(struct task *t); // from its due times

// True: nothing needs to be written (ret_bytes is untouched).
bool clocks_pack(const struct task *t, uint8_t ret_bytes[CLOCKS * CLOCK_BYTES]);
bool clocks_pack_one(const struct task_clock *clock, uint8_t ret_bytes[CLOCK_BYTES]);
void clocks_unpack_one(struct task_clock *clock, const uint8_t bytes[CLOCK_BYTES]);

#endif
