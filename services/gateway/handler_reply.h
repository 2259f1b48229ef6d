// SPDX-License-Identifier: Apache-2.0
// How every answer of the JSON interface looks: a message as JSON with its ETag, a refusal as
// problem+json in the asker's language. Each of these answers the request; the ask is gone then.
#ifndef WH_GATEWAY_HANDLER_REPLY_H
#define WH_GATEWAY_HANDLER_REPLY_H

#include <jansson.h>

#include "gateway/gateway.h"

#define ETAG_MAX 24 // with quotes and NUL

void reply_message(struct gateway_ask *ask, int status, const ProtobufCMessage *message);
// Takes the reference. NULL is answered as an internal error.
void reply_json(struct gateway_ask *ask, int status, json_t *json);
// A finished body with its ETag ("" none); If-None-Match is looked at. body: borrowed.
void reply_body(struct gateway_ask *ask, int status, struct http_buffer *body, const char *etag);
void reply_nothing(struct gateway_ask *ask); // 204

void reply_rule(struct gateway_ask *ask, enum wh_rule rule, const char *field, const char *detail);
void reply_fault(struct gateway_ask *ask, const struct wh_wire_fault *fault);
void reply_error(struct gateway_ask *ask, const Whistle__V1__Error *error, const char *wrapped);
// No answer came, or none could be asked for: status as of wh_answer_fn and gateway_call.
void reply_silent(struct gateway_ask *ask, int status);
// Before there is an ask.
void reply_problem(struct http_request *request, enum wh_rule rule, const char *field,
                   const char *detail);

// The same with one more field.
void reply_problem_with(struct http_request *request, enum wh_rule rule, const char *name,
                        const char *value);

// A field on the answer to come, beside those above. name: literal; value: lives in the ask's
// arena.
void reply_header(struct gateway_ask *ask, const char *name, const char *value);

// Of a body's bytes. ret_etag: ETAG_MAX bytes.
void reply_etag(const void *data, size_t n, char *ret_etag);
// Does an If-Match or If-None-Match list (or "*") name this ETag? Weak ones count only with `weak`.
bool reply_etag_in(const char *list, const char *etag, bool weak);

#endif
