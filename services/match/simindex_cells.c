// SPDX-License-Identifier: Apache-2.0
// Located reports by squares of the grid of degrees. A square is as high everywhere; towards the
// poles it is narrower, so more of them are looked through. Across the 180th meridian they go on.
// Sixty-four squares are a tile, one entry of the map: who looks around looks at a few tiles.
#include <math.h>

#include "match/simindex_internal.h"

#define AROUND (INT64_C(3600000000) / SIMINDEX_CELL) // squares around the earth
#define SIDE 8                                       // squares of a tile
#define M_PER_UNIT 0.0111195                         // of 1e-7 degrees of latitude
#define NARROWEST 0.05                               // beyond 87 degrees all count as that
#define RADIANS 1.7453292519943295e-9                // of 1e-7 degrees
#define LISTS 64
#define SLOTS 512

struct tile {
    struct simlist cells[SIDE * SIDE];
};

struct cell {
    int64_t x, y;
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

// x goes on beyond the 180th meridian.
static struct cell cell_of(int64_t lat, int64_t lon)
{
    return (struct cell){floor_div(lon, SIMINDEX_CELL), floor_div(lat, SIMINDEX_CELL)};
}

static int64_t key_of(struct cell cell)
{
    int64_t x = (cell.x % AROUND + AROUND) % AROUND;
    return floor_div(cell.y, SIDE) * 1000000 + x / SIDE;
}

static size_t place_of(struct cell cell)
{
    int64_t x = (cell.x % AROUND + AROUND) % AROUND;
    return (size_t)(cell.y - floor_div(cell.y, SIDE) * SIDE) * SIDE + (size_t)(x % SIDE);
}

static struct tile *tile_of(const struct simindex *index, struct cell cell)
{
    size_t ref;
    return wh_map_get_index(&index->tiles, key_of(cell), &ref)
               ? simpool_at(&index->pool, (uint32_t)ref)
               : NULL;
}

// ---- coming and going ---------------------------------------------------------------------------

static struct cell cell_at(const struct simindex *index, uint32_t slot)
{
    struct simindex_place place = simindex_card(index, slot)->place;
    return cell_of(place.lat, place.lon);
}

static struct tile *make_tile(struct simindex *index, struct cell cell)
{
    uint32_t ref = simpool_take(&index->pool, sizeof(struct tile));
    if (!ref)
        return NULL;
    if (wh_map_put_index(&index->tiles, key_of(cell), ref) != 0) {
        simpool_give(&index->pool, ref, sizeof(struct tile));
        return NULL;
    }
    struct tile *tile = simpool_at(&index->pool, ref);
    memset(tile, 0, sizeof *tile);
    return tile;
}

static void drop_tile_if_empty(struct simindex *index, struct cell cell)
{
    size_t ref = 0;
    const struct tile *tile = tile_of(index, cell);
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
        if (tile->cells[i].n)
            return;
    (void)wh_map_get_index(&index->tiles, key_of(cell), &ref); // it is there
    (void)wh_map_del(&index->tiles, key_of(cell));
    simpool_give(&index->pool, (uint32_t)ref, sizeof(struct tile));
}

static bool is_nowhere(const struct simindex *index, uint32_t slot)
{
    return simindex_card(index, slot)->place.lat == INT32_MAX;
}

bool simindex_cells_add(struct simindex *index, uint32_t slot)
{
    if (is_nowhere(index, slot))
        return true;
    struct cell cell = cell_at(index, slot);
    struct tile *tile = tile_of(index, cell);
    if (!tile && !(tile = make_tile(index, cell)))
        return false;
    if (simlist_push(&index->pool, &tile->cells[place_of(cell)], slot))
        return true;
    drop_tile_if_empty(index, cell);
    return false;
}

void simindex_cells_remove(struct simindex *index, uint32_t slot)
{
    if (is_nowhere(index, slot))
        return;
    struct cell cell = cell_at(index, slot);
    struct simlist *list = &tile_of(index, cell)->cells[place_of(cell)];
    if (simlist_drop(&index->pool, list, slot) && list->n == 0)
        drop_tile_if_empty(index, cell);
}

// ---- looking ------------------------------------------------------------------------------------

struct simindex_around simindex_around(const struct match_report *report)
{
    if (!(report->flags & MATCH_LOCATED))
        return (struct simindex_around){0};
    double reach = fmin(fmax(report->radius_m, SIMINDEX_REACH_M), SIMINDEX_FAR_M) / M_PER_UNIT;
    double wide = reach / fmax(cos(report->lat * RADIANS), NARROWEST);
    return (struct simindex_around){true, report->lat, report->lon, reach, wide};
}

// Lists are on their way while others are gathered.
struct walk {
    const struct simindex *index;
    simindex_list_fn take;
    void *arg;
    size_t lists_n, slots_n;
    struct simlist lists[LISTS];
    uint32_t slots[SLOTS];
};

static void walk_list(struct walk *walk, const struct simlist *list)
{
    const uint32_t *slots = simlist_values(&walk->index->pool, list);
    for (uint32_t i = 0; i < list->n; i++) {
        walk->slots[walk->slots_n++] = slots[i];
        if (walk->slots_n < SLOTS)
            continue;
        walk->take(walk->arg, walk->slots, walk->slots_n);
        walk->slots_n = 0;
    }
}

static void walk_lists(struct walk *walk)
{
    for (size_t i = 0; i < walk->lists_n; i++)
        walk_list(walk, &walk->lists[i]);
    walk->lists_n = 0;
}

static void walk_cell(struct walk *walk, const struct simlist *list)
{
    if (list->n == 0)
        return;
    if (walk->lists_n == LISTS)
        walk_lists(walk);
    walk->lists[walk->lists_n++] = *list;
    __builtin_prefetch(simlist_block(&walk->index->pool, list));
}

// The squares of one row; a tile is looked up once.
static void walk_row(struct walk *walk, int64_t from_x, int64_t to_x, int64_t y)
{
    const struct tile *tile = NULL;
    for (int64_t x = from_x; x <= to_x; x++) {
        struct cell cell = {x, y};
        if (x == from_x || place_of(cell) % SIDE == 0)
            tile = tile_of(walk->index, cell);
        if (tile)
            walk_cell(walk, &tile->cells[place_of(cell)]);
    }
}

void simindex_cells_walk(const struct simindex *index, const struct simindex_around *around,
                         simindex_list_fn take, void *arg)
{
    if (!around->located)
        return;
    struct walk walk;
    walk.index = index;
    walk.take = take;
    walk.arg = arg;
    walk.lists_n = walk.slots_n = 0;
    int64_t lat = (int64_t)around->lat, lon = (int64_t)around->lon;
    int64_t up = (int64_t)around->reach, wide = (int64_t)around->wide;
    int64_t to_y = floor_div(lat + up, SIMINDEX_CELL), to_x = floor_div(lon + wide, SIMINDEX_CELL);
    for (int64_t y = floor_div(lat - up, SIMINDEX_CELL); y <= to_y; y++)
        walk_row(&walk, floor_div(lon - wide, SIMINDEX_CELL), to_x, y);
    walk_lists(&walk);
    take(arg, walk.slots, walk.slots_n);
}
