// SPDX-License-Identifier: Apache-2.0
// Draws whistles that fit the district.
#include "support/intake_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S(text) ((char *)(uintptr_t)(text))

uint32_t sample_below(struct sample_random *random, uint32_t n)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % n);
}

static const struct wh_party *any_party(const struct wh_district *district,
                                        struct sample_random *random,
                                        bool (*fits)(const struct wh_party *party))
{
    size_t n = 0;
    const struct wh_party *all = wh_district_parties(district, &n);
    for (;;) {
        const struct wh_party *party = &all[sample_below(random, (uint32_t)n)];
        if (fits(party))
            return party;
    }
}

static bool may_raise(const struct wh_party *party)
{
    return !party->is_unit || wh_unit_is_street(party->unit) || wh_unit_is_community(party->unit);
}

static bool is_street(const struct wh_party *party)
{
    return party->is_unit && wh_unit_is_street(party->unit);
}

static bool is_community(const struct wh_party *party)
{
    return party->is_unit && wh_unit_is_community(party->unit);
}

static char **one_text(struct wh_arena *arena, const char *text, size_t *ret_n)
{
    char **list = wh_arena_calloc(arena, 1, sizeof(*list));
    list[0] = S(text);
    *ret_n = 1;
    return list;
}

static void add_place(const struct wh_district *district, struct sample_random *random,
                      const struct wh_party *raiser, Whistle__V1__RaiseWhistle *raise,
                      struct wh_arena *arena)
{
    const struct wh_party *community = NULL;
    if (raiser->is_unit && sample_below(random, 4) == 0)
        return;
    do
        community = any_party(district, random, is_community);
    while (raiser->is_unit && community->unit->street != raiser->unit->street);
    Whistle__V1__Place *place = wh_arena_alloc(arena, sizeof(*place));
    whistle__v1__place__init(place);
    place->unit = S(community->code);
    place->address = S("测试路7号");
    if (sample_below(random, 2) == 0) {
        char *grid = wh_arena_alloc(arena, 32);
        snprintf(grid, 32, "%s001", community->code);
        if (wh_district_unit(district, grid) != NULL)
            place->grid = grid;
    }
    if (sample_below(random, 2) == 0 && community->unit->has_place) {
        place->lat_is_case = WHISTLE__V1__PLACE__LAT_IS_LAT;
        place->lon_is_case = WHISTLE__V1__PLACE__LON_IS_LON;
        place->lat = community->unit->lat + 0.01;
        place->lon = community->unit->lon - 0.01;
    }
    raise->place = place;
}

static const char *answer_to(const Whistle__V1__Question *question)
{
    switch (question->type) {
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_BOOL:
        return "true";
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_INT:
        return "3";
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_NUMBER:
        return "1.5";
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_CHOICE:
        return question->values[0];
    default:
        return "昨天傍晚";
    }
}

static void add_answers(const struct wh_category *category, struct sample_random *random,
                        Whistle__V1__RaiseWhistle *raise, struct wh_arena *arena)
{
    size_t n = category->row->n_questions;
    raise->answers = wh_arena_calloc(arena, n + 1, sizeof(*raise->answers));
    for (size_t i = 0; i < n; i++) {
        if (sample_below(random, 3) == 0)
            continue;
        Whistle__V1__QuestionAnswer *answer = wh_arena_alloc(arena, sizeof(*answer));
        whistle__v1__question_answer__init(answer);
        answer->code = category->row->questions[i]->code;
        answer->value = S(answer_to(category->row->questions[i]));
        raise->answers[raise->n_answers++] = answer;
    }
}

