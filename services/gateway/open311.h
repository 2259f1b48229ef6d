// SPDX-License-Identifier: Apache-2.0
// Open311 GeoReport v2: the district's categories and whistles as the standard's documents. One
// mapping to JSON values; XML is another way of writing the same document (open311_xml.c). Pure:
// who may see which whistle, and how exactly, is decided before (what a public request shows is in
// struct open311_request already).
// Standard: https://wiki.open311.org/GeoReport_v2 (fields, order, errors, formats).
#ifndef WH_GATEWAY_OPEN311_H
#define WH_GATEWAY_OPEN311_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "district/district.h"

#define OPEN311_DAYS_MAX 90
#define OPEN311_ROWS_MAX 1000
#define OPEN311_PAGE_MAX 200

// What a document is: its root and its rows' names in XML.
enum open311_kind {
    OPEN311_SERVICES,
    OPEN311_DEFINITION,
    OPEN311_REQUESTS,
    OPEN311_ERRORS,
    OPEN311_DISCOVERY,
};

struct open311_view {
    const struct wh_district *district;
    bool english;
    bool extensions; // extended_attributes with the fine state
};

// Zero or NULL: not known or not to be shown.
struct open311_request {
    int64_t number;
    const char *category;
    int state; // WhistleState; of a joined one its matter's
    bool joined;
    bool by_day; // times are told as the day's beginning
    int64_t requested_at, updated_at, expected_at;
    bool has_point;
    double lat, lon;
    const char *address, *address_id, *text;
    const int32_t *agencies; // parties, the lead first
    size_t n_agencies;
    int priority; // told with extensions only
};

// A page that tells where and in which formats: endpoints' address ("https://…/open311/v2").
struct open311_place {
    const char *url, *contact, *key_service, *changeset;
};

// Every one is a new reference, or NULL without memory.
// Categories that residents may report.
json_t *open311_services(const struct open311_view *view);
json_t *open311_definition(const struct open311_view *view, const struct wh_category *category);
json_t *open311_request(const struct open311_view *view, const struct open311_request *request);
// What POST answers: a list of one. notice: may be NULL.
json_t *open311_created(const char *number, const char *notice, const char *code);
json_t *open311_token(const char *token, const char *number);
json_t *open311_error(int code, const char *description);
json_t *open311_discovery(const struct open311_place *place);

// "open" or "closed".
const char *open311_status(int state);
// The state in words, as status_notes tells it: "处置中 (ACTIVE)".
void open311_notes(int state, bool joined, bool english, char ret_text[96]);

// The document as XML, UTF-8 with its declaration. From malloc. 0, WH_E_NOMEM.
int open311_xml(const json_t *document, enum open311_kind kind, char **ret_text, size_t *ret_n);

#endif
