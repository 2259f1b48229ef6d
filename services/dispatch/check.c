// SPDX-License-Identifier: Apache-2.0
// The proof that everybody can be reached. Minutes are looked at one by one, in the district's
// calendar; the result of a desk is kept, since most categories ask for the same desks.
#include "dispatch/check.h"

#include <string.h>

#include "base/calendar.h"
#include "base/time.h"
#include "dispatch/route.h"
#include "dispatch/words.h"

#define MINUTES (7 * 24 * 60)

// What was found of a desk for one priority.
struct reach {
    int32_t party;
    uint8_t priority;
    const char *rule; // NULL: reachable
    int64_t from_at;  // the first minute of a gap
};

struct checking {
    const struct wh_district *district;
    struct wh_arena *arena;
    int64_t now;
    const struct check_liveness *live;
    bool work_time[MINUTES];
    struct reach *known;
    size_t n_known, cap_known;
    Whistle__V1__RoutingChecked *result;
    size_t cap_holes, cap_warnings;
    bool failed;
};

// ---- one desk -----------------------------------------------------------------------------------
static bool channel_live(const struct checking *c, const Whistle__V1__Contact *contact)
{
    for (size_t i = 0; i < contact->n_channels; i++)
        if (c->live == NULL || c->live->channel == NULL ||
            c->live->channel(c->live->arg, contact->channels[i]))
            return true;
    return false;
}

static bool called_for(const Whistle__V1__Contact *contact, uint8_t priority)
{
    for (size_t i = 0; i < contact->n_priorities; i++)
        if ((uint8_t)contact->priorities[i] == priority)
            return true;
    return contact->n_priorities == 0;
}

// The same address twice is one contact.
static bool stands_before(const Whistle__V1__Desk *desk, size_t index, uint8_t priority, bool work)
{
    const Whistle__V1__Contact *contact = desk->contacts[index];
    for (size_t i = 0; i < index; i++) {
        const Whistle__V1__Contact *other = desk->contacts[i];
        if (other->n_channels > 0 && called_for(other, priority) &&
            (other->round_the_clock || work) &&
            strcmp(other->channels[0], contact->channels[0]) == 0)
            return true;
    }
    return false;
}

static int contacts_there(const Whistle__V1__Desk *desk, uint8_t priority, bool work)
{
    int n = 0;
    for (size_t i = 0; desk != NULL && i < desk->n_contacts; i++) {
        const Whistle__V1__Contact *contact = desk->contacts[i];
        if (contact->n_channels > 0 && called_for(contact, priority) &&
            (contact->round_the_clock || work) && !stands_before(desk, i, priority, work))
            n++;
    }
    return n;
}

static bool anything_live(const struct checking *c, const struct wh_party *party)
{
    if (c->live != NULL && c->live->key != NULL && c->live->key(c->live->arg, party->code))
        return true;
    for (size_t i = 0; party->desk != NULL && i < party->desk->n_contacts; i++)
        if (channel_live(c, party->desk->contacts[i]))
            return true;
    return false;
}

static struct reach look(const struct checking *c, int32_t id, uint8_t priority)
{
    const struct wh_party *party = wh_district_party_by_id(c->district, id);
    struct reach r = {.party = id, .priority = priority, .from_at = c->now};
    if (party == NULL || party->desk == NULL || party->desk->n_contacts == 0) {
        r.rule = "check.no_desk";
        return r;
    }
    if (!anything_live(c, party)) {
        r.rule = "check.no_live_key_or_channel";
        return r;
    }
    int at[2] = {contacts_there(party->desk, priority, false),
                 contacts_there(party->desk, priority, true)};
    for (int64_t m = 0; m < MINUTES; m++) {
        bool matters = priority <= PRIORITY(P2) || c->work_time[m];
        if (!matters || at[c->work_time[m]] >= 2)
            continue;
        r.rule = "check.two_contacts";
        r.from_at = c->now + m * WH_MS_MINUTE;
        return r;
    }
    return r;
}

static const struct reach *reach_of(struct checking *c, int32_t party, uint8_t priority)
{
    for (size_t i = 0; i < c->n_known; i++)
        if (c->known[i].party == party && c->known[i].priority == priority)
            return &c->known[i];
    if (c->n_known == c->cap_known) {
        c->failed = true;
        return NULL;
    }
    c->known[c->n_known] = look(c, party, priority);
    return &c->known[c->n_known++];
}

// ---- the table ----------------------------------------------------------------------------------
static void grow(struct checking *c, Whistle__V1__RoutingHole ***list, size_t n, size_t *cap)
{
    if (n < *cap)
        return;
    size_t more = *cap == 0 ? 16 : *cap * 2;
    Whistle__V1__RoutingHole **grown = wh_arena_alloc(c->arena, more * sizeof(void *));
    if (grown == NULL) {
        c->failed = true;
        return;
    }
    if (n > 0)
        memcpy(grown, *list, n * sizeof(void *));
    *list = grown;
    *cap = more;
}

static bool noted(Whistle__V1__RoutingHole *const *list, size_t n,
                  const Whistle__V1__RoutingHole *h)
{
    for (size_t i = n; i > 0 && list[i - 1]->category == h->category; i--)
        if (list[i - 1]->unit == h->unit && list[i - 1]->department == h->department &&
            list[i - 1]->rule == h->rule)
            return true;
    return false;
}

