// SPDX-License-Identifier: Apache-2.0
// Rows of our tables to structs and back.
#include <string.h>

#include "gateway/store.h"

static bool text(const struct wh_row *row, int column, char *to, size_t size)
{
    size_t n = 0;
    const uint8_t *bytes = wh_row_bytes(row, column, &n);
    if (n >= size)
        return false;
    memcpy(to, bytes, n);
    to[n] = '\0';
    return true;
}
#define TEXT(row, column, to) text(row, column, to, sizeof(to))

static bool hash(const struct wh_row *row, int column, uint8_t to[TOKEN_HASH])
{
    size_t n = 0;
    const uint8_t *bytes = wh_row_bytes(row, column, &n);
    if (n == TOKEN_HASH)
        memcpy(to, bytes, n);
    return n == TOKEN_HASH;
}

static bool role(const struct wh_row *row, int column, enum gateway_role *ret_role)
{
    char name[64];
    return TEXT(row, column, name) && gateway_role_by_name(name, ret_role) == 0;
}

static const char *role_name(enum gateway_role which)
{
    return gateway_role_info(which)->name;
}

int store_put_person(struct wh_turn *turn, const struct person *person)
{
    return WH_PUT(turn, PUT_PERSON, WH_T(person->code), WH_T(person->login), WH_T(person->name),
                  WH_T(person->hash), WH_Z(person->temporary), WH_L(person->added_at),
                  WH_L(person->ended_at));
}

int store_put_post(struct wh_turn *turn, const char *person, const struct post *post)
{
    return WH_PUT(turn, PUT_POST, WH_T(person), WH_T(post->identity), WH_T(role_name(post->role)),
                  WH_L(post->from_at), WH_L(post->until_at), WH_T(post->standing_in_for));
}

int store_put_session(struct wh_turn *turn, const struct session *session)
{
    return WH_PUT(turn, PUT_SESSION, WH_L(session->id), WH_B(session->hash, TOKEN_HASH),
                  WH_T(session->person), WH_T(session->identity), WH_T(role_name(session->role)),
                  WH_L(session->started_at), WH_L(session->used_at), WH_T(session->address),
                  WH_T(session->agent));
}

int store_put_api_key(struct wh_turn *turn, const struct api_key *key)
{
    return WH_PUT(turn, PUT_API_KEY, WH_T(key->prefix), WH_B(key->hash, TOKEN_HASH),
                  WH_T(key->identity), WH_I(key->scopes), WH_T(key->name), WH_L(key->added_at),
                  WH_L(key->expires_at), WH_L(key->used_at), WH_L(key->ended_at));
}

bool store_read_person(const struct wh_row *row, struct person *ret_person)
{
    struct person person = {.temporary = wh_row_int(row, 4) != 0,
                            .added_at = wh_row_int(row, 5),
                            .ended_at = wh_row_int(row, 6)};
    if (!TEXT(row, 0, person.code) || !TEXT(row, 1, person.login) || !TEXT(row, 2, person.name) ||
        !TEXT(row, 3, person.hash))
        return false;
    *ret_person = person;
    return true;
}

bool store_read_post(const struct wh_row *row, char ret_person[PERSON_CODE_MAX + 1],
                     struct post *ret_post)
{
    struct post post = {.from_at = wh_row_int(row, 3), .until_at = wh_row_int(row, 4)};
    if (!text(row, 0, ret_person, PERSON_CODE_MAX + 1) || !TEXT(row, 1, post.identity) ||
        !role(row, 2, &post.role) || !TEXT(row, 5, post.standing_in_for))
        return false;
    *ret_post = post;
    return true;
}

bool store_read_session(const struct wh_row *row, struct session *ret_session)
{
    struct session session = {.id = wh_row_int(row, 0),
                              .started_at = wh_row_int(row, 5),
                              .used_at = wh_row_int(row, 6),
                              .stored_at = wh_row_int(row, 6)};
    if (!hash(row, 1, session.hash) || !TEXT(row, 2, session.person) ||
        !TEXT(row, 3, session.identity) || !role(row, 4, &session.role) ||
        !TEXT(row, 7, session.address) || !TEXT(row, 8, session.agent))
        return false;
    *ret_session = session;
    return true;
}

bool store_read_api_key(const struct wh_row *row, struct api_key *ret_key)
{
    struct api_key key = {.scopes = (unsigned)wh_row_int(row, 3),
                          .added_at = wh_row_int(row, 5),
                          .expires_at = wh_row_int(row, 6),
                          .used_at = wh_row_int(row, 7),
                          .stored_at = wh_row_int(row, 7),
                          .ended_at = wh_row_int(row, 8)};
    if (!TEXT(row, 0, key.prefix) || !hash(row, 1, key.hash) || !TEXT(row, 2, key.identity) ||
        !TEXT(row, 4, key.name))
        return false;
    *ret_key = key;
    return true;
}

bool store_read_link_end(const struct wh_row *row, struct link_end *ret_end)
{
    ret_end->until_at = wh_row_int(row, 1);
    return TEXT(row, 0, ret_end->task);
}
