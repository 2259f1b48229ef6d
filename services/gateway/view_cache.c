// SPDX-License-Identifier: Apache-2.0
// One place a pair of number and identity, found by hash; a stamp a number says when it was last
// changed (several numbers may share a stamp: then one is forgotten too often, never too seldom).
#include "gateway/view_cache.h"

#include <stdlib.h>
#include <string.h>

#define PLACES 2048
#define STAMPS 4096
#define NAME_MAX_N 40

struct place {
    char number[NAME_MAX_N], identity[NAME_MAX_N];
    struct http_buffer *body; // NULL: free
    char etag[CACHE_ETAG_MAX];
    uint64_t begun, until;
};

struct cache {
    uint64_t count; // of everything that was asked for or changed
    uint64_t changed[STAMPS];
    struct place places[PLACES];
};

struct cache *cache_new(void)
{
    return calloc(1, sizeof(struct cache));
}

void cache_free(struct cache *cache)
{
    for (size_t i = 0; cache != NULL && i < PLACES; i++)
        http_buffer_unref(cache->places[i].body);
    free(cache);
}

// FNV-1a.
static uint64_t hash(const char *text, uint64_t from)
{
    uint64_t h = from;
    for (; *text != '\0'; text++)
        h = (h ^ (uint8_t)*text) * 1099511628211u;
    return h ^ h >> 29;
}

static uint64_t number_hash(const char *number)
{
    return hash(number, 14695981039346656037u);
}

static uint64_t *stamp(struct cache *cache, const char *number)
{
    return &cache->changed[number_hash(number) % STAMPS];
}

static struct place *place(struct cache *cache, const char *number, const char *identity)
{
    return &cache->places[hash(identity, number_hash(number)) % PLACES];
}

struct http_buffer *cache_get(struct cache *cache, const char *number, const char *identity,
                              uint64_t now, const char **ret_etag)
{
    const struct place *at = place(cache, number, identity);
    if (at->body == NULL || now >= at->until || at->begun < *stamp(cache, number) ||
        strcmp(at->number, number) != 0 || strcmp(at->identity, identity) != 0)
        return NULL;
    *ret_etag = at->etag;
    return at->body;
}

uint64_t cache_begin(struct cache *cache)
{
    return ++cache->count;
}

void cache_put(struct cache *cache, const char *number, const char *identity, uint64_t begun,
               struct http_buffer *body, const char *etag, uint64_t now)
{
    struct place *at = place(cache, number, identity);
    if (begun < *stamp(cache, number) || strlen(number) >= NAME_MAX_N ||
        strlen(identity) >= NAME_MAX_N || strlen(etag) >= CACHE_ETAG_MAX ||
        http_buffer_size(body) > CACHE_BODY_MAX)
        return;
    http_buffer_unref(at->body);
    strcpy(at->number, number);
    strcpy(at->identity, identity);
    strcpy(at->etag, etag);
    at->body = http_buffer_ref(body);
    at->begun = begun;
    at->until = now + CACHE_KEEP_MS;
}

void cache_forget(struct cache *cache, const char *number)
{
    *stamp(cache, number) = ++cache->count;
}
