// SPDX-License-Identifier: Apache-2.0
// What a joined report means for the matter it is joined to. Its words reach everybody who works on
// it at once (the event); notices about it are collected, so that twenty reports are not twenty
// messages; only danger that the matter did not know, and a higher priority, are told at once.
#include <stdio.h>
#include <string.h>

#include "dispatch/decide_internal.h"
#include "dispatch/words.h"

#define DEDUP(x) WHISTLE__V1__DEDUP_EVENT__WHAT_##x

static bool somebody_works(const struct whistle *w)
{
    return whistle_in_work(w) && whistle_is_open(w);
}

// When the collected reports are told: some time after the first, then not more often than every
// so much. One that waits already takes this one along.
static int64_t tell_at(const struct pen *p)
{
    const struct whistle *w = p->w;
    int64_t first = p->c->now + p->c->collect_first, next = w->told_at + p->c->collect_every;
    if (w->tell_at != 0)
        return w->tell_at;
    return w->told_at != 0 && next > first ? next : first;
}

// Everybody whose task is open, in the matter or joined to it, once.
static void tell_everybody(struct pen *p, const struct message *m)
{
    const struct audience *a = p->c->audience;
    struct message each = *m;
    tell_departments(p, m, task_is_open);
    for (uint32_t i = 0; a != NULL && i < a->n_departments; i++) {
        const struct task *own = whistle_task(p->w, a->departments[i]);
        each.receiver = a->departments[i];
        if (own == NULL || !task_is_open(own))
            tell(p, &each);
    }
}

void tell_collected(struct pen *p)
{
    if (p->w->tell_at == 0 || p->w->tell_at > p->c->now || p->w->untold == 0)
        return;
    Whistle__V1__NoticesReleased *release = pen_release(p);
    release->collected = (int32_t)p->w->untold;
    tell_everybody(p, &(struct message){.kind = NOTICE_SUPPORT, .choice = (int)p->w->untold});
}

// The words of danger, one after the other.
static char *danger_words(struct pen *p, char *const *danger, size_t n)
{
    struct words w = {.n = 0};
    w.text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        words_add(&w, i == 0 ? "" : "、");
        words_add(&w, danger[i]);
    }
    return pen_text(p, w.text);
}

static void tell_danger(struct pen *p, char *const *danger, size_t n)
{
    struct message m = {
        .kind = NOTICE_DANGER, .priority = PRIORITY(P1), .text = danger_words(p, danger, n)};
    if (somebody_works(p->w))
        tell_everybody(p, &m);
    else
        tell_sides(p, &m); // nobody is at work on it any more: whoever may reopen it
}

static void raise_to(struct pen *p, Whistle__V1__Priority to, char *reason)
{
    bool higher = to >= PRIORITY(P1) && (uint8_t)to < p->w->priority;
    if (higher && whistle_is_open(p->w))
        change_priority(p, to, reason, false);
}

static void emit_supported(struct pen *p, Whistle__V1__WhistleSupported *e)
{
    e->number = pen_text(p, p->number);
    pen_emit(p);
}

// ---- what comes and goes along ------------------------------------------------------------------
static const struct sayings *sayings_of(const struct pen *p)
{
    static const struct sayings nothing;
    return p->c->sayings == NULL ? &nothing : p->c->sayings;
}

// How many of them from `first` on fit into one event.
static size_t that_fit(const struct sayings *s, size_t first)
{
    size_t n = 0, bytes = 0;
    while (first + n < s->n) {
        bytes += sayings_bytes(s->list[first + n]);
        if (n > 0 && bytes > SAYINGS_EVENT_BYTES)
            break;
        n++;
    }
    return n;
}

// Where the newest begin that fit into all events together.
static size_t newest_that_fit(const struct sayings *s)
{
    size_t at = s->n, bytes = 0;
    while (at > 0 &&
           bytes + sayings_bytes(s->list[at - 1]) <= (SAYINGS_EVENTS - 1) * SAYINGS_EVENT_BYTES)
        bytes += sayings_bytes(s->list[--at]);
    return at;
}

static size_t bring_along(struct pen *p, Whistle__V1__WhistleSupported *e, size_t first)
{
    const struct sayings *s = sayings_of(p);
    e->n_along = that_fit(s, first);
    e->along = e->n_along == 0 ? NULL : s->list + first;
    return first + e->n_along;
}

static void emit_further(struct pen *p, size_t first)
{
    while (first < sayings_of(p)->n && !p->failed && !p->broken) {
        Whistle__V1__WhistleSupported *e =
            pen_event(p, EVENT(SUPPORTED), &whistle__v1__whistle_supported__descriptor);
        e->from = sayings_of(p)->list[first]->from;
        first = bring_along(p, e, first);
        emit_supported(p, e);
    }
}

static void take_along(struct pen *p, Whistle__V1__SupportLost *e)
{
    const struct sayings *s = sayings_of(p);
    size_t cap = 0;
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->list[i]->from, e->from) != 0 && sayings_is_first(s, i))
            pen_append(p, (void ***)&e->along, &e->n_along, &cap, s->list[i]->from);
}

