// SPDX-License-Identifier: Apache-2.0
// What waits for a desk's hours: one queue a receiver, released as one bundle when the desk opens.
// What no longer matters by then (signed meanwhile, withdrawn) is left out.
#include <stdio.h>
#include <string.h>

#include "dispatch/notice_internal.h"
#include "dispatch/words.h"

#define NAMED_MAX 8 // whistles named in a bundle's words; the rest is counted

size_t queue_size(const struct queue *q)
{
    return sizeof *q + q->n * sizeof q->notices[0];
}

bool queue_push(struct queue_room *room, const struct queue *from, const struct waiting_notice *w)
{
    struct queue *q = &room->queue;
    if (from == NULL)
        *q = (struct queue){.receiver = w->receiver};
    else if (from != q)
        memcpy(q, from, queue_size(from));
    if (q->n == QUEUE_MAX)
        return false;
    q->notices[q->n++] =
        (struct queued_notice){.number = w->number, .department = w->department, .kind = w->kind};
    if (q->release_at == 0 || w->until < q->release_at)
        q->release_at = w->until;
    return true;
}

static uint8_t kind_of(const char *name)
{
    for (int kind = NOTICE_CALL; kind < NOTICE_KINDS; kind++)
        if (strcmp(notice_kind_name((enum notice_kind)kind), name) == 0)
            return (uint8_t)kind;
    return 0;
}

size_t queue_waiting_of(const struct wh_district *district, const Whistle__V1__DispatchEvent *event,
                        int64_t object, struct waiting_notice *ret, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < event->n_waiting && n < max; i++) {
        const Whistle__V1__NoticeWaiting *w = event->waiting[i];
        int64_t number;
        int32_t department = 0;
        if (task_id_parse(district, w->task, &number, &department) < 0)
            department = 0; // the whistle itself
        ret[n++] = (struct waiting_notice){.receiver = wh_district_id(district, w->receiver),
                                           .department = department,
                                           .number = object,
                                           .until = w->until_at,
                                           .kind = kind_of(w->kind)};
    }
    return n;
}

// ---- release ------------------------------------------------------------------------------------
static bool still_matters(const struct whistle *w, const struct queued_notice *q)
{
    const struct task *t = q->department == 0 ? NULL : whistle_task(w, q->department);
    switch (q->kind) {
    case NOTICE_REVIEW:
        return w->stage == STATE(SUBMITTED);
    case NOTICE_CONFIRM:
        return whistle_awaits_confirm(w);
    case NOTICE_HELD:
        return w->stage == STATE(HELD);
    case NOTICE_JOINED:
        return w->stage == STATE(MERGED);
    case NOTICE_WITHDRAWN:
    case NOTICE_RULED:
        return true;
    case NOTICE_RULE:
        return t != NULL && t->state == TASK(DISPUTED);
    case NOTICE_CALL:
        return t != NULL && task_is_open(t) && t->signed_at == 0 && whistle_is_open(w);
    case NOTICE_REMIND:
    case NOTICE_ESCALATE:
        return t != NULL && task_is_open(t) && t->state != TASK(REPORTED) && whistle_is_open(w);
    default:
        return whistle_is_open(w) && (t == NULL || task_is_open(t));
    }
}

// That a task is joined elsewhere, to who never heard of the task: its call waits here too.
static bool is_news_of_nothing(const struct queue *q, size_t at)
{
    const struct queued_notice *n = &q->notices[at];
    for (size_t i = 0; n->kind == NOTICE_JOINED && i < at; i++)
        if (q->notices[i].kind == NOTICE_CALL && q->notices[i].number == n->number &&
            q->notices[i].department == n->department)
            return true;
    return false;
}

struct bundle {
    size_t n;
    int64_t numbers[QUEUE_MAX];
    const struct whistle *whistles[QUEUE_MAX]; // NULL where unknown
    uint8_t priority;                          // the most urgent one's
};

static void add_to(struct bundle *b, int64_t number, const struct whistle *w)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->numbers[i] == number)
            return;
    b->numbers[b->n] = number;
    b->whistles[b->n++] = w;
    if (w != NULL && w->priority < b->priority)
        b->priority = w->priority;
}

