// SPDX-License-Identifier: Apache-2.0
// Fair order of waiting commands, by properties over seeded random pushes and pops: a principal's
// own order is kept, nobody waits for more than one of each other, urgent ones get every other
// place, nothing is lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/engine.h"

#define PEOPLE 40
#define WORKS 4000

struct one {
    struct wh_work work;
    struct wh_door_item item;
    int who, place;
};

static uint64_t state;
static struct one ones[WORKS];

static uint32_t below(uint32_t n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % n;
}

static struct wh_work *make(size_t i, int who, bool urgent)
{
    struct one *one = &ones[i];
    memset(one, 0, sizeof *one);
    one->who = who;
    snprintf(one->item.principal, sizeof one->item.principal, "street-%d", who);
    one->item.urgent = urgent;
    one->work.door = &one->item;
    return &one->work;
}

static void order_of_one_is_kept(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct wh_lanes lanes = {0};
        int given[2][PEOPLE] = {0}, taken[2][PEOPLE] = {0};
        size_t made = 0;
        state = seed;
        while (made < WORKS || lanes.n > 0) {
            if (made < WORKS && below(3) > 0) {
                int who = (int)below(below(PEOPLE) + 1), urgent = below(4) == 0;
                struct wh_work *work = make(made, who, urgent != 0);
                ones[made++].place = given[urgent][who]++;
                wh_lanes_push(&lanes, work);
                continue;
            }
            struct one *one = (struct one *)wh_lanes_pop(&lanes);
            if (one == NULL)
                continue;
            if (below(5) == 0) { // back again, as after a turn that failed
                wh_lanes_push_front(&lanes, &one->work);
                continue;
            }
            assert_int_equal(one->place, taken[one->item.urgent][one->who]++);
        }
        assert_memory_equal(given, taken, sizeof given);
        wh_lanes_done(&lanes);
    }
}

static void a_flood_delays_nobody_else(void **unused)
{
    (void)unused;
    struct wh_lanes lanes = {0};
    size_t made = 0;
    for (int flooding = 0; flooding < 10; flooding++)
        for (int i = 0; i < 300; i++)
            wh_lanes_push(&lanes, make(made++, flooding, false));
    wh_lanes_push(&lanes, make(made, 39, false));
    struct one *late = &ones[made++];
    int waited = 0;
    while (wh_lanes_pop(&lanes) != &late->work)
        waited++;
    assert_true(waited <= 10);
    int served[PEOPLE] = {0};
    for (int i = 0; i < 1000; i++)
        served[((struct one *)wh_lanes_pop(&lanes))->who]++;
    for (int flooding = 0; flooding < 10; flooding++)
        assert_in_range(served[flooding], 99, 101);
    while (wh_lanes_pop(&lanes) != NULL)
        ;
    wh_lanes_done(&lanes);
}

static void urgent_ones_get_every_other_place(void **unused)
{
    (void)unused;
    struct wh_lanes lanes = {0};
    size_t made = 0;
    for (int i = 0; i < 500; i++) {
        wh_lanes_push(&lanes, make(made++, i % 7, false));
        wh_lanes_push(&lanes, make(made++, 3, true)); // one that cries wolf
    }
    wh_lanes_push(&lanes, make(made++, 8, true));
    int urgent = 0, first_of_8 = 0;
    for (int i = 1; i <= 200; i++) {
        const struct one *one = (struct one *)wh_lanes_pop(&lanes);
        urgent += one->item.urgent;
        if (one->who == 8)
            first_of_8 = i;
    }
    assert_int_equal(urgent, 100);
    assert_in_range(first_of_8, 1, 4);
    while (wh_lanes_pop(&lanes) != NULL)
        ;
    assert_int_equal(lanes.n, 0);
    wh_lanes_done(&lanes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_one_is_kept),
        cmocka_unit_test(a_flood_delays_nobody_else),
        cmocka_unit_test(urgent_ones_get_every_other_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
