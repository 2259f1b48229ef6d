// SPDX-License-Identifier: Apache-2.0
// What needs somebody now: numbers, rows and the map, read from the published views as the caller.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "client/json.h"
#include "gateway/handler_api.h"
#include "gateway/handler_district.h"
#include "gateway/store_read.h"
#include "whistle/v1/api.pb-c.h"

// As dispatch's own lists have it.
#define SEES_ALL                                                                                \
    (WH_ROLE_DISTRICT | WH_ROLE_LEADER | WH_ROLE_AUDITOR | WH_ROLE_SERVICE | WH_ROLE_OPERATOR | \
     WH_ROLE_SHEET)
#define PAGE 50
#define PAGE_MAX 200
#define MAP_MAX 5000
#define CURSOR_NUMBERS 3

// Fields of Boards, by number (enum read_board).
static const char *const names[BOARDS_END] = {NULL,        "review",    "confirm", "held",
                                              "sign",      "check_in",  "report",  "rework",
                                              "disputed",  "extension", "ledger",  "supervised",
                                              "escalated", "overdue",   "open",    "returned"};

// ---- for whom ----------------------------------------------------------------------------------

struct asker {
    struct read_who who;
    char party[16], board[16], due[24], id[24], body[16], limit[16], now[24];
    const char *params[READ_ASKER + 5];
};

static bool below(const struct wh_district *district, struct gateway_ask *ask, struct read_who *who)
{
    size_t n;
    const struct wh_party *parties = wh_district_parties(district, &n);
    const struct wh_unit *above = wh_district_unit_by_id(district, who->party);
    int32_t *list = wh_arena_calloc(ask->arena, n + 1, sizeof *list);
    if (list == NULL)
        return false;
    if (above == NULL && who->party != 0)
        list[who->n_parties++] = who->party;
    for (size_t i = 0; above != NULL && i < n; i++) {
        if (parties[i].unit != NULL && wh_district_is_within(district, parties[i].unit, above))
            list[who->n_parties++] = parties[i].id;
    }
    who->parties = list;
    return true;
}

enum wh_rule api_who(struct gateway_ask *ask, struct read_who *ret_who)
{
    const struct wh_district *district = gateway_district(ask->gateway);
    *ret_who = (struct read_who){.everything = (ask->caller.kinds & SEES_ALL) != 0};
    if (district == NULL)
        return WH_RULE_DISTRICT_MISSING;
    ret_who->party = wh_district_id(district, ask->caller.identity);
    return ret_who->everything || below(district, ask, ret_who) ? WH_RULE_NONE : WH_RULE_TOO_LARGE;
}

// NULL: the request is answered.
static struct asker *asker_new(struct gateway_ask *ask)
{
    struct asker *asker = wh_arena_calloc(ask->arena, 1, sizeof *asker);
    enum wh_rule rule = asker == NULL ? WH_RULE_TOO_LARGE : api_who(ask, &asker->who);
    if (rule != WH_RULE_NONE) {
        reply_rule(ask, rule, NULL, NULL);
        return NULL;
    }
    (void)snprintf(asker->party, sizeof asker->party, "%d", asker->who.party);
    (void)snprintf(asker->now, sizeof asker->now, "%" PRId64, wh_wall_now());
    asker->params[0] = asker->party;
    asker->params[1] = ask->caller.kinds & WH_ROLE_COMMUNITY ? "true" : "false";
    asker->params[2] = asker->who.everything ? "true" : "false";
    asker->params[3] = asker->now;
    return asker;
}

static void run(struct gateway_ask *ask, enum read_statement statement, const struct asker *asker,
                const char *const *params, read_fn fn)
{
    if (reads_run(ask->gateway->reads, statement, &asker->who, params, fn, ask) != 0)
        reply_rule(ask, WH_RULE_BUSY_DATABASE, NULL, NULL);
}

// ---- numbers -----------------------------------------------------------------------------------

static void set_count(Whistle__V1__Boards *boards, const char *name, int32_t n)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(boards->base.descriptor, name);
    memcpy((uint8_t *)boards + field->offset, &n, sizeof n);
}

