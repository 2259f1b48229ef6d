// SPDX-License-Identifier: Apache-2.0
// Questions about people, sessions, keys and links, answered from memory: for the door and, through
// the same functions, for the pages. Everybody hears of those alone whom they keep; hashes leave
// never.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/handler.h"
#include "gateway/wire.h"

#define ANSWER(name) WHISTLE__V1__GATEWAY_ANSWER__WHAT_##name
#define PEOPLE_MAX 200

static char *held(const char *text)
{
    return (char *)(uintptr_t)text;
}

void gateway_show_post(const struct post *post, Whistle__V1__Post *ret_post)
{
    whistle__v1__post__init(ret_post);
    ret_post->identity = held(post->identity);
    ret_post->role = held(gateway_role_info(post->role)->name);
    ret_post->from_at = post->from_at;
    ret_post->until_at = post->until_at;
    ret_post->standing_in_for = held(post->standing_in_for);
}

int gateway_show_person(const struct person *person, struct wh_arena *arena,
                        Whistle__V1__Person *ret_person)
{
    whistle__v1__person__init(ret_person);
    Whistle__V1__Post *posts = wh_arena_calloc(arena, person->n_posts + 1, sizeof *posts);
    ret_person->posts = wh_arena_calloc(arena, person->n_posts + 1, sizeof *ret_person->posts);
    if (posts == NULL || ret_person->posts == NULL)
        return WH_E_NOMEM;
    for (size_t i = 0; i < person->n_posts; i++) {
        gateway_show_post(&person->posts[i], &posts[i]);
        ret_person->posts[ret_person->n_posts++] = &posts[i];
    }
    ret_person->code = held(person->code);
    ret_person->login = held(person->login);
    ret_person->name = held(person->name);
    ret_person->temporary = person->temporary;
    ret_person->added_at = person->added_at;
    ret_person->ended_at = person->ended_at;
    return 0;
}

// ---- people ------------------------------------------------------------------------------------

static bool has_post_at(const struct person *person, const char *identity)
{
    for (size_t i = 0; i < person->n_posts; i++)
        if (strcmp(person->posts[i].identity, identity) == 0)
            return true;
    return false;
}

static bool sees_person(const struct gateway *gateway, const struct wh_actor *actor,
                        const struct person *person, const Whistle__V1__ListPeople *ask)
{
    if (ask->code[0] != '\0' && strcmp(ask->code, person->code) != 0)
        return false;
    if (ask->identity[0] != '\0' && !has_post_at(person, ask->identity))
        return false;
    if ((actor->roles & (WH_ROLE_OPERATOR | WH_ROLE_DISTRICT | WH_ROLE_AUDITOR)) != 0)
        return true;
    (void)gateway;
    return has_post_at(person, actor->identity);
}

static void count_sessions(const struct gateway *gateway, Whistle__V1__People *people, int64_t now)
{
    const struct session *session;
    size_t at = 0;
    while ((session = directory_next_session(gateway->directory, &at)) != NULL) {
        const struct person *person = directory_person(gateway->directory, session->person);
        if (!session_live(session, person, gateway->idle_ms, gateway->life_ms, now))
            continue;
        for (size_t i = 0; i < people->n_people; i++)
            people->people[i]->sessions += people->people[i]->code == person->code;
    }
}

int gateway_list_people(const struct gateway *gateway, const struct wh_actor *actor,
                        const Whistle__V1__ListPeople *ask, struct wh_arena *arena,
                        Whistle__V1__People *ret_people)
{
    struct wire_fault fault;
    struct wire_page page;
    const struct person *person;
    if (wire_page(ask->cursor, ask->limit, &page, &fault) != 0)
        return WH_E_INVALID;
    whistle__v1__people__init(ret_people);
    ret_people->people = wh_arena_calloc(arena, PEOPLE_MAX, sizeof *ret_people->people);
    Whistle__V1__Person *rows = wh_arena_calloc(arena, PEOPLE_MAX, sizeof *rows);
    char *cursor = wh_arena_alloc(arena, 24);
    size_t at = (size_t)page.after;
    if (rows == NULL || cursor == NULL || ret_people->people == NULL)
        return WH_E_NOMEM;
    while (ret_people->n_people < (size_t)page.limit &&
           (person = directory_next_person(gateway->directory, &at)) != NULL) {
        Whistle__V1__Person *row = &rows[ret_people->n_people];
        if (!sees_person(gateway, actor, person, ask))
            continue;
        if (gateway_show_person(person, arena, row) != 0)
            return WH_E_NOMEM;
        ret_people->people[ret_people->n_people++] = row;
    }
    if (ret_people->n_people == (size_t)page.limit) {
        (void)snprintf(cursor, 24, "%zu", at);
        ret_people->cursor = cursor;
    }
    count_sessions(gateway, ret_people, wh_wall_now());
    return 0;
}

