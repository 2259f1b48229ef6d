// SPDX-License-Identifier: Apache-2.0
// Great-circle distance on a sphere of mean radius. Decides nothing about what is near enough.
#include "base/geo.h"

#include <math.h>

#define RADIANS(degrees) ((degrees) * (3.14159265358979323846 / 180.0))

bool wh_geo_valid(double lat, double lon)
{
    return isfinite(lat) && isfinite(lon) && fabs(lat) <= 90.0 && fabs(lon) <= 180.0;
}

double wh_geo_distance_m(double lat_a, double lon_a, double lat_b, double lon_b)
{
    double half_lat = sin(RADIANS(lat_b - lat_a) / 2);
    double half_lon = sin(RADIANS(lon_b - lon_a) / 2);
    double h =
        half_lat * half_lat + cos(RADIANS(lat_a)) * cos(RADIANS(lat_b)) * half_lon * half_lon;
    return 2 * WH_GEO_RADIUS_M * asin(sqrt(fmin(1.0, h)));
}
