// SPDX-License-Identifier: Apache-2.0
// The keyring: which public key belongs to whom, with which roles, from when until when. A file
// that is wrong anywhere is refused whole, so that a slip of an editor never opens or closes a door
// by half. Lookups are one hash probe, for they happen for every message.
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/time.h"
#include "client/copy.h"
#include "client/keys.h"
#include "client/keys_internal.h"
#include "client/lines.h"

struct ring_entry {
    char public_key[WH_KEY_Z85];
    struct wh_key_holder holder;
};

struct wh_keyring {
    struct ring_entry *entries;
    size_t n, room;
    uint32_t *slots;                   // by public key: entry + 1, 0 free
    size_t n_slots;                    // a power of two
    const struct ring_entry **by_name; // in order of identity
};

static size_t hash_key(const char *public_key)
{
    uint64_t h = 1469598103934665603ULL;

    for (size_t i = 0; i < WH_KEY_Z85 - 1; i++)
        h = (h ^ (uint8_t)public_key[i]) * 1099511628211ULL;
    return (size_t)(h ^ (h >> 32));
}

// The entry's slot, or the free one where it belongs.
static uint32_t *slot_of(const struct wh_keyring *ring, const char *public_key)
{
    size_t i = hash_key(public_key) & (ring->n_slots - 1);

    while (ring->slots[i] &&
           memcmp(ring->entries[ring->slots[i] - 1].public_key, public_key, WH_KEY_Z85 - 1) != 0)
        i = (i + 1) & (ring->n_slots - 1);
    return &ring->slots[i];
}

// ---- reading --------------------------------------------------------------------------------

static int take_time(struct wh_lines *lines, const char *word, int64_t open, int64_t *ret_at)
{
    if (strcmp(word, "-") == 0) {
        *ret_at = open;
        return 0;
    }
    if (wh_rfc3339_parse(word, ret_at) < 0)
        return wh_lines_wrong(lines, "a time is RFC 3339 with offset, or -");
    return 0;
}

static int take_entry(struct wh_lines *lines, struct ring_entry *entry)
{
    int rc;

    memset(entry, 0, sizeof(*entry));
    if (lines->n_words != 5)
        return wh_lines_wrong(lines, "expected: KEY IDENTITY ROLE[,ROLE] FROM UNTIL");
    if (!wh_z85_valid(lines->words[0]))
        return wh_lines_wrong(lines, "a key is 40 characters of Z85");
    if (!wh_identity_valid(lines->words[1]))
        return wh_lines_wrong(lines, "an identity is 1 to 32 of A-Z a-z 0-9 _ . -");
    entry->holder.roles = wh_roles_parse(lines->words[2]);
    if (!entry->holder.roles)
        return wh_lines_wrong(lines, "unknown role");
    rc = take_time(lines, lines->words[3], INT64_MIN, &entry->holder.from_at);
    if (rc == 0)
        rc = take_time(lines, lines->words[4], INT64_MAX, &entry->holder.until_at);
    if (rc < 0)
        return rc;
    copy_text(entry->public_key, sizeof(entry->public_key), lines->words[0]);
    copy_text(entry->holder.identity, sizeof(entry->holder.identity), lines->words[1]);
    return 0;
}

static int add_entry(struct wh_keyring *ring, const struct ring_entry *entry)
{
    if (ring->n == ring->room) {
        size_t room = ring->room ? 2 * ring->room : 256;
        struct ring_entry *entries = realloc(ring->entries, room * sizeof(*entries));

        if (!entries)
            return WH_E_NOMEM;
        ring->entries = entries;
        ring->room = room;
    }
    ring->entries[ring->n++] = *entry;
    return 0;
}

static int read_entries(struct wh_keyring *ring, struct wh_lines *lines)
{
    struct ring_entry entry;
    int rc;

    while ((rc = wh_lines_next(lines)) > 0) {
        rc = take_entry(lines, &entry);
        if (rc == 0)
            rc = add_entry(ring, &entry);
        if (rc < 0)
            return rc;
    }
    return rc;
}

