// SPDX-License-Identifier: Apache-2.0
// See dispatch_play.h.
#include "support/dispatch_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/frame.h"
#include "dispatch/escalate.h"
#include "dispatch/fold.h"
#include "support/dispatch_oracle.h"

#define ARENA_BYTES ((size_t)8 << 20)

void play_begin(struct play *p, const struct wh_district *district, int64_t now)
{
    memset(p, 0, offsetof(struct play, d));
    p->district = district;
    p->now = now;
    p->number = wh_object_make(wh_district_day(district, now), 7);
    wh_arena_init(&p->arena, ARENA_BYTES);
    whistle_copy(&p->replay, NULL);
}

void play_end(struct play *p)
{
    wh_arena_done(&p->arena);
    free(p->ids);
    free(p->record);
}

int32_t play_party(const struct play *p, const char *code)
{
    return wh_district_id(p->district, code);
}

const struct task *play_task(const struct play *p, const char *department)
{
    return whistle_task(&p->state.whistle, play_party(p, department));
}

// ---- invariants after every decision ------------------------------------------------------------
static void check_notices(struct play *p, const Whistle__V1__DispatchEvent *e)
{
    for (size_t i = 0; i < e->n_notices; i++) {
        const Whistle__V1__Notice *n = e->notices[i];
        assert_true(n->id[0] != '\0' && n->receiver[0] != '\0' && n->channel[0] != '\0');
        assert_true(n->text_zh[0] != '\0' && n->text_en[0] != '\0' && n->answer_zh[0] != '\0');
        for (size_t k = 0; k < p->n_ids; k++)
            if (strcmp(p->ids[k], n->id) == 0)
                fail_msg("notice twice: %s", n->id);
        if (p->n_ids == p->cap_ids) {
            p->cap_ids = p->cap_ids == 0 ? 64 : p->cap_ids * 2;
            p->ids = realloc(p->ids, p->cap_ids * sizeof *p->ids);
            assert_non_null(p->ids);
        }
        assert_true(strlen(n->id) < sizeof p->ids[0]);
        strcpy(p->ids[p->n_ids++], n->id);
    }
    p->n_notices += e->n_notices;
    p->n_waiting += e->n_waiting;
}

static void check_leads(const struct whistle *w)
{
    size_t leads = 0;
    for (size_t i = 0; i < w->n_tasks; i++) {
        const struct task *t = &w->tasks[i];
        leads += task_is_live(t) && t->part == PART(LEAD);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(t->department, w->tasks[k].department);
        if ((t->flags & TASK_REFUSED) && !(t->flags & (TASK_RULED | TASK_RULED_AUTO)))
            assert_true(t->state == TASK(DISPUTED) || t->state == TASK(CANCELLED));
    }
    bool ended = w->stage == STATE(CANCELLED) || w->stage == STATE(RULED_CLOSED) ||
                 w->stage == STATE(MERGED);
    if (w->n_tasks > 0 && !ended)
        assert_int_equal(leads, 1);
}

static void note_event(struct play *p, const Whistle__V1__DispatchEvent *e)
{
    if (e->what_case == EVENT(CONFIRMED) && e->confirmed->verdict == VERDICT(SOLVED))
        p->confirmed_by_side = true;
    if (e->what_case == EVENT(REOPENED) || e->what_case == EVENT(DISPATCHED))
        p->confirmed_by_side = false;
    if (e->what_case == EVENT(RESOLVED))
        assert_true(p->confirmed_by_side);
    assert_true(p->n_events < PLAY_EVENTS);
    p->kinds[p->n_events++] = e->what_case;
}

static void take_event(struct play *p, const struct decided_event *decided, const char *identity,
                       const char *officer)
{
    size_t n;
    uint8_t *packed = wh_pack(&decided->event->base, &p->arena, &n);
    assert_non_null(packed);
    const Whistle__V1__DispatchEvent *e = (const Whistle__V1__DispatchEvent *)wh_unpack(
        &whistle__v1__dispatch_event__descriptor, &p->arena, packed, n, NULL);
    assert_non_null(e);
    for (size_t i = 1; i < decided->n_subjects; i++)
        assert_true(decided->subjects[i - 1] < decided->subjects[i]);
    struct fold_context c = {.district = p->district,
                             .at = p->now,
                             .object = p->d.object,
                             .identity = identity,
                             .officer = officer,
                             .is_district = strcmp(identity, "DISTRICT") == 0};
    assert_int_equal(fold(&p->replay, &c, e), 0);
    oracle_event(p, p->now, e);
    check_notices(p, e);
    note_event(p, e);
    if (p->hear != NULL)
        p->hear(p->hear_arg, p, identity, officer, e);
}

static void record(struct play *p, const Whistle__V1__DispatchEvent *e)
{
    size_t n;
    const void *more = sayings_record(e, &p->arena, &n);
    assert_non_null(more);
    p->record = n == 0 ? p->record : realloc(p->record, p->n_record + n);
    if (n > 0)
        memcpy(p->record + p->n_record, more, n);
    p->n_record += n;
}

