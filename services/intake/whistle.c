// SPDX-License-Identifier: Apache-2.0
// The fold of a whistle's events, and what can be told from an event alone.
#include "intake/whistle.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "intake/admit.h"

#define STATE(name) WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_##name
#define EVENT(name) WHISTLE__V1__INTAKE_EVENT__WHAT_##name

static Whistle__V1__QuestionAnswer *find_answer(const Whistle__V1__WhistleFacts *facts,
                                                const char *code)
{
    for (size_t i = 0; i < facts->n_answers; i++)
        if (strcmp(facts->answers[i]->code, code) == 0)
            return facts->answers[i];
    return NULL;
}

int whistle_merge_answers(Whistle__V1__WhistleFacts *facts,
                          Whistle__V1__QuestionAnswer *const *answers, size_t n,
                          struct wh_arena *arena)
{
    if (n == 0)
        return 0;
    Whistle__V1__QuestionAnswer **all =
        wh_arena_calloc(arena, facts->n_answers + n, sizeof(Whistle__V1__QuestionAnswer *));
    if (all == NULL)
        return WH_E_NOMEM;
    if (facts->n_answers > 0)
        memcpy(all, facts->answers, facts->n_answers * sizeof(Whistle__V1__QuestionAnswer *));
    facts->answers = all;
    for (size_t i = 0; i < n; i++) {
        Whistle__V1__QuestionAnswer *known = find_answer(facts, answers[i]->code);
        if (known != NULL)
            known->value = answers[i]->value;
        else
            facts->answers[facts->n_answers++] = answers[i];
    }
    return 0;
}

static void note_person(struct whistle *w, const Whistle__V1__Sealed *sealed)
{
    if (sealed == NULL)
        return;
    for (uint32_t i = 0; i < w->n_persons; i++)
        if (w->persons[i] == sealed->person)
            return;
    if (w->n_persons < WHISTLE_PERSONS_MAX)
        w->persons[w->n_persons++] = sealed->person;
}

static void forget_person(struct whistle *w, int64_t person)
{
    for (uint32_t i = 0; i < w->n_persons; i++)
        if (w->persons[i] == person)
            w->persons[i--] = w->persons[--w->n_persons];
}

static void take_facts(struct whistle *w, Whistle__V1__WhistleFacts *facts)
{
    w->facts = facts;
    note_person(w, facts->reporter);
    note_person(w, facts->unmasked);
}

static int apply_submitted(struct whistle *w, const Whistle__V1__Event *event,
                           const Whistle__V1__WhistleSubmitted *submitted)
{
    const char *officer = event->actor != NULL ? event->actor->officer : "";
    if (submitted->whistle == NULL)
        return WH_E_INVALID;
    w->id = event->object;
    w->state = STATE(SUBMITTED);
    w->due_review = submitted->due_review;
    w->waits = waits_by_name(submitted->why);
    take_facts(w, submitted->whistle);
    w->unreviewed = w->reviewed = false;
    memset(w->officer, 0, sizeof(w->officer));
    strncpy(w->officer, officer, WHISTLE_OFFICER_MAX);
    return 0;
}

static int apply_blown(struct whistle *w, const Whistle__V1__Event *event,
                       const Whistle__V1__WhistleBlown *blown)
{
    if (blown->whistle == NULL)
        return WH_E_INVALID;
    w->id = event->object;
    w->state = STATE(BLOWN);
    w->due_review = 0;
    take_facts(w, blown->whistle);
    w->unreviewed = blown->unreviewed;
    return 0;
}

static int apply_supplement(struct whistle *w, const Whistle__V1__WhistleSupplemented *more,
                            struct wh_arena *arena)
{
    note_person(w, more->unmasked);
    w->facts->missing_answers = more->missing_answers;
    w->facts->n_missing_answers = more->n_missing_answers;
    return whistle_merge_answers(w->facts, more->answers, more->n_answers, arena);
}

static void end_in(struct whistle *w, int state)
{
    w->state = state;
    w->due_review = 0;
}

