// SPDX-License-Identifier: Apache-2.0
// What this interface says of itself: its description and the rules a refusal may name. Both are
// the same as long as the program runs, so they are made once.
#include <stdlib.h>

#include "client/json.h"
#include "gateway/handler_api.h"
#include "gateway/view_openapi.h"
#include "whistle/v1/api.pb-c.h"

struct made {
    struct http_buffer *body;
    char etag[ETAG_MAX];
};

static void answer(struct gateway_ask *ask, struct made *made, json_t *(*make)(void))
{
    size_t n = 0;
    json_t *json = made->body == NULL ? make() : NULL;
    char *text = json != NULL ? wh_json_dump(json, &n) : NULL;
    json_decref(json);
    if (text != NULL) {
        made->body = http_buffer_new(text, n);
        reply_etag(text, n, made->etag);
    }
    free(text);
    if (made->body != NULL)
        reply_body(ask, 200, made->body, made->etag);
    else
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
}

void on_openapi(struct gateway_ask *ask)
{
    static struct made made;
    answer(ask, &made, openapi_document);
}

static json_t *rules_document(void)
{
    json_t *list = json_array();
    for (int i = WH_RULE_NONE + 1; i < WH_RULE_COUNT_; i++) {
        const struct wh_rule_info *info = wh_rule_info((enum wh_rule)i);
        Whistle__V1__RuleText rule = WHISTLE__V1__RULE_TEXT__INIT;
        rule.name = (char *)info->name;
        rule.status = info->status;
        rule.code = (char *)info->code;
        rule.zh = (char *)info->zh;
        rule.en = (char *)info->en;
        json_array_append_new(list, wh_json_from(&rule.base, NULL));
    }
    return json_pack("{s:o}", "rules", list);
}

void on_rules(struct gateway_ask *ask)
{
    static struct made made;
    answer(ask, &made, rules_document);
}
