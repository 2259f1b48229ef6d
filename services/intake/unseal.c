// SPDX-License-Identifier: Apache-2.0
// Reading sealed parts: rights first, then the boxes.
#include "intake/unseal.h"

#include <string.h>

#define BLOWN WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_BLOWN

static bool names(char *const *list, size_t n, const char *code)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], code) == 0)
            return true;
    return false;
}

static bool routes_to(const struct wh_category *category, const char *body)
{
    for (size_t i = 0; i < category->n_routes; i++)
        if (strcmp(category->routes[i]->lead, body) == 0 ||
            names(category->routes[i]->supports, category->routes[i]->n_supports, body))
            return true;
    return false;
}

bool unseal_may(const struct wh_district *district, const struct whistle *whistle,
                const struct who *who)
{
    const Whistle__V1__WhistleFacts *facts = whistle->facts;
    const struct wh_party *party = wh_district_party(district, who->identity);
    const struct wh_category *category = wh_district_category(district, facts->category);
    if (who->district)
        return true;
    if (party == NULL)
        return false;
    if (party->is_unit)
        return strcmp(facts->street, who->identity) == 0 ||
               names(facts->joint_units, facts->n_joint_units, who->identity) ||
               names(facts->to, facts->n_to, who->identity);
    if (strcmp(facts->unit, who->identity) == 0)
        return true;
    return whistle->state == BLOWN && category != NULL &&
           wh_category_full_address(category, who->identity) && routes_to(category, who->identity);
}

int unseal_read(struct unsealing *unsealing, const Whistle__V1__Event *event,
                const Whistle__V1__IntakeEvent *payload, const char *identity,
                struct wh_arena *arena)
{
    if (payload->what_case == WHISTLE__V1__INTAKE_EVENT__WHAT_UNSEALED && event->actor != NULL &&
        (strcmp(event->actor->identity, identity) == 0 ||
         strcmp(event->actor->acting_for, identity) == 0))
        unsealing->allowed_at = event->at;
    if (payload->what_case == WHISTLE__V1__INTAKE_EVENT__WHAT_SUPPLEMENTED &&
        payload->supplemented->unmasked != NULL && unsealing->n_texts < WHISTLE_PERSONS_MAX)
        unsealing->texts[unsealing->n_texts++] = payload->supplemented->unmasked;
    return whistle_apply(&unsealing->whistle, event, payload, arena);
}

static ProtobufCMessage *open_one(const Whistle__V1__Sealed *sealed, const struct person *persons,
                                  size_t n, struct wh_arena *arena,
                                  const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; sealed != NULL && i < n; i++)
        if (persons[i].id == sealed->person)
            return facts_unseal(arena, &persons[i], sealed, type);
    return NULL;
}

static void take_texts(const Whistle__V1__WhistleFacts *facts,
                       const Whistle__V1__UnmaskedText *full, Whistle__V1__Unsealed *unsealed)
{
    unsealed->number = facts->number;
    unsealed->title = full != NULL && full->title[0] != 0 ? full->title : facts->title;
    unsealed->text = full != NULL && full->text[0] != 0 ? full->text : facts->text;
    unsealed->address = facts->place != NULL ? facts->place->address : (char *)(uintptr_t) "";
    if (full == NULL)
        return;
    if (full->address[0] != 0)
        unsealed->address = full->address;
    unsealed->answers = full->answers;
    unsealed->n_answers = full->n_answers;
}

int unseal_open(const struct unsealing *unsealing, const struct person *persons, size_t n,
                struct wh_arena *arena, Whistle__V1__Unsealed *ret_unsealed)
{
    const Whistle__V1__WhistleFacts *facts = unsealing->whistle.facts;
    Whistle__V1__Unsealed *out = ret_unsealed;
    whistle__v1__unsealed__init(out);
    out->reporter = (Whistle__V1__Reporter *)open_one(facts->reporter, persons, n, arena,
                                                      &whistle__v1__reporter__descriptor);
    const Whistle__V1__UnmaskedText *full = (const Whistle__V1__UnmaskedText *)open_one(
        facts->unmasked, persons, n, arena, &whistle__v1__unmasked_text__descriptor);
    out->supplements = wh_arena_calloc(arena, unsealing->n_texts + 1, sizeof(char *));
    if (out->supplements == NULL)
        return WH_E_NOMEM;
    for (size_t i = 0; i < unsealing->n_texts; i++) {
        const Whistle__V1__UnmaskedText *more = (const Whistle__V1__UnmaskedText *)open_one(
            unsealing->texts[i], persons, n, arena, &whistle__v1__unmasked_text__descriptor);
        if (more != NULL)
            out->supplements[out->n_supplements++] = more->text;
    }
    take_texts(facts, full, out);
    return out->reporter != NULL || full != NULL || out->n_supplements > 0 ? 0 : WH_E_NOTFOUND;
}