static void add_count(struct words *w, size_t n, bool zh)
{
    char text[64];
    (void)snprintf(text, sizeof text, zh ? "%zu件待办:" : "%zu whistles wait for you: ", n);
    words_add(w, text);
}

static void bundle_words(const struct pen *p, const struct bundle *b, bool zh, struct words *ret)
{
    ret->n = 0;
    notice_head(p->c->district, zh, ret);
    add_count(ret, b->n, zh);
    for (size_t i = 0; i < b->n && i < NAMED_MAX; i++) {
        char number[WH_NUMBER_MAX];
        words_add(ret, i == 0 ? "" : zh ? ";" : "; ");
        if (wh_number_format(wh_district_prefix(p->c->district), b->numbers[i], number) == 0)
            words_add(ret, number);
        if (b->whistles[i] == NULL)
            continue;
        words_add(ret, " ");
        words_add(ret, b->whistles[i]->title);
        words_add(ret, zh ? "(" : " (");
        words_add(ret, priority_words(b->whistles[i]->priority, zh));
        words_add(ret, ")");
    }
    if (b->n > NAMED_MAX)
        words_add(ret, zh ? "等" : " and more");
}

static char **bundle_numbers(struct pen *p, const struct bundle *b)
{
    char **numbers = wh_arena_calloc(p->c->arena, b->n, sizeof *numbers);
    for (size_t i = 0; i < b->n && numbers != NULL; i++) {
        char number[WH_NUMBER_MAX] = "";
        (void)wh_number_format(wh_district_prefix(p->c->district), b->numbers[i], number);
        numbers[i] = pen_text(p, number);
    }
    if (numbers == NULL)
        p->failed = true;
    return numbers;
}

static void issue_bundle(struct pen *p, const struct queue *q, const struct bundle *b)
{
    struct called called;
    struct words w;
    char text[128];
    if (!desk_call(p->c->district, q->receiver, b->priority, 0, p->c->now, &called))
        return;
    Whistle__V1__Notice *n = pen_message(p, &whistle__v1__notice__descriptor);
    char **numbers = bundle_numbers(p, b);
    if (p->failed)
        return;
    // A full queue is released early, several may be before the same opening: which one is said by
    // the moment and the first that waited in it.
    (void)snprintf(text, sizeof text, "%s/BUNDLE/%lld/%lld.%lld", pen_code(p, q->receiver),
                   (long long)q->release_at, (long long)p->c->now, (long long)q->notices[0].number);
    n->id = notice_id(p, text, &called);
    n->kind = (char *)(uintptr_t)notice_kind_name(NOTICE_BUNDLE);
    n->priority = (Whistle__V1__Priority)b->priority;
    n->numbers = numbers;
    n->n_numbers = b->n;
    notice_address(p->c->district, &called, n);
    bundle_words(p, b, true, &w);
    n->text_zh = pen_text(p, w.text);
    bundle_words(p, b, false, &w);
    n->text_en = pen_text(p, w.text);
    n->answer_zh = (char *)(uintptr_t) "答复:whistle tasks --open";
    n->answer_en = (char *)(uintptr_t) "whistle tasks --open";
    pen_append(p, (void ***)&p->tail->notices, &p->tail->n_notices, &p->cap_notices, n);
}

int decide_release(const struct queue *q, const struct decision_context *context,
                   const struct whistle *(*lookup)(void *arg, int64_t number), void *arg,
                   struct decision *d)
{
    struct pen p;
    struct bundle b = {.priority = PRIORITY(P4)};
    pen_begin(&p, context, NULL, 0, d);
    for (size_t i = 0; i < q->n; i++) {
        const struct whistle *w = lookup == NULL ? NULL : lookup(arg, q->notices[i].number);
        if (w == NULL || (still_matters(w, &q->notices[i]) && !is_news_of_nothing(q, i)))
            add_to(&b, q->notices[i].number, w);
    }
    Whistle__V1__NoticesReleased *release = pen_release(&p);
    release->receiver = pen_code(&p, q->receiver);
    if (b.n > 0 && !p.failed)
        issue_bundle(&p, q, &b);
    return pen_end(&p);
}