static void on_merged(struct pen *p, Whistle__V1__WhistleMerged *said)
{
    struct whistle *w = p->w;
    bool ended = w->stage == STATE(RESOLVED) || w->stage == STATE(CLOSED);
    if (said->how == WHISTLE__V1__JOIN_AS__JOIN_AS_REOPEN && ended && whistle_has_tasks(w))
        reopen(p, said->reason);
    Whistle__V1__WhistleSupported *e =
        pen_event(p, EVENT(SUPPORTED), &whistle__v1__whistle_supported__descriptor);
    e->from = said->number;
    e->title = said->title;
    e->text = said->text;
    e->supporters = said->supporters;
    e->danger = said->danger;
    e->n_danger = said->n_danger;
    e->tell_at = somebody_works(w) && said->n_danger == 0 ? tell_at(p) : 0;
    e->reports = 1 + (int32_t)sayings_speakers(sayings_of(p), said->number);
    size_t further = bring_along(p, e, newest_that_fit(sayings_of(p)));
    emit_supported(p, e);
    emit_further(p, further);
    raise_to(p, said->raise_to, said->reason);
    if (said->n_danger > 0 && !p->failed && !p->broken)
        tell_danger(p, said->danger, said->n_danger);
}

static void emit_lost(struct pen *p, const Whistle__V1__WhistleSplit *said)
{
    Whistle__V1__SupportLost *e =
        pen_event(p, EVENT(SUPPORT_LOST), &whistle__v1__support_lost__descriptor);
    e->number = pen_text(p, p->number);
    e->from = said->number;
    e->supporters = said->supporters;
    if (p->w->stage != STATE(MERGED) && p->w->untold > (uint32_t)said->supporters)
        e->untold = (int32_t)(p->w->untold - (uint32_t)said->supporters);
    take_along(p, e);
    pen_emit(p);
}

static void on_split(struct pen *p, const Whistle__V1__WhistleSplit *said)
{
    emit_lost(p, said);
    if (said->lower_to > (Whistle__V1__Priority)p->w->priority && whistle_is_open(p->w))
        change_priority(p, said->lower_to, said->reason, true);
}

// More of what is joined to it: a person wrote it, so it is told as its own additions are.
static Whistle__V1__WhistleSupported *more_of(struct pen *p,
                                              const Whistle__V1__WhistleSupplemented *said)
{
    Whistle__V1__WhistleSupported *e =
        pen_event(p, EVENT(SUPPORTED), &whistle__v1__whistle_supported__descriptor);
    e->from = said->number;
    e->text = said->text;
    e->supporters = p->c->audience == NULL ? 0 : (int32_t)p->c->audience->supporters;
    return e;
}

static void on_more(struct pen *p, const Whistle__V1__WhistleSupplemented *said, char **danger,
                    size_t n_danger)
{
    Whistle__V1__WhistleSupported *e = more_of(p, said);
    e->danger = danger;
    e->n_danger = n_danger;
    emit_supported(p, e);
    if (n_danger > 0 && !p->failed && !p->broken)
        tell_danger(p, danger, n_danger);
    else if (somebody_works(p->w))
        tell_everybody(p, &(struct message){.kind = NOTICE_MORE});
}

static void on_forwarded(struct pen *p, const Whistle__V1__IntakeForwarded *forwarded)
{
    const Whistle__V1__IntakeEvent *said = forwarded->event;
    if (said == NULL || !whistle_takes_joins(p->w))
        return;
    if (said->what_case == INTAKE(SUPPLEMENTED))
        on_more(p, said->supplemented, forwarded->danger, forwarded->n_danger);
    else if (said->what_case == INTAKE(PRIORITY_CHANGED))
        raise_to(p, said->priority_changed->to, said->priority_changed->reason);
}

int decide_matter(const Whistle__V1__DedupEvent *event, const struct whistle *w,
                  const struct decision_context *context, struct decision *d)
{
    struct pen p;
    pen_begin(&p, context, w, w->number, d);
    if (event->what_case == DEDUP(MERGED))
        on_merged(&p, event->merged);
    else if (event->what_case == DEDUP(SPLIT))
        on_split(&p, event->split);
    else if (event->what_case == DEDUP(FORWARDED))
        on_forwarded(&p, event->forwarded);
    return pen_end(&p);
}

int decide_between(const Whistle__V1__DedupEvent *event, const struct whistle *w,
                   const struct decision_context *context, struct decision *d)
{
    struct pen p;
    const Whistle__V1__IntakeEvent *said =
        event->what_case == DEDUP(FORWARDED) ? event->forwarded->event : NULL;
    pen_begin(&p, context, w, w->number, d);
    if (event->what_case == DEDUP(SPLIT))
        emit_lost(&p, event->split);
    else if (said != NULL && said->what_case == INTAKE(SUPPLEMENTED))
        emit_supported(&p, more_of(&p, said->supplemented));
    return pen_end(&p);
}
