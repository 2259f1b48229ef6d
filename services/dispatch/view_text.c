// SPDX-License-Identifier: Apache-2.0
// The texts of a shown whistle: what each row of the journal said, put where it is shown. Later
// words on the same thing replace earlier ones; additions pile up.
#include <string.h>

#include "dispatch/view.h"
#include "dispatch/words.h"

static Whistle__V1__Task *task_of(const Whistle__V1__Whistle *shown, const char *id)
{
    static Whistle__V1__Task nobody;
    for (size_t i = 0; i < shown->n_tasks; i++) {
        if (strcmp(shown->tasks[i]->id, id) == 0) {
            return shown->tasks[i];
        }
    }
    nobody = (Whistle__V1__Task)WHISTLE__V1__TASK__INIT; // words about a task that is not shown
    return &nobody;
}

static void append(struct wh_arena *arena, char ***list, size_t *n, char *text)
{
    char **more = wh_arena_calloc(arena, *n + 1, sizeof *more);
    if (more == NULL || text[0] == '\0') {
        return;
    }
    if (*n > 0) {
        memcpy(more, *list, *n * sizeof *more);
    }
    more[(*n)++] = text;
    *list = more;
}

static void take_facts(Whistle__V1__Whistle *shown, const Whistle__V1__WhistleFacts *facts)
{
    if (facts == NULL) {
        return;
    }
    shown->title = facts->title;
    shown->text = facts->text;
    shown->place = facts->place;
    shown->tags = facts->tags;
    shown->n_tags = facts->n_tags;
    shown->answers = facts->answers;
    shown->n_answers = facts->n_answers;
    shown->joint_units = facts->joint_units;
    shown->n_joint_units = facts->n_joint_units;
    shown->needs = facts->needs;
    shown->n_needs = facts->n_needs;
    shown->source = facts->source;
    shown->asked_by = facts->asked_by;
    shown->missing_answers = facts->missing_answers;
    shown->n_missing_answers = facts->n_missing_answers;
}

// A later answer to the same question stands in place of the earlier one.
static void take_answers(Whistle__V1__Whistle *shown, struct wh_arena *arena,
                         const Whistle__V1__WhistleExtended *more)
{
    Whistle__V1__QuestionAnswer **all =
        wh_arena_calloc(arena, shown->n_answers + more->n_answers, sizeof *all);
    size_t n = 0;
    if (all == NULL) {
        return;
    }
    for (size_t i = 0; i < shown->n_answers; i++) {
        bool again = false;
        for (size_t k = 0; k < more->n_answers; k++) {
            again = again || strcmp(shown->answers[i]->code, more->answers[k]->code) == 0;
        }
        if (!again) {
            all[n++] = shown->answers[i];
        }
    }
    for (size_t k = 0; k < more->n_answers; k++) {
        all[n++] = more->answers[k];
    }
    shown->answers = all;
    shown->n_answers = n;
    shown->missing_answers = more->missing_answers;
    shown->n_missing_answers = more->n_missing_answers;
    append(arena, &shown->additions, &shown->n_additions, more->text);
}

static void take_refusal(Whistle__V1__Whistle *shown, struct wh_arena *arena, int64_t at,
                         const Whistle__V1__TaskRefused *said)
{
    Whistle__V1__Refusal *refusal = wh_arena_alloc(arena, sizeof *refusal);
    if (refusal == NULL) {
        return;
    }
    *refusal = (Whistle__V1__Refusal)WHISTLE__V1__REFUSAL__INIT;
    refusal->reason = said->reason;
    refusal->basis = said->basis;
    refusal->alternative = said->alternative;
    refusal->text = said->text;
    refusal->refused_at = at;
    refusal->late = said->late;
    task_of(shown, said->task)->refusal = refusal;
}

static void take_ruling(Whistle__V1__Whistle *shown, const Whistle__V1__TaskRuled *ruled)
{
    Whistle__V1__Task *task = task_of(shown, ruled->task);
    if (task->refusal != NULL) {
        task->refusal->verdict = ruled->verdict;
        task->refusal->ruling_basis = ruled->basis;
        task->refusal->auto_ = ruled->auto_;
    }
    if (ruled->verdict == RULED(UPHELD)) {
        task->cancelled_why = ruled->basis;
    }
}

static void take_extension(Whistle__V1__Whistle *shown, struct wh_arena *arena,
                           const Whistle__V1__ExtensionAsked *asked)
{
    Whistle__V1__Extension *extension = wh_arena_alloc(arena, sizeof *extension);
    if (extension != NULL) {
        *extension = (Whistle__V1__Extension)WHISTLE__V1__EXTENSION__INIT;
        extension->until_at = asked->until_at;
        extension->reason = asked->reason;
        task_of(shown, asked->task)->extension = extension;
    }
}

