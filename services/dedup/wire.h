// SPDX-License-Identifier: Apache-2.0
// What comes to the door, as plain structs: the only place that checks fields.
#ifndef WH_DEDUP_WIRE_H
#define WH_DEDUP_WIRE_H

#include "base/error.h"
#include "whistle/v1/dedup.pb-c.h"

struct wire_fault {
    enum wh_rule rule;
    const char *field;
};

struct wire_page {
    int64_t after;
    int32_t limit;
};

// 0, WH_E_INVALID with the first broken rule.
int wire_page(const char *cursor, int32_t limit, struct wire_page *ret_page,
              struct wire_fault *fault);

#endif
