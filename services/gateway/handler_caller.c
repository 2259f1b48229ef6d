// SPDX-License-Identifier: Apache-2.0
// Who asks: by an API key in Authorization, else by the session's cookie. What they may do is for
// the route table and the doors. A cookie that means no session any more is as none.
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/handler_open311.h"
#include "gateway/handler_people.h"

#define OTHERS ((unsigned)~(WH_ROLE_SERVICE | WH_ROLE_GATEWAY))

static void be_nobody(struct caller *caller)
{
    *caller =
        (struct caller){.kind = CALLER_NOBODY, .person = "", .name = "", .identity = "", .key = ""};
}

// The texts outlive a change of the directory while the request waits.
static bool keep_texts(struct caller *caller, struct wh_arena *arena)
{
    caller->person = wh_arena_strdup(arena, caller->person);
    caller->name = wh_arena_strdup(arena, caller->name);
    caller->identity = wh_arena_strdup(arena, caller->identity);
    caller->key = wh_arena_strdup(arena, caller->key);
    return caller->person != NULL && caller->name != NULL && caller->identity != NULL &&
           caller->key != NULL;
}

static enum wh_rule by_key(struct gateway *gateway, const char *authorization,
                           struct caller *caller)
{
    char prefix[API_KEY_PREFIX + 1];
    uint8_t hash[TOKEN_HASH];
    int64_t now = wh_wall_now();
    if (!api_key_read(authorization, prefix, hash))
        return WH_RULE_AUTH_UNKNOWN;
    struct api_key *key = directory_api_key(gateway->directory, prefix);
    if (key == NULL || !token_equal(key->hash, hash))
        return WH_RULE_AUTH_UNKNOWN;
    unsigned kinds = wh_live_roles(gateway->runtime, key->identity) & OTHERS;
    if (!api_key_live(key, now) || kinds == 0)
        return WH_RULE_AUTH_ENDED;
    key->used_at = now;
    caller->kind = CALLER_KEY;
    caller->name = key->name;
    caller->identity = key->identity;
    caller->kinds = kinds;
    caller->scopes = key->scopes;
    caller->key = key->prefix;
    return WH_RULE_NONE;
}

static enum wh_rule by_cookie(struct gateway *gateway, const char *header, struct caller *caller)
{
    uint8_t token[TOKEN_BYTES], hash[TOKEN_HASH];
    int64_t now = wh_wall_now();
    if (!cookie_token(header, token))
        return WH_RULE_NONE;
    token_hash(token, sizeof token, hash);
    struct session *session = directory_token(gateway->directory, hash);
    const struct person *person =
        session != NULL ? directory_person(gateway->directory, session->person) : NULL;
    if (person == NULL || !session_live(session, person, gateway->idle_ms, gateway->life_ms, now))
        return WH_RULE_NONE;
    unsigned kinds = wh_live_roles(gateway->runtime, session->identity) & OTHERS;
    if (kinds == 0)
        return WH_RULE_AUTH_ENDED;
    session->used_at = now;
    caller->kind = CALLER_PERSON;
    caller->person = person->code;
    caller->name = person->name;
    caller->identity = session->identity;
    caller->role = session->role;
    caller->kinds = kinds;
    caller->session = session->id;
    return WH_RULE_NONE;
}

enum wh_rule gateway_caller(struct gateway *gateway, struct http_request *request,
                            struct caller *ret_caller)
{
    const char *authorization = http_header_get(request, "Authorization");
    const char *cookie = http_header_get(request, "Cookie");
    enum wh_rule rule = WH_RULE_NONE;
    be_nobody(ret_caller);
    if (authorization == NULL && cookie == NULL)
        return WH_RULE_NONE;
    if (!wh_serving(gateway->runtime)) // nobody is known yet: that is no reason to log in again
        return WH_RULE_BUSY_STARTING;
    rule = authorization != NULL ? by_key(gateway, authorization, ret_caller)
                                 : by_cookie(gateway, cookie, ret_caller);
    if (rule == WH_RULE_NONE && !keep_texts(ret_caller, request->arena))
        rule = WH_RULE_INTERNAL;
    if (rule != WH_RULE_NONE)
        be_nobody(ret_caller);
    return rule;
}

struct route_caller gateway_route_caller(const struct caller *caller)
{
    return (struct route_caller){
        .known = caller->kind == CALLER_PERSON || caller->kind == CALLER_KEY,
        .person = caller->kind == CALLER_PERSON,
        .role = caller->kind == CALLER_PERSON ? 1u << caller->role : 0,
        .scopes = caller->scopes,
        .kinds = caller->kinds,
    };
}

// ---- forged requests ---------------------------------------------------------------------------