static void take_ledger(Whistle__V1__Whistle *shown, struct wh_arena *arena,
                        const Whistle__V1__LedgerAsked *asked)
{
    Whistle__V1__Ledger *ledger = wh_arena_alloc(arena, sizeof *ledger);
    if (ledger != NULL) {
        *ledger = (Whistle__V1__Ledger)WHISTLE__V1__LEDGER__INIT;
        ledger->plan = asked->plan;
        ledger->until_at = asked->until_at;
        task_of(shown, asked->task)->on_ledger = ledger;
    }
}

static void take_decisions(Whistle__V1__Whistle *shown, const Whistle__V1__DispatchEvent *e)
{
    Whistle__V1__Task *task;
    if (e->what_case == EVENT(EXTENSION_DECIDED)) {
        task = task_of(shown, e->extension_decided->task);
        if (task->extension != NULL) {
            task->extension->decision = e->extension_decided->decision;
        }
    } else if (e->what_case == EVENT(LEDGER_DECIDED)) {
        task = task_of(shown, e->ledger_decided->task);
        if (task->on_ledger != NULL) {
            task->on_ledger->decision = e->ledger_decided->decision;
            task->on_ledger->due_review = e->ledger_decided->due_review;
        }
    }
}

static void take_confirmation(Whistle__V1__Whistle *shown, struct wh_arena *arena,
                              const Whistle__V1__WhistleConfirmed *confirmed)
{
    if (confirmed->verdict == VERDICT(SOLVED)) {
        append(arena, &shown->confirmed_by, &shown->n_confirmed_by, confirmed->by);
    } else {
        shown->n_confirmed_by = 0;
    }
}

static void take_opinion(Whistle__V1__Whistle *shown, struct wh_arena *arena, int64_t at,
                         const Whistle__V1__OpinionGiven *given)
{
    Whistle__V1__Opinion *opinion = wh_arena_alloc(arena, sizeof *opinion);
    if (opinion != NULL) {
        *opinion = (Whistle__V1__Opinion)WHISTLE__V1__OPINION__INIT;
        opinion->unit = given->unit;
        opinion->rating = given->rating;
        opinion->text = given->text;
        opinion->given_at = at;
        shown->opinion = opinion;
    }
}

static void take_cancelled(Whistle__V1__Whistle *shown, char *why)
{
    for (size_t i = 0; i < shown->n_tasks; i++) {
        Whistle__V1__Task *task = shown->tasks[i];
        if (task->state == TASK(CANCELLED) && task->cancelled_why[0] == '\0') {
            task->cancelled_why = why;
        }
    }
}

// Who handles a task: the last of the department's own people who signed, checked in or reported,
// or the one it was given to.
static void take_officer(Whistle__V1__Whistle *shown, const struct view_event *event,
                         const char *id)
{
    const Whistle__V1__Actor *actor = event->envelope->actor;
    Whistle__V1__Task *task = task_of(shown, id);
    if (actor != NULL && actor->officer[0] != '\0' &&
        strcmp(actor->identity, task->department) == 0) {
        task->officer = actor->officer;
    }
}

static void take_task(Whistle__V1__Whistle *shown, struct wh_arena *arena,
                      const struct view_event *event)
{
    const Whistle__V1__DispatchEvent *e = event->event;
    switch (e->what_case) {
    case EVENT(SIGNED):
        take_officer(shown, event, e->signed_->task);
        break;
    case EVENT(CHECKED_IN):
        take_officer(shown, event, e->checked_in->task);
        break;
    case EVENT(REPORTED):
        take_officer(shown, event, e->reported->task);
        task_of(shown, e->reported->task)->report_text = e->reported->text;
        break;
    case EVENT(DELEGATED):
        task_of(shown, e->delegated->task)->officer = e->delegated->officer;
        break;
    case EVENT(REFUSED):
        take_refusal(shown, arena, event->envelope->at, e->refused);
        break;
    case EVENT(RULED):
        take_ruling(shown, e->ruled);
        break;
    case EVENT(EXTENSION_ASKED):
        take_extension(shown, arena, e->extension_asked);
        break;
    case EVENT(LEDGER_ASKED):
        take_ledger(shown, arena, e->ledger_asked);
        break;
    case EVENT(RATED):
        task_of(shown, e->rated->task)->rating_text = e->rated->text;
        break;
    case EVENT(RATING_REPLIED):
        task_of(shown, e->rating_replied->task)->rating_reply = e->rating_replied->text;
        break;
    default:
        take_decisions(shown, e);
        break;
    }
}

// ---- what dedup brought about -------------------------------------------------------------------

static void take_perhaps(Whistle__V1__Whistle *shown, Whistle__V1__Likeness **perhaps, size_t n)
{
    shown->perhaps = perhaps;
    shown->n_perhaps = n;
}

