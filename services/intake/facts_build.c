// SPDX-License-Identifier: Apache-2.0
// The WhistleFacts message, member by member.
#include <string.h>

#include "intake/facts.h"

// protobuf-c's strings are not const though packing never writes.
static char *text(const char *t)
{
    return (char *)(uintptr_t)t;
}

static char **texts(const char *const *list)
{
    return (char **)(uintptr_t)list;
}

static int build_place(struct wh_arena *arena, const struct facts_frame *frame,
                       Whistle__V1__WhistleFacts *facts)
{
    const struct raise_place *asked = &frame->ask->place;
    Whistle__V1__Place *place = wh_arena_alloc(arena, sizeof(*place));
    if (place == NULL)
        return WH_E_NOMEM;
    whistle__v1__place__init(place);
    place->unit = text(frame->admitted->place->row->code);
    place->address = text(frame->masked->address);
    place->grid = text(asked->grid);
    if (asked->has_point) {
        place->lat_is_case = WHISTLE__V1__PLACE__LAT_IS_LAT;
        place->lat = asked->lat;
        place->lon_is_case = WHISTLE__V1__PLACE__LON_IS_LON;
        place->lon = asked->lon;
    }
    facts->place = place;
    return 0;
}

static int build_needs(struct wh_arena *arena, const struct raise *ask,
                       Whistle__V1__WhistleFacts *facts)
{
    if (ask->n_needs == 0)
        return 0;
    facts->needs = wh_arena_calloc(arena, ask->n_needs, sizeof(Whistle__V1__Need *));
    Whistle__V1__Need *rows = wh_arena_calloc(arena, ask->n_needs, sizeof(*rows));
    if (facts->needs == NULL || rows == NULL)
        return WH_E_NOMEM;
    for (size_t i = 0; i < ask->n_needs; i++) {
        const struct raise_need *need = &ask->needs[i];
        whistle__v1__need__init(&rows[i]);
        rows[i].kind = (Whistle__V1__NeedKind)need->kind;
        rows[i].per =
            need->per != 0 ? (Whistle__V1__NeedPer)need->per : WHISTLE__V1__NEED_PER__NEED_PER_ONCE;
        rows[i].skill = text(need->skill);
        rows[i].item = text(need->item);
        rows[i].count = need->count;
        rows[i].from_at = need->from_at;
        rows[i].to_at = need->to_at;
        facts->needs[i] = &rows[i];
    }
    facts->n_needs = ask->n_needs;
    return 0;
}

static int build_sealed(struct wh_arena *arena, const struct facts_frame *frame,
                        Whistle__V1__WhistleFacts *facts)
{
    const struct sealing *sealing = frame->sealing;
    char phone[SEAL_PHONE];
    if (sealing == NULL)
        return 0;
    if (frame->masked->cut) {
        facts->unmasked =
            facts_seal(arena, &sealing->person, sealing->nonce_text, &frame->masked->full.base);
        if (facts->unmasked == NULL)
            return WH_E_NOMEM;
    }
    if (!facts_names_reporter(frame->ask))
        return 0;
    Whistle__V1__Reporter reporter = WHISTLE__V1__REPORTER__INIT;
    reporter.name = text(frame->ask->reporter_name);
    reporter.phone = text(frame->ask->reporter_phone);
    reporter.email = text(frame->ask->reporter_email);
    facts->reporter = facts_seal(arena, &sealing->person, sealing->nonce_reporter, &reporter.base);
    if (facts->reporter == NULL)
        return WH_E_NOMEM;
    if (!seal_phone(frame->ask->reporter_phone, phone))
        return 0;
    uint8_t *hash = wh_arena_alloc(arena, SEAL_HASH);
    if (hash == NULL)
        return WH_E_NOMEM;
    seal_pseudonym(&sealing->person, phone, hash);
    facts->reporter_hash = (ProtobufCBinaryData){.data = hash, .len = SEAL_HASH};
    return 0;
}

static void build_texts(const struct facts_frame *frame, Whistle__V1__WhistleFacts *facts)
{
    const struct raise *ask = frame->ask;
    const struct admitted *admitted = frame->admitted;
    facts->number = text(frame->number);
    facts->unit = text(admitted->raiser->code);
    facts->street = text(admitted->street != NULL ? admitted->street->row->code : "");
    facts->category = text(admitted->category->row->code);
    facts->title = text(frame->masked->title);
    facts->text = text(frame->masked->text);
    facts->priority = (Whistle__V1__Priority)admitted->priority;
    facts->source = (Whistle__V1__Source)admitted->source;
    facts->drill = ask->drill;
    facts->reason = text(ask->reason);
    facts->asked_by = text(ask->asked_by);
    facts->same_as = text(ask->same_as);
    facts->submitted_at = frame->submitted_at;
}

static void build_lists(const struct facts_frame *frame, Whistle__V1__WhistleFacts *facts)
{
    const struct raise *ask = frame->ask;
    facts->tags = texts(ask->tags);
    facts->n_tags = ask->n_tags;
    facts->joint_units = texts(ask->joint);
    facts->n_joint_units = ask->n_joint;
    facts->to = texts(ask->to);
    facts->n_to = ask->n_to;
    facts->attachments = texts(ask->attachments);
    facts->n_attachments = ask->n_attachments;
    facts->missing_answers = texts(frame->admitted->missing);
    facts->n_missing_answers = frame->admitted->n_missing;
}

int facts_build(struct wh_arena *arena, const struct facts_frame *frame,
                Whistle__V1__WhistleFacts **ret_facts)
{
    Whistle__V1__WhistleFacts *facts = wh_arena_alloc(arena, sizeof(*facts));
    if (facts == NULL)
        return WH_E_NOMEM;
    whistle__v1__whistle_facts__init(facts);
    build_texts(frame, facts);
    build_lists(frame, facts);
    if (frame->ask->n_answers > 0) {
        facts->answers =
            facts_answers(arena, frame->ask->answers, frame->masked->values, frame->ask->n_answers);
        facts->n_answers = frame->ask->n_answers;
        if (facts->answers == NULL)
            return WH_E_NOMEM;
    }
    int rc = build_place(arena, frame, facts);
    if (rc == 0)
        rc = build_needs(arena, frame->ask, facts);
    if (rc == 0)
        rc = build_sealed(arena, frame, facts);
    if (rc == 0)
        *ret_facts = facts;
    return rc;
}
