// SPDX-License-Identifier: Apache-2.0
// Reads the demo's data for tests.
#include "support/demo_district.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/district_json.h"
#include "district/codes.h"
#include "district/validate.h"

static void check(bool ok, const char *what, const char *detail)
{
    if (ok)
        return;
    fprintf(stderr, "demo district: %s %s\n", what, detail);
    exit(1);
}

Whistle__V1__District *demo_district_data(const char *root, struct wh_arena *arena)
{
    char path[1024];
    struct wh_wire_fault fault = {0};
    struct wh_district_fault first = {0};
    struct wh_codes *codes = NULL;
    json_error_t error;
    snprintf(path, sizeof(path), "%s/deploy/demo/district.json", root);
    json_t *json = json_load_file(path, 0, &error);
    check(json != NULL, "cannot be read:", error.text);
    Whistle__V1__District *data = wh_district_from_json(json, arena, &fault);
    check(data != NULL, "has another shape at", fault.field);
    check(wh_district_validate(data, NULL, &first, 1) == 0, first.field, first.detail);
    check(wh_codes_new(&codes) == 0, "no", "memory");
    data->version = 1;
    wh_codes_number(codes, data);
    wh_codes_free(codes);
    json_decref(json);
    return data;
}

struct wh_district *demo_district(const char *root)
{
    struct wh_district *district = NULL;
    struct wh_arena arena;
    wh_arena_init(&arena, (size_t)16 << 20);
    int rc = wh_district_new(demo_district_data(root, &arena), &district);
    check(rc == 0, "cannot be indexed:", wh_strerror(rc));
    wh_arena_done(&arena);
    return district;
}