static void on_counts(void *arg, int status, const PGresult *result)
{
    struct gateway_ask *ask = arg;
    Whistle__V1__Boards boards = WHISTLE__V1__BOARDS__INIT;
    if (status != 0) {
        reply_rule(ask, WH_RULE_BUSY_DATABASE, NULL, NULL);
        return;
    }
    boards.now_at = wh_wall_now();
    for (size_t i = 0; i < wh_row_count(result); i++) {
        const struct wh_row row = {result, (int)i};
        int64_t board = wh_row_int(&row, 0);
        if (board > 0 && board < BOARDS_END)
            set_count(&boards, names[board], (int32_t)wh_row_int(&row, 1));
    }
    reply_message(ask, 200, &boards.base);
}

void on_boards(struct gateway_ask *ask)
{
    const struct asker *asker = asker_new(ask);
    if (asker != NULL)
        run(ask, READ_COUNTS, asker, asker->params, on_counts);
}

// ---- rows --------------------------------------------------------------------------------------

static char *text_of(const struct wh_row *row, int column, struct wh_arena *arena)
{
    size_t n;
    const uint8_t *bytes = wh_row_bytes(row, column, &n);
    char *text = wh_arena_dup(arena, bytes, n);
    return text != NULL ? text : (char *)"";
}

static char *code_of(const struct wh_district *district, int64_t id)
{
    const char *code = id != 0 ? wh_district_code(district, (int32_t)id) : NULL;
    return (char *)(code != NULL ? code : "");
}

static char *number_of(const struct wh_district *district, int64_t id, struct wh_arena *arena)
{
    char *text = wh_arena_alloc(arena, WH_NUMBER_MAX);
    if (text == NULL || wh_number_format(wh_district_prefix(district), id, text) != 0)
        return (char *)"";
    return text;
}

static void fill_row(const struct wh_row *row, const struct wh_district *district,
                     struct wh_arena *arena, Whistle__V1__BoardRow *shown)
{
    int64_t due = wh_row_int(row, READ_ROW_DUE), body = wh_row_int(row, READ_ROW_BODY);
    whistle__v1__board_row__init(shown);
    shown->number = number_of(district, wh_row_int(row, READ_ROW_ID), arena);
    shown->title = text_of(row, READ_ROW_TITLE, arena);
    shown->category = text_of(row, READ_ROW_CATEGORY, arena);
    shown->priority = (Whistle__V1__Priority)wh_row_int(row, READ_ROW_PRIORITY);
    shown->unit = code_of(district, wh_row_int(row, READ_ROW_UNIT));
    shown->street = code_of(district, wh_row_int(row, READ_ROW_STREET));
    shown->place = code_of(district, wh_row_int(row, READ_ROW_PLACE));
    shown->state = (Whistle__V1__WhistleState)wh_row_int(row, READ_ROW_STATE);
    shown->task_state = (Whistle__V1__TaskState)wh_row_int(row, READ_ROW_TASK_STATE);
    shown->escalation = (int32_t)wh_row_int(row, READ_ROW_ESCALATION);
    shown->submitted_at = wh_row_int(row, READ_ROW_SUBMITTED);
    shown->drill = wh_row_int(row, READ_ROW_DRILL) != 0;
    shown->due_at = due == WH_NEVER ? 0 : due;
    shown->overdue = due < wh_wall_now();
    if (body != 0) {
        char *id = wh_arena_alloc(arena, WH_TASK_ID_MAX);
        shown->department = code_of(district, body);
        if (id != NULL && wh_task_id_format(shown->number, shown->department, id) == 0)
            shown->task = id;
    }
}

static char *cursor_after(const struct wh_row *row, struct wh_arena *arena)
{
    char *cursor = wh_arena_alloc(arena, 64);
    if (cursor == NULL)
        return (char *)"";
    (void)snprintf(cursor, 64, "%" PRId64 ".%" PRId64 ".%" PRId64, wh_row_int(row, READ_ROW_DUE),
                   wh_row_int(row, READ_ROW_ID), wh_row_int(row, READ_ROW_BODY));
    return cursor;
}

static bool fill_board(struct gateway_ask *ask, const PGresult *result, struct wh_arena *arena,
                       Whistle__V1__Board *board)
{
    const struct wh_district *district = gateway_district(ask->gateway);
    const struct asker *asker = ask->data;
    size_t n = wh_row_count(result);
    board->rows = wh_arena_calloc(arena, n + 1, sizeof *board->rows);
    for (size_t i = 0; district != NULL && board->rows != NULL && i < n; i++) {
        const struct wh_row row = {result, (int)i};
        Whistle__V1__BoardRow *shown = wh_arena_calloc(arena, 1, sizeof *shown);
        if (shown == NULL)
            return false;
        fill_row(&row, district, arena, shown);
        board->rows[board->n_rows++] = shown;
        if (i + 1 == n && n == strtoul(asker->limit, NULL, 10))
            board->cursor = cursor_after(&row, arena);
    }
    return district != NULL && board->rows != NULL;
}

