// SPDX-License-Identifier: Apache-2.0
// Located reports by squares of the grid of degrees. A square is as high everywhere; towards the
// poles it is narrower, so more of them are looked through. Across the 180th meridian they go on.
// A square's list holds two numbers a report: its slot and where in the square it lies, so that who
// is too far is passed over without being touched.
#include <math.h>

#include "match/simindex_internal.h"

#define AROUND (INT64_C(3600000000) / SIMINDEX_CELL) // squares around the earth
#define M_PER_UNIT 0.0111195                         // of 1e-7 degrees of latitude
#define NARROWEST 0.05                               // beyond 87 degrees all count as that
#define RADIANS 1.7453292519943295e-9                // of 1e-7 degrees
#define SHIFT 15                                     // bits of a place within a square
#define BUFFER 64

struct cell {
    int64_t x, y;
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static struct cell cell_of(int64_t lat, int64_t lon)
{
    int64_t x = floor_div(lon, SIMINDEX_CELL) % AROUND;
    return (struct cell){x < 0 ? x + AROUND : x, floor_div(lat, SIMINDEX_CELL)};
}

// Where in its square: lon below lat.
static uint32_t place_of(struct cell cell, const struct match_report *report)
{
    int64_t lon = report->lon - cell.x * SIMINDEX_CELL;
    int64_t lat = report->lat - cell.y * SIMINDEX_CELL;
    lon += lon < 0 ? AROUND * SIMINDEX_CELL : 0; // west of Greenwich
    return (uint32_t)(lat << SHIFT | lon);
}

static int64_t key_of(struct cell cell)
{
    return cell.y * 1000000 + cell.x;
}

static struct simlist unpack(size_t value)
{
    return (struct simlist){(uint32_t)value, value >> 32 & 0xffffff, (uint8_t)(value >> 56)};
}

static size_t pack(const struct simlist *list)
{
    return (size_t)list->ref | (size_t)list->n << 32 | (size_t)list->size << 56;
}

// Both numbers or none.
static bool push(struct simpool *pool, struct simlist *list, uint32_t slot, uint32_t place)
{
    if (!simlist_push(pool, list, slot))
        return false;
    if (simlist_push(pool, list, place))
        return true;
    simlist_cut(pool, list, list->n - 1u, 1);
    return false;
}

bool simindex_cells_add(struct simindex *index, uint32_t slot)
{
    const struct match_report *report = simindex_blob(index, slot);
    if (!(report->flags & MATCH_LOCATED))
        return true;
    struct cell cell = cell_of(report->lat, report->lon);
    int64_t key = key_of(cell);
    size_t value = 0;
    struct simlist list = {0};
    if (wh_map_get_index(&index->cells, key, &value))
        list = unpack(value);
    else if (wh_map_put_index(&index->cells, key, 0) != 0)
        return false;
    bool pushed = push(&index->pool, &list, slot, place_of(cell, report));
    if (list.n)
        (void)wh_map_put_index(&index->cells, key, pack(&list)); // stands there: cannot fail
    else
        (void)wh_map_del(&index->cells, key);
    return pushed;
}

void simindex_cells_remove(struct simindex *index, uint32_t slot)
{
    const struct match_report *report = simindex_blob(index, slot);
    size_t value;
    if (!(report->flags & MATCH_LOCATED))
        return;
    int64_t key = key_of(cell_of(report->lat, report->lon));
    if (!wh_map_get_index(&index->cells, key, &value))
        return;
    struct simlist list = unpack(value);
    const uint32_t *values = simlist_values(&index->pool, &list);
    size_t at = 0;
    while (at < list.n && values[at] != slot)
        at += 2;
    if (at < list.n)
        simlist_cut(&index->pool, &list, at, 2);
    if (list.n)
        (void)wh_map_put_index(&index->cells, key, pack(&list));
    else
        (void)wh_map_del(&index->cells, key);
}

struct around { // a place
    int64_t lat, lon;
    double reach, wide; // in units of latitude, of longitude
    simindex_list_fn take;
    void *arg;
};

// Those of one square that lie within the ellipse. corner: the square's south-western one.
static void walk_cell(const struct around *around, const uint32_t *values, size_t n,
                      struct cell corner)
{
    uint32_t slots[BUFFER];
    size_t found = 0;
    double south = (double)(corner.y * SIMINDEX_CELL - around->lat);
    double west = (double)(corner.x * SIMINDEX_CELL - around->lon);
    for (size_t i = 0; i < n; i += 2) {
        double y = (south + (double)(values[i + 1] >> SHIFT)) / around->reach;
        double x = (west + (double)(values[i + 1] & ((1u << SHIFT) - 1))) / around->wide;
        slots[found] = values[i];
        found += y * y + x * x <= 1;
        if (found < BUFFER)
            continue;
        around->take(around->arg, slots, found);
        found = 0;
    }
    around->take(around->arg, slots, found);
}

void simindex_cells_walk(const struct simindex *index, const struct match_report *report,
                         simindex_list_fn take, void *arg)
{
    if (!(report->flags & MATCH_LOCATED))
        return;
    double reach = fmin(fmax(report->radius_m, SIMINDEX_REACH_M), SIMINDEX_FAR_M) / M_PER_UNIT;
    double wide = reach / fmax(cos(report->lat * RADIANS), NARROWEST);
    struct around around = {report->lat, report->lon, reach, wide, take, arg};
    int64_t from_y = floor_div(report->lat - (int64_t)reach, SIMINDEX_CELL);
    int64_t to_y = floor_div(report->lat + (int64_t)reach, SIMINDEX_CELL);
    int64_t from_x = floor_div(report->lon - (int64_t)wide, SIMINDEX_CELL);
    int64_t to_x = floor_div(report->lon + (int64_t)wide, SIMINDEX_CELL);
    for (int64_t y = from_y; y <= to_y; y++) {
        for (int64_t x = from_x; x <= to_x; x++) {
            size_t value;
            struct cell cell = {(x + AROUND) % AROUND, y};
            if (!wh_map_get_index(&index->cells, key_of(cell), &value))
                continue;
            struct simlist list = unpack(value);
            walk_cell(&around, simlist_values(&index->pool, &list), list.n, (struct cell){x, y});
        }
    }
}
