// SPDX-License-Identifier: Apache-2.0
// The rows of route.def and the sets of roles they speak in. Nothing is decided here but who
// belongs together.
#include "gateway/route.h"
#include "whistle/v1/api.pb-c.h"
#include "whistle/v1/gateway.pb-c.h"
#include "whistle/v1/public.pb-c.h"

#define GET ROUTE_GET
#define POST ROUTE_POST
#define PUT ROUTE_PUT
#define DELETE ROUTE_DELETE
#define INTAKE DOOR_INTAKE
#define DEDUP DOOR_DEDUP
#define DISPATCH DOOR_DISPATCH
#define SHAPE(name) &whistle__v1__##name##__descriptor
#define DISTRICT_BODY ((size_t)4 << 20)

#define COMMUNITY_PEOPLE (ROLE_GRID_WORKER | ROLE_COMMUNITY_WORKER | ROLE_COMMUNITY_SECRETARY)
#define STREET_PEOPLE (ROLE_STREET_OPERATOR | ROLE_STREET_APPROVER)
#define DEPARTMENT_PEOPLE (ROLE_DUTY_DESK | ROLE_OFFICER | ROLE_HEAD)
// Whoever works on whistles, and those who look on.
#define READERS                                                                             \
    (COMMUNITY_PEOPLE | STREET_PEOPLE | DEPARTMENT_PEOPLE | ROLE_DISPATCHER | ROLE_LEADER | \
     ROLE_AUDITOR)
// Who raises and reviews: for a department its desk and its head.
#define RAISERS (COMMUNITY_PEOPLE | STREET_PEOPLE | ROLE_DUTY_DESK | ROLE_HEAD)
// Who speaks for a raising side once it is dispatched, and the district.
#define DECIDERS (STREET_PEOPLE | ROLE_DUTY_DESK | ROLE_HEAD | ROLE_DISPATCHER)
// Who may hold a task.
#define HOLDERS (DEPARTMENT_PEOPLE | STREET_PEOPLE | ROLE_DISPATCHER)
#define KEEPERS (ROLE_OPERATOR | ROLE_DISPATCHER | ROLE_AUDITOR | ROLE_LEADER)

// Who keeps people and keys of programs: of their own body, of the district, of all.
#define WARDENS \
    (ROLE_STREET_APPROVER | ROLE_COMMUNITY_SECRETARY | ROLE_HEAD | ROLE_DISPATCHER | ROLE_OPERATOR)

static const struct gateway_route table[ROUTES] = {
#define ROUTE(id, verb, template, ...) \
    [ROUTE_##id] = {.method = (verb), .path = (template), .name = #id, __VA_ARGS__},
#include "gateway/route.def"
#undef ROUTE
};

const struct gateway_route *route_get(enum route_id id)
{
    return &table[id];
}
