// SPDX-License-Identifier: Apache-2.0
// See intake_raise.h.
#include "support/intake_raise.h"

#include <string.h>

#include "support/demo_district.h"

struct wh_district *raise_district;
struct wh_arena raise_arena;

int raise_set_up(void **state)
{
    (void)state;
    raise_district = demo_district(WH_SOURCE_DIR);
    wh_arena_init(&raise_arena, (size_t)64 << 20);
    return 0;
}

int raise_tear_down(void **state)
{
    (void)state;
    wh_district_free(raise_district);
    wh_arena_done(&raise_arena);
    return 0;
}

int raise_ask(const Raise *message, const char *identity, struct admitted *admitted,
              struct fault *fault)
{
    struct raise raise;
    struct who who = {.identity = identity, .officer = ""};
    memset(fault, 0, sizeof(*fault));
    if (wire_raise(message, &raise, fault) != 0)
        return WH_E_INVALID;
    return admit(raise_district, &who, &raise, NOW, admitted, fault);
}

Raise *raise_plain(const char *unit, const char *category)
{
    Raise *raise = wh_arena_alloc(&raise_arena, sizeof(*raise));
    whistle__v1__raise_whistle__init(raise);
    raise->unit = S(unit);
    raise->category = S(category);
    raise->title = S("路灯不亮");
    return raise;
}

Whistle__V1__Place *raise_place(Raise *raise)
{
    Whistle__V1__Place *place = wh_arena_alloc(&raise_arena, sizeof(*place));
    whistle__v1__place__init(place);
    raise->place = place;
    return place;
}

char **raise_texts(const char *a, const char *b)
{
    char **list = wh_arena_calloc(&raise_arena, 2, sizeof(*list));
    list[0] = S(a);
    list[1] = S(b);
    return list;
}