static void add_need(struct sample_random *random, Whistle__V1__RaiseWhistle *raise,
                     struct wh_arena *arena)
{
    Whistle__V1__Need *need = wh_arena_alloc(arena, sizeof(*need));
    whistle__v1__need__init(need);
    raise->needs = wh_arena_calloc(arena, 1, sizeof(*raise->needs));
    raise->needs[0] = need;
    raise->n_needs = 1;
    need->kind = (Whistle__V1__NeedKind)(1 + sample_below(random, 3));
    need->count = (int32_t)(1 + sample_below(random, 100000));
    need->per = (Whistle__V1__NeedPer)sample_below(random, 4);
    if (need->kind == WHISTLE__V1__NEED_KIND__NEED_KIND_SUPPLY)
        need->item = S("PPE_SUIT");
    else if (sample_below(random, 2) == 0)
        need->skill = S("值守");
    if (sample_below(random, 2) == 0) {
        need->from_at = 1795000000000;
        need->to_at = 1795000000000 + 3600000;
    }
}

static void add_reporter(struct sample_random *random, Whistle__V1__RaiseWhistle *raise,
                         struct wh_arena *arena)
{
    Whistle__V1__Reporter *reporter = wh_arena_alloc(arena, sizeof(*reporter));
    char *phone = wh_arena_alloc(arena, 24);
    whistle__v1__reporter__init(reporter);
    snprintf(phone, 24, "139%08u", sample_below(random, 50));
    reporter->name = S("示例居民甲");
    reporter->phone = phone;
    raise->reporter = reporter;
}

static void add_sides(const struct wh_district *district, struct sample_random *random,
                      const struct wh_party *raiser, Whistle__V1__RaiseWhistle *raise,
                      struct wh_arena *arena)
{
    const struct wh_party *other = any_party(district, random, is_street);
    if (!raiser->is_unit) {
        if (sample_below(random, 2) == 0)
            raise->to = one_text(arena, other->code, &raise->n_to);
        return;
    }
    if (!is_street(raiser))
        return;
    if (other != raiser && sample_below(random, 4) == 0)
        raise->joint_units = one_text(arena, other->code, &raise->n_joint_units);
    const struct wh_party *community = any_party(district, random, is_community);
    if (community->unit->street == raiser->id)
        raise->asked_by = S(community->code);
}

Whistle__V1__RaiseWhistle *sample_raise(const struct wh_district *district,
                                        struct sample_random *random, struct wh_arena *arena)
{
    Whistle__V1__RaiseWhistle *raise = wh_arena_alloc(arena, sizeof(*raise));
    const struct wh_party *raiser = any_party(district, random, may_raise);
    size_t n = 0;
    const struct wh_category *categories = wh_district_categories(district, &n);
    const struct wh_category *category = &categories[sample_below(random, (uint32_t)n)];
    whistle__v1__raise_whistle__init(raise);
    raise->unit = S(raiser->code);
    raise->category = category->row->code;
    raise->title = S("测试哨:井盖松动");
    raise->text = S("路口井盖松动,夜间有行人绊倒,请尽快处理。");
    if (sample_below(random, 2) == 0 ||
        category->row->priority == WHISTLE__V1__PRIORITY__PRIORITY_P1)
        raise->priority = (Whistle__V1__Priority)sample_below(random, 5);
    if (raise->priority == WHISTLE__V1__PRIORITY__PRIORITY_P1 &&
        category->row->priority != WHISTLE__V1__PRIORITY__PRIORITY_P1 && !is_street(raiser))
        raise->priority = WHISTLE__V1__PRIORITY__PRIORITY_P2;
    if (raise->priority == WHISTLE__V1__PRIORITY__PRIORITY_P1)
        raise->reason = S("可能危及生命");
    add_place(district, random, raiser, raise, arena);
    add_answers(category, random, raise, arena);
    add_sides(district, random, raiser, raise, arena);
    if (sample_below(random, 3) == 0)
        add_need(random, raise, arena);
    if (sample_below(random, 3) == 0)
        add_reporter(random, raise, arena);
    if (sample_below(random, 3) == 0)
        raise->tags = one_text(arena, "学校周边", &raise->n_tags);
    if (sample_below(random, 3) == 0)
        raise->source =
            raiser->is_unit ? WHISTLE__V1__SOURCE__SOURCE_WEB : WHISTLE__V1__SOURCE__SOURCE_HOTLINE;
    raise->drill = sample_below(random, 10) == 0;
    return raise;
}
