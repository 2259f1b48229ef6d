// SPDX-License-Identifier: Apache-2.0
// One gateway process: what its rooms share. handler_http.c owns the listener, handler_routes.c
// finds a request's route and who asks (handler_caller.c), handler_door.c and the other handler_
// files answer. Everything runs in the runtime's loop; nothing here is called from a thread.
#ifndef WH_GATEWAY_GATEWAY_H
#define WH_GATEWAY_GATEWAY_H

#include "client/call.h"
#include "gateway/role.h"
#include "gateway/route.h"
#include "http/http.h"
#include "runtime/service.h"
#include "whistle/v1/gateway.pb-c.h"

struct console;       // the console's files (handler_console.h)
struct publicity;     // limits and keys of what is public (handler_public_limit.c)
struct directory;     // people, sessions, keys (directory.h)
struct reads;         // the published views (store_read.h)
struct keys;          // when Idempotency-Keys were first seen (store_key.h)
struct live;          // the district (handler_district.h)
struct gateway_hub;   // events for streams and webhooks (handler_hub.h)
struct cache;         // whistles just shown (view_cache.h)
struct reply_headers; // handler_reply.h

struct gateway {
    struct wh_runtime *runtime;
    struct http_server *http;               // NULL: no listener
    struct wh_caller *callers[ROUTE_DOORS]; // by enum route_door; NULL where none
    struct directory *directory;
    struct publicity *publicity;
    struct console *console;  // NULL: none is served
    uint8_t secret[32];       // secrets/gateway.key; see gateway_subkey
    uv_timer_t figures;       // of the listener, handler_http.c
    struct logins *logins;    // handler_login.c
    int64_t idle_ms, life_ms; // of sessions
    struct reads *reads;
    struct keys *keys;
    struct live *live;
    struct gateway_hub *hub;
    struct cache *cache;
    bool draining;
};

#define GATEWAY_DRAIN_MS 10000
#define GATEWAY_WINDOW 384 // commands outstanding at one door
#define GATEWAY_COMMAND_MAX ((size_t)4 << 20)

// ---- who asks ----------------------------------------------------------------------------------

enum caller_kind { CALLER_NOBODY, CALLER_PERSON, CALLER_KEY, CALLER_LINK };

// Strings are borrowed of the request's arena.
struct caller {
    enum caller_kind kind;
    const char *person;     // code of the person ("" of keys): the officer at the doors
    const char *name;       // to show
    const char *identity;   // unit or body acted for; "" of nobody
    enum gateway_role role; // of the person's post
    unsigned kinds;         // WH_ROLE_… of the identity, as the keyring has them now
    unsigned scopes;        // of the key
    int64_t session;        // 0 none
    const char *key;        // prefix of the API key, "" none
};

// One request in hand. Lives in its arena, until it is answered.
struct gateway_ask {
    struct gateway *gateway;
    struct http_request *request;
    struct wh_arena *arena; // the request's
    struct route_found found;
    const struct gateway_route *route;
    struct caller caller;
    bool english;                  // else Chinese
    const char *request_id;        // as told in the answer, NULL none
    struct reply_headers *headers; // of the answer to come, NULL none
    void *data;                    // the handler's own
};

typedef void (*gateway_fn)(struct gateway_ask *ask);

// Who this is, by cookie or key: 0 (also nobody, where neither is there), or the rule that is
// broken: AUTH_UNKNOWN, AUTH_ENDED.
enum wh_rule gateway_caller(struct gateway *gateway, struct http_request *request,
                            struct caller *ret_caller);
struct route_caller gateway_route_caller(const struct caller *caller);
// May this unsafe request of a person's browser be believed? Origin, Sec-Fetch-Site and
// X-CSRF-Token. Requests by key or without a session have nothing to be forged with.
bool gateway_csrf_good(const struct gateway *gateway, const struct http_request *request,
                       const struct caller *caller);

// ---- doors -------------------------------------------------------------------------------------

// Calls a door as the ask's caller (acting_for its identity, officer its person). command:
// <Service>Command. request_id: all zero where repeating it does no harm. The answer lives during
// fn; status as of wh_answer_fn. 0, WH_E_BUSY, WH_E_NOMEM, WH_E_NOTFOUND (no such door).
int gateway_call(struct gateway_ask *ask, enum route_door door, const ProtobufCMessage *command,
                 struct wh_uuid request_id, wh_answer_fn fn);
// The same as somebody else: the public's questions, a link's steps, our own reads.
struct gateway_call_as {
    const char *identity, *officer; // "" identity: the gateway itself
    struct wh_uuid request_id;
    wh_answer_fn fn;
    void *arg;
};
int gateway_call_as(struct gateway *gateway, enum route_door door, const ProtobufCMessage *command,
                    const struct gateway_call_as *as);
// A command of our own (GatewayCommand) as the ask's caller, through a turn.
int gateway_submit(struct gateway_ask *ask, const Whistle__V1__GatewayCommand *command,
                   struct wh_uuid request_id, wh_submitted_fn fn, void *arg);

// A key for one purpose ("link", "public"), derived of the gateway's secret; the same for ever.
void gateway_subkey(const struct gateway *gateway, const char *purpose, uint8_t ret_key[32]);

// ---- life --------------------------------------------------------------------------------------

// handler_http.c: opens the listener, as settings say. 0 or WH_E_….
int gateway_listen(struct gateway *gateway);
void gateway_unlisten(struct gateway *gateway);
// handler_routes.c: called by the listener.
size_t gateway_head(struct http_request *request, void *gateway);
void gateway_handle(struct http_request *request, void *gateway);
void gateway_refuse(const struct http_refusal *refusal, struct wh_arena *arena,
                    struct http_reply *reply, void *gateway);

#endif
