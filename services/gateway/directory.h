// SPDX-License-Identifier: Apache-2.0
// People, their posts and sessions, keys of programs and ended links in memory: the fold of the
// gateway's journal. A turn changes it as it decides; `keep` makes that stand, `undo` takes it
// back. Whoever reads meanwhile sees what is not durable for some milliseconds; nothing is told of
// it before the commit. Pure: no clock, no I/O; secrets are hashes here.
#ifndef WH_GATEWAY_DIRECTORY_H
#define WH_GATEWAY_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "client/keys.h"
#include "gateway/password.h"
#include "gateway/role.h"
#include "gateway/token.h"

#define PERSON_CODE_MAX 64
#define PERSON_NAME_MAX 160 // bytes
#define PERSON_POSTS 8
#define PERSON_SESSIONS 16
#define SESSION_ADDRESS_MAX 63
#define SESSION_AGENT_MAX 119

// Who may act as whom. until_at 0: open. Ended posts stay until their place is needed.
struct post {
    char identity[WH_IDENTITY_MAX + 1];
    char standing_in_for[PERSON_CODE_MAX + 1]; // "" none
    enum gateway_role role;
    int64_t from_at, until_at;
};

struct person {
    char code[PERSON_CODE_MAX + 1], login[PERSON_CODE_MAX + 1];
    char name[PERSON_NAME_MAX + 1];
    char hash[PASSWORD_HASH_MAX + 1];
    bool temporary;
    int64_t added_at, ended_at;
    struct post posts[PERSON_POSTS];
    size_t n_posts;
};

struct session {
    int64_t id;
    uint8_t hash[TOKEN_HASH];
    char person[PERSON_CODE_MAX + 1];
    char identity[WH_IDENTITY_MAX + 1];
    enum gateway_role role;
    char address[SESSION_ADDRESS_MAX + 1], agent[SESSION_AGENT_MAX + 1];
    int64_t started_at, used_at, stored_at; // used_at as the table has it
    bool ended;
};

struct api_key {
    char prefix[API_KEY_PREFIX + 1];
    uint8_t hash[TOKEN_HASH];
    char identity[WH_IDENTITY_MAX + 1];
    char name[PERSON_NAME_MAX + 1];
    unsigned scopes;
    int64_t added_at, expires_at, used_at, stored_at, ended_at;
};

struct link_end {
    char task[WH_TASK_ID_MAX];
    int64_t until_at;
};

struct directory;

struct directory *directory_new(const uint8_t seed[16]); // NULL without memory
void directory_free(struct directory *directory);
void directory_clear(struct directory *directory);
void directory_keep(struct directory *directory);
void directory_undo(struct directory *directory);

// NULL where there is none. Borrowed; valid until the next keep, undo or clear. used_at may be
// written by whoever sees it used.
struct person *directory_person(const struct directory *directory, const char *code);
struct person *directory_login(const struct directory *directory, const char *login);
struct session *directory_session(const struct directory *directory, int64_t id);
struct session *directory_token(const struct directory *directory, const uint8_t hash[TOKEN_HASH]);
struct api_key *directory_api_key(const struct directory *directory, const char *prefix);
int64_t directory_link_end(const struct directory *directory, const char *task); // 0: none

// Copies. 0, WH_E_EXISTS (code, login, prefix or id is taken), WH_E_NOMEM: nothing changed.
int directory_add_person(struct directory *directory, const struct person *person);
int directory_add_session(struct directory *directory, const struct session *session);
int directory_add_api_key(struct directory *directory, const struct api_key *key);
int directory_end_link(struct directory *directory, const char *task, int64_t until_at);
// Before one of them is changed in a turn: what it was is remembered for undo. 0, WH_E_NOMEM.
int directory_change_person(struct directory *directory, struct person *person);
int directory_change_session(struct directory *directory, struct session *session);
int directory_change_api_key(struct directory *directory, struct api_key *key);

// All, one after the other in the order in which they were added: size_t at = 0; while (…next…).
struct person *directory_next_person(const struct directory *directory, size_t *at);
struct session *directory_next_session(const struct directory *directory, size_t *at);
struct api_key *directory_next_api_key(const struct directory *directory, size_t *at);

// ---- rules -------------------------------------------------------------------------------------

bool post_valid(const struct post *post, int64_t now);
// The person's valid post of that identity and role (identity "": the first valid one of any);
// NULL: none.
const struct post *person_post(const struct person *person, const char *identity,
                               enum gateway_role role, int64_t now);
// Where that post stands, valid or not; NULL: none.
struct post *person_any_post(struct person *person, const char *identity, enum gateway_role role);
// A place for one more: a free one, or that of the post that ended first; NULL: all are in force.
struct post *person_room(struct person *person, int64_t now);
// Is the session in force? It is not where unused for idle_ms, older than life_ms, its person
// ended, or its post not valid any more.
bool session_live(const struct session *session, const struct person *person, int64_t idle_ms,
                  int64_t life_ms, int64_t now);
bool api_key_live(const struct api_key *key, int64_t now);

#endif
