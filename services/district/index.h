// SPDX-License-Identifier: Apache-2.0
// Inside of struct wh_district, for this room's own files only.
#ifndef WH_DISTRICT_INDEX_H
#define WH_DISTRICT_INDEX_H

#include "district/district.h"

#define WH_MAX_PARTY_ID 1000000

// Open addressing over texts; value is a place in some array.
struct wh_code_slot {
    const char *code;
    uint32_t at;
};

struct wh_code_table {
    struct wh_code_slot *slots;
    uint32_t mask;
};

// Room for `n` codes. 0, WH_E_NOMEM.
int wh_code_table_init(struct wh_code_table *table, size_t n);
void wh_code_table_done(struct wh_code_table *table);
// False where the code stands already. There must be room.
bool wh_code_table_add(struct wh_code_table *table, const char *code, uint32_t at);
bool wh_code_table_find(const struct wh_code_table *table, const char *code, uint32_t *ret_at);

struct wh_district {
    Whistle__V1__District *data;
    struct wh_unit *units;
    size_t n_units;
    struct wh_party *parties;
    size_t n_parties;
    struct wh_category *categories;
    size_t n_categories;
    const Whistle__V1__RouteRule **routes; // grouped by category
    struct wh_times *times;
    size_t n_times;
    struct wh_calendar calendar;
    struct wh_zone_shift *shifts; // what the calendar borrows
    int32_t *days;
    struct wh_code_table party_codes, category_codes;
    uint32_t *by_id; // id -> place in parties + 1, 0 none
    int32_t max_id;
};

// Calendar and service times (times.c). 0, WH_E_NOMEM, WH_E_INVALID.
int wh_district_read_times(struct wh_district *district);
void wh_district_drop_times(struct wh_district *district);

// The data's calendar and zone. shifts: room for n_zone; days: for n_off_days + n_work_days.
// 0, WH_E_INVALID (wh_calendar_check).
int wh_calendar_read(const Whistle__V1__District *data, struct wh_zone_shift *shifts, int32_t *days,
                     struct wh_calendar *ret_calendar);
// One row of service times; on failure names the field that cannot be read. 0, WH_E_INVALID.
int wh_times_read(const Whistle__V1__ServiceTimes *row, struct wh_times *ret_times,
                  const char **ret_field);

#endif