static void on_rows(void *arg, int status, const PGresult *result)
{
    struct gateway_ask *ask = arg;
    Whistle__V1__Board board = WHISTLE__V1__BOARD__INIT;
    struct wh_arena arena;
    wh_arena_init(&arena, API_ARENA);
    if (status != 0) {
        reply_rule(ask, WH_RULE_BUSY_DATABASE, NULL, NULL);
    } else if (!fill_board(ask, result, &arena, &board)) {
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
    } else {
        api_next_page(ask, board.cursor);
        reply_message(ask, 200, &board.base);
    }
    wh_arena_done(&arena);
}

// "due.id.body" of the row before; false where it is not one.
static bool read_cursor(struct asker *asker, const char *text)
{
    char *const to[CURSOR_NUMBERS] = {asker->due, asker->id, asker->body};
    const size_t room[CURSOR_NUMBERS] = {sizeof asker->due, sizeof asker->id, sizeof asker->body};
    struct wh_str rest = wh_str(text), part;
    size_t i = 0;
    for (; i < CURSOR_NUMBERS && wh_str_split(&rest, '.', &part); i++) {
        size_t sign = part.n > 0 && part.p[0] == '-';
        if (part.n == sign || part.n >= room[i] || part.n > 18 + sign + (i == 0) ||
            strspn(part.p + sign, "0123456789") < part.n - sign)
            return false;
        memcpy(to[i], part.p, part.n);
        to[i][part.n] = '\0';
    }
    return i == CURSOR_NUMBERS && rest.p == NULL && strtoll(asker->body, NULL, 10) <= INT32_MAX;
}

static bool read_page(struct gateway_ask *ask, struct asker *asker)
{
    struct wh_str cursor, limit;
    long n = PAGE;
    char *end = NULL;
    strcpy(asker->due, "-9223372036854775808");
    strcpy(asker->id, "0");
    strcpy(asker->body, "0");
    if (http_query_get(ask->request, "limit", &limit) == 0)
        n = strtol(limit.p, &end, 10);
    if (n < 1 || n > PAGE_MAX || (end != NULL && *end != '\0')) {
        reply_rule(ask, WH_RULE_FIELD_RANGE, "limit", NULL);
        return false;
    }
    (void)snprintf(asker->limit, sizeof asker->limit, "%ld", n);
    if (http_query_get(ask->request, "cursor", &cursor) == 0 && cursor.n > 0 &&
        !read_cursor(asker, cursor.p)) {
        reply_rule(ask, WH_RULE_FIELD_FORMAT, "cursor", NULL);
        return false;
    }
    return true;
}

void on_board(struct gateway_ask *ask)
{
    int board = 1;
    while (board < BOARDS_END && !wh_str_eq(ask->found.captures[0], wh_str(names[board])))
        board++;
    if (board == BOARDS_END) {
        reply_rule(ask, WH_RULE_NOT_FOUND, "board", NULL);
        return;
    }
    struct asker *asker = asker_new(ask);
    if (asker == NULL || !read_page(ask, asker))
        return;
    (void)snprintf(asker->board, sizeof asker->board, "%d", board);
    asker->params[READ_ASKER] = asker->board;
    asker->params[READ_ASKER + 1] = asker->due;
    asker->params[READ_ASKER + 2] = asker->id;
    asker->params[READ_ASKER + 3] = asker->body;
    asker->params[READ_ASKER + 4] = asker->limit;
    ask->data = asker;
    run(ask, READ_BOARD, asker, asker->params, on_rows);
}

// ---- map ---------------------------------------------------------------------------------------

static bool point_of(const struct wh_row *row, const struct wh_district *district, double ret[2])
{
    const struct wh_unit *unit =
        wh_district_unit_by_id(district, (int32_t)wh_row_int(row, READ_MAP_PLACE));
    if (!wh_row_null(row, READ_MAP_LAT)) {
        ret[0] = (double)wh_row_int(row, READ_MAP_LON) / 1e6;
        ret[1] = (double)wh_row_int(row, READ_MAP_LAT) / 1e6;
        return true;
    }
    while (unit != NULL && !unit->has_place)
        unit = wh_district_unit_by_id(district, unit->parent);
    if (unit == NULL)
        return false;
    ret[0] = unit->lon;
    ret[1] = unit->lat;
    return true;
}