static void note(struct checking *c, const Whistle__V1__Category *category,
                 const struct wh_unit *unit, const char *rule, int32_t party, int64_t from_at,
                 bool hole)
{
    Whistle__V1__RoutingChecked *r = c->result;
    const char *code = wh_district_code(c->district, party);
    Whistle__V1__RoutingHole *h = wh_arena_alloc(c->arena, sizeof *h);
    if (h == NULL) {
        c->failed = true;
        return;
    }
    whistle__v1__routing_hole__init(h);
    h->category = category->code;
    h->unit = unit->row->code;
    h->rule = (char *)(uintptr_t)rule;
    h->department = code == NULL ? (char *)protobuf_c_empty_string : (char *)(uintptr_t)code;
    h->from_at = from_at;
    if (noted(r->holes, r->n_holes, h) || noted(r->warnings, r->n_warnings, h))
        return;
    if (hole)
        grow(c, &r->holes, r->n_holes, &c->cap_holes);
    else
        grow(c, &r->warnings, r->n_warnings, &c->cap_warnings);
    if (c->failed)
        return;
    if (hole)
        r->holes[r->n_holes++] = h;
    else
        r->warnings[r->n_warnings++] = h;
}

// Everybody a whistle of this category could reach there, with all its tags at once.
static void check_route(struct checking *c, const struct wh_category *category,
                        const struct wh_unit *unit, char *const *tags, size_t n_tags)
{
    struct route route;
    uint8_t priority = (uint8_t)category->row->priority;
    route_match(c->district, category->row->code, unit->id, tags, n_tags, 0, &route);
    for (size_t i = 0; i < route.n && !c->failed; i++) {
        bool lead = route.choices[i].part == PART(LEAD);
        if (lead && strcmp(route.choices[i].rule, "BACKSTOP") == 0)
            note(c, category->row, unit, "check.no_lead", route.choices[i].party, c->now, true);
        const struct reach *r = reach_of(c, route.choices[i].party, priority);
        if (r != NULL && r->rule != NULL)
            note(c, category->row, unit, r->rule, r->party, r->from_at, lead);
    }
}

// The place below this street that row i of the category names, at its first row; else NULL.
static const struct wh_unit *own_place(const struct checking *c, const struct wh_category *category,
                                       size_t i, const struct wh_unit *street)
{
    const char *code = category->routes[i]->unit;
    const struct wh_unit *unit = wh_district_unit(c->district, code);
    if (unit == NULL || unit->street != street->id || unit->id == street->id)
        return NULL;
    for (size_t k = 0; k < i; k++)
        if (strcmp(category->routes[k]->unit, code) == 0)
            return NULL;
    return unit;
}

// The street itself, and places below it that have rules of their own.
static void check_pair(struct checking *c, const struct wh_category *category,
                       const struct wh_unit *street)
{
    char *tags[TASKS_MAX];
    size_t n_tags = 0;
    for (size_t i = 0; i < category->n_routes && n_tags < TASKS_MAX; i++)
        if (category->routes[i]->tag[0] != '\0' && category->routes[i]->lead[0] == '\0')
            tags[n_tags++] = category->routes[i]->tag;
    check_route(c, category, street, tags, n_tags);
    for (size_t i = 0; i < category->n_routes; i++) // a tag that takes the lead over: for itself
        if (category->routes[i]->tag[0] != '\0' && category->routes[i]->lead[0] != '\0')
            check_route(c, category, street, &category->routes[i]->tag, 1);
    for (size_t i = 0; i < category->n_routes; i++) {
        const struct wh_unit *place = own_place(c, category, i, street);
        if (place != NULL)
            check_route(c, category, place, tags, n_tags);
    }
}

Whistle__V1__RoutingChecked *check_routing(const struct wh_district *district,
                                           struct wh_arena *arena, int64_t now,
                                           const struct check_liveness *liveness)
{
    size_t n_categories, n;
    const struct wh_category *categories = wh_district_categories(district, &n_categories);
    const struct wh_party *parties = wh_district_parties(district, &n);
    struct checking *c = wh_arena_calloc(arena, 1, sizeof *c);
    if (c == NULL)
        return NULL;
    *c = (struct checking){.district = district, .arena = arena, .now = now, .live = liveness};
    c->cap_known = n * 4;
    c->known = wh_arena_calloc(arena, c->cap_known, sizeof *c->known);
    c->result = wh_arena_alloc(arena, sizeof *c->result);
    if (c->known == NULL || c->result == NULL)
        return NULL;
    whistle__v1__routing_checked__init(c->result);
    for (int64_t m = 0; m < MINUTES; m++)
        c->work_time[m] =
            wh_calendar_is_work_time(wh_district_calendar(district), now + m * WH_MS_MINUTE);
    for (size_t i = 0; i < n_categories; i++) {
        for (size_t k = 0; k < n && !c->failed; k++) {
            if (!parties[k].is_unit || !wh_unit_is_street(parties[k].unit))
                continue;
            c->result->pairs++;
            check_pair(c, &categories[i], parties[k].unit);
        }
    }
    return c->failed ? NULL : c->result;
}
