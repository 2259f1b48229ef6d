// SPDX-License-Identifier: Apache-2.0
// Matching and rights. A path is matched segment by segment; a fixed segment wins over a capture,
// so "/tasks/sign" is not the task "sign". A few dozen rows: they are walked.
#include "gateway/route.h"

#include <string.h>

#include "base/error.h"

// ---- paths -------------------------------------------------------------------------------------

static bool is_capture(struct wh_str segment)
{
    return segment.n > 2 && segment.p[0] == '{';
}

// How many fixed segments fit, SIZE_MAX where the path is another one.
static size_t match(struct wh_str template, struct wh_str path, struct route_found *found)
{
    struct wh_str want, have;
    size_t fixed = 0;
    found->n_captures = 0;
    while (wh_str_split(&template, '/', &want)) {
        if (!wh_str_split(&path, '/', &have))
            return SIZE_MAX;
        if (is_capture(want) && have.n > 0 && found->n_captures < ROUTE_CAPTURES_MAX)
            found->captures[found->n_captures++] = have;
        else if (wh_str_eq(want, have))
            fixed++;
        else
            return SIZE_MAX;
    }
    return wh_str_split(&path, '/', &have) ? SIZE_MAX : fixed;
}

unsigned route_allowed(struct wh_str path)
{
    unsigned methods = 0;
    struct route_found found;
    for (size_t i = 0; i < ROUTES; i++) {
        const struct gateway_route *route = route_get((enum route_id)i);
        if (match(wh_str(route->path), path, &found) != SIZE_MAX)
            methods |= 1u << route->method;
    }
    return methods;
}

int route_find(enum route_method method, struct wh_str path, struct route_found *ret_found)
{
    size_t best = 0;
    bool there = false;
    for (size_t i = 0; i < ROUTES; i++) {
        const struct gateway_route *route = route_get((enum route_id)i);
        struct route_found found = {.route = route, .id = (enum route_id)i};
        size_t fixed =
            route->method == method ? match(wh_str(route->path), path, &found) : SIZE_MAX;
        if (fixed != SIZE_MAX && (!there || fixed > best)) {
            *ret_found = found;
            best = fixed;
            there = true;
        }
    }
    if (there)
        return 0;
    return route_allowed(path) != 0 ? WH_E_DENIED : WH_E_NOTFOUND;
}

const char *route_capture_name(const struct gateway_route *route, size_t i, size_t *ret_n)
{
    struct wh_str rest = wh_str(route->path), segment;
    while (wh_str_split(&rest, '/', &segment)) {
        if (is_capture(segment) && i-- == 0) {
            *ret_n = segment.n - 2;
            return segment.p + 1;
        }
    }
    return NULL;
}

bool route_takes_query(const struct gateway_route *route, struct wh_str name)
{
    struct wh_str rest = wh_str(route->query), word;
    while (rest.n > 0 && wh_str_split(&rest, ' ', &word)) {
        if (wh_str_eq(word, name))
            return true;
    }
    return false;
}

bool route_acts(const struct gateway_route *route)
{
    return route->method != ROUTE_GET && !route->reads;
}

size_t route_body_max(const struct gateway_route *route)
{
    if (route->method == ROUTE_GET || route->method == ROUTE_DELETE)
        return 0;
    return route->body_max != 0 ? route->body_max : ROUTE_BODY_MAX;
}

// ---- rights ------------------------------------------------------------------------------------

// Does some role of the set belong to these kinds of units and bodies?
static bool of_kind(uint32_t people, unsigned kinds)
{
    for (unsigned i = 0; i < GATEWAY_ROLES; i++) {
        if ((people >> i & 1) != 0 && (gateway_role_info((enum gateway_role)i)->kinds & kinds) != 0)
            return true;
    }
    return false;
}

int route_may(const struct gateway_route *route, const struct route_caller *caller)
{
    if (route->anybody)
        return 0;
    if (!caller->known)
        return WH_E_UNKNOWN_KEY;
    if (caller->person)
        return (route->people & caller->role) != 0 && of_kind(caller->role, caller->kinds)
                   ? 0
                   : WH_E_DENIED;
    return (route->scopes & caller->scopes) != 0 && of_kind(route->people, caller->kinds)
               ? 0
               : WH_E_DENIED;
}
