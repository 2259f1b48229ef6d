// SPDX-License-Identifier: Apache-2.0
// Notices: issuing, ids, what happens after a sender's answer. Words and desks: notice_text.c,
// notice_desk.c; what waits: queue.c.
#include "dispatch/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/notice_internal.h"
#include "dispatch/words.h"

const char *notice_kind_name(enum notice_kind kind)
{
    static const char *const names[NOTICE_KINDS] = {
        "",          "CALL",     "REMIND",  "ESCALATE", "RULE",    "RULED",  "REWORK", "REOPENED",
        "WITHDRAWN", "PRIORITY", "APPROVE", "APPROVED", "CONFIRM", "REVIEW", "MORE",   "LEDGER",
        "BUNDLE",    "HELD",     "JOINED",  "PARTED",   "SUPPORT", "DANGER"};
    return names[kind < NOTICE_KINDS ? kind : 0];
}

static const char *const clock_names[CLOCKS] = {"SIGN",    "CHECKIN", "REPORT",
                                                "RESOLVE", "RULING",  "LEDGER"};

// The cause without the desk: "{task or number}/{KIND or CLOCK[~round]}/{ordinal}".
static void add_cause(const struct pen *p, const struct message *m, struct words *id)
{
    const struct task *t = m->department == 0 ? NULL : whistle_task(p->w, m->department);
    char text[48];
    words_add(id, p->number);
    if (m->department != 0) {
        words_add(id, "-");
        words_add(id, pen_code(p, m->department));
    }
    words_add(id, "/");
    if (m->kind == NOTICE_CALL) {
        words_add(id, "CALL/0");
        return;
    }
    if (t != NULL && (m->kind == NOTICE_REMIND || m->kind == NOTICE_ESCALATE)) {
        words_add(id, clock_names[m->clock]);
        if (t->clocks[m->clock].round > 0) {
            (void)snprintf(text, sizeof text, "~%u", (unsigned)t->clocks[m->clock].round);
            words_add(id, text);
        }
        (void)snprintf(text, sizeof text, m->kind == NOTICE_REMIND ? "/%d" : "/L%d",
                       m->kind == NOTICE_REMIND ? m->percent : m->level);
    } else {
        words_add(id, notice_kind_name(m->kind));
        (void)snprintf(text, sizeof text, "/%d", (int)p->w->version);
    }
    words_add(id, text);
}

static void add_desk(const struct wh_district *district, const struct called *called,
                     struct words *id)
{
    char text[64];
    const char *code = wh_district_code(district, called->desk);
    words_add(id, "/");
    words_add(id, code == NULL ? "" : code);
    (void)snprintf(text, sizeof text, "-%zu.%zu", called->contact, called->channel);
    words_add(id, text);
}

char *notice_id(struct pen *p, const char *cause, const struct called *called)
{
    struct words id = {.n = 0};
    words_add(&id, cause);
    add_desk(p->c->district, called, &id);
    return pen_text(p, id.text);
}

void notice_address(const struct wh_district *district, const struct called *called,
                    Whistle__V1__Notice *n)
{
    const struct wh_party *party = wh_district_party_by_id(district, called->desk);
    if (party == NULL || party->desk == NULL || called->contact >= party->desk->n_contacts)
        return;
    const Whistle__V1__Contact *contact = party->desk->contacts[called->contact];
    n->receiver = (char *)(uintptr_t)party->code;
    n->contact = contact->code[0] != '\0' ? contact->code : contact->zh;
    if (called->channel < contact->n_channels)
        n->channel = contact->channels[called->channel];
}

static void put_words(struct pen *p, const struct message *m, Whistle__V1__Notice *n)
{
    struct words w;
    bool shared = m->kind == NOTICE_CALL || m->kind == NOTICE_MORE || m->kind == NOTICE_WITHDRAWN ||
                  m->kind == NOTICE_SUPPORT || m->kind == NOTICE_DANGER;
    if (!shared || p->same.kind != m->kind || p->same.due != m->due) {
        notice_words(p, m, true, &w);
        p->same.zh = pen_text(p, w.text);
        notice_words(p, m, false, &w);
        p->same.en = pen_text(p, w.text);
        p->same.kind = m->kind;
        p->same.due = m->due;
    }
    n->text_zh = p->same.zh;
    n->text_en = p->same.en;
    notice_answer(p, m, true, &w);
    n->answer_zh = pen_text(p, w.text);
    notice_answer(p, m, false, &w);
    n->answer_en = pen_text(p, w.text);
}

static void put_waiting(struct pen *p, const struct message *m, const struct called *called)
{
    Whistle__V1__NoticesReleased *release = pen_release(p);
    Whistle__V1__NoticeWaiting *waiting = pen_message(p, &whistle__v1__notice_waiting__descriptor);
    struct decision *d = p->d;
    if (p->failed || d->n_waiting == sizeof d->waiting / sizeof d->waiting[0])
        return;
    (void)release;
    waiting->receiver = pen_code(p, called->desk);
    waiting->task = m->department == 0 ? pen_text(p, p->number) : pen_task_id(p, m->department);
    waiting->kind = (char *)(uintptr_t)notice_kind_name(m->kind);
    waiting->until_at = called->waits_until;
    pen_append(p, (void ***)&p->tail->waiting, &p->tail->n_waiting, &p->cap_waiting, waiting);
    d->waiting[d->n_waiting++] = (struct waiting_notice){.receiver = called->desk,
                                                         .department = m->department,
                                                         .number = p->d->object,
                                                         .until = called->waits_until,
                                                         .kind = (uint8_t)m->kind};
}

