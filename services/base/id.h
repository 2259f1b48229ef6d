// SPDX-License-Identifier: Apache-2.0
// Names of things: UUIDv7 (RFC 9562) for requests, whistle numbers and task ids for people.
// Decides their shapes only. Time and randomness are parameters.
#ifndef WH_BASE_ID_H
#define WH_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WH_UUID_CHARS 36        // without NUL
#define WH_PREFIX_MAX 8         // of whistle numbers: A-Z and 0-9, the first one a letter
#define WH_NUMBER_MAX 32        // buffer for a number with NUL
#define WH_DEPARTMENT_MAX 32    // longest code of a department or street
#define WH_TASK_ID_MAX 72       // buffer for a task id with NUL
#define WH_NUMBER_N_MAX 9999999 // largest n of one day

struct wh_uuid {
    uint8_t b[16];
};

// From a time (ms UTC, 0 to 2^48-1, else clamped) and ten random bytes (six bits of them unused).
struct wh_uuid wh_uuid7_make(int64_t ms, const uint8_t rnd[10]);

// Ids that rise strictly: within one millisecond, and when the clock goes back, the random part is
// counted up; when it is full the time is. All zero is a good start.
struct wh_uuid7_gen {
    struct wh_uuid last;
};
struct wh_uuid wh_uuid7_next(struct wh_uuid7_gen *gen, int64_t ms, const uint8_t rnd[10]);

int64_t wh_uuid_ms(struct wh_uuid uuid); // the time of a UUIDv7; of others: meaningless
bool wh_uuid_is7(struct wh_uuid uuid);   // version 7 and the RFC's variant
bool wh_uuid_is_nil(struct wh_uuid uuid);
int wh_uuid_cmp(struct wh_uuid a, struct wh_uuid b);                        // bytewise: <0, 0, >0
void wh_uuid_format(struct wh_uuid uuid, char ret_text[WH_UUID_CHARS + 1]); // lower case
// Exactly 36 characters 8-4-4-4-12 followed by NUL, either case, any version. 0, WH_E_INVALID.
int wh_uuid_parse(const char *text, struct wh_uuid *ret_uuid);

// An object of a day: yyyymmdd * 10,000,000 + n, n from 1 to WH_NUMBER_N_MAX.
// 0 where day is not a date of the years 1970 to 9999, or n is out of range.
int64_t wh_object_make(int32_t day, int32_t n);
int32_t wh_object_day(int64_t object); // yyyymmdd
int32_t wh_object_n(int64_t object);

// "AL-20261123-0007": at least four digits. 0, WH_E_INVALID (prefix), WH_E_RANGE (object).
int wh_number_format(const char *prefix, int64_t object, char ret_text[WH_NUMBER_MAX]);
// Only what wh_number_format writes. ret_prefix may be NULL. 0, WH_E_INVALID.
int wh_number_parse(const char *text, char ret_prefix[WH_PREFIX_MAX + 1], int64_t *ret_object);

// "{number}-{DEPARTMENT}"; the code may be a street's digits. 0, WH_E_INVALID, WH_E_RANGE.
int wh_task_id_format(const char *number, const char *department, char ret_text[WH_TASK_ID_MAX]);
// Splits and checks both parts. ret_prefix may be NULL.
// 0, WH_E_INVALID.
int wh_task_id_parse(const char *text, char ret_prefix[WH_PREFIX_MAX + 1], int64_t *ret_object,
                     char ret_department[WH_DEPARTMENT_MAX + 1]);

#endif
