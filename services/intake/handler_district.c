// SPDX-License-Identifier: Apache-2.0
// AdoptDistrict: checked as a whole, its codes numbered, journaled as one version that everybody
// who follows intake then holds.
#include <string.h>

#include "district/validate.h"
#include "intake/handler.h"
#include "intake/kept.h"

#define FAULTS_MAX 16

// A copy with the version and the ids that intake gives; texts stay the message's.
static Whistle__V1__District *number_copy(struct intake *intake, struct wh_turn *turn,
                                          const Whistle__V1__District *from, int32_t version)
{
    struct wh_arena *arena = wh_turn_arena(turn);
    Whistle__V1__District *copy = wh_arena_dup(arena, from, sizeof(*from));
    Whistle__V1__Unit *units = wh_arena_calloc(arena, from->n_units + 1, sizeof(*units));
    Whistle__V1__Body *bodies = wh_arena_calloc(arena, from->n_departments + 1, sizeof(*bodies));
    if (copy == NULL || units == NULL || bodies == NULL)
        return NULL;
    copy->units = wh_arena_calloc(arena, from->n_units + 1, sizeof(Whistle__V1__Unit *));
    copy->departments =
        wh_arena_calloc(arena, from->n_departments + 1, sizeof(Whistle__V1__Body *));
    if (copy->units == NULL || copy->departments == NULL)
        return NULL;
    for (size_t i = 0; i < from->n_units; i++) {
        units[i] = *from->units[i];
        copy->units[i] = &units[i];
    }
    for (size_t i = 0; i < from->n_departments; i++) {
        bodies[i] = *from->departments[i];
        copy->departments[i] = &bodies[i];
    }
    copy->version = version;
    wh_codes_number(intake->codes, copy);
    return copy;
}

static int check(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                 const Whistle__V1__AdoptDistrict *message)
{
    const struct wh_district *now = intake_district(intake);
    struct wh_district_fault faults[FAULTS_MAX];
    if (message->district == NULL)
        return wh_refuse(turn, item, WH_RULE_FIELD_MISSING, "district", NULL);
    if (message->expect_version != (now != NULL ? wh_district_version(now) : 0) ||
        intake->next != NULL)
        return wh_refuse(turn, item, WH_RULE_DISTRICT_VERSION, "expect_version", "it is %d",
                         now != NULL ? wh_district_version(now) : 0);
    size_t n = wh_district_validate(message->district, now != NULL ? wh_district_data(now) : NULL,
                                    faults, FAULTS_MAX);
    if (n == 0)
        return 0;
    const char *detail = faults[0].detail;
    if (n == 1)
        return wh_refuse(turn, item, faults[0].rule, faults[0].field, "%s", detail);
    return wh_refuse(turn, item, faults[0].rule, faults[0].field, "%s%sand %zu more; next: %s",
                     detail, detail[0] != 0 ? "; " : "", n - 1, faults[1].field);
}

static int put_codes(struct wh_turn *turn, const Whistle__V1__District *district)
{
    int rc = 0;
    for (size_t i = 0; i < district->n_units && rc == 0; i++)
        rc = WH_PUT(turn, PUT_CODE, WH_T(district->units[i]->code), WH_I(district->units[i]->id));
    for (size_t i = 0; i < district->n_departments && rc == 0; i++)
        rc = WH_PUT(turn, PUT_CODE, WH_T(district->departments[i]->code),
                    WH_I(district->departments[i]->id));
    return rc;
}

int on_adopt(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct intake *intake = state;
    const Whistle__V1__AdoptDistrict *message = (const Whistle__V1__AdoptDistrict *)item->message;
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__DistrictAdopted adopted = WHISTLE__V1__DISTRICT_ADOPTED__INIT;
    struct wh_district *next = NULL;
    int64_t seq = 0;
    int rc = check(intake, turn, item, message);
    if (rc != 0)
        return rc;
    adopted.district = number_copy(intake, turn, message->district, message->expect_version + 1);
    if (adopted.district == NULL)
        return WH_E_NOMEM;
    rc = intake_seal_desks(intake, turn, item, adopted.district);
    if (rc != 0)
        return rc;
    if (wh_district_new(adopted.district, &next) != 0)
        return wh_refuse(turn, item, WH_RULE_INTERNAL, "district", "it cannot be indexed");
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_DISTRICT_ADOPTED;
    event.district_adopted = &adopted;
    const int32_t p1 =
        WHISTLE_SUBJECT_P1; // a P1 overtakes, but not the district it was raised under
    rc = wh_emit(turn, item, 0, &p1, 1, &event.base, &seq);
    if (rc == 0)
        rc = WH_PUT(turn, PUT_DISTRICT, WH_I(adopted.district->version), WH_L(seq));
    if (rc == 0)
        rc = put_codes(turn, adopted.district);
    if (rc == 0)
        rc = intake_forget_desks(intake, turn, item, adopted.district);
    if (rc == 0)
        rc = kept_put_version(intake->whistles, adopted.district->version);
    if (rc != 0) {
        wh_district_free(next);
        return rc;
    }
    intake->next = next;
    return 0;
}
