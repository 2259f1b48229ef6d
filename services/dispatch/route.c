// SPDX-License-Identifier: Apache-2.0
// The routing table's reading. One pass finds the deepest base rule, a second adds the tags' rules.
#include "dispatch/route.h"

#include <string.h>

#include "dispatch/words.h"

static struct route_choice *find(struct route *route, int32_t party)
{
    for (size_t i = 0; i < route->n; i++)
        if (route->choices[i].party == party)
            return &route->choices[i];
    return NULL;
}

// How deep below the district a rule's unit stands; -1 where it does not hold for `place`.
static int depth_of(const struct wh_district *district, const Whistle__V1__RouteRule *rule,
                    const struct wh_unit *place)
{
    if (rule->unit[0] == '\0')
        return 0;
    const struct wh_unit *unit = wh_district_unit(district, rule->unit);
    if (unit == NULL || place == NULL || !wh_district_is_within(district, place, unit))
        return -1;
    int depth = 1;
    for (; unit != NULL && unit->parent != 0; depth++)
        unit = wh_district_unit_by_id(district, unit->parent);
    return depth;
}

static void put(struct route *route, int32_t party, uint8_t part, const struct route_choice *why)
{
    if (party == 0 || find(route, party) != NULL || route->n == TASKS_MAX)
        return;
    route->choices[route->n] = *why;
    route->choices[route->n].party = party;
    route->choices[route->n++].part = part;
}

static void swap(struct route_choice *a, struct route_choice *b)
{
    struct route_choice t = *a;
    *a = *b;
    *b = t;
}

// The lead stands first; an earlier lead stays as a support.
static void put_lead(struct route *route, int32_t party, const struct route_choice *why)
{
    if (party == 0)
        return;
    put(route, party, PART(LEAD), why);
    struct route_choice *lead = find(route, party);
    if (lead == NULL)
        return;
    route->choices[0].part = PART(SUPPORT);
    swap(&route->choices[0], lead);
    route->choices[0].part = PART(LEAD);
    route->choices[0].rule = why->rule;
    route->choices[0].unit = why->unit;
    route->choices[0].tag = why->tag;
}

static void put_rule(const struct wh_district *district, struct route *route,
                     const Whistle__V1__RouteRule *rule, int32_t raiser, const char *name)
{
    struct route_choice why = {.rule = name, .unit = rule->unit, .tag = rule->tag};
    int32_t lead = wh_district_id(district, rule->lead);
    if (lead != raiser)
        put_lead(route, lead, &why);
    for (size_t i = 0; i < rule->n_supports; i++) {
        int32_t support = wh_district_id(district, rule->supports[i]);
        if (support != raiser)
            put(route, support, PART(SUPPORT), &why);
    }
}

static bool has_tag(char *const *tags, size_t n, const char *tag)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(tags[i], tag) == 0)
            return true;
    return false;
}

// A matter is never nobody's: without a lead the district's dispatcher takes it (its own matters:
// the first support).
static void backstop(const struct wh_district *district, struct route *route, int32_t raiser)
{
    if (route->n > 0 && route->choices[0].part == PART(LEAD))
        return;
    struct route_choice why = {.rule = "BACKSTOP", .unit = "", .tag = ""};
    int32_t party = wh_district_id(district, BACKSTOP);
    if (party == raiser)
        party = route->n > 0 ? route->choices[0].party : 0;
    size_t n;
    const struct wh_party *parties = wh_district_parties(district, &n);
    for (size_t i = 0; i < n && party == 0; i++) // no such body: the first department
        party = parties[i].is_unit || parties[i].id == raiser ? 0 : parties[i].id;
    put_lead(route, party, &why);
}

