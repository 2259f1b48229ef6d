// SPDX-License-Identifier: Apache-2.0
// Whistles that were shown a moment ago, by number and by whom they were shown to. An entry is good
// for a second at most, and not after something happened to its whistle: what was asked for before
// that and comes after it is not kept either. Bounded; the newest wins its place.
#ifndef WH_GATEWAY_VIEW_CACHE_H
#define WH_GATEWAY_VIEW_CACHE_H

#include "http/http.h"

#define CACHE_KEEP_MS 1000
#define CACHE_BODY_MAX ((size_t)32 << 10) // longer ones are not kept
#define CACHE_ETAG_MAX 24

struct cache;

struct cache *cache_new(void); // NULL without memory
void cache_free(struct cache *cache);

// now: ms of a clock that does not go back. NULL where there is none; borrowed until the next call.
struct http_buffer *cache_get(struct cache *cache, const char *number, const char *identity,
                              uint64_t now, const char **ret_etag);
// Before asking: what is to be handed to cache_put with the answer.
uint64_t cache_begin(struct cache *cache);
void cache_put(struct cache *cache, const char *number, const char *identity, uint64_t begun,
               struct http_buffer *body, const char *etag, uint64_t now);
// Something happened to it.
void cache_forget(struct cache *cache, const char *number);

#endif
