// SPDX-License-Identifier: Apache-2.0
// Desks' addresses: sealed when a district is adopted, opened for the sender of notices only, and
// forgotten with the version that names them no more.
#include <string.h>

#include "base/map.h"
#include "intake/contact.h"
#include "intake/handler.h"

// Calls back for every channel of every contact; stops at the first that is not 0.
typedef int (*channel_fn)(void *arg, char **channel);

static int each_channel(const Whistle__V1__District *district, channel_fn fn, void *arg)
{
    int rc = 0;
    for (size_t i = 0; i < district->n_desks; i++)
        for (size_t j = 0; j < district->desks[i]->n_contacts; j++) {
            const Whistle__V1__Contact *contact = district->desks[i]->contacts[j];
            for (size_t k = 0; k < contact->n_channels && rc == 0; k++)
                rc = fn(arg, &contact->channels[k]);
        }
    return rc;
}

struct sealer {
    struct intake *intake;
    struct wh_turn *turn;
    const struct wh_item *item;
    struct wh_map kept; // persons that need no forgetting (any more)
};

static int need_one(void *arg, char **channel)
{
    struct sealer *s = arg;
    if (!contact_is_personal(*channel))
        return 0;
    const char *name = contact_name(wh_turn_arena(s->turn), *channel);
    return name != NULL ? intake_need_key(s->intake, s->turn, name) : WH_E_NOMEM;
}

int need_adopt(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__AdoptDistrict *message = (const Whistle__V1__AdoptDistrict *)item->message;
    struct sealer sealer = {.intake = state, .turn = turn, .item = item};
    return message->district != NULL ? each_channel(message->district, need_one, &sealer) : 0;
}

static int seal_one(void *arg, char **channel)
{
    struct sealer *s = arg;
    struct wh_arena *arena = wh_turn_arena(s->turn);
    struct person person;
    const char *sealed = NULL;
    if (!contact_is_personal(*channel))
        return 0;
    const char *name = contact_name(arena, *channel);
    if (name == NULL)
        return WH_E_NOMEM;
    int rc = intake_key(s->intake, s->turn, s->item, name, &person);
    if (rc == 0)
        rc = contact_seal(arena, &person, *channel, &sealed);
    if (rc == 0)
        *channel = (char *)(uintptr_t)sealed;
    return rc;
}

// Own arrays for what is changed: the message may be tried again.
static int copy_desks(struct wh_arena *arena, Whistle__V1__District *copy)
{
    Whistle__V1__Desk **desks =
        wh_arena_calloc(arena, copy->n_desks + 1, sizeof(Whistle__V1__Desk *));
    if (desks == NULL)
        return WH_E_NOMEM;
    for (size_t i = 0; i < copy->n_desks; i++) {
        const Whistle__V1__Desk *from = copy->desks[i];
        desks[i] = wh_arena_dup(arena, from, sizeof(*from));
        Whistle__V1__Contact **contacts =
            wh_arena_calloc(arena, from->n_contacts + 1, sizeof(Whistle__V1__Contact *));
        if (desks[i] == NULL || contacts == NULL)
            return WH_E_NOMEM;
        for (size_t j = 0; j < from->n_contacts; j++) {
            const Whistle__V1__Contact *contact = from->contacts[j];
            size_t n = contact->n_channels;
            contacts[j] = wh_arena_dup(arena, contact, sizeof(*contact));
            char **channels = wh_arena_calloc(arena, n + 1, sizeof(*channels));
            if (contacts[j] == NULL || channels == NULL)
                return WH_E_NOMEM;
            if (n > 0)
                memcpy(channels, contact->channels, n * sizeof(*channels));
            contacts[j]->channels = channels;
        }
        desks[i]->contacts = contacts;
    }
    copy->desks = desks;
    return 0;
}

int intake_seal_desks(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                      Whistle__V1__District *copy)
{
    struct sealer sealer = {.intake = intake, .turn = turn, .item = item};
    int rc = copy_desks(wh_turn_arena(turn), copy);
    return rc != 0 ? rc : each_channel(copy, seal_one, &sealer);
}

// ---- what no version names any more -------------------------------------------------------------

static int note_person(void *arg, char **channel)
{
    struct sealer *s = arg;
    int64_t person = 0;
    return contact_is_sealed(*channel, &person) ? wh_map_put_index(&s->kept, person, 0) : 0;
}

static int forget_one(void *arg, char **channel)
{
    struct sealer *s = arg;
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__PersonErased erased = WHISTLE__V1__PERSON_ERASED__INIT;
    int64_t person = 0;
    if (!contact_is_sealed(*channel, &person) || wh_map_has(&s->kept, person))
        return 0;
    erased.person = person;
    erased.reason = (char *)(uintptr_t) "a contact that no desk names any more";
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_PERSON_ERASED;
    event.person_erased = &erased;
    s->intake->clear_persons = true;
    int rc = wh_map_put_index(&s->kept, person, 0); // once, however many desks named it
    if (rc == 0)
        rc = WH_PUT(s->turn, PUT_FORGET, WH_L(person));
    return rc != 0 ? rc : wh_emit(s->turn, s->item, 0, NULL, 0, &event.base, NULL);
}

int intake_forget_desks(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                        const Whistle__V1__District *now)
{
    struct sealer sealer = {.intake = intake, .turn = turn, .item = item};
    if (intake->district == NULL)
        return 0;
    int rc = each_channel(now, note_person, &sealer);
    if (rc == 0)
        rc = each_channel(wh_district_data(intake->district), forget_one, &sealer);
    wh_map_done(&sealer.kept);
    return rc;
}

// ---- for the sender -----------------------------------------------------------------------------

static void got_contact(void *state, struct wh_query *query, const struct wh_result *result)
{
    const struct intake *intake = state;
    const Whistle__V1__GetContact *message =
        (const Whistle__V1__GetContact *)wh_query_item(query)->message;
    Whistle__V1__IntakeAnswer answer = WHISTLE__V1__INTAKE_ANSWER__INIT;
    Whistle__V1__OpenContact open = WHISTLE__V1__OPEN_CONTACT__INIT;
    struct person person;
    const char *channel = NULL;
    size_t n = 0;
    bool found = wh_result_rows(result) == 1;
    if (found) {
        const struct wh_row *row = wh_result_row(result, 0);
        const uint8_t *wrapped = wh_row_bytes(row, 1, &n);
        found = seal_unwrap(intake->vault_key, wh_row_int(row, 0), wrapped, n, &person) == 0 &&
                contact_open(wh_query_arena(query), &person, message->channel, &channel) == 0;
    }
    if (!found) {
        wh_query_refuse(query, WH_RULE_UNSEAL_NOTHING, "channel", NULL);
        return;
    }
    open.channel = (char *)(uintptr_t)channel;
    answer.what_case = WHISTLE__V1__INTAKE_ANSWER__WHAT_CONTACT;
    answer.contact = &open;
    wh_query_answer(query, &answer.base);
}

void query_contact(void *state, struct wh_query *query, const struct wh_item *item)
{
    const Whistle__V1__GetContact *message = (const Whistle__V1__GetContact *)item->message;
    int64_t person = 0;
    (void)state;
    if (!contact_is_sealed(message->channel, &person))
        wh_query_refuse(query, WH_RULE_FIELD_FORMAT, "channel", NULL);
    else if (WH_SELECT(query, SELECT_PERSONS, got_contact, WH_A(&person, 1)) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}
