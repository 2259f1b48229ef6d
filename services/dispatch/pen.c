// SPDX-License-Identifier: Apache-2.0
// Writing a decision down. See pen.h.
#include "dispatch/pen.h"

#include <string.h>

#include "dispatch/words.h"

void decision_init(struct decision *d)
{
    d->object = 0;
    d->n = 0;
    d->after = NULL;
    d->n_waiting = 0;
    d->field = "";
    d->detail[0] = '\0';
}

// ---- who hears of it ----------------------------------------------------------------------------
static void add_party(struct pen *p, int32_t party)
{
    size_t at = p->n_parties;
    if (party == 0)
        return;
    while (at > 0 && p->parties[at - 1] > party)
        at--;
    if ((at > 0 && p->parties[at - 1] == party) || p->n_parties == DECISION_SUBJECTS)
        return;
    memmove(&p->parties[at + 1], &p->parties[at], (p->n_parties - at) * sizeof p->parties[0]);
    p->parties[at] = party;
    p->n_parties++;
}

void pen_hear(struct pen *p, int32_t party)
{
    add_party(p, party);
}

static void add_parties(struct pen *p)
{
    const struct whistle *w = p->w;
    const struct audience *a = p->c->audience;
    add_party(p, w->unit);
    add_party(p, w->street);
    add_party(p, w->place);
    add_party(p, w->asked_by);
    for (size_t i = 0; i < w->n_joint; i++)
        add_party(p, w->joint[i]);
    for (size_t i = 0; i < w->n_tasks; i++)
        if (task_is_live(&w->tasks[i]))
            add_party(p, w->tasks[i].department);
    for (uint32_t i = 0; a != NULL && i < a->n_departments; i++)
        add_party(p, a->departments[i]);
}

// ---- memory -------------------------------------------------------------------------------------
void *pen_alloc(struct pen *p, size_t n)
{
    void *memory = wh_arena_calloc(p->c->arena, 1, n);
    if (memory != NULL)
        return memory;
    p->failed = true;
    memset(p->scrap, 0, sizeof p->scrap);
    return p->scrap;
}

char *pen_text(struct pen *p, const char *text)
{
    char *copy = wh_arena_strdup(p->c->arena, text);
    if (copy == NULL)
        p->failed = true;
    return copy == NULL ? (char *)protobuf_c_empty_string : copy;
}

char *pen_code(const struct pen *p, int32_t party)
{
    const char *code = wh_district_code(p->c->district, party);
    return code == NULL ? (char *)protobuf_c_empty_string : (char *)(uintptr_t)code;
}

char *pen_task_id(struct pen *p, int32_t department)
{
    const char *code = pen_code(p, department);
    size_t n = strlen(p->number), m = strlen(code);
    char *id = pen_alloc(p, n + m + 2);
    memcpy(id, p->number, n);
    id[n] = '-';
    memcpy(id + n + 1, code, m);
    return id;
}

void *pen_message(struct pen *p, const ProtobufCMessageDescriptor *type)
{
    void *message = pen_alloc(p, type->sizeof_message);
    type->message_init(message);
    return message;
}

void pen_append(struct pen *p, void ***list, size_t *n, size_t *cap, void *item)
{
    if (*n == *cap) {
        size_t more = *cap == 0 ? 8 : *cap * 2;
        void **grown = wh_arena_alloc(p->c->arena, more * sizeof *grown);
        if (grown == NULL) {
            p->failed = true;
            return;
        }
        if (*n > 0)
            memcpy(grown, *list, *n * sizeof *grown);
        *list = grown;
        *cap = more;
    }
    (*list)[(*n)++] = item;
}

// ---- events -------------------------------------------------------------------------------------
void pen_begin(struct pen *p, const struct decision_context *c, const struct whistle *w,
               int64_t number, struct decision *d)
{
    memset(p, 0, offsetof(struct pen, scrap));
    p->c = c;
    p->d = d;
    p->w = &d->room.whistle;
    whistle_copy(&d->room, w);
    d->object = number;
    p->fold = (struct fold_context){
        .district = c->district,
        .at = c->now,
        .object = number,
        .identity = c->actor.identity == NULL ? "" : c->actor.identity,
        .officer = c->actor.officer == NULL ? "" : c->actor.officer,
        .is_district = c->actor.identity != NULL && strcmp(c->actor.identity, BACKSTOP) == 0,
    };
    if (number == 0 || wh_number_format(wh_district_prefix(c->district), number, p->number) < 0)
        p->number[0] = '\0';
    if (w != NULL)
        add_parties(p);
}

