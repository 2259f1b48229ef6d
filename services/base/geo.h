// SPDX-License-Identifier: Apache-2.0
// Places on the earth, WGS84 degrees. Decides what a coordinate is and how far two lie apart;
// no maps, no addresses, no GCJ-02.
#ifndef WH_BASE_GEO_H
#define WH_BASE_GEO_H

#include <stdbool.h>

#define WH_GEO_RADIUS_M 6371008.8 // mean radius R1 of the WGS84 ellipsoid (IUGG)

// Finite, latitude -90 to 90, longitude -180 to 180.
bool wh_geo_valid(double lat, double lon);

// Metres along a great circle by the haversine formula (R. W. Sinnott, 1984); error against the
// ellipsoid below 0.6 %. Both places must be valid.
double wh_geo_distance_m(double lat_a, double lon_a, double lat_b, double lon_b);

#endif
