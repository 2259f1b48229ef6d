// SPDX-License-Identifier: Apache-2.0
// Open311's words from outside: the form of POST requests and the query of GET requests, strictly
// by field. Names that the standard does not know are passed over, as it asks.
#ifndef WH_GATEWAY_WIRE_OPEN311_H
#define WH_GATEWAY_WIRE_OPEN311_H

#include "base/arena.h"
#include "base/text.h"
#include "gateway/open311.h"
#include "whistle/v1/public.pb-c.h"

#define OPEN311_IDS_MAX 200
#define OPEN311_CODES_MAX 64

// What the standard answers: status 400, 403 or 404 and a text for the client's programmer.
struct open311_fault {
    int status;
    char text[160];
};

// Of a form or a query alike. Texts are in the arena, "" where absent.
struct open311_common {
    const char *api_key, *jurisdiction_id, *locale;
    bool extensions;
};

struct open311_form {
    struct open311_common common;
    Whistle__V1__PublicReport report; // without ticket and website
    Whistle__V1__Place place;
    Whistle__V1__Reporter reporter;
    const char *media_url;
};

struct open311_query {
    struct open311_common common;
    int64_t ids[OPEN311_IDS_MAX];
    size_t n_ids;
    bool by_ids; // service_request_id was given, also where none of them can be one
    const char *codes[OPEN311_CODES_MAX];
    size_t n_codes;
    bool open, closed;        // status; neither: all
    int64_t start_at, end_at; // 0: not given
    int page, page_size;      // 1 and OPEN311_ROWS_MAX where not given
};

// body: application/x-www-form-urlencoded. 0; WH_E_INVALID with the fault told; WH_E_NOMEM.
int wire_open311_form(struct wh_str body, struct wh_arena *arena, struct open311_form *ret_form,
                      struct open311_fault *ret_fault);
// prefix: of this district's numbers; others' ids are of no request here.
int wire_open311_query(struct wh_str query, const char *prefix, struct wh_arena *arena,
                       struct open311_query *ret_query, struct open311_fault *ret_fault);

// "requests.json" → its name without the format. json: what the name says, else what Accept
// prefers (NULL: XML).
struct wh_str wire_open311_name(struct wh_str segment, const char *accept, bool *ret_json);

#endif
