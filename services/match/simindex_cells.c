// SPDX-License-Identifier: Apache-2.0
// Located reports by squares of the grid of degrees. A square is as high everywhere; towards the
// poles it is narrower, so more of them are looked through. Across the 180th meridian they go on.
#include <math.h>

#include "match/simindex_internal.h"

#define AROUND (INT64_C(3600000000) / SIMINDEX_CELL) // squares around the earth
#define M_PER_UNIT 0.0111195                         // of 1e-7 degrees of latitude
#define NARROWEST 0.05                               // beyond 87 degrees all count as that
#define RADIANS 1.7453292519943295e-9                // of 1e-7 degrees

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

bool simindex_cells_add(struct simindex *index, uint32_t slot)
{
    const struct match_report *report = simindex_blob(index, slot);
    if (!(report->flags & MATCH_LOCATED))
        return true;
    int64_t key = key_of(cell_of(report->lat, report->lon));
    size_t value = 0;
    struct simlist list = {0};
    if (wh_map_get_index(&index->cells, key, &value))
        list = unpack(value);
    else if (wh_map_put_index(&index->cells, key, 0) != 0)
        return false;
    bool pushed = simlist_push(&index->pool, &list, slot);
    if (list.n)
        (void)wh_map_put_index(&index->cells, key, pack(&list)); // stands there: cannot fail
    else
        (void)wh_map_del(&index->cells, key);
    return pushed;
}

void simindex_cells_remove(struct simindex *index, uint32_t slot)
{
    const struct match_report *report = simindex_blob(index, slot);
    int64_t key = key_of(cell_of(report->lat, report->lon));
    size_t value;
    if (!(report->flags & MATCH_LOCATED) || !wh_map_get_index(&index->cells, key, &value))
        return;
    struct simlist list = unpack(value);
    (void)simlist_drop(&index->pool, &list, slot);
    if (list.n)
        (void)wh_map_put_index(&index->cells, key, pack(&list));
    else
        (void)wh_map_del(&index->cells, key);
}

void simindex_cells_walk(const struct simindex *index, const struct match_report *report,
                         simindex_list_fn take, void *arg)
{
    if (!(report->flags & MATCH_LOCATED))
        return;
    double reach = fmin(fmax(report->radius_m, SIMINDEX_REACH_M), SIMINDEX_FAR_M) / M_PER_UNIT;
    int64_t high = (int64_t)reach;
    int64_t wide = (int64_t)(reach / fmax(cos(report->lat * RADIANS), NARROWEST));
    int64_t from_y = cell_of(report->lat - high, 0).y, to_y = cell_of(report->lat + high, 0).y;
    int64_t from_x = floor_div(report->lon - wide, SIMINDEX_CELL);
    int64_t to_x = floor_div(report->lon + wide, SIMINDEX_CELL);
    for (int64_t y = from_y; y <= to_y; y++) {
        for (int64_t x = from_x; x <= to_x; x++) {
            size_t value;
            struct cell cell = {(x + AROUND) % AROUND, y};
            if (!wh_map_get_index(&index->cells, key_of(cell), &value))
                continue;
            struct simlist list = unpack(value);
            take(arg, simlist_values(&index->pool, &list), list.n);
        }
    }
}
