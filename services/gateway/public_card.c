// SPDX-License-Identifier: Apache-2.0
// Field by field; nothing is copied that is not named here.
#include "gateway/public_card.h"

#include "base/id.h"
#include "base/time.h"
#include "gateway/public_category.h"
#include "gateway/public_place.h"

#define STATE(name) WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_##name

bool public_row_is_shown(const struct wh_district *district, const struct public_row *row)
{
    return category_is_shown(wh_district_category(district, row->category));
}

Whistle__V1__PublicCard *public_card(const struct wh_district *district,
                                     const struct public_row *row, struct wh_arena *arena)
{
    Whistle__V1__PublicCard *card = wh_arena_alloc(arena, sizeof *card);
    char number[WH_NUMBER_MAX] = "", day[11] = "";
    const struct wh_unit *community =
        public_community(district, wh_district_unit_by_id(district, row->place));
    if (card == NULL)
        return NULL;
    whistle__v1__public_card__init(card);
    (void)wh_number_format(wh_district_prefix(district), row->id, number);
    wh_date_format(wh_object_day(row->id), day);
    card->number = wh_arena_strdup(arena, number);
    card->category = wh_arena_strdup(arena, row->category);
    card->day = wh_arena_strdup(arena, day);
    if (community != NULL)
        card->community = community->row->code;
    card->state = (Whistle__V1__WhistleState)row->state;
    return card->number != NULL && card->category != NULL && card->day != NULL ? card : NULL;
}

static const char *next_of(int state)
{
    switch (state) {
    case STATE(SUBMITTED):
        return "REVIEW";
    case STATE(RETURNED):
        return "SUPPLEMENT";
    case STATE(BLOWN):
    case STATE(HELD):
        return "DISPATCH";
    case STATE(REPORTED):
        return "CONFIRM";
    case STATE(RESOLVED):
    case STATE(CLOSED):
    case STATE(CANCELLED):
    case STATE(RULED_CLOSED):
        return "";
    default:
        return "HANDLE";
    }
}

static bool put_bodies(const struct wh_district *district, const struct public_row *row,
                       struct wh_arena *arena, Whistle__V1__PublicStatus *status)
{
    status->bodies = wh_arena_calloc(arena, row->n_bodies + 1, sizeof *status->bodies);
    Whistle__V1__PublicBody *bodies = wh_arena_calloc(arena, row->n_bodies + 1, sizeof *bodies);
    if (status->bodies == NULL || bodies == NULL)
        return false;
    for (size_t i = 0; i < row->n_bodies; i++) {
        const struct wh_party *party = wh_district_party_by_id(district, row->bodies[i]);
        Whistle__V1__PublicBody *body = &bodies[status->n_bodies];
        if (party == NULL)
            continue;
        whistle__v1__public_body__init(body);
        body->zh = (char *)(uintptr_t)party->zh;
        body->en = (char *)(uintptr_t)party->en;
        body->part = (Whistle__V1__Part)row->parts[i];
        body->state = (Whistle__V1__TaskState)row->tasks[i];
        status->bodies[status->n_bodies++] = body;
    }
    return true;
}

Whistle__V1__PublicStatus *public_status(const struct wh_district *district,
                                         const struct public_row *row, struct wh_arena *arena)
{
    Whistle__V1__PublicStatus *status = wh_arena_alloc(arena, sizeof *status);
    if (status == NULL)
        return NULL;
    whistle__v1__public_status__init(status);
    status->card = public_card(district, row, arena);
    status->joined = row->joined;
    status->unreviewed = !row->reviewed;
    status->submitted_at = row->submitted_at;
    status->dispatched_at = row->dispatched_at;
    status->due_resolve = row->due_resolve;
    status->resolved_at = row->resolved_at;
    status->next = (char *)(uintptr_t)next_of(row->state);
    return status->card != NULL && put_bodies(district, row, arena, status) ? status : NULL;
}
