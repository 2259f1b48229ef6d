// SPDX-License-Identifier: Apache-2.0
// Ids as they come: a whistle's number, a task's id, a notice's id that begins with one of them.
#include <string.h>

#include "dispatch/wire.h"

int wire_parse(const char *id, struct wire_target *ret_target)
{
    *ret_target = (struct wire_target){0};
    if (wh_task_id_parse(id, ret_target->prefix, &ret_target->whistle, ret_target->department) ==
        0) {
        return 0;
    }
    *ret_target = (struct wire_target){0};
    return wh_number_parse(id, ret_target->prefix, &ret_target->whistle);
}

int wire_notice_target(const char *id, struct wire_target *ret_target)
{
    char head[WH_TASK_ID_MAX];
    size_t n = strcspn(id, "/");
    if (n >= sizeof head) {
        return WH_E_INVALID;
    }
    memcpy(head, id, n);
    head[n] = '\0';
    return wire_parse(head, ret_target);
}

size_t wire_limit(int32_t asked)
{
    return asked <= 0 ? WIRE_PAGE : asked > WIRE_PAGE_MAX ? WIRE_PAGE_MAX : (size_t)asked;
}
