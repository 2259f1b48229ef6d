// SPDX-License-Identifier: Apache-2.0
// Lists of everything by kind, found through maps by a keyed hash of their name; what a turn
// changed is remembered as it was. Two names of one hash (nobody can make them: the seed is secret)
// count as the same name.
#include "gateway/directory.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/map.h"

struct list {
    void **items;
    size_t n, cap;
};

struct change {
    void *live, *before; // before NULL: it was added
    size_t size;
    struct list *list; // where it was added
};

struct directory {
    uint8_t seed[16];
    struct list people, sessions, keys, ends;
    struct wh_map by_code, by_login, by_id, by_token, by_prefix, by_task;
    struct change *changes;
    size_t n_changes, cap_changes;
    bool ended; // a session ended in this turn
};

static int64_t key_of(const struct directory *directory, const void *data, size_t n)
{
    uint64_t hash;
    crypto_shorthash((uint8_t *)&hash, data, n, directory->seed);
    return (int64_t)hash;
}

static int64_t name_key(const struct directory *directory, const char *name)
{
    return key_of(directory, name, strlen(name));
}

struct directory *directory_new(const uint8_t seed[16])
{
    struct directory *directory = calloc(1, sizeof *directory);
    if (directory != NULL)
        memcpy(directory->seed, seed, sizeof directory->seed);
    return directory;
}

// ---- changes -----------------------------------------------------------------------------------

static int room_for_change(struct directory *directory)
{
    if (directory->n_changes < directory->cap_changes)
        return 0;
    size_t cap = directory->cap_changes * 2 + 16;
    struct change *bigger = reallocarray(directory->changes, cap, sizeof *bigger);
    if (bigger == NULL)
        return WH_E_NOMEM;
    directory->changes = bigger;
    directory->cap_changes = cap;
    return 0;
}

static int remember(struct directory *directory, void *live, size_t size)
{
    void *before = room_for_change(directory) == 0 ? malloc(size) : NULL;
    if (before == NULL)
        return WH_E_NOMEM;
    memcpy(before, live, size);
    directory->changes[directory->n_changes++] = (struct change){live, before, size, NULL};
    return 0;
}

// A copy of the item at the list's end. NULL without memory.
static void *append(struct directory *directory, struct list *list, const void *item, size_t size)
{
    if (room_for_change(directory) != 0)
        return NULL;
    if (list->n == list->cap) {
        void **bigger = reallocarray(list->items, list->cap * 2 + 16, sizeof *bigger);
        if (bigger == NULL)
            return NULL;
        list->items = bigger;
        list->cap = list->cap * 2 + 16;
    }
    void *copy = malloc(size);
    if (copy == NULL)
        return NULL;
    memcpy(copy, item, size);
    list->items[list->n++] = copy;
    directory->changes[directory->n_changes++] = (struct change){copy, NULL, size, list};
    return copy;
}

static void unlink_item(struct directory *directory, const struct list *list, const void *item)
{
    if (list == &directory->people) {
        const struct person *person = item;
        wh_map_del(&directory->by_code, name_key(directory, person->code));
        wh_map_del(&directory->by_login, name_key(directory, person->login));
    } else if (list == &directory->sessions) {
        const struct session *session = item;
        wh_map_del(&directory->by_id, session->id);
        wh_map_del(&directory->by_token, key_of(directory, session->hash, TOKEN_HASH));
    } else if (list == &directory->keys) {
        wh_map_del(&directory->by_prefix,
                   name_key(directory, ((const struct api_key *)item)->prefix));
    } else {
        wh_map_del(&directory->by_task, name_key(directory, ((const struct link_end *)item)->task));
    }
}

// The newest added of a list leaves it.
static void drop_last(struct directory *directory, struct list *list)
{
    void *item = list->items[--list->n];
    unlink_item(directory, list, item);
    free(item);
}

void directory_undo(struct directory *directory)
{
    while (directory->n_changes > 0) {
        struct change *change = &directory->changes[--directory->n_changes];
        if (change->before != NULL)
            memcpy(change->live, change->before, change->size);
        else
            drop_last(directory, change->list);
        free(change->before);
    }
    directory->ended = false;
}

// Ended sessions leave; the order of the others stays.
static void sweep_sessions(struct directory *directory)
{
    struct list *list = &directory->sessions;
    size_t to = 0;
    for (size_t i = 0; i < list->n; i++) {
        struct session *session = list->items[i];
        if (!session->ended) {
            list->items[to++] = session;
            continue;
        }
        unlink_item(directory, list, session);
        free(session);
    }
    list->n = to;
}

void directory_keep(struct directory *directory)
{
    while (directory->n_changes > 0)
        free(directory->changes[--directory->n_changes].before);
    if (directory->ended)
        sweep_sessions(directory);
    directory->ended = false;
}

static void list_done(struct list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct list){0};
}

void directory_clear(struct directory *directory)
{
    struct list *lists[] = {&directory->people, &directory->sessions, &directory->keys,
                            &directory->ends};
    struct wh_map *maps[] = {&directory->by_code,  &directory->by_login,  &directory->by_id,
                             &directory->by_token, &directory->by_prefix, &directory->by_task};
    directory_undo(directory);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        list_done(lists[i]);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        wh_map_done(maps[i]);
}

void directory_free(struct directory *directory)
{
    if (directory == NULL)
        return;
    directory_clear(directory);
    free(directory->changes);
    free(directory);
}

// ---- finding -----------------------------------------------------------------------------------

