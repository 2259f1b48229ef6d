// SPDX-License-Identifier: Apache-2.0
// What intake's handlers share: finding a standing whistle, changing it by an event, letting it go
// out; and the descriptor's small hooks.
#include "intake/handler.h"

#include <stdio.h>
#include <string.h>

#include "client/keys.h"
#include "intake/kept.h"
#include "intake/wire.h"

const struct wh_district *intake_district(const struct intake *intake)
{
    return intake->next != NULL ? intake->next : intake->district;
}

struct who intake_who(const struct wh_item *item)
{
    return (struct who){.identity = item->actor.identity != NULL ? item->actor.identity : "",
                        .officer = item->actor.officer != NULL ? item->actor.officer : "",
                        .district = (item->actor.roles & WH_ROLE_DISTRICT) != 0};
}

int intake_fault(struct wh_turn *turn, const struct wh_item *item, const struct fault *fault)
{
    if (fault->detail[0] == 0)
        return wh_refuse(turn, item, fault->rule, fault->field, NULL);
    return wh_refuse(turn, item, fault->rule, fault->field, "%s", fault->detail);
}

int intake_need(struct intake *intake, struct wh_turn *turn, const char *number)
{
    const struct wh_district *district = intake_district(intake);
    int64_t id = district != NULL ? wire_number(number, wh_district_prefix(district)) : 0;
    if (id == 0 || wh_shelf_has(intake->whistles, id))
        return 0;
    return wh_need(turn, LOAD_WHISTLE, id);
}

int intake_get(struct intake *intake, struct wh_turn *turn, int64_t id, struct whistle *ret_whistle)
{
    return kept_get(intake->whistles, id, wh_turn_arena(turn), ret_whistle);
}

int intake_find(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                const char *number, struct whistle *ret_whistle)
{
    const struct wh_district *district = intake_district(intake);
    if (district == NULL)
        return wh_refuse(turn, item, WH_RULE_DISTRICT_MISSING, NULL, NULL);
    int64_t id = wire_number(number, wh_district_prefix(district));
    int rc = intake_get(intake, turn, id, ret_whistle);
    if (rc == WH_E_NOTFOUND)
        return wh_refuse(turn, item, WH_RULE_NOT_FOUND, "number", NULL);
    return rc;
}

// What the journal will say of it, as far as the fold looks.
static int take_in(struct wh_turn *turn, const struct wh_item *item, struct whistle *whistle,
                   const Whistle__V1__IntakeEvent *payload)
{
    Whistle__V1__Event event = WHISTLE__V1__EVENT__INIT;
    Whistle__V1__Actor actor = WHISTLE__V1__ACTOR__INIT;
    event.object = whistle->id;
    event.actor = &actor;
    if (item->kind == WH_ITEM_COMMAND && item->actor.officer != NULL)
        actor.officer = (char *)(uintptr_t)item->actor.officer;
    return whistle_apply(whistle, &event, payload, wh_turn_arena(turn));
}

int intake_change(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                  struct whistle *whistle, Whistle__V1__IntakeEvent *event)
{
    int32_t subjects[WHISTLE_SUBJECTS_MAX];
    int64_t seq = 0, due = whistle->due_review;
    Whistle__V1__Priority before = whistle->facts->priority;
    int rc = take_in(turn, item, whistle, event);
    if (rc != 0)
        return rc;
    Whistle__V1__WhistleFacts known = *whistle->facts;
    if (before < known.priority)
        known.priority = before; // who heard of a P1 hears that it is none any more
    size_t n = whistle_subjects(intake_district(intake), &known, subjects);
    rc = wh_emit(turn, item, whistle->id, subjects, n, &event->base, &seq);
    if (rc == 0)
        rc = WH_PUT(turn, PUT_CHANGE, WH_L(whistle->id), WH_L(seq), WH_L(whistle->due_review),
                    WH_S(whistle->state));
    if (rc == 0)
        rc = kept_put(intake->whistles, whistle);
    if (rc == 0 && due != whistle->due_review)
        wh_timer_set(turn, whistle->id, whistle->due_review);
    return rc;
}

int intake_blow(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                struct whistle *whistle, const struct review_step *step, const char *reason)
{
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__WhistleBlown blown = WHISTLE__V1__WHISTLE_BLOWN__INIT;
    Whistle__V1__WhistleFacts facts = *whistle->facts;
    Whistle__V1__WhistleFacts *own = wh_arena_dup(wh_turn_arena(turn), &facts, sizeof(facts));
    if (own == NULL)
        return WH_E_NOMEM;
    own->priority = (Whistle__V1__Priority)step->priority;
    blown.whistle = own;
    blown.unreviewed = step->unreviewed;
    blown.reason = (char *)(uintptr_t)reason;
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_BLOWN;
    event.blown = &blown;
    return intake_change(intake, turn, item, whistle, &event);
}

void intake_describe(const Whistle__V1__Event *event, const ProtobufCMessage *payload,
                     struct wh_done *ret_done)
{
    const Whistle__V1__IntakeEvent *what = (const Whistle__V1__IntakeEvent *)payload;
    (void)event;
    if (what->what_case == WHISTLE__V1__INTAKE_EVENT__WHAT_DISTRICT_ADOPTED) {
        (void)snprintf(ret_done->ref, sizeof(ret_done->ref), "%d",
                       what->district_adopted->district != NULL
                           ? what->district_adopted->district->version
                           : 0);
        return;
    }
    (void)snprintf(ret_done->ref, sizeof(ret_done->ref), "%s", whistle_event_number(what));
    (void)snprintf(ret_done->state, sizeof(ret_done->state), "%s", whistle_event_state(what));
}

int32_t intake_subject(void *state, const char *code)
{
    const struct intake *intake = state;
    return intake->district != NULL ? wh_district_id(intake->district, code) : 0;
}