static json_t *feature(const struct wh_row *row, const struct wh_district *district,
                       const struct wh_zone *zone, struct wh_arena *arena)
{
    double at[2];
    Whistle__V1__MapProperties about = WHISTLE__V1__MAP_PROPERTIES__INIT;
    if (!point_of(row, district, at))
        return NULL;
    about.number = number_of(district, wh_row_int(row, READ_MAP_ID), arena);
    about.title = text_of(row, READ_MAP_TITLE, arena);
    about.category = text_of(row, READ_MAP_CATEGORY, arena);
    about.priority = (Whistle__V1__Priority)wh_row_int(row, READ_MAP_PRIORITY);
    about.state = (Whistle__V1__WhistleState)wh_row_int(row, READ_MAP_STATE);
    about.unit = code_of(district, wh_row_int(row, READ_MAP_UNIT));
    about.due_resolve = wh_row_int(row, READ_MAP_DUE);
    about.overdue = about.due_resolve != 0 && about.due_resolve < wh_wall_now();
    about.exact = !wh_row_null(row, READ_MAP_LAT);
    about.drill = wh_row_int(row, READ_MAP_DRILL) != 0;
    return json_pack("{s:s, s:{s:s, s:[f, f]}, s:o}", "type", "Feature", "geometry", "type",
                     "Point", "coordinates", at[0], at[1], "properties",
                     wh_json_from(&about.base, zone));
}

// The list stands there also when it is empty: readers of GeoJSON expect it.
static void on_points(void *arg, int status, const PGresult *result)
{
    struct gateway_ask *ask = arg;
    const struct wh_district *district = gateway_district(ask->gateway);
    struct wh_arena arena;
    json_t *list = json_array();
    if (status != 0 || district == NULL) {
        json_decref(list);
        reply_rule(ask, WH_RULE_BUSY_DATABASE, NULL, NULL);
        return;
    }
    wh_arena_init(&arena, API_ARENA);
    for (size_t i = 0; i < wh_row_count(result); i++) {
        const struct wh_row row = {result, (int)i};
        json_t *one = feature(&row, district, gateway_zone(ask->gateway), &arena);
        if (one != NULL)
            json_array_append_new(list, one);
    }
    wh_arena_done(&arena);
    reply_json(ask, 200, json_pack("{s:s, s:o}", "type", "FeatureCollection", "features", list));
}

void on_map(struct gateway_ask *ask)
{
    struct asker *asker = asker_new(ask);
    if (asker == NULL)
        return;
    (void)snprintf(asker->limit, sizeof asker->limit, "%d", MAP_MAX);
    const char *params[] = {asker->limit};
    run(ask, READ_MAP, asker, params, on_points);
}

// ---- versions ----------------------------------------------------------------------------------

static void on_versions_read(void *arg, int status, const PGresult *result)
{
    struct gateway_ask *ask = arg;
    size_t n = status == 0 ? wh_row_count(result) : 0;
    Whistle__V1__RoutingVersions list = WHISTLE__V1__ROUTING_VERSIONS__INIT;
    Whistle__V1__RoutingVersion *rows = wh_arena_calloc(ask->arena, n + 1, sizeof *rows);
    list.versions = wh_arena_calloc(ask->arena, n + 1, sizeof *list.versions);
    if (status != 0 || rows == NULL || list.versions == NULL) {
        reply_rule(ask, WH_RULE_BUSY_DATABASE, NULL, NULL);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct wh_row row = {result, (int)i};
        whistle__v1__routing_version__init(&rows[i]);
        rows[i].version = (int32_t)wh_row_int(&row, 0);
        rows[i].adopted_at = wh_row_int(&row, 1);
        rows[i].live = i == 0;
        list.versions[list.n_versions++] = &rows[i];
    }
    reply_message(ask, 200, &list.base);
}

void on_versions(struct gateway_ask *ask)
{
    static const struct asker nobody; // when a version was adopted is no secret
    run(ask, READ_VERSIONS, &nobody, NULL, on_versions_read);
}
