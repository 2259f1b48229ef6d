// SPDX-License-Identifier: Apache-2.0
// Blobs on shelves; see kept.h.
#include <stdlib.h>
#include <string.h>

#include "client/frame.h"
#include "intake/kept.h"

int64_t person_key(const uint8_t hash[SEAL_HASH])
{
    int64_t key = 0;
    memcpy(&key, hash, sizeof(key));
    return key;
}

typedef int (*store_fn)(struct wh_shelf *shelf, int64_t key, const void *data, size_t n);

static int store(struct wh_shelf *shelf, const struct whistle *whistle, store_fn fn)
{
    size_t n = whistle__v1__whistle_facts__get_packed_size(whistle->facts);
    uint8_t *blob = malloc(sizeof(*whistle) + n);
    if (blob == NULL)
        return WH_E_NOMEM;
    struct whistle head = *whistle;
    head.facts = NULL;
    memcpy(blob, &head, sizeof(head));
    whistle__v1__whistle_facts__pack(whistle->facts, blob + sizeof(head));
    int rc = fn(shelf, whistle->id, blob, sizeof(head) + n);
    free(blob);
    return rc;
}

int kept_loaded(struct wh_shelf *shelf, const struct whistle *whistle)
{
    return store(shelf, whistle, wh_shelf_loaded);
}

int kept_put(struct wh_shelf *shelf, const struct whistle *whistle)
{
    return store(shelf, whistle, wh_shelf_put);
}

int kept_get(struct wh_shelf *shelf, int64_t id, struct wh_arena *arena,
             struct whistle *ret_whistle)
{
    size_t n = 0;
    const uint8_t *blob = id != 0 ? wh_shelf_get(shelf, id, &n) : NULL;
    if (blob == NULL || n < sizeof(*ret_whistle))
        return WH_E_NOTFOUND;
    struct whistle whistle;
    memcpy(&whistle, blob, sizeof(whistle));
    size_t facts_n = n - sizeof(whistle);
    uint8_t *bytes = wh_arena_dup(arena, blob + sizeof(whistle), facts_n);
    if (bytes == NULL)
        return WH_E_NOMEM;
    whistle.facts = (Whistle__V1__WhistleFacts *)wh_unpack(&whistle__v1__whistle_facts__descriptor,
                                                           arena, bytes, facts_n, NULL);
    if (whistle.facts == NULL)
        return WH_E_NOMEM;
    *ret_whistle = whistle;
    return 0;
}

int kept_put_version(struct wh_shelf *shelf, int32_t version)
{
    return wh_shelf_put(shelf, 0, &version, sizeof(version));
}

bool kept_version(struct wh_shelf *shelf, int32_t *ret_version)
{
    size_t n = 0;
    const void *blob = wh_shelf_get(shelf, 0, &n);
    if (blob == NULL || n != sizeof(*ret_version))
        return false;
    memcpy(ret_version, blob, n);
    return true;
}
