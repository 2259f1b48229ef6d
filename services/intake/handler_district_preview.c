// SPDX-License-Identifier: Apache-2.0
// PreviewDistrict: what adopting this district now would meet. The same validation as the adoption,
// against the same live version, with every fault; and how each desk's channel would stand, so that
// who compares two districts sees equal addresses as equal without anything being opened. Nothing
// is made or kept.
#include <string.h>

#include "district/validate.h"
#include "intake/contact.h"
#include "intake/handler.h"

#define FAULTS_MAX 100

struct previewing {
    Whistle__V1__DistrictPreview preview;
    const char **personal; // per channel: the name of its key, NULL where it stays as it is
    uint8_t (*hashes)[SEAL_HASH];
    size_t n_hashes;
};

static bool take_faults(struct wh_arena *arena, const struct wh_district_fault *faults, size_t n,
                        Whistle__V1__DistrictPreview *preview)
{
    size_t shown = n < FAULTS_MAX ? n : FAULTS_MAX;
    Whistle__V1__DistrictFault *rows = wh_arena_calloc(arena, shown + 1, sizeof(*rows));
    preview->faults = wh_arena_calloc(arena, shown + 1, sizeof(Whistle__V1__DistrictFault *));
    if (rows == NULL || preview->faults == NULL)
        return false;
    for (size_t i = 0; i < shown; i++) {
        whistle__v1__district_fault__init(&rows[i]);
        rows[i].rule = (char *)(uintptr_t)wh_rule_info(faults[i].rule)->name;
        rows[i].field = wh_arena_strdup(arena, faults[i].field);
        rows[i].detail = wh_arena_strdup(arena, faults[i].detail);
        if (rows[i].field == NULL || rows[i].detail == NULL)
            return false;
        preview->faults[i] = &rows[i];
    }
    preview->n_faults = shown;
    preview->faults_all = (int32_t)n;
    return true;
}

static size_t count_channels(const Whistle__V1__District *district)
{
    size_t n = 0;
    for (size_t i = 0; i < district->n_desks; i++)
        for (size_t j = 0; j < district->desks[i]->n_contacts; j++)
            n += district->desks[i]->contacts[j]->n_channels;
    return n;
}

// One channel: as it is, or "" and the name under which its key would be found.
static bool take_channel(const struct intake *intake, struct wh_arena *arena, struct previewing *p,
                         char *channel)
{
    size_t at = p->preview.n_channels++;
    p->preview.channels[at] = channel;
    if (!contact_is_personal(channel))
        return true;
    p->personal[at] = contact_name(arena, channel);
    if (p->personal[at] == NULL)
        return false;
    seal_phone_hash(intake->reporter_key, p->personal[at], p->hashes[p->n_hashes++]);
    return true;
}

static bool take_channels(const struct intake *intake, struct wh_arena *arena,
                          const Whistle__V1__District *district, struct previewing *p)
{
    size_t n = count_channels(district);
    p->preview.channels = wh_arena_calloc(arena, n + 1, sizeof(char *));
    p->personal = wh_arena_calloc(arena, n + 1, sizeof(char *));
    p->hashes = wh_arena_calloc(arena, n + 1, SEAL_HASH);
    bool fits = p->preview.channels != NULL && p->personal != NULL && p->hashes != NULL;
    for (size_t i = 0; fits && i < district->n_desks; i++)
        for (size_t j = 0; fits && j < district->desks[i]->n_contacts; j++) {
            const Whistle__V1__Contact *contact = district->desks[i]->contacts[j];
            for (size_t k = 0; fits && k < contact->n_channels; k++)
                fits = take_channel(intake, arena, p, contact->channels[k]);
        }
    return fits;
}

// The key of this name among the rows; false where there is none, or it does not open.
static bool find_key(const struct intake *intake, const struct wh_result *result,
                     const uint8_t hash[SEAL_HASH], struct person *ret_person)
{
    size_t low = 0, high = wh_result_rows(result);
    while (low < high) { // they come in the order of their hashes
        size_t middle = (low + high) / 2, n = 0;
        const struct wh_row *row = wh_result_row(result, middle);
        const uint8_t *found = wh_row_bytes(row, 1, &n);
        int order = n == SEAL_HASH ? memcmp(found, hash, SEAL_HASH) : -1;
        if (order == 0) {
            const uint8_t *wrapped = wh_row_bytes(row, 2, &n);
            return seal_unwrap(intake->vault_key, wh_row_int(row, 0), wrapped, n, ret_person) == 0;
        }
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return false;
}

static void got_keys(void *state, struct wh_query *query, const struct wh_result *result)
{
    const struct intake *intake = state;
    struct previewing *p = wh_query_data(query);
    struct wh_arena *arena = wh_query_arena(query);
    Whistle__V1__IntakeAnswer answer = WHISTLE__V1__INTAKE_ANSWER__INIT;
    for (size_t i = 0; i < p->preview.n_channels; i++) {
        struct person person;
        uint8_t hash[SEAL_HASH];
        const char *sealed = "";
        if (p->personal[i] == NULL)
            continue;
        seal_phone_hash(intake->reporter_key, p->personal[i], hash);
        if (find_key(intake, result, hash, &person) &&
            contact_seal(arena, &person, p->preview.channels[i], &sealed) != 0) {
            wh_query_refuse(query, WH_RULE_TOO_LARGE, "district.desks", NULL);
            return;
        }
        p->preview.channels[i] = (char *)(uintptr_t)sealed;
    }
    answer.what_case = WHISTLE__V1__INTAKE_ANSWER__WHAT_DISTRICT_PREVIEW;
    answer.district_preview = &p->preview;
    wh_query_answer(query, &answer.base);
}

void query_preview_district(void *state, struct wh_query *query, const struct wh_item *item)
{
    const struct intake *intake = state;
    const Whistle__V1__PreviewDistrict *message =
        (const Whistle__V1__PreviewDistrict *)item->message;
    struct wh_arena *arena = wh_query_arena(query);
    struct previewing *p = wh_arena_calloc(arena, 1, sizeof(*p));
    struct wh_district_fault *faults = wh_arena_calloc(arena, FAULTS_MAX, sizeof(*faults));
    if (message->district == NULL) {
        wh_query_refuse(query, WH_RULE_FIELD_MISSING, "district", NULL);
        return;
    }
    if (p == NULL || faults == NULL) {
        wh_query_refuse(query, WH_RULE_TOO_LARGE, "district", NULL);
        return;
    }
    whistle__v1__district_preview__init(&p->preview);
    const Whistle__V1__District *live =
        intake->district != NULL ? wh_district_data(intake->district) : NULL;
    p->preview.version = live != NULL ? live->version : 0;
    size_t n = wh_district_validate(message->district, live, faults, FAULTS_MAX);
    if (!take_faults(arena, faults, n, &p->preview) ||
        !take_channels(intake, arena, message->district, p)) {
        wh_query_refuse(query, WH_RULE_TOO_LARGE, "district", NULL);
        return;
    }
    wh_query_set_data(query, p);
    if (WH_SELECT(query, SELECT_KEYS, got_keys, WH_B(p->hashes, p->n_hashes * SEAL_HASH)) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}
