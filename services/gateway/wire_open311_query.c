// SPDX-License-Identifier: Apache-2.0
// The query of GET requests, and a path's format.
#include "gateway/wire_open311.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/time.h"
#include "gateway/wire_open311_field.h"

struct query_reading {
    struct open311_query *query;
    const char *prefix;
};

// What cannot be a number of ours is no request here: passed over, not refused.
static int read_ids(struct reading *r, const struct http_pair *pair, struct query_reading *reading)
{
    struct open311_query *query = reading->query;
    struct wh_str rest = pair->value, piece;
    query->by_ids = true;
    while (wh_str_split(&rest, ',', &piece)) {
        char text[WH_NUMBER_MAX], prefix[WH_PREFIX_MAX + 1];
        int64_t id = 0;
        piece = wh_str_trim(piece);
        if (piece.n == 0 || piece.n >= sizeof text)
            continue;
        memcpy(text, piece.p, piece.n);
        text[piece.n] = 0;
        if (wh_number_parse(text, prefix, &id) != 0 || strcmp(prefix, reading->prefix) != 0)
            continue;
        if (query->n_ids == OPEN311_IDS_MAX)
            return field_fault(r, 400, "too many at once", pair->name.p);
        query->ids[query->n_ids++] = id;
    }
    return 0;
}

static int read_codes(struct reading *r, const struct http_pair *pair, struct open311_query *query)
{
    struct wh_str rest = pair->value, piece;
    while (wh_str_split(&rest, ',', &piece)) {
        piece = wh_str_trim(piece);
        if (piece.n == 0)
            continue;
        if (query->n_codes == OPEN311_CODES_MAX)
            return field_fault(r, 400, "too many at once", pair->name.p);
        if (wh_ident_check(piece.p, piece.n, 32, NULL) != 0)
            return field_fault(r, 404, "no such service", pair->name.p);
        query->codes[query->n_codes] = wh_arena_dup(r->arena, piece.p, piece.n);
        if (query->codes[query->n_codes++] == NULL)
            return WH_E_NOMEM;
    }
    return 0;
}

static int read_status(struct reading *r, const struct http_pair *pair, struct open311_query *query)
{
    struct wh_str rest = pair->value, piece;
    while (wh_str_split(&rest, ',', &piece)) {
        piece = wh_str_trim(piece);
        if (wh_str_eq(piece, wh_str("open")))
            query->open = true;
        else if (wh_str_eq(piece, wh_str("closed")))
            query->closed = true;
        else if (piece.n > 0)
            return field_fault(r, 400, "open or closed", pair->name.p);
    }
    return 0;
}

// In a query '+' is a space: "2026-11-23T08:00:00+08:00" that was not escaped is meant so.
static int read_time(struct reading *r, const struct http_pair *pair, int64_t *ret_at)
{
    char *text = (char *)(uintptr_t)pair->value.p, *space = strchr(text, ' ');
    if (pair->value.n == 0)
        return 0;
    if (space != NULL && space - text >= 19)
        *space = '+';
    if (wh_rfc3339_parse(text, ret_at) != 0 || *ret_at <= 0)
        return field_fault(r, 400, "a time with zone is expected, 2026-11-23T08:00:00+08:00",
                           pair->name.p);
    return 0;
}

static int read_count(struct reading *r, const struct http_pair *pair, int most, int *ret_count)
{
    const char *p = pair->value.p;
    if (pair->value.n == 0)
        return 0;
    if (pair->value.n > 6 || p[strspn(p, "0123456789")] != 0 || atoi(p) < 1)
        return field_fault(r, 400, "a number from 1 is expected", pair->name.p);
    *ret_count = atoi(p) < most ? atoi(p) : most;
    return 0;
}

static int read_query_pair(struct reading *r, const struct http_pair *pair, void *arg)
{
    static const char *const names[] = {"service_request_id", "service_code", "status",
                                        "start_date",         "end_date",     "page",
                                        "page_size"};
    struct query_reading *reading = arg;
    struct open311_query *query = reading->query;
    unsigned i = 0;
    int rc = 0;
    if (field_common(r, pair, &query->common, &rc))
        return rc;
    while (i < sizeof names / sizeof *names && !wh_str_eq(pair->name, wh_str(names[i])))
        i++;
    if (i == sizeof names / sizeof *names)
        return 0;
    if (field_once(r, i, pair) != 0)
        return WH_E_INVALID;
    switch (i) {
    case 0:
        return read_ids(r, pair, reading);
    case 1:
        return read_codes(r, pair, query);
    case 2:
        return read_status(r, pair, query);
    case 3:
        return read_time(r, pair, &query->start_at);
    case 4:
        return read_time(r, pair, &query->end_at);
    case 5:
        return read_count(r, pair, 100000, &query->page);
    default:
        return read_count(r, pair, OPEN311_PAGE_MAX, &query->page_size);
    }
}

int wire_open311_query(struct wh_str query, const char *prefix, struct wh_arena *arena,
                       struct open311_query *ret_query, struct open311_fault *ret_fault)
{
    struct reading r = {.arena = arena, .fault = ret_fault};
    struct query_reading reading = {.query = ret_query, .prefix = prefix};
    memset(ret_query, 0, sizeof *ret_query);
    field_common_init(&ret_query->common);
    ret_query->page = 1;
    int rc = field_each(query, &r, read_query_pair, &reading);
    if (rc == 0 && ret_query->start_at != 0 && ret_query->end_at != 0 &&
        ret_query->end_at < ret_query->start_at)
        rc = field_fault(&r, 400, "it lies before start_date", "end_date");
    if (rc == 0 && ret_query->page_size == 0)
        ret_query->page_size = ret_query->page > 1 ? OPEN311_PAGE_MAX : OPEN311_ROWS_MAX;
    return rc;
}

struct wh_str wire_open311_name(struct wh_str segment, const char *accept, bool *ret_json)
{
    *ret_json = wh_str_ends(segment, wh_str(".json"));
    if (*ret_json)
        return wh_str_n(segment.p, segment.n - 5);
    if (wh_str_ends(segment, wh_str(".xml")))
        return wh_str_n(segment.p, segment.n - 4);
    *ret_json = accept != NULL && strstr(accept, "json") != NULL && strstr(accept, "xml") == NULL;
    return segment;
}
