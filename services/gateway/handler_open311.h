// SPDX-License-Identifier: Apache-2.0
// Open311 GeoReport v2 over HTTP: what its three handler files share.
#ifndef WH_GATEWAY_HANDLER_OPEN311_H
#define WH_GATEWAY_HANDLER_OPEN311_H

#include "base/id.h"
#include "gateway/gateway.h"
#include "gateway/open311.h"
#include "gateway/public_card.h"
#include "gateway/wire_open311.h"
#include "whistle/v1/intake.pb-c.h"

// One request in hand (ask->data).
struct open311_ask {
    struct open311_view view; // district: NULL until it is known
    bool json;
    struct open311_query query;
    struct caller key;                // of the api_key or the bearer; kind NOBODY: none
    struct wh_str id;                 // the path's last segment, without its format
    bool sees_all;                    // scope open311.all
    Whistle__V1__RaiseWhistle *raise; // POST: what goes to intake
    struct public_row row;            // GET: the row in hand and what is told of it
    struct open311_request request;
    char number[WH_NUMBER_MAX];
    char location[64]; // POST: of what was made
    bool token;        // it was asked for by tokens/
};

void open311_reply(struct gateway_ask *ask, int status, enum open311_kind kind, json_t *document);
void open311_refuse(struct gateway_ask *ask, int status, const char *text);
// A rule of ours in the standard's shape; its statuses but 400, 403, 404 stay what they are.
void open311_refuse_rule(struct gateway_ask *ask, enum wh_rule rule, const char *field);

// Whose key Open311's api_key is. WH_RULE_NONE: it is good; the texts are in the arena.
enum wh_rule open311_key(struct gateway *gateway, const char *key, struct wh_arena *arena,
                         struct caller *ret_caller);

// The query, the jurisdiction, the key. False: answered.
bool open311_begin(struct gateway_ask *ask, struct wh_str segment);
bool open311_common_good(struct gateway_ask *ask, const struct open311_common *common);

void open311_list(struct gateway_ask *ask);     // GET requests
void open311_one(struct gateway_ask *ask);      // GET requests/{id}
void open311_token_of(struct gateway_ask *ask); // GET tokens/{id}

// ---- routes (route.def) ------------------------------------------------------------------------
void on_open311_discovery(struct gateway_ask *ask);
void on_open311_get(struct gateway_ask *ask);
void on_open311_get_one(struct gateway_ask *ask);
void on_open311_post(struct gateway_ask *ask);

#endif
