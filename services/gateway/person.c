// SPDX-License-Identifier: Apache-2.0
// When a post, a session or a key is in force. Time is a parameter.
#include <string.h>

#include "gateway/directory.h"

bool post_valid(const struct post *post, int64_t now)
{
    return post->from_at <= now && (post->until_at == 0 || now < post->until_at);
}

const struct post *person_post(const struct person *person, const char *identity,
                               enum gateway_role role, int64_t now)
{
    for (size_t i = 0; i < person->n_posts; i++) {
        const struct post *post = &person->posts[i];
        bool meant =
            identity[0] == '\0' || (post->role == role && strcmp(post->identity, identity) == 0);
        if (meant && post_valid(post, now))
            return post;
    }
    return NULL;
}

struct post *person_any_post(struct person *person, const char *identity, enum gateway_role role)
{
    for (size_t i = 0; i < person->n_posts; i++)
        if (person->posts[i].role == role && strcmp(person->posts[i].identity, identity) == 0)
            return &person->posts[i];
    return NULL;
}

struct post *person_room(struct person *person, int64_t now)
{
    struct post *oldest = NULL;
    if (person->n_posts < PERSON_POSTS)
        return &person->posts[person->n_posts++];
    for (size_t i = 0; i < person->n_posts; i++) {
        struct post *post = &person->posts[i];
        if (post->until_at != 0 && post->until_at <= now &&
            (oldest == NULL || post->until_at < oldest->until_at))
            oldest = post;
    }
    return oldest;
}

bool session_live(const struct session *session, const struct person *person, int64_t idle_ms,
                  int64_t life_ms, int64_t now)
{
    return !session->ended && person != NULL && person->ended_at == 0 &&
           now - session->started_at < life_ms && now - session->used_at < idle_ms &&
           person_post(person, session->identity, session->role, now) != NULL;
}

bool api_key_live(const struct api_key *key, int64_t now)
{
    return key->ended_at == 0 && now < key->expires_at;
}