static void take_joined(Whistle__V1__Whistle *shown, const Whistle__V1__WhistleJoined *joined)
{
    shown->n_perhaps = 0; // decided
    for (size_t i = 0; i < joined->n_cancelled; i++) {
        task_of(shown, joined->cancelled[i])->cancelled_why = (char *)(uintptr_t) "JOINED";
    }
}

static void take_parted(Whistle__V1__Whistle *shown, const Whistle__V1__WhistleParted *parted)
{
    size_t n = 0;
    if (parted->untaken) {
        return;
    }
    for (size_t i = 0; i < shown->n_perhaps; i++) { // a person said that they are two
        if (strcmp(shown->perhaps[i]->number, parted->from) != 0) {
            shown->perhaps[n++] = shown->perhaps[i];
        }
    }
    shown->n_perhaps = n;
    for (size_t i = 0; i < parted->n_restored; i++) {
        task_of(shown, parted->restored[i]->task)->cancelled_why = (char *)protobuf_c_empty_string;
    }
}

// What a joined report says: its words, as far as they are not the matter's own already.
static void take_saying(Whistle__V1__Whistle *shown, struct wh_arena *arena,
                        const Whistle__V1__Saying *said)
{
    size_t n = strlen(said->from) + strlen(said->title) + strlen(said->text) + 4;
    char *text = wh_arena_calloc(arena, 1, n);
    if (text == NULL || n == strlen(said->from) + 4) {
        return;
    }
    strcat(strcat(text, said->from), ": ");
    strcat(text, said->title);
    if (said->text[0] != '\0' && strcmp(said->title, said->text) != 0) {
        strcat(strcat(text, said->title[0] == '\0' ? "" : " "), said->text);
    }
    append(arena, &shown->additions, &shown->n_additions, text);
}

static void take_supported(Whistle__V1__Whistle *shown, struct wh_arena *arena,
                           const Whistle__V1__WhistleSupported *said)
{
    Whistle__V1__Saying own = WHISTLE__V1__SAYING__INIT;
    own.from = said->from;
    own.title = said->title;
    own.text = said->text;
    take_saying(shown, arena, &own);
    for (size_t i = 0; i < said->n_along; i++) {
        take_saying(shown, arena, said->along[i]);
    }
}

// Who left the matter took along what it had said.
static void take_back(Whistle__V1__Whistle *shown, const char *from)
{
    size_t kept = 0, n = strlen(from);
    for (size_t i = 0; i < shown->n_additions; i++) {
        char *text = shown->additions[i];
        if (strncmp(text, from, n) != 0 || text[n] != ':') {
            shown->additions[kept++] = text;
        }
    }
    shown->n_additions = kept;
}

static void take_lost(Whistle__V1__Whistle *shown, const Whistle__V1__SupportLost *lost)
{
    take_back(shown, lost->from);
    for (size_t i = 0; i < lost->n_along; i++) {
        take_back(shown, lost->along[i]);
    }
}

void view_texts(Whistle__V1__Whistle *shown, struct wh_arena *arena, const struct view_event *event)
{
    const Whistle__V1__DispatchEvent *e = event->event;
    switch (e->what_case) {
    case EVENT(RECEIVED):
        take_facts(shown, e->received->whistle);
        break;
    case EVENT(DISPATCHED):
        take_facts(shown, e->dispatched->whistle);
        take_perhaps(shown, e->dispatched->perhaps, e->dispatched->n_perhaps);
        break;
    case EVENT(HELD):
        take_facts(shown, e->held->whistle);
        take_perhaps(shown, e->held->perhaps, e->held->n_perhaps);
        break;
    case EVENT(JOINED):
        take_facts(shown, e->joined->whistle);
        take_joined(shown, e->joined);
        break;
    case EVENT(PARTED):
        take_parted(shown, e->parted);
        break;
    case EVENT(SUPPORTED):
        take_supported(shown, arena, e->supported);
        break;
    case EVENT(SUPPORT_LOST):
        take_lost(shown, e->support_lost);
        break;
    case EVENT(RECURS):
        shown->recurs_of = e->recurs->of;
        break;
    case EVENT(SUPPLEMENTED):
        take_answers(shown, arena, e->supplemented);
        break;
    case EVENT(CONFIRMED):
        take_confirmation(shown, arena, e->confirmed);
        break;
    case EVENT(REOPENED):
        shown->n_confirmed_by = 0;
        break;
    case EVENT(OPINION_GIVEN):
        take_opinion(shown, arena, event->envelope->at, e->opinion_given);
        break;
    case EVENT(WITHDRAWN):
        take_cancelled(shown, e->withdrawn->reason);
        break;
    case EVENT(ENDED):
        take_cancelled(shown, e->ended->reason);
        break;
    default:
        take_task(shown, arena, event);
        break;
    }
}
