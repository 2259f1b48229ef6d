// SPDX-License-Identifier: Apache-2.0
// Persons' keys: found or made for a raise, unsealing as a logged command, erasing. Random bytes
// are drawn here; what is done with them is seal.c's.
#include <sodium.h>
#include <string.h>

#include "intake/handler.h"
#include "intake/kept.h"
#include "intake/unseal.h"
#include "intake/wire.h"
#include "runtime/log.h"

int intake_need_key(struct intake *intake, struct wh_turn *turn, const char *name)
{
    uint8_t hash[SEAL_HASH];
    seal_phone_hash(intake->reporter_key, name, hash);
    if (wh_shelf_has(intake->persons, person_key(hash)))
        return 0;
    return wh_need_bytes(turn, LOAD_PERSON, hash, SEAL_HASH);
}

int intake_need_person(struct intake *intake, struct wh_turn *turn, const char *phone)
{
    char normal[SEAL_PHONE];
    return seal_phone(phone, normal) ? intake_need_key(intake, turn, normal) : 0;
}

static bool forgotten(const struct intake *intake, int64_t person)
{
    for (size_t i = 0; i < intake->n_forgotten; i++)
        if (intake->forgotten[i] == person)
            return true;
    return false;
}

// hash: NULL for a key that seals only a text.
static int make_person(struct intake *intake, struct wh_turn *turn, const uint8_t *hash,
                       struct person *ret_person)
{
    struct person_row row = {0};
    uint8_t nonce[SEAL_NONCE];
    uint64_t id = 0;
    randombytes_buf(&id, sizeof(id));
    randombytes_buf(nonce, sizeof(nonce));
    randombytes_buf(ret_person->key, SEAL_KEY);
    ret_person->id = row.id = (int64_t)(id >> 2) + 1;
    seal_wrap(intake->vault_key, ret_person, nonce, row.wrapped);
    int rc =
        WH_PUT(turn, PUT_PERSON, WH_L(row.id), hash != NULL ? WH_B(hash, SEAL_HASH) : WH_NULL('B'),
               WH_B(row.wrapped, SEAL_WRAPPED));
    if (rc != 0 || hash == NULL)
        return rc;
    memcpy(row.hash, hash, SEAL_HASH);
    return wh_shelf_put(intake->persons, person_key(hash), &row, sizeof(row));
}

static const struct person_row *find_person(struct intake *intake, const uint8_t hash[SEAL_HASH])
{
    size_t n = 0;
    const struct person_row *row = wh_shelf_get(intake->persons, person_key(hash), &n);
    if (row == NULL || memcmp(row->hash, hash, SEAL_HASH) != 0 || forgotten(intake, row->id))
        return NULL;
    return row;
}

int intake_key(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
               const char *name, struct person *ret_person)
{
    uint8_t hash[SEAL_HASH];
    if (name == NULL)
        return make_person(intake, turn, NULL, ret_person);
    seal_phone_hash(intake->reporter_key, name, hash);
    const struct person_row *row = find_person(intake, hash);
    if (row == NULL)
        return make_person(intake, turn, hash, ret_person);
    if (seal_unwrap(intake->vault_key, row->id, row->wrapped, SEAL_WRAPPED, ret_person) == 0)
        return 0;
    wh_logf(WH_LOG_ERROR, "person.locked", "a person's key does not open with this vault key");
    return wh_refuse(turn, item, WH_RULE_INTERNAL, NULL, NULL);
}

int intake_sealing(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                   const char *phone, struct sealing *ret_sealing)
{
    char normal[SEAL_PHONE];
    bool named = seal_phone(phone, normal);
    randombytes_buf(ret_sealing->nonce_reporter, SEAL_NONCE);
    randombytes_buf(ret_sealing->nonce_text, SEAL_NONCE);
    return intake_key(intake, turn, item, named ? normal : NULL, &ret_sealing->person);
}

// ---- unsealing and erasing --------------------------------------------------------------------

int on_unseal(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct intake *intake = state;
    const Whistle__V1__UnsealWhistle *message = (const Whistle__V1__UnsealWhistle *)item->message;
    struct who who = intake_who(item);
    struct fault fault = {0};
    struct reason_ask ask;
    struct whistle whistle;
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__WhistleUnsealed unsealed = WHISTLE__V1__WHISTLE_UNSEALED__INIT;
    if (wire_reason(message->number, message->reason, &ask, &fault) != 0)
        return intake_fault(turn, item, &fault);
    int rc = intake_find(intake, turn, item, ask.number, &whistle);
    if (rc != 0)
        return rc;
    if (!unseal_may(intake_district(intake), &whistle, &who))
        return wh_refuse(turn, item, WH_RULE_SCOPE_FOREIGN, "number", NULL);
    if (whistle.n_persons == 0)
        return wh_refuse(turn, item, WH_RULE_UNSEAL_NOTHING, "number", NULL);
    unsealed.number = whistle.facts->number;
    unsealed.reason = (char *)(uintptr_t)ask.reason;
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_UNSEALED;
    event.unsealed = &unsealed;
    return intake_change(intake, turn, item, &whistle, &event);
}

static int erase_one(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                     struct whistle *whistle, const char *reason)
{
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__PersonErased erased = WHISTLE__V1__PERSON_ERASED__INIT;
    erased.person = whistle->persons[0];
    erased.reason = (char *)(uintptr_t)reason;
    erased.number = whistle->facts->number;
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_PERSON_ERASED;
    event.person_erased = &erased;
    if (intake->n_forgotten == INTAKE_FORGET_MAX)
        return wh_refuse(turn, item, WH_RULE_BUSY_WINDOW, NULL, NULL);
    int rc = WH_PUT(turn, PUT_FORGET, WH_L(erased.person));
    if (rc == 0)
        rc = intake_change(intake, turn, item, whistle, &event);
    if (rc == 0)
        intake->forgotten[intake->n_forgotten++] = erased.person;
    return rc;
}

int on_erase(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct intake *intake = state;
    const Whistle__V1__ErasePerson *message = (const Whistle__V1__ErasePerson *)item->message;
    struct who who = intake_who(item);
    struct fault fault = {0};
    struct reason_ask ask;
    struct whistle whistle;
    if (wire_reason(message->number, message->reason, &ask, &fault) != 0)
        return intake_fault(turn, item, &fault);
    int rc = intake_find(intake, turn, item, ask.number, &whistle);
    if (rc != 0)
        return rc;
    if (!who.district && strcmp(who.identity, whistle.facts->street) != 0)
        return wh_refuse(turn, item, WH_RULE_SCOPE_FOREIGN, "number", NULL);
    if (whistle.n_persons == 0)
        return wh_refuse(turn, item, WH_RULE_UNSEAL_NOTHING, "number", NULL);
    while (rc == 0 && whistle.n_persons > 0)
        rc = erase_one(intake, turn, item, &whistle, ask.reason);
    return rc;
}