void query_people(void *arg, struct wh_query *query, const struct wh_item *item)
{
    Whistle__V1__GatewayAnswer answer = WHISTLE__V1__GATEWAY_ANSWER__INIT;
    Whistle__V1__People people;
    int status =
        gateway_list_people(arg, &item->actor, (const Whistle__V1__ListPeople *)item->message,
                            wh_query_arena(query), &people);
    answer.what_case = ANSWER(PEOPLE);
    answer.people = &people;
    if (status != 0)
        wh_query_refuse(query, status == WH_E_INVALID ? WH_RULE_FIELD_FORMAT : WH_RULE_INTERNAL,
                        status == WH_E_INVALID ? "cursor" : NULL, NULL);
    else
        wh_query_answer(query, &answer.base);
}

// ---- sessions ----------------------------------------------------------------------------------

static void show_session(const struct session *session, Whistle__V1__Session *row)
{
    whistle__v1__session__init(row);
    row->id = session->id;
    row->person = held(session->person);
    row->identity = held(session->identity);
    row->role = held(gateway_role_info(session->role)->name);
    row->address = held(session->address);
    row->agent = held(session->agent);
    row->started_at = session->started_at;
    row->used_at = session->used_at;
}

int gateway_list_sessions(const struct gateway *gateway, const char *code, int64_t current,
                          struct wh_arena *arena, Whistle__V1__Sessions *ret_sessions)
{
    const struct person *person = directory_person(gateway->directory, code);
    const size_t most = PERSON_SESSIONS + 1;
    Whistle__V1__Session *rows = wh_arena_calloc(arena, most, sizeof *rows);
    const struct session *session;
    size_t at = 0;
    whistle__v1__sessions__init(ret_sessions);
    ret_sessions->sessions = wh_arena_calloc(arena, most, sizeof *ret_sessions->sessions);
    if (rows == NULL || ret_sessions->sessions == NULL)
        return WH_E_NOMEM;
    while (person != NULL && ret_sessions->n_sessions < most &&
           (session = directory_next_session(gateway->directory, &at)) != NULL) {
        Whistle__V1__Session *row = &rows[ret_sessions->n_sessions];
        if (strcmp(session->person, code) != 0 ||
            !session_live(session, person, gateway->idle_ms, gateway->life_ms, wh_wall_now()))
            continue;
        show_session(session, row);
        row->current = session->id == current;
        ret_sessions->sessions[ret_sessions->n_sessions++] = row;
    }
    return 0;
}

void query_sessions(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const struct gateway *gateway = arg;
    const Whistle__V1__ListSessions *ask = (const Whistle__V1__ListSessions *)item->message;
    Whistle__V1__GatewayAnswer answer = WHISTLE__V1__GATEWAY_ANSWER__INIT;
    Whistle__V1__ListPeople who = WHISTLE__V1__LIST_PEOPLE__INIT;
    Whistle__V1__Sessions sessions;
    const struct person *person = directory_person(gateway->directory, ask->person);
    who.code = ask->person;
    if (person == NULL || !sees_person(gateway, &item->actor, person, &who)) {
        wh_query_refuse(query, WH_RULE_PERSON_UNKNOWN, "person", NULL);
        return;
    }
    answer.what_case = ANSWER(SESSIONS);
    answer.sessions = &sessions;
    if (gateway_list_sessions(gateway, ask->person, 0, wh_query_arena(query), &sessions) != 0)
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
    else
        wh_query_answer(query, &answer.base);
}

// ---- keys of programs --------------------------------------------------------------------------

static int show_scopes(unsigned scopes, struct wh_arena *arena, Whistle__V1__ApiKey *row)
{
    row->scopes = wh_arena_calloc(arena, GATEWAY_SCOPES, sizeof *row->scopes);
    if (row->scopes == NULL)
        return WH_E_NOMEM;
    for (unsigned i = 0; i < GATEWAY_SCOPES; i++)
        if ((scopes & 1u << i) != 0)
            row->scopes[row->n_scopes++] = held(gateway_scope_name(i));
    return 0;
}

