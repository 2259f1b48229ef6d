// SPDX-License-Identifier: Apache-2.0
// Between fold.c, fold_task.c and fold_join.c.
#ifndef WH_DISPATCH_FOLD_INTERNAL_H
#define WH_DISPATCH_FOLD_INTERNAL_H

#include "dispatch/fold.h"

// Sets a clock; where it ran before this is its next round.
void clock_set(struct task_clock *clock, int64_t from, int64_t due);
struct task *fold_task_of(struct whistle *w, const struct fold_context *c, const char *id);
int fold_reassign(struct whistle *w, const struct fold_context *c,
                  const Whistle__V1__TaskAssigned *assigned);
int fold_rework(struct whistle *w, const struct fold_context *c, size_t n,
                Whistle__V1__TaskClocks *const *tasks);
int fold_reopen(struct whistle *w, const struct fold_context *c, size_t n,
                Whistle__V1__TaskClocks *const *tasks);
int fold_facts(struct whistle *w, const struct fold_context *c,
               const Whistle__V1__WhistleFacts *facts);
// What dedup brings about: held, joined, parted, supported, a supporter lost, recurs.
bool fold_is_join(const Whistle__V1__DispatchEvent *e);
int fold_join_event(struct whistle *w, const struct fold_context *c,
                    const Whistle__V1__DispatchEvent *e);
// All joined reports so far are told of.
void fold_told(struct whistle *w, int64_t at);
// Events of one task: signed … delegated, priority, escalations, reminders.
int fold_task_event(struct whistle *w, const struct fold_context *c,
                    const Whistle__V1__DispatchEvent *e);

#endif
