// SPDX-License-Identifier: Apache-2.0
// What comes to the door, as plain structs: the only place that checks fields.
#ifndef WH_DEDUP_WIRE_H
#define WH_DEDUP_WIRE_H

#include "base/error.h"
#include "dedup/ask.h"
#include "district/district.h"
#include "whistle/v1/dedup.pb-c.h"

#define WIRE_LIKE_MAX 20

struct wire_fault {
    enum wh_rule rule;
    const char *field;
};

struct wire_page {
    int64_t after;
    int32_t limit;
};

// number: of a whistle that stands, 0: the rest says what would be raised.
struct wire_preview {
    int64_t number;
    size_t limit;
};

// All: 0, or WH_E_INVALID with the first broken rule. now is for the caller to set.
int wire_join(const Whistle__V1__JoinWhistle *message, const struct wh_district *district,
              struct ask_join *ret_ask, struct wire_fault *fault);
int wire_split(const Whistle__V1__SplitWhistle *message, const struct wh_district *district,
               int64_t *ret_number, struct wire_fault *fault);
int wire_preview(const Whistle__V1__PreviewMatch *message, const struct wh_district *district,
                 struct wire_preview *ret_preview, struct wire_fault *fault);
int wire_number(const char *number, const struct wh_district *district, const char *field,
                int64_t *ret_number, struct wire_fault *fault);
int wire_page(const char *cursor, int32_t limit, struct wire_page *ret_page,
              struct wire_fault *fault);

#endif
