// SPDX-License-Identifier: Apache-2.0
// Every SQL statement of the gateway's own tables, and rows to structs. Tables:
// deploy/migrations/gateway. Decides nothing.
#ifndef WH_GATEWAY_STORE_H
#define WH_GATEWAY_STORE_H

#include "gateway/directory.h"
#include "runtime/service.h"

// In the order of execution within a turn's transaction. A turn's last row of one key holds.
enum store_statement {
    PUT_PERSON,       // a whole row
    PUT_POST,         // a whole row
    PUT_SESSION,      // a whole row
    PUT_SESSION_USED, // id, used_at
    PUT_SESSION_GONE, // id
    PUT_API_KEY,      // a whole row
    PUT_API_KEY_USED, // prefix, used_at
    PUT_LINK_END,     // task, until_at
    PUT_STATEMENTS
};

enum store_select {
    SELECT_HEALTH,       // see wh_health_sql
    SELECT_DEAD_LETTERS, // after id, limit → id, at, feed, seq, object, sqlstate, why
    SELECTS
};

enum store_rebuild {
    REBUILD_PEOPLE,
    REBUILD_POSTS, // those in force first
    REBUILD_SESSIONS,
    REBUILD_API_KEYS,
    REBUILD_LINK_ENDS,
    REBUILDS
};

extern const struct wh_statement gateway_statements[PUT_STATEMENTS];
extern const struct wh_select gateway_selects[SELECTS];
extern const struct wh_loader gateway_rebuild[REBUILDS];

// Whole rows of a turn. 0 or WH_E_NOMEM.
int store_put_person(struct wh_turn *turn, const struct person *person);
int store_put_post(struct wh_turn *turn, const char *person, const struct post *post);
int store_put_session(struct wh_turn *turn, const struct session *session);
int store_put_api_key(struct wh_turn *turn, const struct api_key *key);

// Rows of the rebuild. False: the row is none that we wrote.
bool store_read_person(const struct wh_row *row, struct person *ret_person);
bool store_read_post(const struct wh_row *row, char ret_person[PERSON_CODE_MAX + 1],
                     struct post *ret_post);
bool store_read_session(const struct wh_row *row, struct session *ret_session);
bool store_read_api_key(const struct wh_row *row, struct api_key *ret_key);
bool store_read_link_end(const struct wh_row *row, struct link_end *ret_end);

// Called with each row of the rebuild (handler_memory.c).
void gateway_rebuilt_person(void *state, const struct wh_row *row);
void gateway_rebuilt_post(void *state, const struct wh_row *row);
void gateway_rebuilt_session(void *state, const struct wh_row *row);
void gateway_rebuilt_api_key(void *state, const struct wh_row *row);
void gateway_rebuilt_link_end(void *state, const struct wh_row *row);

#endif
