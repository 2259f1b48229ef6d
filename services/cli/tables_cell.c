// SPDX-License-Identifier: Apache-2.0
// Values of the data to cells that give them back when read.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "cli/output.h"
#include "cli/tables_template.h"

// The shortest decimal that is this number again.
static void number_text(double number, char *ret_text, size_t n)
{
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(ret_text, n, "%.*g", digits, number);
        if (strtod(ret_text, NULL) == number)
            return;
    }
}

static void scalar_text(const struct column *column, const json_t *value, char *ret_text, size_t n)
{
    if (json_is_integer(value))
        (void)snprintf(ret_text, n, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        number_text(json_real_value(value), ret_text, n);
    else if (json_is_boolean(value))
        (void)snprintf(ret_text, n, "%s", json_is_true(value) ? "true" : "false");
    else
        (void)snprintf(ret_text, n, "%s", json_string_value(value));
    if (column->words) {
        char word[64];
        word_name(column->words, ret_text, word, sizeof word);
        (void)snprintf(ret_text, n, "%s", word);
    }
}

// What separates items keeps a backslash before it, and so do blanks at an item's ends.
static size_t put_item(char *to, const char *item)
{
    size_t used = 0;
    for (const char *p = item; *p; p++) {
        bool three = strncmp(p, "；", 3) == 0 || strncmp(p, "、", 3) == 0;
        bool end = *p == ' ' && (p == item || !p[1]);
        if (three || end || *p == ';' || *p == '\\')
            to[used++] = '\\';
        to[used++] = *p;
    }
    return used;
}

static char *list_text(const struct column *column, const json_t *list)
{
    size_t room = 16, used = 0, i;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, i, item) room +=
        2 * json_string_length(item) + 80;
    char *text = must(malloc(room)), one[80];
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        if (i)
            text[used++] = ';';
        if (json_is_string(item) && column->kind == CELL_LIST) {
            used += put_item(text + used, json_string_value(item));
            continue;
        }
        scalar_text(column, item, one, sizeof one);
        used += (size_t)snprintf(text + used, room - used, "%s", one);
    }
    text[used] = '\0';
    return text;
}

static void cell_put(FILE *to, const struct column *column, const json_t *value)
{
    char small[128];
    if (!value || json_is_null(value))
        return;
    if (json_is_array(value)) {
        char *text = list_text(column, value);
        wh_csv_put(to, text, true);
        free(text);
    } else if (json_is_string(value) && !column->words) {
        wh_csv_put(to, json_string_value(value), true);
    } else {
        scalar_text(column, value, small, sizeof small);
        wh_csv_put(to, small, json_is_string(value));
    }
}

void row_put(FILE *to, const struct csv_table *table, const json_t *row)
{
    for (size_t i = 0; i < table->n; i++) {
        if (i)
            (void)fputc(',', to);
        cell_put(to, &table->columns[i], json_object_get(row, table->columns[i].field));
    }
    (void)fputs("\r\n", to);
}

void header_put(FILE *to, const struct csv_table *table)
{
    (void)fputs("\xEF\xBB\xBF", to);
    for (size_t i = 0; i < table->n; i++) {
        char name[64];
        column_header(&table->columns[i], name, sizeof name);
        if (i)
            (void)fputc(',', to);
        wh_csv_put(to, name, false);
    }
    (void)fputs("\r\n", to);
}
