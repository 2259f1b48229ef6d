// SPDX-License-Identifier: Apache-2.0
// Parsing: --name value, --name=value, flags, positional words, "--" as the end of options.
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/output.h"
#include "cli/text.h"

void args_init(struct args *args, local_time_fn local_time, void *arg)
{
    *args = (struct args){.body = must(json_object()),
                          .kept = must(json_object()),
                          .local_time = local_time,
                          .arg = arg};
}

void args_done(struct args *args)
{
    json_decref(args->body);
    json_decref(args->kept);
}

json_t *body_get(const json_t *body, const char *path)
{
    const char *dot;
    while (body && (dot = strchr(path, '.'))) {
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        body = json_object_get(body, name);
        path = dot + 1;
    }
    return json_object_get(body, path);
}

void body_set(json_t *body, const char *path, json_t *value)
{
    const char *dot;
    while ((dot = strchr(path, '.'))) {
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        json_t *inner = json_object_get(body, name);
        if (!inner) {
            inner = must(json_object());
            json_object_set_new(body, name, inner);
        }
        body = inner;
        path = dot + 1;
    }
    json_object_set_new(body, path, must(value));
}

static int fail(struct args *args, const char *zh, const char *en, const char *name)
{
    (void)snprintf(args->why, sizeof args->why, "%s: %s", name, T(zh, en));
    return -1;
}

static json_t *enum_value(const char *text)
{
    char value[64];
    size_t i = 0;
    for (; text[i] && i < sizeof value - 1; i++)
        value[i] = (char)(text[i] == '-' ? '_' : toupper((unsigned char)text[i]));
    value[i] = '\0';
    return json_string(value);
}

// The array under this parameter, made where there is none yet.
static json_t *array_of(struct args *args, const struct param *param)
{
    json_t *at = param->field ? body_get(args->body, param->field)
                              : json_object_get(args->kept, param->name);
    if (at)
        return at;
    at = must(json_array());
    if (param->field)
        body_set(args->body, param->field, at);
    else
        json_object_set_new(args->kept, param->name, at);
    return at;
}

static void list_add(json_t *list, const char *text, bool upper)
{
    while (*text) {
        size_t n = strcspn(text, ",");
        char *word = must(strndup(text, n));
        if (n)
            json_array_append_new(list, must(upper ? enum_value(word) : json_string(word)));
        free(word);
        text += n + (text[n] == ',');
    }
}

static int pair_add(struct args *args, const struct param *param, const char *text)
{
    const char *equal = strchr(text, '=');
    if (!equal || equal == text)
        return fail(args, "应为 CODE=VALUE", "must be CODE=VALUE", param->name);
    json_t *pair =
        must(json_pack("{s:s%, s:s}", "code", text, (size_t)(equal - text), "value", equal + 1));
    json_array_append_new(array_of(args, param), pair);
    return 0;
}

static int number_of(struct args *args, const struct param *param, const char *text,
                     json_t **ret_value)
{
    char *end;
    errno = 0;
    if (param->kind == PARAM_INT)
        *ret_value = json_integer(strtoll(text, &end, 10));
    else
        *ret_value = json_real(strtod(text, &end));
    if (!*ret_value || errno || end == text || *end) {
        json_decref(*ret_value);
        return fail(args, "应为数字", "must be a number", param->name);
    }
    return 0;
}

static int time_of(struct args *args, const struct param *param, const char *text,
                   json_t **ret_value)
{
    char full[64];
    int64_t at;
    if (wh_rfc3339_parse(text, &at) == 0) {
        *ret_value = json_string(text);
        return 0;
    }
    if (!args->local_time ||
        args->local_time(args->arg, text, strcmp(param->name, "from") == 0, full, sizeof full) < 0)
        return fail(args, "看不懂这个时间 (例: 2026-12-01, \"2026-12-01 18:00\", +3d, +4h)",
                    "not a time (try 2026-12-01, \"2026-12-01 18:00\", +3d, +4h)", param->name);
    *ret_value = json_string(full);
    return 0;
}

static int put(struct args *args, const struct param *param, const char *text)
{
    json_t *value = NULL;
    int r = 0;
    switch (param->kind) {
    case PARAM_LIST:
    case PARAM_ENUMS:
        list_add(array_of(args, param), text, param->kind == PARAM_ENUMS);
        return 0;
    case PARAM_WORDS:
        json_array_append_new(array_of(args, param), must(json_string(text)));
        return 0;
    case PARAM_PAIRS:
        return pair_add(args, param, text);
    case PARAM_ENUM:
        value = enum_value(text);
        break;
    case PARAM_TIME:
        r = time_of(args, param, text, &value);
        break;
    case PARAM_INT:
    case PARAM_REAL:
        r = number_of(args, param, text, &value);
        break;
    case PARAM_FLAG:
        value = param->set ? json_string(param->set) : json_true();
        break;
    case PARAM_TEXT:
        value = json_string(text);
        break;
    }
    if (r < 0)
        return r;
    if (!value)
        return fail(args, "不是有效的 UTF-8", "is not valid UTF-8", param->name);
    if (param->field)
        body_set(args->body, param->field, value);
    else
        json_object_set_new(args->kept, param->name, value);
    return 0;
}