struct person *directory_person(const struct directory *directory, const char *code)
{
    struct person *found = wh_map_get(&directory->by_code, name_key(directory, code));
    return found != NULL && strcmp(found->code, code) == 0 ? found : NULL;
}

struct person *directory_login(const struct directory *directory, const char *login)
{
    struct person *found = wh_map_get(&directory->by_login, name_key(directory, login));
    return found != NULL && strcmp(found->login, login) == 0 ? found : NULL;
}

struct session *directory_session(const struct directory *directory, int64_t id)
{
    struct session *found = wh_map_get(&directory->by_id, id);
    return found != NULL && !found->ended ? found : NULL;
}

struct session *directory_token(const struct directory *directory, const uint8_t hash[TOKEN_HASH])
{
    struct session *found = wh_map_get(&directory->by_token, key_of(directory, hash, TOKEN_HASH));
    return found != NULL && !found->ended && token_equal(found->hash, hash) ? found : NULL;
}

struct api_key *directory_api_key(const struct directory *directory, const char *prefix)
{
    struct api_key *found = wh_map_get(&directory->by_prefix, name_key(directory, prefix));
    return found != NULL && strcmp(found->prefix, prefix) == 0 ? found : NULL;
}

static struct link_end *link_end_of(const struct directory *directory, const char *task)
{
    struct link_end *found = wh_map_get(&directory->by_task, name_key(directory, task));
    return found != NULL && strcmp(found->task, task) == 0 ? found : NULL;
}

int64_t directory_link_end(const struct directory *directory, const char *task)
{
    const struct link_end *end = link_end_of(directory, task);
    return end != NULL ? end->until_at : 0;
}

static void *next(const struct list *list, size_t *at)
{
    return *at < list->n ? list->items[(*at)++] : NULL;
}

struct person *directory_next_person(const struct directory *directory, size_t *at)
{
    return next(&directory->people, at);
}

struct session *directory_next_session(const struct directory *directory, size_t *at)
{
    struct session *session = next(&directory->sessions, at);
    while (session != NULL && session->ended)
        session = next(&directory->sessions, at);
    return session;
}

struct api_key *directory_next_api_key(const struct directory *directory, size_t *at)
{
    return next(&directory->keys, at);
}

// ---- adding and changing -----------------------------------------------------------------------

// Puts what was appended under its names. Without memory it is taken off again.
static int index_last(struct directory *directory, struct list *list, struct wh_map *const maps[2],
                      const int64_t keys[2])
{
    void *item = list->items[list->n - 1];
    for (size_t i = 0; i < 2 && maps[i] != NULL; i++) {
        if (wh_map_put(maps[i], keys[i], item) == 0)
            continue;
        drop_last(directory, list);
        directory->n_changes--;
        return WH_E_NOMEM;
    }
    return 0;
}

int directory_add_person(struct directory *directory, const struct person *person)
{
    const int64_t keys[2] = {name_key(directory, person->code), name_key(directory, person->login)};
    if (wh_map_has(&directory->by_code, keys[0]) || wh_map_has(&directory->by_login, keys[1]))
        return WH_E_EXISTS;
    if (append(directory, &directory->people, person, sizeof *person) == NULL)
        return WH_E_NOMEM;
    return index_last(directory, &directory->people,
                      (struct wh_map *const[2]){&directory->by_code, &directory->by_login}, keys);
}

int directory_add_session(struct directory *directory, const struct session *session)
{
    const int64_t keys[2] = {session->id, key_of(directory, session->hash, TOKEN_HASH)};
    if (wh_map_has(&directory->by_id, keys[0]) || wh_map_has(&directory->by_token, keys[1]))
        return WH_E_EXISTS;
    if (append(directory, &directory->sessions, session, sizeof *session) == NULL)
        return WH_E_NOMEM;
    return index_last(directory, &directory->sessions,
                      (struct wh_map *const[2]){&directory->by_id, &directory->by_token}, keys);
}

int directory_add_api_key(struct directory *directory, const struct api_key *key)
{
    const int64_t keys[2] = {name_key(directory, key->prefix), 0};
    if (wh_map_has(&directory->by_prefix, keys[0]))
        return WH_E_EXISTS;
    if (append(directory, &directory->keys, key, sizeof *key) == NULL)
        return WH_E_NOMEM;
    return index_last(directory, &directory->keys,
                      (struct wh_map *const[2]){&directory->by_prefix, NULL}, keys);
}

int directory_end_link(struct directory *directory, const char *task, int64_t until_at)
{
    struct link_end *known = link_end_of(directory, task), end = {.until_at = until_at};
    if (known != NULL) {
        int status = remember(directory, known, sizeof *known);
        if (status == 0)
            known->until_at = until_at;
        return status;
    }
    strncpy(end.task, task, sizeof end.task - 1);
    if (append(directory, &directory->ends, &end, sizeof end) == NULL)
        return WH_E_NOMEM;
    return index_last(directory, &directory->ends,
                      (struct wh_map *const[2]){&directory->by_task, NULL},
                      (const int64_t[2]){name_key(directory, task), 0});
}

int directory_change_person(struct directory *directory, struct person *person)
{
    return remember(directory, person, sizeof *person);
}

int directory_change_session(struct directory *directory, struct session *session)
{
    directory->ended = true; // looked at when the turn stands
    return remember(directory, session, sizeof *session);
}

int directory_change_api_key(struct directory *directory, struct api_key *key)
{
    return remember(directory, key, sizeof *key);
}