void *pen_event(struct pen *p, Whistle__V1__DispatchEvent__WhatCase what,
                const ProtobufCMessageDescriptor *type)
{
    Whistle__V1__DispatchEvent *e = pen_message(p, &whistle__v1__dispatch_event__descriptor);
    void *member = pen_message(p, type);
    if (p->failed)
        return member;
    e->what_case = what;
    e->received = member; // the members are one union of pointers
    p->pending = e;
    return member;
}

static void keep(struct pen *p, Whistle__V1__DispatchEvent *e)
{
    struct decision *d = p->d;
    if (d->n == DECISION_EVENTS) {
        p->failed = true;
        return;
    }
    d->events[d->n++] = (struct decided_event){.event = e};
}

void pen_emit(struct pen *p)
{
    if (p->failed || p->pending == NULL)
        return;
    if (fold(&p->d->room, &p->fold, p->pending) < 0) {
        p->broken = true; // a bug: an event that does not fit the state it was decided on
        return;
    }
    keep(p, p->pending);
    p->pending = NULL;
}

Whistle__V1__NoticesReleased *pen_release(struct pen *p)
{
    if (p->release != NULL)
        return p->release;
    Whistle__V1__DispatchEvent *e = pen_message(p, &whistle__v1__dispatch_event__descriptor);
    p->release = pen_message(p, &whistle__v1__notices_released__descriptor);
    if (p->failed)
        return p->release;
    e->what_case = EVENT(NOTICE_ISSUED);
    e->notice_issued = p->release;
    p->tail = e;
    return p->release;
}

// A beginning or an end that dedup and everybody behind the matter hear of.
static bool is_turning(const Whistle__V1__DispatchEvent *e)
{
    return e->what_case == EVENT(RESOLVED) || e->what_case == EVENT(ENDED) ||
           e->what_case == EVENT(WITHDRAWN) || e->what_case == EVENT(REOPENED) ||
           (e->what_case == EVENT(PARTED) && e->parted->untaken) ||
           (e->what_case == EVENT(MOVED) && e->moved->to == STATE(CANCELLED));
}

static int32_t *copy_parties(struct pen *p)
{
    int32_t *subjects = wh_arena_alloc(p->c->arena, p->n_parties * sizeof *subjects + 1);
    if (subjects == NULL)
        p->failed = true;
    else
        memcpy(subjects, p->parties, p->n_parties * sizeof *subjects);
    return subjects;
}

// Who hears of turning points besides: dedup, and whoever raised what is joined to it.
static void add_turning(struct pen *p)
{
    const struct audience *a = p->c->audience;
    add_party(p, SUBJECT_ENDS);
    for (uint32_t i = 0; a != NULL && i < a->n_units; i++)
        add_party(p, a->units[i]);
}

static void give_subjects(struct pen *p)
{
    static const int32_t notices_only[] = {SUBJECT_NOTICES};
    struct decision *d = p->d;
    size_t n = p->n_parties;
    const int32_t *subjects = copy_parties(p), *wide = NULL;
    for (size_t i = 0; i < d->n && !p->failed; i++) {
        struct decided_event *e = &d->events[i];
        bool tail = e->event == p->tail, turning = is_turning(e->event);
        if (turning && wide == NULL) {
            add_turning(p);
            wide = copy_parties(p);
        }
        e->subjects = tail ? notices_only : turning ? wide : subjects;
        e->n_subjects = tail ? 1 : turning ? p->n_parties : n;
    }
}

int pen_end(struct pen *p)
{
    struct decision *d = p->d;
    if (p->tail != NULL && !p->failed) {
        p->pending = p->tail;
        pen_emit(p);
    }
    if (p->failed || p->broken)
        return p->broken ? WH_E_INVALID : WH_E_NOMEM;
    add_parties(p);
    give_subjects(p);
    if (p->failed)
        return WH_E_NOMEM;
    if (p->w->number != 0 && d->n > 0)
        d->after = p->w;
    return 0;
}
