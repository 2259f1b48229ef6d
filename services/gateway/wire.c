// SPDX-License-Identifier: Apache-2.0
// Every field of every command is checked here and nowhere else.
#include "gateway/wire.h"

#include <stdlib.h>

#define PAGE_MAX 200

static int fault_set(struct wire_fault *fault, enum wh_rule rule, const char *field)
{
    *fault = (struct wire_fault){.rule = rule, .field = field};
    return WH_E_INVALID;
}

int wire_page(const char *cursor, int32_t limit, struct wire_page *ret_page,
              struct wire_fault *fault)
{
    char *end = NULL;
    int64_t after = strtoll(cursor, &end, 10);
    if (*end != 0 || after < 0)
        return fault_set(fault, WH_RULE_FIELD_FORMAT, "cursor");
    ret_page->after = after;
    ret_page->limit = limit <= 0 || limit > PAGE_MAX ? PAGE_MAX : limit;
    return 0;
}
