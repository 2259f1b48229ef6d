// SPDX-License-Identifier: Apache-2.0
// Distances against known ones; symmetry and the triangle over random places.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/geo.h"

static double random_in(double from, double to)
{
    return from + (to - from) * ((double)random() / (double)RAND_MAX);
}

static void known_distances(void **state)
{
    const double degree = WH_GEO_RADIUS_M * 3.14159265358979323846 / 180.0;
    (void)state;
    assert_true(fabs(wh_geo_distance_m(0, 0, 0, 1) - degree) < 1e-6);
    assert_true(fabs(wh_geo_distance_m(39.9, 116.4, 40.9, 116.4) - degree) < 1e-4);
    assert_true(fabs(wh_geo_distance_m(90, 0, -90, 0) - 180 * degree) < 1e-3);
    assert_true(fabs(wh_geo_distance_m(0, 179.5, 0, -179.5) - degree) < 1e-4);
    // Beijing (39.9042, 116.4074) to Shanghai (31.2304, 121.4737): 1,067 km
    assert_true(fabs(wh_geo_distance_m(39.9042, 116.4074, 31.2304, 121.4737) - 1067300) < 2000);
    assert_true(wh_geo_distance_m(30.1, 120.2, 30.1, 120.2) == 0);
}

static void properties(void **state)
{
    (void)state;
    srandom(8);
    for (int i = 0; i < 100000; i++) {
        double p[6];
        for (int k = 0; k < 6; k++)
            p[k] = k % 2 ? random_in(-180, 180) : random_in(-90, 90);
        double ab = wh_geo_distance_m(p[0], p[1], p[2], p[3]);
        double bc = wh_geo_distance_m(p[2], p[3], p[4], p[5]);
        double ac = wh_geo_distance_m(p[0], p[1], p[4], p[5]);
        assert_true(ab >= 0 && ab <= 20015115 && ac <= ab + bc + 1e-3);
        assert_true(fabs(ab - wh_geo_distance_m(p[2], p[3], p[0], p[1])) < 1e-6);
    }
}

static void validity(void **state)
{
    (void)state;
    assert_true(wh_geo_valid(90, -180));
    assert_true(wh_geo_valid(0, 0));
    assert_false(wh_geo_valid(90.0001, 0));
    assert_false(wh_geo_valid(0, 180.1));
    assert_false(wh_geo_valid(NAN, 0));
    assert_false(wh_geo_valid(0, INFINITY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_distances),
        cmocka_unit_test(properties),
        cmocka_unit_test(validity),
    };
    return cmocka_run_group_tests_name("geo", tests, NULL, NULL);
}
