// SPDX-License-Identifier: Apache-2.0
// Counting whistles.
#include "intake/number.h"

#include "base/error.h"

void numbers_restore(struct numbers *numbers, int64_t greatest)
{
    numbers->day = (int32_t)(greatest / NUMBER_DAY);
    numbers->last = (int32_t)(greatest % NUMBER_DAY);
}

void numbers_go_on_after(struct numbers *numbers, int64_t least)
{
    if (least > (int64_t)numbers->day * NUMBER_DAY + numbers->last)
        numbers_restore(numbers, least);
}

int numbers_next(struct numbers *numbers, int32_t local_day, int64_t *ret_whistle)
{
    if (local_day > numbers->day) {
        numbers->day = local_day;
        numbers->last = 0;
    }
    if (numbers->last >= NUMBER_DAY - 1)
        return WH_E_RANGE;
    numbers->last++;
    *ret_whistle = (int64_t)numbers->day * NUMBER_DAY + numbers->last;
    return 0;
}
