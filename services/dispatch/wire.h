// SPDX-License-Identifier: Apache-2.0
// What comes in at dispatch's door, checked: lengths, ids, codes, enums that must be set, times.
// One table says what each command's fields may be; what passes may be read by the rules without a
// second look. Decides nothing about whistles.
#ifndef WH_DISPATCH_WIRE_H
#define WH_DISPATCH_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/id.h"
#include "dispatch/decide.h"
#include "runtime/service.h"

#define WIRE_TASKS_MAX 100 // tasks signed in one action
#define WIRE_PAGE 50       // rows of a list where the caller does not say
#define WIRE_PAGE_MAX 500

struct wire_fault {
    enum wh_rule rule;
    char field[64]; // as in the message, e.g. "place.lat"
};

// Checks a whole command with the caller's officer. 0, or WH_E_INVALID with the first fault.
int wire_check(const struct wh_item *item, struct wire_fault *ret_fault);

// What an id names. department is "" for a whistle's number.
struct wire_target {
    int64_t whistle;
    char prefix[WH_PREFIX_MAX + 1];
    char department[WH_DEPARTMENT_MAX + 1];
};

// Of a command that passed: its i-th whistle or task. False where there are no more; a command
// without any has none. Commands name one but for SignTasks (and ConfirmWhistle's own number).
bool wire_target(const struct wh_item *item, size_t i, struct wire_target *ret_target);

// The plain form of a command that passed, about one of its targets. 0; WH_E_INVALID with the
// fault: a code that this district does not know.
int wire_command(const struct wh_item *item, const struct wire_target *target,
                 const struct wh_district *district, struct wh_arena *arena,
                 struct command *ret_command, struct wire_fault *ret_fault);

// A number or a task's id. 0, WH_E_INVALID.
int wire_parse(const char *id, struct wire_target *ret_target);

// The whistle or task before the first '/' of a notice's id; WH_E_INVALID for a desk's bundle.
int wire_notice_target(const char *id, struct wire_target *ret_target);

// Rows asked for, with the default and the bound.
size_t wire_limit(int32_t asked);

#endif
