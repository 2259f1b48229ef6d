// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as query and body of every command of the JSON interface. What is taken packs and
// unpacks again; what is refused names a rule; both show as JSON.
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "gateway/wire_api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void look(const ProtobufCMessage *command, struct wh_arena *arena)
{
    size_t n = 0;
    uint8_t *packed = wh_pack(command, arena, &n);
    json_t *json = wh_json_from(command, NULL);
    must(json != NULL);
    char *text = wh_json_dump(json, NULL);
    must(text != NULL);
    free(text);
    json_decref(json);
    if (packed != NULL) // too many elements, or NUL in a text, are the door's to refuse
        (void)wh_unpack(command->descriptor, arena, packed, n, NULL);
}

// Byte 0: the row; byte 1: how long the query is.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct wh_arena arena;
    if (n < 2)
        return 0;
    const struct gateway_route *route = route_get((enum route_id)(data[0] % ROUTES));
    size_t query = data[1] < n - 2 ? data[1] : n - 2;
    struct route_found found = {.route = route, .id = (enum route_id)(data[0] % ROUTES)};
    struct wh_wire_fault fault = {0};
    const char *officer = "";
    size_t name;
    wh_arena_done(&arena);
    wh_arena_init(&arena, (size_t)1 << 20);
    while (route_capture_name(route, found.n_captures, &name) != NULL)
        found.captures[found.n_captures++] = wh_str("AL-20261123-0001");
    const struct wire_api ask = {.found = &found,
                                 .query = wh_str_n((const char *)data + 2, query),
                                 .body = wh_str_n((const char *)data + 2 + query, n - 2 - query),
                                 .names_officer = true,
                                 .arena = &arena};
    if (route_member(route) == NULL)
        return 0;
    json_t *json = wire_api_json(&ask, &officer, &fault);
    const ProtobufCMessage *command =
        json != NULL ? wire_api_command(route, json, &arena, &fault) : NULL;
    if (command != NULL)
        look(command, &arena);
    else
        must(fault.rule != WH_RULE_NONE && memchr(fault.field, 0, sizeof fault.field) != NULL);
    json_decref(json);
    return 0;
}
