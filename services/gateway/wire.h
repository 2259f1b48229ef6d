// SPDX-License-Identifier: Apache-2.0
// Every field of every command at the gateway's door is checked here and nowhere else.
#ifndef WH_GATEWAY_WIRE_H
#define WH_GATEWAY_WIRE_H

#include "base/error.h"
#include "whistle/v1/gateway.pb-c.h"

struct wire_fault {
    enum wh_rule rule;
    const char *field;
};

struct wire_page {
    int64_t after;
    int32_t limit;
};

// All: 0, or WH_E_INVALID with the first broken rule.
int wire_page(const char *cursor, int32_t limit, struct wire_page *ret_page,
              struct wire_fault *fault);

#endif
