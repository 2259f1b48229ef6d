// SPDX-License-Identifier: Apache-2.0
// Questions about the district's data: who would be called and why; can everybody be reached.
#include <string.h>

#include "dispatch/check.h"
#include "dispatch/route.h"
#include "dispatch/view.h"

void view_explain(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const struct dispatch *state = arg;
    const Whistle__V1__ExplainRoute *ask = (const void *)item->message;
    if (!view_begin(arg, query, item)) {
        return;
    }
    const struct wh_unit *unit = wh_district_unit(state->district, ask->unit);
    if (wh_district_category(state->district, ask->category) == NULL || unit == NULL) {
        wh_query_refuse(query, WH_RULE_FIELD_UNKNOWN, unit == NULL ? "unit" : "category", NULL);
        return;
    }
    Whistle__V1__RouteExplained *explained = route_explain(
        state->district, wh_query_arena(query), ask->category, unit->id, ask->tags, ask->n_tags);
    if (explained == NULL) {
        view_too_large(query);
        return;
    }
    view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_EXPLAINED, &explained->base);
}

// ---- check --------------------------------------------------------------------------------------

struct alive {
    const struct wh_runtime *runtime;
    bool senders; // some program that sends notices follows us
};

static void look_for_sender(void *arg, const char *name, const char *identity, int64_t seen,
                            bool connected)
{
    (void)name;
    (void)seen;
    struct alive *alive = arg;
    if (connected && (wh_live_roles(alive->runtime, identity) & WH_ROLE_NOTIFIER) != 0) {
        alive->senders = true;
    }
}

static bool key_lives(void *arg, const char *identity)
{
    const struct alive *alive = arg;
    return wh_live_roles(alive->runtime, identity) != 0;
}

static bool channel_lives(void *arg, const char *channel)
{
    (void)channel;
    return ((const struct alive *)arg)->senders;
}

static void check(const struct dispatch *state, struct wh_query *query,
                  const struct wh_district *district)
{
    struct alive alive = {.runtime = state->runtime};
    struct check_liveness liveness = {.arg = &alive, .key = key_lives, .channel = channel_lives};
    struct wh_arena arena;
    wh_followers_each(state->runtime, look_for_sender, &alive);
    wh_arena_init(&arena, VIEW_ARENA);
    Whistle__V1__RoutingChecked *checked =
        check_routing(district, &arena, wh_query_now(query), &liveness);
    if (checked == NULL) {
        view_too_large(query);
    } else {
        view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_CHECKED, &checked->base);
    }
    wh_arena_done(&arena);
}

void view_check(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const struct dispatch *state = arg;
    const Whistle__V1__CheckRouting *ask = (const void *)item->message;
    if (ask->district == NULL) {
        if (view_begin(arg, query, item)) {
            check(state, query, state->district);
        }
        return;
    }
    if ((item->actor.roles & (WH_ROLE_OPERATOR | WH_ROLE_DISTRICT)) == 0) {
        wh_query_refuse(query, WH_RULE_ROLE_NOT_ALLOWED, "district", NULL);
        return;
    }
    struct wh_district *other = view_other(state, query, ask->district);
    if (other != NULL) {
        check(state, query, other);
        wh_district_free(other);
    }
}
