// SPDX-License-Identifier: Apache-2.0
// A district's data in a form that answers quickly: codes and integers, who stands under whom,
// desks, categories with their routing rows, service times, calendar, zone. Built once from an
// adopted (or a validated) District, read-only afterwards, shared by every service's pure rules. It
// decides what a well-formed district is (validate.h) and nothing about whistles or tasks.
//
// Units and bodies share one row of integers ("party"): a task may go to a department or to a
// street. Borrowed pointers (rows, texts) live as long as the struct wh_district.
#ifndef WH_DISTRICT_DISTRICT_H
#define WH_DISTRICT_DISTRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/error.h"
#include "whistle/v1/district.pb-c.h"

#define WH_PARTY_FIRST 16 // smaller ones are reserved subjects

struct wh_district;

// A unit: district, street (subdistrict, town, township), community (or village), grid.
struct wh_unit {
    int32_t id;
    int32_t parent; // its unit's id, 0 for the district itself
    int32_t street; // the street above it or itself; 0 for the district itself
    Whistle__V1__UnitLevel level;
    bool has_place;
    double lat, lon;      // degrees WGS84, 0 without has_place
    bool review_below_p1; // settings_by_unit
    const Whistle__V1__Unit *row;
};

// Anybody who may hold a task or raise a whistle: a department or company, or a unit.
struct wh_party {
    int32_t id;
    const char *code, *zh, *en;
    const char *kind; // a department's kind, "" for units
    bool is_unit;
    bool round_the_clock;          // a body's duty; units: false
    const struct wh_unit *unit;    // NULL for departments
    const Whistle__V1__Body *row;  // NULL for units
    const Whistle__V1__Desk *desk; // contacts in order; NULL without
};

struct wh_category {
    int32_t index; // place in this version's list; not stable across versions
    const Whistle__V1__Category *row;
    const Whistle__V1__RouteRule *const *routes; // the rows of this category, in the data's order
    size_t n_routes;
};

// One row of service times, read. A span that is not given is WH_SPAN_NONE.
struct wh_times {
    Whistle__V1__Priority priority;
    struct wh_span sign, checkin, report, report_every, resolve, ruling;
    struct wh_span review, review_resident, confirm, ledger_max, ledger_review;
    struct wh_span escalate_unsigned[4];
    size_t n_escalate;
    int32_t remind[8]; // percent
    size_t n_remind;
    const Whistle__V1__ServiceTimes *row;
};

// Copies `data` and indexes it. The data must have passed wh_district_validate (its ids set); what
// does not fit together all the same is WH_E_INVALID. 0, WH_E_NOMEM, WH_E_INVALID.
int wh_district_new(const Whistle__V1__District *data, struct wh_district **ret_district);
void wh_district_free(struct wh_district *district);

const Whistle__V1__District *wh_district_data(const struct wh_district *district);
int32_t wh_district_version(const struct wh_district *district);
const char *wh_district_prefix(const struct wh_district *district); // of numbers, e.g. "AL"

// ---- codes and integers. NULL, 0 where unknown; a NULL or empty code is unknown. ----------------
int32_t wh_district_id(const struct wh_district *district, const char *code);
const char *wh_district_code(const struct wh_district *district, int32_t id);
const struct wh_party *wh_district_party(const struct wh_district *district, const char *code);
const struct wh_party *wh_district_party_by_id(const struct wh_district *district, int32_t id);
const struct wh_unit *wh_district_unit(const struct wh_district *district, const char *code);
const struct wh_unit *wh_district_unit_by_id(const struct wh_district *district, int32_t id);
// All parties, in the data's order: units first, then departments.
const struct wh_party *wh_district_parties(const struct wh_district *district, size_t *ret_n);

// ---- who stands under whom ----------------------------------------------------------------------
bool wh_unit_is_street(const struct wh_unit *unit);    // subdistrict, town or township
bool wh_unit_is_community(const struct wh_unit *unit); // community or village
// Is `unit` the unit `above` or anywhere below it?
bool wh_district_is_within(const struct wh_district *district, const struct wh_unit *unit,
                           const struct wh_unit *above);
const struct wh_unit *wh_district_street_of(const struct wh_district *district,
                                            const struct wh_unit *unit); // NULL for the district
const struct wh_unit *wh_district_root(const struct wh_district *district);

// ---- tables -------------------------------------------------------------------------------------
const struct wh_category *wh_district_category(const struct wh_district *district,
                                               const char *code);
const struct wh_category *wh_district_categories(const struct wh_district *district, size_t *ret_n);
const Whistle__V1__Desk *wh_district_desk(const struct wh_district *district, const char *code);
// May this department read the category's full address (and what the mask cut out)?
bool wh_category_full_address(const struct wh_category *category, const char *body);
// set: "normal", "emergency" …; NULL or "" means "normal"; a set without a row for this priority
// falls back to "normal". NULL where that has none either (never after wh_district_validate).
const struct wh_times *wh_district_times(const struct wh_district *district, const char *set,
                                         Whistle__V1__Priority priority);
const struct wh_calendar *wh_district_calendar(const struct wh_district *district); // with its zone
// First of the district's danger words that `text` contains, NULL where none.
const char *wh_district_danger_word(const struct wh_district *district, const char *text);
// Local day as yyyymmdd of an instant (ms UTC) in the district's zone.
int32_t wh_district_day(const struct wh_district *district, int64_t at);

#endif