static void take_decision(struct play *p, const char *identity, const char *officer)
{
    size_t levels = 0;
    for (size_t i = 0; i < p->d.n; i++) {
        take_event(p, &p->d.events[i], identity, officer);
        record(p, p->d.events[i].event);
        levels += p->d.events[i].event->what_case == EVENT(ESCALATED);
    }
    assert_true(levels <= 2); // a level, and a ledger's monthly look
    p->n_escalated += levels;
    if (p->d.after == NULL)
        return;
    p->exists = true;
    assert_true(whistle_valid(p->d.after, whistle_size(p->d.after)));
    assert_int_equal(whistle_size(p->d.after), whistle_size(&p->replay.whistle));
    assert_memory_equal(p->d.after, &p->replay, whistle_size(p->d.after));
    whistle_copy(&p->state, p->d.after);
    check_leads(&p->state.whistle);
    oracle_check(p);
}

static struct decision_context context(struct play *p, const char *identity, const char *officer,
                                       unsigned roles)
{
    return (struct decision_context){.now = p->now,
                                     .district = p->district,
                                     .arena = &p->arena,
                                     .audience = p->audience,
                                     .noted = p->noted,
                                     .sayings = p->sayings,
                                     .collect_first = 120000,
                                     .collect_every = 600000,
                                     .actor = {.identity = identity,
                                               .officer = officer,
                                               .party = play_party(p, identity),
                                               .roles = roles}};
}

static unsigned roles_of(const struct play *p, const char *identity)
{
    const struct wh_unit *unit = wh_district_unit(p->district, identity);
    if (strcmp(identity, "DISTRICT") == 0)
        return WH_ROLE_DISTRICT | WH_ROLE_DEPARTMENT;
    if (unit == NULL)
        return WH_ROLE_DEPARTMENT;
    return wh_unit_is_street(unit) ? WH_ROLE_STREET : WH_ROLE_COMMUNITY;
}

// ---- doing --------------------------------------------------------------------------------------
int play_intake(struct play *p, const Whistle__V1__IntakeEvent *event)
{
    wh_arena_reset(&p->arena);
    struct decision_context c = context(p, "intake", "", WH_ROLE_SERVICE);
    decision_init(&p->d);
    int error = decide_intake(event, p->exists ? &p->state.whistle : NULL, p->number, &c, &p->d);
    assert_int_equal(error, 0);
    take_decision(p, "intake", "");
    return (int)p->d.n;
}

static const struct whistle *state_of(const struct play *p)
{
    return p->exists ? &p->state.whistle : NULL;
}

size_t play_dedup(struct play *p, const Whistle__V1__DedupEvent *event, bool taken)
{
    wh_arena_reset(&p->arena);
    struct decision_context c = context(p, "dedup", "", WH_ROLE_SERVICE);
    decision_init(&p->d);
    assert_int_equal(decide_dedup(event, state_of(p), p->number, taken, &c, &p->d), 0);
    take_decision(p, "dedup", "");
    return p->d.n;
}

typedef int (*dedup_fn)(const Whistle__V1__DedupEvent *event, const struct whistle *w,
                        const struct decision_context *context, struct decision *d);

static size_t play_beside(struct play *p, const Whistle__V1__DedupEvent *event, dedup_fn decides)
{
    wh_arena_reset(&p->arena);
    struct decision_context c = context(p, "dedup", "", WH_ROLE_SERVICE);
    decision_init(&p->d);
    assert_int_equal(decides(event, state_of(p), &c, &p->d), 0);
    take_decision(p, "dedup", "");
    return p->d.n;
}

size_t play_matter(struct play *p, const Whistle__V1__DedupEvent *event)
{
    return play_beside(p, event, decide_matter);
}

size_t play_between(struct play *p, const Whistle__V1__DedupEvent *event)
{
    return play_beside(p, event, decide_between);
}

size_t play_unheld(struct play *p, const Whistle__V1__WhistleHeldBack *held)
{
    wh_arena_reset(&p->arena);
    struct decision_context c = context(p, "", "", 0);
    decision_init(&p->d);
    assert_int_equal(decide_unheld(&p->state.whistle, held, &c, &p->d), 0);
    take_decision(p, "", "");
    return p->d.n;
}

size_t play_unchecked(struct play *p, const Whistle__V1__WhistleBlown *blown)
{
    wh_arena_reset(&p->arena);
    struct decision_context c = context(p, "intake", "", WH_ROLE_SERVICE);
    decision_init(&p->d);
    assert_int_equal(decide_unchecked(blown, state_of(p), p->number, &c, &p->d), 0);
    take_decision(p, "intake", "");
    return p->d.n;
}

