// SPDX-License-Identifier: Apache-2.0
// Answers of the JSON interface. See handler_reply.h.
#include "gateway/handler_reply.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "gateway/handler_district.h"
#include "gateway/problem.h"

#define HEADERS_MAX 8
#define JSON_TYPE "application/json"

// ---- headers -----------------------------------------------------------------------------------

struct reply_headers {
    struct http_header list[HEADERS_MAX];
    size_t n;
};

static void add(struct reply_headers *headers, const char *name, const char *value)
{
    if (value != NULL && headers->n < HEADERS_MAX)
        headers->list[headers->n++] = (struct http_header){name, value};
}

void reply_header(struct gateway_ask *ask, const char *name, const char *value)
{
    if (ask->headers == NULL)
        ask->headers = wh_arena_calloc(ask->arena, 1, sizeof *ask->headers);
    if (ask->headers != NULL)
        add(ask->headers, name, value);
}

static struct reply_headers headers_of(const struct gateway_ask *ask)
{
    static const struct reply_headers none;
    return ask->headers != NULL ? *ask->headers : none;
}

// ---- ETag --------------------------------------------------------------------------------------

void reply_etag(const void *data, size_t n, char *ret_etag)
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    char hex[2 * sizeof hash + 1];
    crypto_generichash(hash, sizeof hash, data, n, NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    (void)snprintf(ret_etag, ETAG_MAX, "\"%.20s\"", hex);
}

bool reply_etag_in(const char *list, const char *etag, bool weak)
{
    struct wh_str rest = wh_str(list), item;
    while (rest.n > 0 && wh_str_split(&rest, ',', &item)) {
        item = wh_str_trim(item);
        if (weak && wh_str_starts(item, wh_str("W/")))
            item = (struct wh_str){item.p + 2, item.n - 2};
        if (wh_str_eq(item, wh_str("*")) || wh_str_eq(item, wh_str(etag)))
            return true;
    }
    return false;
}

// ---- good answers ------------------------------------------------------------------------------

void reply_body(struct gateway_ask *ask, int status, struct http_buffer *body, const char *etag)
{
    const char *have = http_header_get(ask->request, "If-None-Match");
    struct reply_headers headers = headers_of(ask);
    struct http_reply reply = {.status = status, .type = JSON_TYPE, .shared = body};
    add(&headers, "Cache-Control", etag[0] != '\0' ? "private, no-cache" : "no-store");
    add(&headers, "Vary", "Accept-Language, Authorization, Cookie");
    if (etag[0] != '\0')
        add(&headers, "ETag", etag);
    if (etag[0] != '\0' && have != NULL && reply_etag_in(have, etag, true)) {
        reply.status = 304;
        reply.type = NULL;
        reply.shared = NULL;
    }
    reply.headers = headers.list;
    reply.n_headers = headers.n;
    http_respond(ask->request, &reply);
}

void reply_json(struct gateway_ask *ask, int status, json_t *json)
{
    size_t n = 0;
    char etag[ETAG_MAX] = "";
    char *text = json != NULL ? wh_json_dump(json, &n) : NULL;
    struct http_buffer *body = text != NULL ? http_buffer_new(text, n) : NULL;
    json_decref(json);
    if (body == NULL) {
        free(text);
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
        return;
    }
    if (ask->route->etag)
        reply_etag(text, n, etag);
    free(text);
    reply_body(ask, status, body, etag);
    http_buffer_unref(body);
}

void reply_message(struct gateway_ask *ask, int status, const ProtobufCMessage *message)
{
    reply_json(ask, status, wh_json_from(message, gateway_zone(ask->gateway)));
}

void reply_nothing(struct gateway_ask *ask)
{
    struct reply_headers headers = headers_of(ask);
    add(&headers, "Cache-Control", "no-store");
    const struct http_reply reply = {
        .status = 204, .headers = headers.list, .n_headers = headers.n};
    http_respond(ask->request, &reply);
}

// ---- refusals ----------------------------------------------------------------------------------

static enum gateway_language language(const struct http_request *request)
{
    return language_of(http_header_get(request, "Accept-Language"));
}

static void send_problem(struct http_request *request, struct reply_headers headers,
                         const Whistle__V1__Problem *problem)
{
    char seconds[16];
    size_t n = 0;
    json_t *json = wh_json_from(&problem->base, NULL);
    char *text = json != NULL ? wh_json_dump(json, &n) : NULL;
    json_decref(json);
    add(&headers, "Cache-Control", "no-store");
    add(&headers, "Content-Language", language_tag(language(request)));
    if (problem->retry_after_s > 0) {
        (void)snprintf(seconds, sizeof seconds, "%d", problem->retry_after_s);
        add(&headers, "Retry-After", seconds);
    }
    if (problem->status == 401)
        add(&headers, "WWW-Authenticate", "Bearer realm=\"whistle\"");
    const struct http_reply reply = {
        .status = problem->status,
        .type = PROBLEM_TYPE,
        .headers = headers.list,
        .n_headers = headers.n,
        .body = text != NULL ? wh_str_n(text, n) : wh_str("{}"),
    };
    http_respond(request, &reply);
    free(text);
}

void reply_problem(struct http_request *request, enum wh_rule rule, const char *field,
                   const char *detail)
{
    const struct problem problem = {
        .rule = rule, .field = field, .detail = detail, .language = language(request)};
    Whistle__V1__Problem shown;
    problem_make(&problem, request->arena, &shown);
    send_problem(request, (struct reply_headers){.n = 0}, &shown);
}

void reply_problem_with(struct http_request *request, enum wh_rule rule, const char *name,
                        const char *value)
{
    const struct problem problem = {.rule = rule, .language = language(request)};
    struct reply_headers headers = {.n = 0};
    Whistle__V1__Problem shown;
    add(&headers, name, value);
    problem_make(&problem, request->arena, &shown);
    send_problem(request, headers, &shown);
}

void reply_rule(struct gateway_ask *ask, enum wh_rule rule, const char *field, const char *detail)
{
    const struct problem problem = {.rule = rule,
                                    .field = field,
                                    .detail = detail,
                                    .request_id = ask->request_id,
                                    .language = language(ask->request)};
    Whistle__V1__Problem shown;
    problem_make(&problem, ask->arena, &shown);
    send_problem(ask->request, headers_of(ask), &shown);
}

void reply_fault(struct gateway_ask *ask, const struct wh_wire_fault *fault)
{
    reply_rule(ask, fault->rule, fault->field, NULL);
}

void reply_error(struct gateway_ask *ask, const Whistle__V1__Error *error, const char *wrapped)
{
    Whistle__V1__Problem shown;
    problem_from(error, wrapped, ask->request_id, language(ask->request), ask->arena, &shown);
    send_problem(ask->request, headers_of(ask), &shown);
}

void reply_silent(struct gateway_ask *ask, int status)
{
    reply_rule(ask, status == WH_E_NOMEM ? WH_RULE_TOO_LARGE : WH_RULE_DOOR_SILENT, NULL, NULL);
}