static int apply_change(struct whistle *w, const Whistle__V1__IntakeEvent *payload,
                        struct wh_arena *arena)
{
    if (w->state == 0)
        return WH_E_INVALID;
    switch (payload->what_case) {
    case EVENT(REVIEWED):
        w->reviewed = true;
        return 0;
    case EVENT(RETURNED):
        end_in(w, STATE(RETURNED));
        return 0;
    case EVENT(SELF_HANDLED):
        end_in(w, STATE(SELF));
        return 0;
    case EVENT(DROPPED):
        end_in(w, STATE(CANCELLED));
        return 0;
    case EVENT(SUPPLEMENTED):
        return apply_supplement(w, payload->supplemented, arena);
    case EVENT(PRIORITY_CHANGED):
        w->facts->priority = payload->priority_changed->to;
        if (w->state == STATE(SUBMITTED))
            w->due_review = payload->priority_changed->due_review;
        return 0;
    case EVENT(REVIEW_OVERDUE):
        w->due_review = 0;
        return 0;
    case EVENT(PERSON_ERASED):
        forget_person(w, payload->person_erased->person);
        return 0;
    default:
        return 0;
    }
}

int whistle_apply(struct whistle *whistle, const Whistle__V1__Event *event,
                  const Whistle__V1__IntakeEvent *payload, struct wh_arena *arena)
{
    if (payload->what_case == EVENT(SUBMITTED))
        return apply_submitted(whistle, event, payload->submitted);
    if (payload->what_case == EVENT(BLOWN))
        return apply_blown(whistle, event, payload->blown);
    return apply_change(whistle, payload, arena);
}

static int by_value(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

size_t whistle_subjects(const struct wh_district *district, const Whistle__V1__WhistleFacts *facts,
                        int32_t *ret_subjects)
{
    int32_t all[WHISTLE_SUBJECTS_MAX];
    size_t n = 0, distinct = 0;
    if (facts->priority == WHISTLE__V1__PRIORITY__PRIORITY_P1)
        all[n++] = WHISTLE_SUBJECT_P1;
    all[n++] = wh_district_id(district, facts->unit);
    all[n++] = wh_district_id(district, facts->street);
    for (size_t i = 0; i < facts->n_joint_units && n < WHISTLE_SUBJECTS_MAX; i++)
        all[n++] = wh_district_id(district, facts->joint_units[i]);
    for (size_t i = 0; i < facts->n_to && n < WHISTLE_SUBJECTS_MAX; i++)
        all[n++] = wh_district_id(district, facts->to[i]);
    qsort(all, n, sizeof(all[0]), by_value);
    for (size_t i = 0; i < n; i++)
        if (all[i] != 0 && (distinct == 0 || ret_subjects[distinct - 1] != all[i]))
            ret_subjects[distinct++] = all[i];
    return distinct;
}

const char *whistle_event_number(const Whistle__V1__IntakeEvent *payload)
{
    switch (payload->what_case) {
    case EVENT(SUBMITTED):
        return payload->submitted->whistle != NULL ? payload->submitted->whistle->number : "";
    case EVENT(BLOWN):
        return payload->blown->whistle != NULL ? payload->blown->whistle->number : "";
    case EVENT(REVIEWED):
        return payload->reviewed->number;
    case EVENT(RETURNED):
        return payload->returned->number;
    case EVENT(SELF_HANDLED):
        return payload->self_handled->number;
    case EVENT(DROPPED):
        return payload->dropped->number;
    case EVENT(SUPPLEMENTED):
        return payload->supplemented->number;
    case EVENT(PRIORITY_CHANGED):
        return payload->priority_changed->number;
    case EVENT(REVIEW_OVERDUE):
        return payload->review_overdue->number;
    case EVENT(UNSEALED):
        return payload->unsealed->number;
    case EVENT(PERSON_ERASED):
        return payload->person_erased->number;
    default:
        return "";
    }
}

const char *whistle_event_state(const Whistle__V1__IntakeEvent *payload)
{
    switch (payload->what_case) {
    case EVENT(SUBMITTED):
        return "SUBMITTED";
    case EVENT(BLOWN):
        return "BLOWN";
    case EVENT(RETURNED):
        return "RETURNED";
    case EVENT(SELF_HANDLED):
        return "SELF";
    case EVENT(DROPPED):
        return "CANCELLED";
    default:
        return "";
    }
}