static bool same(const char *name, const char *word, size_t n)
{
    if (strlen(name) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((name[i] == '_' ? '-' : name[i]) != (word[i] == '_' ? '-' : word[i]))
            return false;
    return true;
}

// By its name, else by the API's name of the field that it fills ("joint_units" for --joint-unit).
static const struct param *find(struct params params, const char *word, size_t n)
{
    for (size_t i = 0; i < params.n; i++)
        if (!(params.list[i].flags & PARAM_POSITIONAL) && same(params.list[i].name, word, n))
            return &params.list[i];
    for (size_t i = 0; i < params.n; i++) {
        const struct param *param = &params.list[i];
        const char *dot = param->field ? strrchr(param->field, '.') : NULL;
        if (param->field && param->kind != PARAM_FLAG && !(param->flags & PARAM_POSITIONAL) &&
            same(dot ? dot + 1 : param->field, word, n))
            return param;
    }
    return NULL;
}

// One option at argv[at]. Returns how many words it took, -1 on an error, 0 if it is unknown.
static int take_option(struct args *args, struct params params, int argc, char **argv, int at)
{
    const char *name = argv[at] + 2;
    size_t n = strcspn(name, "=");
    const struct param *param = find(params, name, n);
    if (!param)
        return 0;
    if (param->kind == PARAM_FLAG) {
        if (name[n])
            return fail(args, "不带值", "takes no value", param->name);
        return put(args, param, "") < 0 ? -1 : 1;
    }
    if (name[n])
        return put(args, param, name + n + 1) < 0 ? -1 : 1;
    if (at + 1 >= argc)
        return fail(args, "缺少值", "needs a value", param->name);
    return put(args, param, argv[at + 1]) < 0 ? -1 : 2;
}

bool args_takes_value(struct params params, const char *word)
{
    if (strncmp(word, "--", 2) != 0 || strchr(word, '='))
        return false;
    const struct param *param = find(params, word + 2, strlen(word + 2));
    return param && param->kind != PARAM_FLAG;
}

int args_common(struct args *args, struct params common, struct params verb, int *argc, char **argv)
{
    int kept = 0, at = 0;
    while (at < *argc && strcmp(argv[at], "--") != 0) {
        int took = 0;
        if (strncmp(argv[at], "--", 2) == 0 &&
            !find(verb, argv[at] + 2, strcspn(argv[at] + 2, "=")))
            took = take_option(args, common, *argc, argv, at);
        if (took < 0)
            return -1;
        if (took == 0) {
            took = args_takes_value(verb, argv[at]) && at + 1 < *argc ? 2 : 1;
            for (int i = 0; i < took; i++)
                argv[kept++] = argv[at + i];
        }
        at += took;
    }
    while (at < *argc)
        argv[kept++] = argv[at++];
    *argc = kept;
    return 0;
}

static bool given(const struct args *args, const struct param *param)
{
    return param->field ? body_get(args->body, param->field) != NULL
                        : json_object_get(args->kept, param->name) != NULL;
}

static bool many(const struct param *param)
{
    return param->kind == PARAM_LIST || param->kind == PARAM_WORDS || param->kind == PARAM_ENUMS;
}

// The parameter that the next word without dashes fills.
static const struct param *next_place(const struct args *args, struct params params)
{
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < params.n; i++) {
            const struct param *param = &params.list[i];
            unsigned wanted = pass ? PARAM_LOOSE : PARAM_POSITIONAL;
            if ((param->flags & wanted) && (many(param) || !given(args, param)))
                return param;
        }
    return NULL;
}

static int check_required(struct args *args, struct params params)
{
    for (size_t i = 0; i < params.n; i++) {
        const struct param *param = &params.list[i];
        if (!(param->flags & PARAM_REQUIRED) || given(args, param))
            continue;
        (void)snprintf(args->why, sizeof args->why, T("缺少 %s%s", "%s%s is missing"),
                       param->flags & PARAM_POSITIONAL ? "" : "--", param->name);
        return -1;
    }
    return 0;
}

int args_parse(struct args *args, struct params params, int argc, char **argv)
{
    bool options = true;
    for (int at = 0; at < argc;) {
        if (options && strcmp(argv[at], "--") == 0) {
            options = false;
            at++;
            continue;
        }
        if (options && strncmp(argv[at], "--", 2) == 0) {
            int took = take_option(args, params, argc, argv, at);
            if (took == 0)
                return fail(args, "没有这个选项", "no such option", argv[at]);
            if (took < 0)
                return -1;
            at += took;
            continue;
        }
        const struct param *place = next_place(args, params);
        if (!place)
            return fail(args, "多余的参数", "one word too many", argv[at]);
        if (put(args, place, argv[at++]) < 0)
            return -1;
    }
    return check_required(args, params);
}

const char *args_text(const struct args *args, const char *name)
{
    return json_string_value(json_object_get(args->kept, name));
}

bool args_flag(const struct args *args, const char *name)
{
    return json_is_true(json_object_get(args->kept, name));
}

int64_t args_int(const struct args *args, const char *name, int64_t fallback)
{
    const json_t *value = json_object_get(args->kept, name);
    return value ? (int64_t)json_integer_value(value) : fallback;
}

const json_t *args_list(const struct args *args, const char *name)
{
    return json_object_get(args->kept, name);
}

const struct param *param_of_field(struct params params, const char *field)
{
    for (size_t i = 0; i < params.n; i++)
        if (params.list[i].field && strcmp(params.list[i].field, field) == 0)
            return &params.list[i];
    return NULL;
}
