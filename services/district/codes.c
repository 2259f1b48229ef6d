// SPDX-License-Identifier: Apache-2.0
// The row of integers: grows by learning, never forgets. Numbers a new version's codes in the
// data's order (units, then departments), so that the same history gives the same numbers
// everywhere.
#include <stdlib.h>
#include <string.h>

#include "district/codes.h"
#include "district/district.h"
#include "district/index.h"

struct learnt {
    char *code;
    int32_t id;
};

struct wh_codes {
    struct learnt *all;
    size_t n, room;
    struct wh_code_table table;
    int32_t max_id;
};

int wh_codes_new(struct wh_codes **ret_codes)
{
    struct wh_codes *codes = calloc(1, sizeof(*codes));
    if (codes == NULL)
        return WH_E_NOMEM;
    codes->max_id = WH_PARTY_FIRST - 1;
    *ret_codes = codes;
    return 0;
}

void wh_codes_free(struct wh_codes *codes)
{
    if (codes == NULL)
        return;
    for (size_t i = 0; i < codes->n; i++)
        free(codes->all[i].code);
    free(codes->all);
    wh_code_table_done(&codes->table);
    free(codes);
}

static int grow(struct wh_codes *codes)
{
    size_t room = codes->room == 0 ? 128 : codes->room * 2;
    struct wh_code_table table;
    struct learnt *all = realloc(codes->all, room * sizeof(*all));
    if (all == NULL)
        return WH_E_NOMEM;
    codes->all = all;
    if (wh_code_table_init(&table, room) != 0)
        return WH_E_NOMEM;
    for (size_t i = 0; i < codes->n; i++)
        wh_code_table_add(&table, all[i].code, (uint32_t)i);
    wh_code_table_done(&codes->table);
    codes->table = table;
    codes->room = room;
    return 0;
}

static bool id_taken(const struct wh_codes *codes, int32_t id)
{
    for (size_t i = 0; i < codes->n; i++)
        if (codes->all[i].id == id)
            return true;
    return false;
}

int wh_codes_learn(struct wh_codes *codes, const char *code, int32_t id)
{
    int32_t known = wh_codes_id(codes, code);
    if (known != 0)
        return known == id ? 0 : WH_E_INVALID;
    if (code[0] == 0 || id < WH_PARTY_FIRST || id > WH_MAX_PARTY_ID)
        return WH_E_INVALID;
    if (id <= codes->max_id && id_taken(codes, id))
        return WH_E_INVALID;
    if (codes->n == codes->room && grow(codes) != 0)
        return WH_E_NOMEM;
    char *copy = strdup(code);
    if (copy == NULL)
        return WH_E_NOMEM;
    codes->all[codes->n] = (struct learnt){.code = copy, .id = id};
    wh_code_table_add(&codes->table, copy, (uint32_t)codes->n);
    codes->n++;
    if (id > codes->max_id)
        codes->max_id = id;
    return 0;
}

int32_t wh_codes_id(const struct wh_codes *codes, const char *code)
{
    uint32_t at = 0;
    return wh_code_table_find(&codes->table, code, &at) ? codes->all[at].id : 0;
}

void wh_codes_number(const struct wh_codes *codes, Whistle__V1__District *data)
{
    int32_t next = codes->max_id + 1;
    for (size_t i = 0; i < data->n_units; i++) {
        int32_t known = wh_codes_id(codes, data->units[i]->code);
        data->units[i]->id = known != 0 ? known : next++;
    }
    for (size_t i = 0; i < data->n_departments; i++) {
        int32_t known = wh_codes_id(codes, data->departments[i]->code);
        data->departments[i]->id = known != 0 ? known : next++;
    }
}

int wh_codes_learn_all(struct wh_codes *codes, const Whistle__V1__District *data)
{
    for (size_t i = 0; i < data->n_units; i++) {
        int rc = wh_codes_learn(codes, data->units[i]->code, data->units[i]->id);
        if (rc != 0)
            return rc;
    }
    for (size_t i = 0; i < data->n_departments; i++) {
        int rc = wh_codes_learn(codes, data->departments[i]->code, data->departments[i]->id);
        if (rc != 0)
            return rc;
    }
    return 0;
}
