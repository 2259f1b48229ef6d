// SPDX-License-Identifier: Apache-2.0
// Bytes of clocks. A due time is not in them: it has a column of its own.
#include "dispatch/store_clocks.h"

#include <endian.h>
#include <string.h>

#define FIRST_ROUND 0

static bool is_fresh(const struct task *t, const struct task_clock *clock)
{
    bool set = clock->due != 0;
    return clock->from == (set ? t->dispatched_at : 0) && clock->round == FIRST_ROUND &&
           clock->level == 0 && clock->reminded == 0;
}

bool clocks_are_fresh(const struct task *t)
{
    for (size_t c = 0; c < CLOCKS; c++) {
        if (!is_fresh(t, &t->clocks[c])) {
            return false;
        }
    }
    return true;
}

void clocks_set_fresh(struct task *t)
{
    for (size_t c = 0; c < CLOCKS; c++) {
        t->clocks[c].from = t->clocks[c].due != 0 ? t->dispatched_at : 0;
        t->clocks[c].round = FIRST_ROUND;
    }
}

static void pack(const struct task_clock *clock, uint8_t *bytes)
{
    uint64_t from = htole64((uint64_t)clock->from);
    uint16_t round = htole16(clock->round);
    memcpy(bytes, &from, 8);
    memcpy(bytes + 8, &round, 2);
    bytes[10] = clock->level;
    bytes[11] = clock->reminded;
}

bool clocks_pack(const struct task *t, uint8_t ret_bytes[CLOCKS * CLOCK_BYTES])
{
    if (clocks_are_fresh(t)) {
        return true;
    }
    for (size_t c = 0; c < CLOCKS; c++) {
        pack(&t->clocks[c], ret_bytes + c * CLOCK_BYTES);
    }
    return false;
}

bool clocks_pack_one(const struct task_clock *clock, uint8_t ret_bytes[CLOCK_BYTES])
{
    if (clock->from == 0 && clock->round == 0 && clock->level == 0 && clock->reminded == 0) {
        return true;
    }
    pack(clock, ret_bytes);
    return false;
}

void clocks_unpack_one(struct task_clock *clock, const uint8_t bytes[CLOCK_BYTES])
{
    uint64_t from;
    uint16_t round;
    memcpy(&from, bytes, 8);
    memcpy(&round, bytes + 8, 2);
    clock->from = (int64_t)le64toh(from);
    clock->round = le16toh(round);
    clock->level = bytes[10];
    clock->reminded = bytes[11];
}
