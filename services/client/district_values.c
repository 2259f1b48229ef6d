// SPDX-License-Identifier: Apache-2.0
// JSON values with a path for faults: texts, words, numbers, lists of rows.
#include <stdio.h>
#include <string.h>

#include "client/district_rows.h"

void reader_enter(struct reader *r, const char *name)
{
    if (r->depth < READER_DEPTH) {
        r->names[r->depth] = name;
        r->indexes[r->depth] = -1;
    }
    r->depth++;
}

void reader_leave(struct reader *r)
{
    r->depth--;
}

void reader_fail(struct reader *r, const char *key, enum wh_rule rule)
{
    if (r->n++ >= r->max)
        return;
    struct wh_wire_fault *fault = &r->faults[r->n - 1];
    *fault = (struct wh_wire_fault){.rule = rule};
    size_t used = 0, room = sizeof fault->field;
    for (int i = 0; i < r->depth && i < READER_DEPTH && used < room; i++) {
        int n = r->indexes[i] < 0 ? snprintf(fault->field + used, room - used, "%s.", r->names[i])
                                  : snprintf(fault->field + used, room - used, "%s[%d].",
                                             r->names[i], r->indexes[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    if (used < room)
        (void)snprintf(fault->field + used, room - used, "%s", key);
    size_t n = strlen(fault->field);
    if (n > 0 && fault->field[n - 1] == '.')
        fault->field[n - 1] = '\0';
}

static char *copy(struct reader *r, const char *text)
{
    char *mine = wh_arena_strdup(r->arena, text);
    if (mine == NULL)
        reader_fail(r, "", WH_RULE_TOO_LARGE);
    return mine != NULL ? mine : (char *)protobuf_c_empty_string;
}

char *read_text(struct reader *r, const json_t *json, const char *key, bool required)
{
    const json_t *value = json_object_get(json, key);
    const char *text = json_string_value(value);
    if (text == NULL && value != NULL && !json_is_null(value))
        reader_fail(r, key, WH_RULE_FIELD_FORMAT);
    else if (required && (text == NULL || text[0] == '\0'))
        reader_fail(r, key, WH_RULE_FIELD_MISSING);
    return text != NULL ? copy(r, text) : (char *)protobuf_c_empty_string;
}

static size_t read_list(struct reader *r, const json_t *json, const char *key)
{
    const json_t *list = json_object_get(json, key);
    if (list == NULL || json_is_null(list))
        return 0;
    if (!json_is_array(list)) {
        reader_fail(r, key, WH_RULE_FIELD_FORMAT);
        return 0;
    }
    return json_array_size(list);
}

void **read_rows(struct reader *r, const json_t *json, const char *key, size_t size, size_t *ret_n)
{
    size_t n = read_list(r, json, key);
    *ret_n = 0;
    if (n == 0)
        return NULL;
    void **list = wh_arena_calloc(r->arena, n, sizeof(void *));
    char *rows = wh_arena_calloc(r->arena, n, size);
    if (list == NULL || rows == NULL) {
        reader_fail(r, key, WH_RULE_TOO_LARGE);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        list[i] = rows + i * size;
    *ret_n = n;
    return list;
}

char **read_texts(struct reader *r, const json_t *json, const char *key, size_t *ret_n)
{
    size_t n = read_list(r, json, key);
    const json_t *list = json_object_get(json, key);
    char **texts = n == 0 ? NULL : wh_arena_calloc(r->arena, n, sizeof(char *));
    *ret_n = 0;
    if (texts == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL)
            reader_fail(r, key, WH_RULE_FIELD_FORMAT);
        texts[i] = text == NULL ? (char *)protobuf_c_empty_string : copy(r, text);
    }
    *ret_n = n;
    return texts;
}

int64_t read_int(struct reader *r, const json_t *json, const char *key, int64_t min, int64_t max)
{
    const json_t *value = json_object_get(json, key);
    if (value == NULL || json_is_null(value))
        return 0;
    int64_t i = json_integer_value(value);
    if (!json_is_integer(value))
        reader_fail(r, key, WH_RULE_FIELD_FORMAT);
    else if (i < min || i > max)
        reader_fail(r, key, WH_RULE_FIELD_RANGE);
    else
        return i;
    return 0;
}

bool read_number(struct reader *r, const json_t *json, const char *key, double min, double max,
                 double *ret)
{
    const json_t *value = json_object_get(json, key);
    if (value == NULL || json_is_null(value))
        return false;
    double d = json_number_value(value);
    if (!json_is_number(value))
        reader_fail(r, key, WH_RULE_FIELD_FORMAT);
    else if (!(d >= min && d <= max))
        reader_fail(r, key, WH_RULE_FIELD_RANGE);
    else {
        *ret = d;
        return true;
    }
    return false;
}

bool read_bool(struct reader *r, const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    if (value != NULL && !json_is_boolean(value) && !json_is_null(value))
        reader_fail(r, key, WH_RULE_FIELD_FORMAT);
    return json_is_true(value);
}

int read_word(struct reader *r, const json_t *json, const char *key, const struct word *words,
              bool required)
{
    const json_t *value = json_object_get(json, key);
    const char *text = json_string_value(value);
    if (text == NULL) {
        if (required || (value != NULL && !json_is_null(value)))
            reader_fail(r, key, required ? WH_RULE_FIELD_MISSING : WH_RULE_FIELD_FORMAT);
        return 0;
    }
    for (; words->text != NULL; words++)
        if (strcmp(words->text, text) == 0)
            return words->value;
    reader_fail(r, key, WH_RULE_FIELD_ENUM);
    return 0;
}

static const struct word priorities[] = {{"P1", WHISTLE__V1__PRIORITY__PRIORITY_P1},
                                         {"P2", WHISTLE__V1__PRIORITY__PRIORITY_P2},
                                         {"P3", WHISTLE__V1__PRIORITY__PRIORITY_P3},
                                         {"P4", WHISTLE__V1__PRIORITY__PRIORITY_P4},
                                         {NULL, 0}};

Whistle__V1__Priority read_priority(struct reader *r, const json_t *json, const char *key,
                                    bool required)
{
    return (Whistle__V1__Priority)read_word(r, json, key, priorities, required);
}

void read_priorities(struct reader *r, const json_t *json, const char *key,
                     Whistle__V1__Priority **ret, size_t *ret_n)
{
    size_t n;
    char **texts = read_texts(r, json, key, &n);
    *ret_n = 0;
    *ret = n == 0 ? NULL : wh_arena_calloc(r->arena, n, sizeof **ret);
    if (*ret == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        const struct word *w = priorities;
        while (w->text != NULL && strcmp(w->text, texts[i]) != 0)
            w++;
        if (w->text == NULL)
            reader_fail(r, key, WH_RULE_FIELD_ENUM);
        (*ret)[i] = (Whistle__V1__Priority)w->value;
    }
    *ret_n = n;
}

void read_ints(struct reader *r, const json_t *json, const char *key, int32_t **ret, size_t *ret_n)
{
    size_t n = read_list(r, json, key);
    const json_t *list = json_object_get(json, key);
    *ret_n = 0;
    *ret = n == 0 ? NULL : wh_arena_calloc(r->arena, n, sizeof **ret);
    if (*ret == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_integer(value))
            reader_fail(r, key, WH_RULE_FIELD_FORMAT);
        (*ret)[i] = (int32_t)json_integer_value(value);
    }
    *ret_n = n;
}
