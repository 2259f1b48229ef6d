// SPDX-License-Identifier: Apache-2.0
// What intake knows of one whistle: the fold of its own events. Pure; facts live in the arena that
// is given.
#ifndef WH_INTAKE_WHISTLE_H
#define WH_INTAKE_WHISTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "district/district.h"
#include "whistle/v1/envelope.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

#define WHISTLE_OFFICER_MAX 64
#define WHISTLE_SUBJECTS_MAX 80
#define WHISTLE_PERSONS_MAX 16
#define WHISTLE_SUBJECT_P1 1 // what the feed "p1" carries

struct whistle {
    int64_t id;
    int64_t due_review; // ms UTC, 0: no clock runs
    int32_t state;      // whistle.v1.WhistleState as intake knows it; 0: no such whistle
    uint32_t waits;     // bits of enum waits: the first reason that was told
    bool unreviewed;    // went out before the street looked
    bool reviewed;      // …and it looked afterwards
    char officer[WHISTLE_OFFICER_MAX + 1]; // who raised it, of that unit
    uint32_t n_persons;                    // whose keys seal something of it
    int64_t persons[WHISTLE_PERSONS_MAX];
    Whistle__V1__WhistleFacts *facts; // as they stand now, NULL with state 0
};

// Takes one event into the whistle. 0, WH_E_NOMEM, WH_E_INVALID (an event that cannot follow).
int whistle_apply(struct whistle *whistle, const Whistle__V1__Event *event,
                  const Whistle__V1__IntakeEvent *payload, struct wh_arena *arena);

// Answers given later replace those of the same code, new ones are added. 0, WH_E_NOMEM.
int whistle_merge_answers(Whistle__V1__WhistleFacts *facts,
                          Whistle__V1__QuestionAnswer *const *answers, size_t n,
                          struct wh_arena *arena);

// Who may hear of it: raiser, street, joint streets, streets called; WHISTLE_SUBJECT_P1 for a P1.
// Sorted, distinct; at most WHISTLE_SUBJECTS_MAX.
size_t whistle_subjects(const struct wh_district *district, const Whistle__V1__WhistleFacts *facts,
                        int32_t *ret_subjects);

// What an answer says after an event: the whistle's number and state ("" where it is dispatch's).
const char *whistle_event_number(const Whistle__V1__IntakeEvent *payload);
const char *whistle_event_state(const Whistle__V1__IntakeEvent *payload);

#endif
