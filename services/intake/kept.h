// SPDX-License-Identifier: Apache-2.0
// How whistles, persons and the adopted version lie on the runtime's shelves: blobs without
// pointers.
#ifndef WH_INTAKE_KEPT_H
#define WH_INTAKE_KEPT_H

#include "base/arena.h"
#include "intake/seal.h"
#include "intake/whistle.h"
#include "runtime/service.h"

struct person_row {
    int64_t id;
    uint8_t hash[SEAL_HASH];
    uint8_t wrapped[SEAL_WRAPPED];
};

int64_t person_key(const uint8_t hash[SEAL_HASH]); // on the shelf of persons

int kept_loaded(struct wh_shelf *shelf, const struct whistle *whistle); // from a load
int kept_put(struct wh_shelf *shelf, const struct whistle *whistle);    // in a turn
// Facts in the arena. 0, WH_E_NOTFOUND, WH_E_NOMEM.
int kept_get(struct wh_shelf *shelf, int64_t id, struct wh_arena *arena,
             struct whistle *ret_whistle);

// The version adopted in this turn, under key 0: undone with the item that put it.
int kept_put_version(struct wh_shelf *shelf, int32_t version);
bool kept_version(struct wh_shelf *shelf, int32_t *ret_version);

#endif