void play_blow(struct play *p, const char *unit, const char *category,
               Whistle__V1__Priority priority, const char *place, const char *tag,
               const char *joint)
{
    Whistle__V1__WhistleFacts facts = WHISTLE__V1__WHISTLE_FACTS__INIT;
    Whistle__V1__Place where = WHISTLE__V1__PLACE__INIT;
    Whistle__V1__WhistleBlown blown = WHISTLE__V1__WHISTLE_BLOWN__INIT;
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    char number[WH_NUMBER_MAX], *tags[] = {(char *)(uintptr_t)tag};
    char *joints[] = {(char *)(uintptr_t)joint};
    const struct wh_unit *u = wh_district_unit(p->district, unit);
    const struct wh_unit *street = u == NULL ? NULL : wh_district_street_of(p->district, u);
    (void)wh_number_format(wh_district_prefix(p->district), p->number, number);
    facts.number = number;
    facts.unit = (char *)(uintptr_t)unit;
    facts.street = street == NULL ? facts.unit : (char *)(uintptr_t)street->row->code;
    facts.category = (char *)(uintptr_t)category;
    facts.title = (char *)(uintptr_t) "染坊街下穿桥积水";
    facts.priority = priority;
    facts.submitted_at = p->now;
    where.unit = (char *)(uintptr_t)place;
    facts.place = &where;
    facts.tags = tags;
    facts.n_tags = tag != NULL;
    facts.joint_units = joints;
    facts.n_joint_units = joint != NULL;
    blown.whistle = &facts;
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_BLOWN;
    event.blown = &blown;
    (void)play_intake(p, &event);
}

enum wh_rule play(struct play *p, const char *identity, uint32_t what,
                  const struct command *command)
{
    wh_arena_reset(&p->arena);
    struct decision_context c = context(p, identity, "officer-1", roles_of(p, identity));
    decision_init(&p->d);
    enum wh_rule rule = decide(what, p->exists ? &p->state.whistle : NULL, &c, command, &p->d);
    assert_int_not_equal(rule, WH_RULE_INTERNAL);
    assert_int_not_equal(rule, WH_RULE_TOO_LARGE);
    if (rule == WH_RULE_NONE)
        take_decision(p, identity, "officer-1");
    else
        assert_int_equal(p->d.n, 0);
    return rule;
}

size_t play_timer(struct play *p)
{
    wh_arena_reset(&p->arena);
    struct decision_context c = context(p, "", "", 0);
    decision_init(&p->d);
    assert_int_equal(decide_timer(&p->state.whistle, &c, &p->d), 0);
    take_decision(p, "", "");
    return p->d.n;
}

void play_until(struct play *p, int64_t at)
{
    int64_t next = next_timer(&p->state.whistle, p->district);
    for (int turns = 0; next != 0 && next <= at; turns++) {
        assert_true(turns < 4096);
        if (next > p->now)
            p->now = next;
        assert_true(play_timer(p) > 0); // what a timer was set for is there
        next = next_timer(&p->state.whistle, p->district);
    }
    if (at > p->now)
        p->now = at;
}

// ---- short commands -----------------------------------------------------------------------------
enum wh_rule play_sign(struct play *p, const char *department)
{
    return play(p, department, COMMAND(SIGN),
                &(struct command){.department = play_party(p, department)});
}

enum wh_rule play_check_in(struct play *p, const char *department)
{
    return play(p, department, COMMAND(CHECK_IN),
                &(struct command){.department = play_party(p, department)});
}

enum wh_rule play_report(struct play *p, const char *department, Whistle__V1__Outcome outcome)
{
    return play(p, department, COMMAND(REPORT),
                &(struct command){
                    .department = play_party(p, department), .choice = outcome, .text = "已处置"});
}

enum wh_rule play_refuse(struct play *p, const char *department, const char *alternative)
{
    return play(p, department, COMMAND(REFUSE),
                &(struct command){.department = play_party(p, department),
                                  .party = play_party(p, alternative),
                                  .choice = WHISTLE__V1__REFUSE_REASON__REFUSE_REASON_WRONG_AREA,
                                  .reason = "三定方案第三条"});
}

enum wh_rule play_rule(struct play *p, const char *department, Whistle__V1__RuleVerdict verdict,
                       const char *to)
{
    return play(p, "DISTRICT", COMMAND(RULE),
                &(struct command){.department = play_party(p, department),
                                  .party = to == NULL ? 0 : play_party(p, to),
                                  .choice = verdict,
                                  .reason = "区政府令第七条"});
}

enum wh_rule play_confirm(struct play *p, const char *side, Whistle__V1__ConfirmVerdict verdict,
                          const char *back)
{
    int32_t party = back == NULL ? 0 : play_party(p, back);
    return play(p, side, COMMAND(CONFIRM),
                &(struct command){.choice = verdict, .parties = &party, .n_parties = back != NULL});
}

void play_all_report(struct play *p)
{
    for (size_t i = 0; i < p->state.whistle.n_tasks; i++) {
        const struct task *t = &p->state.whistle.tasks[i];
        const char *code = wh_district_code(p->district, t->department);
        if (!task_is_open(t) || t->state == TASK(REPORTED))
            continue;
        if (t->checked_in_at == 0)
            assert_int_equal(play_check_in(p, code), WH_RULE_NONE);
        assert_int_equal(play_report(p, code, OUTCOME(SOLVED)), WH_RULE_NONE);
    }
}
