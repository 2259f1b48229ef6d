// SPDX-License-Identifier: Apache-2.0
// A fault in one line.
#include "intake/fault.h"

#include <stdarg.h>
#include <stdio.h>

int fault_set(struct fault *fault, enum wh_rule rule, const char *field_format, ...)
{
    va_list args;
    va_start(args, field_format);
    (void)vsnprintf(fault->field, sizeof(fault->field), field_format, args);
    va_end(args);
    fault->rule = rule;
    fault->detail[0] = 0;
    return WH_E_INVALID;
}
