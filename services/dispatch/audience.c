// SPDX-License-Identifier: Apache-2.0
// Lists of parties without repeats.
#include "dispatch/audience.h"

static void add(int32_t *list, uint32_t *n, int32_t party)
{
    for (uint32_t i = 0; i < *n; i++)
        if (list[i] == party)
            return;
    if (party != 0 && *n < AUDIENCE_MAX)
        list[(*n)++] = party;
}

void audience_add_unit(struct audience *a, int32_t party)
{
    add(a->units, &a->n_units, party);
}

void audience_add_department(struct audience *a, int32_t party)
{
    add(a->departments, &a->n_departments, party);
}