static int show_api_key(const struct api_key *key, struct wh_arena *arena, Whistle__V1__ApiKey *row)
{
    whistle__v1__api_key__init(row);
    row->prefix = held(key->prefix);
    row->identity = held(key->identity);
    row->name = held(key->name);
    row->added_at = key->added_at;
    row->expires_at = key->expires_at;
    row->used_at = key->used_at;
    row->ended_at = key->ended_at;
    return show_scopes(key->scopes, arena, row);
}

int gateway_list_api_keys(const struct gateway *gateway, const struct wh_actor *actor,
                          const Whistle__V1__ListApiKeys *ask, struct wh_arena *arena,
                          Whistle__V1__ApiKeys *ret_keys)
{
    const struct api_key *key;
    size_t at = 0, n = 0;
    while (directory_next_api_key(gateway->directory, &at) != NULL)
        n++;
    whistle__v1__api_keys__init(ret_keys);
    ret_keys->api_keys = wh_arena_calloc(arena, n + 1, sizeof *ret_keys->api_keys);
    Whistle__V1__ApiKey *rows = wh_arena_calloc(arena, n + 1, sizeof *rows);
    if (rows == NULL || ret_keys->api_keys == NULL)
        return WH_E_NOMEM;
    at = 0;
    while ((key = directory_next_api_key(gateway->directory, &at)) != NULL) {
        Whistle__V1__ApiKey *row = &rows[ret_keys->n_api_keys];
        if ((ask->identity[0] != '\0' && strcmp(ask->identity, key->identity) != 0) ||
            !gateway_keeps(gateway, actor, key->identity))
            continue;
        if (show_api_key(key, arena, row) != 0)
            return WH_E_NOMEM;
        ret_keys->api_keys[ret_keys->n_api_keys++] = row;
    }
    return 0;
}

void query_api_keys(void *arg, struct wh_query *query, const struct wh_item *item)
{
    Whistle__V1__GatewayAnswer answer = WHISTLE__V1__GATEWAY_ANSWER__INIT;
    Whistle__V1__ApiKeys keys;
    answer.what_case = ANSWER(API_KEYS);
    answer.api_keys = &keys;
    if (gateway_list_api_keys(arg, &item->actor, (const Whistle__V1__ListApiKeys *)item->message,
                              wh_query_arena(query), &keys) != 0)
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
    else
        wh_query_answer(query, &answer.base);
}

// ---- links -------------------------------------------------------------------------------------

// A link made in the second in which older ones were ended is newer than that.
void gateway_make_link(const struct gateway *gateway, struct link_claim *claim,
                       char ret_token[LINK_TOKEN_MAX])
{
    uint8_t key[LINK_KEY];
    int64_t ended = directory_link_end(gateway->directory, claim->task);
    if (claim->made_at / 1000 * 1000 <= ended)
        claim->made_at = (ended / 1000 + 1) * 1000;
    if (claim->until_at > claim->made_at / 1000 * 1000 + LINK_LIFE_MS)
        claim->until_at = claim->made_at / 1000 * 1000 + LINK_LIFE_MS;
    gateway_subkey(gateway, "link", key);
    if (link_make(claim, key, ret_token) != 0)
        ret_token[0] = '\0';
}

// For the department's own task, by whoever sends its notices, its street's district, an operator.
void query_link(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const struct gateway *gateway = arg;
    Whistle__V1__GatewayAnswer answer = WHISTLE__V1__GATEWAY_ANSWER__INIT;
    Whistle__V1__Link link = WHISTLE__V1__LINK__INIT;
    char department[WH_DEPARTMENT_MAX + 1], token[LINK_TOKEN_MAX], url[LINK_TOKEN_MAX + 256];
    struct link_claim claim;
    struct wire_fault fault;
    if (wire_link((const Whistle__V1__MakeLink *)item->message, wh_query_now(query), &claim,
                  department, &fault) != 0) {
        wh_query_refuse(query, fault.rule, fault.field, NULL);
        return;
    }
    if ((item->actor.roles & WH_ROLE_NOTIFIER) == 0 &&
        !gateway_keeps(gateway, &item->actor, department)) {
        wh_query_refuse(query, WH_RULE_SCOPE_FOREIGN, "task", NULL);
        return;
    }
    gateway_make_link(gateway, &claim, token);
    const char *base = wh_setting_text(gateway->runtime, "public_url");
    (void)snprintf(url, sizeof url, "%s/l/%s", base, token);
    link.token = token;
    link.url = base[0] != '\0' ? url : held("");
    link.until_at = claim.until_at / 1000 * 1000;
    answer.what_case = ANSWER(LINK);
    answer.link = &link;
    wh_query_answer(query, &answer.base);
}
