// SPDX-License-Identifier: Apache-2.0
// Which contact of which desk is called, and when a desk that is closed opens again.
#include <string.h>

#include "base/calendar.h"
#include "dispatch/notice_internal.h"
#include "dispatch/words.h"

static bool serves(const Whistle__V1__Contact *contact, uint8_t priority)
{
    if (contact->n_channels == 0)
        return false;
    for (size_t i = 0; i < contact->n_priorities; i++)
        if ((uint8_t)contact->priorities[i] == priority)
            return true;
    return contact->n_priorities == 0;
}

static bool is_there(const Whistle__V1__Contact *contact, bool work_time)
{
    return contact->round_the_clock || work_time;
}

// The first contact at `level` (any level where -1), there or not as asked; SIZE_MAX none.
static size_t find(const Whistle__V1__Desk *desk, uint8_t priority, int level, bool any_time,
                   bool work_time)
{
    for (size_t i = 0; i < desk->n_contacts; i++) {
        const Whistle__V1__Contact *c = desk->contacts[i];
        if ((level < 0 || c->level == level) && serves(c, priority) &&
            (any_time || is_there(c, work_time)))
            return i;
    }
    return SIZE_MAX;
}

static const Whistle__V1__Desk *desk_of(const struct wh_district *district, int32_t party)
{
    const struct wh_party *p = wh_district_party_by_id(district, party);
    return p == NULL || p->desk == NULL || p->desk->n_contacts == 0 ? NULL : p->desk;
}

// Contact's level and desk for a notice's level.
static const Whistle__V1__Desk *desk_at(const struct wh_district *district, int32_t receiver,
                                        int level, int32_t *ret_desk, int *ret_level)
{
    *ret_desk = level >= 3 ? wh_district_id(district, BACKSTOP) : receiver;
    *ret_level = level == 3 ? 0 : level >= 4 ? 2 : level;
    const Whistle__V1__Desk *desk = desk_of(district, *ret_desk);
    if (desk != NULL || level >= 3)
        return desk;
    *ret_desk = wh_district_id(district, BACKSTOP); // nobody can be called there: the district
    return desk_of(district, *ret_desk);
}

bool desk_call(const struct wh_district *district, int32_t receiver, uint8_t priority, int level,
               int64_t now, struct called *ret)
{
    const struct wh_calendar *calendar = wh_district_calendar(district);
    int at;
    const Whistle__V1__Desk *desk = desk_at(district, receiver, level, &ret->desk, &at);
    if (desk == NULL)
        return false;
    bool urgent = priority <= PRIORITY(P2) || level >= 3;
    bool work_time = wh_calendar_is_work_time(calendar, now);
    ret->channel = 0;
    ret->waits_until = 0;
    ret->contact = find(desk, priority, at, false, work_time);
    if (ret->contact != SIZE_MAX)
        return true;
    size_t later = find(desk, priority, at, true, true);
    if (!urgent && later != SIZE_MAX) {
        ret->contact = later;
        ret->waits_until = wh_calendar_next_open(calendar, now);
        if (ret->waits_until == WH_NEVER)
            ret->waits_until = 0;
        return true;
    }
    for (int up = at + 1; up <= 2 && ret->contact == SIZE_MAX; up++)
        ret->contact = find(desk, priority, up, false, work_time);
    if (ret->contact == SIZE_MAX)
        ret->contact = find(desk, priority, -1, false, work_time);
    if (ret->contact == SIZE_MAX) // nobody is there: never suppressed, so whoever is named first
        ret->contact = later != SIZE_MAX ? later : find(desk, priority, -1, true, true);
    return ret->contact != SIZE_MAX;
}

bool desk_next(const struct wh_district *district, const struct called *failed, uint8_t priority,
               int64_t now, struct called *ret)
{
    bool work_time = wh_calendar_is_work_time(wh_district_calendar(district), now);
    const Whistle__V1__Desk *desk = desk_of(district, failed->desk);
    *ret = *failed;
    ret->waits_until = 0;
    if (desk != NULL && failed->contact < desk->n_contacts &&
        failed->channel + 1 < desk->contacts[failed->contact]->n_channels) {
        ret->channel++;
        return true;
    }
    ret->channel = 0;
    for (size_t i = failed->contact + 1; desk != NULL && i < desk->n_contacts; i++) {
        ret->contact = i;
        if (serves(desk->contacts[i], priority) && is_there(desk->contacts[i], work_time))
            return true;
    }
    int32_t backstop = wh_district_id(district, BACKSTOP);
    if (failed->desk == backstop || backstop == 0)
        return false;
    return desk_call(district, backstop, priority, 3, now, ret);
}