void gateway_csrf_token(const struct gateway *gateway, int64_t id, char ret_text[CSRF_CHARS + 1])
{
    const struct session *session = directory_session(gateway->directory, id);
    uint8_t key[32], mac[CSRF_CHARS / 2];
    ret_text[0] = '\0';
    if (session == NULL)
        return;
    gateway_subkey(gateway, "csrf", key);
    crypto_generichash(mac, sizeof mac, session->hash, sizeof session->hash, key, sizeof key);
    sodium_bin2hex(ret_text, CSRF_CHARS + 1, mac, sizeof mac);
}

static bool same_host(const char *origin, const char *host)
{
    const char *at = strncmp(origin, "https://", 8) == 0  ? origin + 8
                     : strncmp(origin, "http://", 7) == 0 ? origin + 7
                                                          : NULL;
    return at != NULL && strcasecmp(at, host) == 0;
}

// A browser says where a request comes from: in Origin, else in Sec-Fetch-Site. What says neither
// is no page of somebody else's.
static bool origin_good(const struct gateway *gateway, const struct http_request *request)
{
    const char *origin = http_header_get(request, "Origin");
    const char *site = http_header_get(request, "Sec-Fetch-Site");
    const char *own = wh_setting_text(gateway->runtime, "public_url");
    if (origin != NULL)
        return own[0] != '\0' ? strcasecmp(origin, own) == 0 : same_host(origin, request->host);
    return site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
}

bool gateway_csrf_good(const struct gateway *gateway, const struct http_request *request,
                       const struct caller *caller)
{
    char wanted[CSRF_CHARS + 1];
    const char *token = http_header_get(request, "X-CSRF-Token");
    if (caller->kind == CALLER_KEY)
        return true;
    if (!origin_good(gateway, request))
        return false;
    if (caller->kind != CALLER_PERSON)
        return true;
    gateway_csrf_token(gateway, caller->session, wanted);
    return token != NULL && strlen(token) == CSRF_CHARS && wanted[0] != '\0' &&
           sodium_memcmp(token, wanted, CSRF_CHARS) == 0;
}

// ---- how lately ---------------------------------------------------------------------------------

static void on_touched(void *arg, int status, const Whistle__V1__Answer *answer)
{
    (void)arg;
    (void)status;
    (void)answer; // what was not stored is found again the next time
}

// Collects what was used since it was stored. Returns how many.
static size_t collect(struct gateway *gateway, Whistle__V1__Used *rows, Whistle__V1__Used **list)
{
    struct session *session;
    struct api_key *key;
    size_t n = 0, at = 0;
    while (n < TOUCH_MAX && (session = directory_next_session(gateway->directory, &at)) != NULL) {
        if (session->used_at - session->stored_at < TOUCH_MS)
            continue;
        whistle__v1__used__init(&rows[n]);
        rows[n].session = session->id;
        rows[n].at = session->stored_at = session->used_at;
        list[n] = &rows[n];
        n++;
    }
    at = 0;
    while (n < TOUCH_MAX && (key = directory_next_api_key(gateway->directory, &at)) != NULL) {
        if (key->used_at - key->stored_at < TOUCH_MS)
            continue;
        whistle__v1__used__init(&rows[n]);
        rows[n].api_key = key->prefix;
        rows[n].at = key->stored_at = key->used_at;
        list[n] = &rows[n];
        n++;
    }
    return n;
}

void gateway_touch(struct gateway *gateway)
{
    static Whistle__V1__Used rows[TOUCH_MAX], *list[TOUCH_MAX];
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    Whistle__V1__TouchUsed touch = WHISTLE__V1__TOUCH_USED__INIT;
    if (!wh_serving(gateway->runtime))
        return;
    touch.used = list;
    touch.n_used = collect(gateway, rows, list);
    command.what_case = WHISTLE__V1__GATEWAY_COMMAND__WHAT_TOUCH_USED;
    command.touch_used = &touch;
    const struct wh_submission submission = {
        .command = &command.base,
        .actor = {.identity = "gateway", .officer = "", .acting_for = ""},
        .on_answer = on_touched,
    };
    if (touch.n_used > 0)
        (void)wh_submit(gateway->runtime, &submission);
}

// Open311's api_key is a key that stands in a form or a query.
enum wh_rule open311_key(struct gateway *gateway, const char *key, struct wh_arena *arena,
                         struct caller *ret_caller)
{
    char text[300];
    enum wh_rule rule = WH_RULE_AUTH_UNKNOWN;
    be_nobody(ret_caller);
    if (!wh_serving(gateway->runtime))
        return WH_RULE_BUSY_STARTING;
    if (snprintf(text, sizeof text, "Bearer %s", key) < (int)sizeof text)
        rule = by_key(gateway, text, ret_caller);
    if (rule == WH_RULE_NONE && !keep_texts(ret_caller, arena))
        rule = WH_RULE_INTERNAL;
    if (rule != WH_RULE_NONE)
        be_nobody(ret_caller);
    return rule;
}