void route_match(const struct wh_district *district, const char *category, int32_t place,
                 char *const *tags, size_t n_tags, int32_t raiser, struct route *ret_route)
{
    const struct wh_category *c = wh_district_category(district, category);
    const struct wh_unit *unit = wh_district_unit_by_id(district, place);
    const Whistle__V1__RouteRule *base = NULL;
    int deepest = -1;
    ret_route->n = 0;
    raiser = raiser == 0 ? -1 : raiser;
    for (size_t i = 0; c != NULL && i < c->n_routes; i++) {
        int depth = c->routes[i]->tag[0] != '\0' ? -1 : depth_of(district, c->routes[i], unit);
        if (depth <= deepest)
            continue;
        deepest = depth;
        base = c->routes[i];
    }
    if (base != NULL)
        put_rule(district, ret_route, base, raiser, base->unit[0] != '\0' ? "UNIT" : "BASE");
    for (size_t i = 0; c != NULL && i < c->n_routes; i++) {
        const Whistle__V1__RouteRule *rule = c->routes[i];
        if (rule->tag[0] != '\0' && has_tag(tags, n_tags, rule->tag) &&
            depth_of(district, rule, unit) >= 0)
            put_rule(district, ret_route, rule, raiser, "TAG");
    }
    backstop(district, ret_route, raiser);
}

void route_whistle(const struct wh_district *district, const Whistle__V1__WhistleFacts *facts,
                   struct route *ret_route)
{
    int32_t raiser = wh_district_id(district, facts->unit);
    struct route_choice why = {.rule = "NAMED", .unit = "", .tag = ""};
    ret_route->n = 0;
    for (size_t i = 0; i < facts->n_to; i++) {
        int32_t party = wh_district_id(district, facts->to[i]);
        if (party != raiser)
            put(ret_route, party, ret_route->n == 0 ? PART(LEAD) : PART(SUPPORT), &why);
    }
    if (ret_route->n > 0)
        return;
    const char *place = facts->place == NULL            ? ""
                        : facts->place->grid[0] != '\0' ? facts->place->grid
                                                        : facts->place->unit;
    int32_t at = wh_district_id(district, place);
    if (at == 0)
        at = wh_district_id(district, facts->street[0] != '\0' ? facts->street : facts->unit);
    route_match(district, facts->category, at, facts->tags, facts->n_tags, raiser, ret_route);
}

// ---- explaining ---------------------------------------------------------------------------------
static Whistle__V1__RouteReason *reason_of(const struct wh_district *district,
                                           struct wh_arena *arena,
                                           const struct route_choice *choice)
{
    Whistle__V1__RouteReason *reason = wh_arena_alloc(arena, sizeof *reason);
    if (reason == NULL)
        return NULL;
    whistle__v1__route_reason__init(reason);
    reason->department = wh_arena_strdup(arena, wh_district_code(district, choice->party));
    reason->part = (Whistle__V1__Part)choice->part;
    reason->rule = wh_arena_strdup(arena, choice->rule);
    reason->unit = wh_arena_strdup(arena, choice->unit);
    reason->tag = wh_arena_strdup(arena, choice->tag);
    if (reason->department == NULL || reason->rule == NULL || reason->unit == NULL ||
        reason->tag == NULL)
        return NULL;
    return reason;
}

Whistle__V1__RouteExplained *route_explain(const struct wh_district *district,
                                           struct wh_arena *arena, const char *category,
                                           int32_t place, char *const *tags, size_t n_tags)
{
    struct route route;
    route_match(district, category, place, tags, n_tags, 0, &route);
    Whistle__V1__RouteExplained *answer = wh_arena_alloc(arena, sizeof *answer);
    Whistle__V1__RouteReason **reasons = wh_arena_calloc(arena, route.n, sizeof(void *));
    char **supports = wh_arena_calloc(arena, route.n, sizeof *supports);
    if (answer == NULL || reasons == NULL || supports == NULL)
        return NULL;
    whistle__v1__route_explained__init(answer);
    answer->routing_version = wh_district_version(district);
    answer->reasons = reasons;
    answer->supports = supports;
    for (size_t i = 0; i < route.n; i++) {
        reasons[i] = reason_of(district, arena, &route.choices[i]);
        if (reasons[i] == NULL)
            return NULL;
        answer->n_reasons++;
        if (route.choices[i].part == PART(LEAD))
            answer->lead = reasons[i]->department;
        else
            supports[answer->n_supports++] = reasons[i]->department;
    }
    return answer;
}
