// SPDX-License-Identifier: Apache-2.0
// Inside district_json: reading JSON values with a path for faults. What cannot be read becomes an
// empty value and a fault, so that callers need no checks between them and all faults are told.
#ifndef WH_CLIENT_DISTRICT_ROWS_H
#define WH_CLIENT_DISTRICT_ROWS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "client/frame.h"
#include "whistle/v1/district.pb-c.h"

#define READER_DEPTH 8

struct reader {
    struct wh_arena *arena;
    struct wh_wire_fault *faults; // the first `max` of `n`
    size_t max, n;
    const char *names[READER_DEPTH];
    int indexes[READER_DEPTH]; // -1: an object
    int depth;
};

struct word {
    const char *text;
    int value;
};

void reader_enter(struct reader *r, const char *name);
void reader_leave(struct reader *r);
void reader_fail(struct reader *r, const char *key, enum wh_rule rule);

char *read_text(struct reader *r, const json_t *json, const char *key, bool required);
char **read_texts(struct reader *r, const json_t *json, const char *key, size_t *ret_n);
int64_t read_int(struct reader *r, const json_t *json, const char *key, int64_t min, int64_t max);
bool read_number(struct reader *r, const json_t *json, const char *key, double min, double max,
                 double *ret);
int read_word(struct reader *r, const json_t *json, const char *key, const struct word *words,
              bool required);
Whistle__V1__Priority read_priority(struct reader *r, const json_t *json, const char *key,
                                    bool required);
void read_priorities(struct reader *r, const json_t *json, const char *key,
                     Whistle__V1__Priority **ret, size_t *ret_n);
bool read_bool(struct reader *r, const json_t *json, const char *key);
void read_ints(struct reader *r, const json_t *json, const char *key, int32_t **ret, size_t *ret_n);

// Allocates n rows of `size` and their pointers; NULL where the key is absent, empty or wrong.
void **read_rows(struct reader *r, const json_t *json, const char *key, size_t size, size_t *ret_n);

// Reads the array `key` into a repeated message field by `fn(reader, json, row)`.
#define READ_TABLE(r, json, key, list, n, fn)                                             \
    do {                                                                                  \
        (list) = (__typeof__(list))read_rows((r), (json), (key), sizeof(**(list)), &(n)); \
        reader_enter((r), (key));                                                         \
        for (size_t row_ = 0; row_ < (n); row_++) {                                       \
            (r)->indexes[(r)->depth - 1] = (int)row_;                                     \
            fn((r), json_array_get(json_object_get((json), (key)), row_), (list)[row_]);  \
        }                                                                                 \
        reader_leave(r);                                                                  \
    } while (0)

Whistle__V1__Calendar *read_calendar(struct reader *r, const json_t *json);
void read_category(struct reader *r, const json_t *json, Whistle__V1__Category *c);
// Base and tag rows of all categories.
void category_routes(struct reader *r, const json_t *categories, Whistle__V1__RouteRule ***ret,
                     size_t *ret_n);

#endif
