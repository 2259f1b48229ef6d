// SPDX-License-Identifier: Apache-2.0
// JSON and its text: reading with duplicate keys refused, writing on one line with the shortest
// doubles that read back the same, whatever the locale's decimal point is.
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "client/json.h"

// ---- reading --------------------------------------------------------------------------------

static enum wh_rule rule_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        return WH_RULE_FIELD_COUNT;
    case json_error_invalid_utf8:
        return WH_RULE_FIELD_UTF8;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return WH_RULE_FIELD_NUL;
    case json_error_numeric_overflow:
        return WH_RULE_FIELD_RANGE;
    default:
        return WH_RULE_MESSAGE_MALFORMED;
    }
}

// The parser tells the key only as the last token it read: … near '"key"'.
static void copy_key(const json_error_t *error, struct wh_wire_fault *fault)
{
    const char *from = strstr(error->text, "near '\"");
    size_t n;

    if (!from)
        return;
    from += strlen("near '\"");
    n = wh_utf8_cut(from, strcspn(from, "\""), sizeof(fault->field) - 1);
    memcpy(fault->field, from, n);
    fault->field[n] = '\0';
}

json_t *wh_json_parse(const char *text, size_t n, struct wh_wire_fault *ret_fault)
{
    json_error_t error;
    json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (json || !ret_fault)
        return json;
    *ret_fault = (struct wh_wire_fault){.rule = rule_of(&error)};
    if (ret_fault->rule == WH_RULE_FIELD_COUNT)
        copy_key(&error, ret_fault);
    return NULL;
}

// ---- writing --------------------------------------------------------------------------------

struct text {
    char *data;
    size_t n, room;
    bool failed;
};

static void put(struct text *text, const char *data, size_t n)
{
    if (text->n + n + 1 > text->room && !text->failed) {
        size_t room = 2 * (text->n + n) + 256;
        char *grown = realloc(text->data, room);

        text->failed = !grown;
        if (grown) {
            text->data = grown;
            text->room = room;
        }
    }
    if (text->failed)
        return;
    memcpy(text->data + text->n, data, n);
    text->n += n;
    text->data[text->n] = '\0';
}

static void put_text(struct text *text, const char *string)
{
    put(text, string, strlen(string));
}

static void put_escape(struct text *text, unsigned char c)
{
    static const char *const shorts[32] = {
        ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
    char hex[8];

    if (c == '"' || c == '\\') {
        put(text, (const char[]){'\\', (char)c}, 2);
    } else if (c < 32 && shorts[c]) {
        put_text(text, shorts[c]);
    } else {
        (void)snprintf(hex, sizeof(hex), "\\u%04x", c);
        put_text(text, hex);
    }
}

static void put_string(struct text *text, const char *string, size_t n)
{
    size_t from = 0;

    put(text, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)string[i];

        if (c >= 32 && c != '"' && c != '\\' && c != 127)
            continue;
        put(text, string + from, i - from);
        put_escape(text, c);
        from = i + 1;
    }
    put(text, string + from, n - from);
    put(text, "\"", 1);
}

static void put_real(struct text *text, double value)
{
    char number[40];
    // %g cuts trailing zeros, so 15 digits give the shortest text of up to 15; not of subnormals
    int first = fabs(value) < DBL_MIN ? 1 : 15;

    for (int digits = first; digits <= 17; digits++) {
        (void)snprintf(number, sizeof(number), "%.*g", digits, value);
        if (strtod(number, NULL) == value)
            break;
    }
    for (char *c = number; *c; c++) {
        if (!strchr("+-0123456789e", *c))
            *c = '.';
    }
    put_text(text, number);
    if (!strpbrk(number, ".e"))
        put_text(text, ".0");
}

static void put_json(struct text *text, const json_t *json);

static void put_object(struct text *text, json_t *json)
{
    const char *name, *comma = "";
    json_t *member;

    put(text, "{", 1);
    json_object_foreach(json, name, member)
    {
        put_text(text, comma);
        put_string(text, name, strlen(name));
        put(text, ":", 1);
        put_json(text, member);
        comma = ",";
    }
    put(text, "}", 1);
}

static void put_array(struct text *text, const json_t *json)
{
    put(text, "[", 1);
    for (size_t i = 0; i < json_array_size(json); i++) {
        if (i)
            put(text, ",", 1);
        put_json(text, json_array_get(json, i));
    }
    put(text, "]", 1);
}

static void put_json(struct text *text, const json_t *json)
{
    char number[32];

    switch (json_typeof(json)) {
    case JSON_OBJECT:
        put_object(text, (json_t *)json);
        break;
    case JSON_ARRAY:
        put_array(text, json);
        break;
    case JSON_STRING:
        put_string(text, json_string_value(json), json_string_length(json));
        break;
    case JSON_INTEGER:
        (void)snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        put_text(text, number);
        break;
    case JSON_REAL:
        put_real(text, json_real_value(json));
        break;
    default:
        put_text(text, json_is_true(json) ? "true" : json_is_false(json) ? "false" : "null");
    }
}

char *wh_json_dump(const json_t *json, size_t *ret_n)
{
    struct text text = {0};

    put_json(&text, json);
    if (text.failed) {
        free(text.data);
        return NULL;
    }
    if (ret_n)
        *ret_n = text.n;
    return text.data;
}