void tell(struct pen *p, const struct message *m)
{
    struct called called;
    uint8_t priority = m->priority != 0 ? m->priority : p->w->priority;
    if (!desk_call(p->c->district, m->receiver, priority, m->level, p->c->now, &called))
        return;
    if (called.waits_until != 0) {
        put_waiting(p, m, &called);
        return;
    }
    (void)pen_release(p);
    Whistle__V1__Notice *n = pen_message(p, &whistle__v1__notice__descriptor);
    if (p->failed)
        return;
    struct words id = {.n = 0};
    add_cause(p, m, &id);
    add_desk(p->c->district, &called, &id);
    n->id = pen_text(p, id.text);
    n->kind = (char *)(uintptr_t)notice_kind_name(m->kind);
    n->task = m->department == 0 ? (char *)protobuf_c_empty_string : pen_task_id(p, m->department);
    n->priority = (Whistle__V1__Priority)priority;
    n->numbers = pen_alloc(p, sizeof *n->numbers);
    n->numbers[0] = pen_text(p, p->number);
    n->n_numbers = 1;
    notice_address(p->c->district, &called, n);
    put_words(p, m, n);
    pen_append(p, (void ***)&p->tail->notices, &p->tail->n_notices, &p->cap_notices, n);
}

void tell_sides(struct pen *p, const struct message *m)
{
    int32_t sides[1 + JOINT_MAX];
    size_t n = whistle_sides(p->w, p->c->district, sides);
    struct message each = *m;
    for (size_t i = 0; i < n; i++) {
        each.receiver = sides[i];
        tell(p, &each);
    }
}

void tell_departments(struct pen *p, const struct message *m, bool (*wanted)(const struct task *t))
{
    struct message each = *m;
    for (size_t i = 0; i < p->w->n_tasks; i++) {
        const struct task *t = &p->w->tasks[i];
        if (wanted != NULL ? !wanted(t) : !task_is_live(t))
            continue;
        each.department = each.receiver = t->department;
        tell(p, &each);
    }
}

// ---- a sender's answer --------------------------------------------------------------------------
// The end of an id back to desk, contact and channel; the length of the cause before it, 0 not
// ours.
static size_t parse_desk(const struct wh_district *district, const char *id, struct called *ret)
{
    const char *slash = strrchr(id, '/');
    const char *dash = slash == NULL ? NULL : strrchr(slash, '-');
    char code[WH_DEPARTMENT_MAX + 1];
    if (dash == NULL || (size_t)(dash - slash - 1) >= sizeof code)
        return 0;
    memcpy(code, slash + 1, (size_t)(dash - slash - 1));
    code[dash - slash - 1] = '\0';
    char *end;
    ret->contact = strtoul(dash + 1, &end, 10);
    ret->channel = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    ret->desk = wh_district_id(district, code);
    ret->waits_until = 0;
    return (size_t)(slash - id);
}

static void issue_next(struct pen *p, const Whistle__V1__Notice *failed)
{
    struct called was, next;
    size_t cause = parse_desk(p->c->district, failed->id, &was);
    if (cause == 0 || !desk_next(p->c->district, &was, (uint8_t)failed->priority, p->c->now, &next))
        return;
    (void)pen_release(p);
    Whistle__V1__Notice *n = pen_message(p, &whistle__v1__notice__descriptor);
    if (p->failed)
        return;
    struct words id = {.n = 0};
    *n = *failed;
    words_add(&id, failed->id);
    id.n = cause < id.n ? cause : id.n;
    add_desk(p->c->district, &next, &id);
    n->id = pen_text(p, id.text);
    notice_address(p->c->district, &next, n);
    pen_append(p, (void ***)&p->tail->notices, &p->tail->n_notices, &p->cap_notices, n);
}

enum wh_rule decide_notice(uint32_t what, const Whistle__V1__Notice *notice, bool answered,
                           const struct whistle *w, const struct decision_context *context,
                           const char *why, struct decision *d)
{
    d->field = "id";
    if (notice == NULL)
        return WH_RULE_NOTICE_UNKNOWN;
    if (answered)
        return WH_RULE_NOTICE_ANSWERED;
    struct pen p;
    bool sent = what == COMMAND(NOTICE_SENT);
    pen_begin(&p, context, w, w == NULL ? 0 : w->number, d);
    Whistle__V1__NoticeAnswered *e = pen_event(&p, sent ? EVENT(NOTICE_SENT) : EVENT(NOTICE_FAILED),
                                               &whistle__v1__notice_answered__descriptor);
    e->id = pen_text(&p, notice->id);
    e->why = pen_text(&p, why == NULL ? "" : why);
    pen_emit(&p);
    if (!sent)
        issue_next(&p, notice);
    d->field = "";
    return pen_end(&p) < 0 ? WH_RULE_TOO_LARGE : WH_RULE_NONE;
}