static int compare_names(const void *a, const void *b)
{
    const struct ring_entry *const *one = a, *const *other = b;

    return strcmp((*one)->holder.identity, (*other)->holder.identity);
}

static int index_entries(struct wh_keyring *ring, struct wh_lines *lines)
{
    ring->n_slots = 16;
    while (ring->n_slots < 2 * ring->n)
        ring->n_slots *= 2;
    ring->slots = calloc(ring->n_slots, sizeof(*ring->slots));
    ring->by_name = calloc(ring->n + 1, sizeof(void *));
    if (!ring->slots || !ring->by_name)
        return WH_E_NOMEM;
    for (uint32_t i = 0; i < ring->n; i++) {
        uint32_t *slot = slot_of(ring, ring->entries[i].public_key);

        if (*slot)
            return wh_lines_wrong(lines, "the same public key stands twice in this file");
        *slot = i + 1;
        ring->by_name[i] = &ring->entries[i];
    }
    qsort(ring->by_name, ring->n, sizeof(void *), compare_names);
    return 0;
}

int wh_keyring_read(const char *path, struct wh_keyring **ret_ring, char *why, size_t why_n)
{
    struct wh_lines lines;
    struct wh_keyring *ring;
    int rc = wh_lines_open(&lines, path, why, why_n);

    if (rc < 0)
        return rc;
    ring = calloc(1, sizeof(*ring));
    rc = ring ? read_entries(ring, &lines) : WH_E_NOMEM;
    if (rc == 0)
        rc = index_entries(ring, &lines);
    wh_lines_close(&lines);
    if (rc < 0) {
        wh_keyring_free(ring);
        return rc;
    }
    *ret_ring = ring;
    return 0;
}

void wh_keyring_free(struct wh_keyring *ring)
{
    if (!ring)
        return;
    free(ring->entries);
    free(ring->slots);
    free(ring->by_name);
    free(ring);
}

// ---- asking ---------------------------------------------------------------------------------

static bool is_live(const struct wh_key_holder *holder, int64_t now)
{
    return holder->from_at <= now && now < holder->until_at;
}

const struct wh_key_holder *wh_keyring_find(const struct wh_keyring *ring, const char *public_key,
                                            int64_t now)
{
    const struct wh_key_holder *holder = wh_keyring_known(ring, public_key);

    return holder && is_live(holder, now) ? holder : NULL;
}

const struct wh_key_holder *wh_keyring_known(const struct wh_keyring *ring, const char *public_key)
{
    uint32_t slot;

    if (strnlen(public_key, WH_KEY_Z85) != WH_KEY_Z85 - 1)
        return NULL;
    slot = *slot_of(ring, public_key);
    return slot ? &ring->entries[slot - 1].holder : NULL;
}

unsigned wh_keyring_roles(const struct wh_keyring *ring, const char *identity, int64_t now)
{
    size_t low = 0, high = ring->n;
    unsigned roles = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(ring->by_name[middle]->holder.identity, identity) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < ring->n; low++) {
        const struct wh_key_holder *holder = &ring->by_name[low]->holder;

        if (strcmp(holder->identity, identity) != 0)
            break;
        if (is_live(holder, now))
            roles |= holder->roles;
    }
    return roles;
}

size_t wh_keyring_count(const struct wh_keyring *ring)
{
    return ring->n;
}

size_t wh_keyring_expiring(const struct wh_keyring *ring, int64_t now, int64_t then)
{
    size_t n = 0;

    for (size_t i = 0; i < ring->n;) {
        const char *identity = ring->by_name[i]->holder.identity;
        bool today = false, later = false;

        for (; i < ring->n && strcmp(ring->by_name[i]->holder.identity, identity) == 0; i++) {
            today |= is_live(&ring->by_name[i]->holder, now);
            later |= is_live(&ring->by_name[i]->holder, then);
        }
        n += today && !later;
    }
    return n;
}
