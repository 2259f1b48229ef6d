// SPDX-License-Identifier: Apache-2.0
// A small hash table from codes to places in an array: built once, then only read. FNV-1a, linear
// probing, at most half full. Codes are borrowed.
#include <stdlib.h>
#include <string.h>

#include "district/index.h"

static uint32_t hash_text(const char *text)
{
    uint32_t h = 2166136261U;
    for (const unsigned char *p = (const unsigned char *)text; *p != 0; p++)
        h = (h ^ *p) * 16777619U;
    return h;
}

int wh_code_table_init(struct wh_code_table *table, size_t n)
{
    uint32_t size = 16;
    while (size < 2 * n && size < 1U << 28)
        size *= 2;
    table->slots = calloc(size, sizeof(*table->slots));
    table->mask = size - 1;
    return table->slots != NULL ? 0 : WH_E_NOMEM;
}

void wh_code_table_done(struct wh_code_table *table)
{
    free(table->slots);
    table->slots = NULL;
}

bool wh_code_table_add(struct wh_code_table *table, const char *code, uint32_t at)
{
    uint32_t i = hash_text(code) & table->mask;
    for (; table->slots[i].code != NULL; i = (i + 1) & table->mask)
        if (strcmp(table->slots[i].code, code) == 0)
            return false;
    table->slots[i] = (struct wh_code_slot){.code = code, .at = at};
    return true;
}

bool wh_code_table_find(const struct wh_code_table *table, const char *code, uint32_t *ret_at)
{
    if (code == NULL || code[0] == 0 || table->slots == NULL)
        return false;
    uint32_t i = hash_text(code) & table->mask;
    for (; table->slots[i].code != NULL; i = (i + 1) & table->mask) {
        if (strcmp(table->slots[i].code, code) != 0)
            continue;
        *ret_at = table->slots[i].at;
        return true;
    }
    return false;
}
