// SPDX-License-Identifier: Apache-2.0
// Settings: for each one the environment (WHISTLE_<NAME>, or WHISTLE_<NAME>_FILE whose content is
// the value) wins over the file (lines "name = value", no sections) wins over its default. A value
// that breaks its type or bounds, an unknown name in the file, or both forms in the environment is
// refused with setting, value and rule named. Decides nothing about what a setting means.
#include "runtime/setting.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define NAME_MAX_BYTES 64
#define VALUE_MAX_BYTES 8192
#define LINE_MAX_BYTES 190 // the parser cuts longer ones in two without a word

enum source { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_SECRET_FILE };

struct value {
    const struct wh_setting *setting;
    char *text;
    int64_t number; // INT and BOOL
    enum source source;
};

struct wh_settings {
    struct value *values;
    size_t n;
};

// What goes on while reading; inih hands it back to read_pair.
struct reading {
    struct wh_settings *settings;
    const char *file;
    char *why;
    size_t why_n;
    int status;
};

static struct value *value_find(const struct wh_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->n; i++)
        if (strcmp(settings->values[i].setting->name, name) == 0)
            return &settings->values[i];
    return NULL;
}

static bool parse_int(const char *text, int64_t *ret_number)
{
    char *end;
    if (text[0] != '-' && (text[0] < '0' || text[0] > '9'))
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *ret_number = number;
    return true;
}

static bool parse_bool(const char *text, int64_t *ret_number)
{
    static const char *const words[2][4] = {{"false", "no", "off", "0"},
                                            {"true", "yes", "on", "1"}};
    for (int truth = 0; truth < 2; truth++)
        for (size_t i = 0; i < 4; i++)
            if (strcmp(text, words[truth][i]) == 0) {
                *ret_number = truth;
                return true;
            }
    return false;
}

static int64_t text_most(const struct wh_setting *setting)
{
    return setting->max > 0 ? setting->max : VALUE_MAX_BYTES - 1;
}

// The rule that the text breaks, NULL if none.
static const char *broken_rule(const struct wh_setting *setting, const char *text,
                               int64_t *ret_number, char rule[static 96])
{
    switch (setting->type) {
    case WH_SETTING_INT:
        (void)snprintf(rule, 96, "a whole number from %lld to %lld", (long long)setting->min,
                       (long long)setting->max);
        if (!parse_int(text, ret_number))
            return rule;
        return *ret_number < setting->min || *ret_number > setting->max ? rule : NULL;
    case WH_SETTING_BOOL:
        return parse_bool(text, ret_number) ? NULL : "true or false";
    case WH_SETTING_TEXT:
    default:
        (void)snprintf(rule, 96, "text of %lld to %lld bytes", (long long)setting->min,
                       (long long)text_most(setting));
        int64_t n = (int64_t)strlen(text);
        return n < setting->min || n > text_most(setting) ? rule : NULL;
    }
}

static const char *source_text(enum source source)
{
    static const char *const names[] = {"default", "file", "environment", "secret file"};
    return names[source];
}

static int value_set(struct reading *reading, struct value *value, const char *text,
                     enum source source)
{
    char rule[96];
    const char *broken = broken_rule(value->setting, text, &value->number, rule);
    if (broken != NULL) {
        (void)snprintf(reading->why, reading->why_n, "%s (%s): \"%.80s\" is not %s",
                       value->setting->name, source_text(source),
                       value->setting->secret ? "***" : text, broken);
        return WH_E_INVALID;
    }
    char *copy = strdup(text);
    if (copy == NULL)
        return WH_E_NOMEM;
    free(value->text);
    value->text = copy;
    value->source = source;
    return 0;
}

// inih: 1 goes on, 0 stops.
static int read_pair(void *arg, const char *section, const char *name, const char *text)
{
    struct reading *reading = arg;
    struct value *value = section[0] == '\0' ? value_find(reading->settings, name) : NULL;
    if (value != NULL) {
        reading->status = value_set(reading, value, text, FROM_FILE);
        return reading->status == 0;
    }
    reading->status = WH_E_INVALID;
    (void)snprintf(reading->why, reading->why_n, "%s: %s \"%.64s\"", reading->file,
                   section[0] != '\0' ? "sections are not used here:" : "no setting is called",
                   section[0] != '\0' ? section : name);
    return 0;
}

// What the parser would take in another sense than it was meant: long and indented lines.
static int check_lines(struct reading *reading)
{
    FILE *file = fopen(reading->file, "re");
    int c = 0, status = 0;
    if (file == NULL)
        return WH_E_IO;
    for (int line = 1; c != EOF && status == 0; line++) {
        int n = 0, first = c = fgetc(file);
        for (; c != EOF && c != '\n'; c = fgetc(file))
            n++;
        if (n <= LINE_MAX_BYTES && first != ' ' && first != '\t')
            continue;
        (void)snprintf(
            reading->why, reading->why_n,
            "%s:%d: a line has at most %d bytes and begins without a space; longer values can"
            " stand in the environment or in a file named there",
            reading->file, line, LINE_MAX_BYTES);
        status = WH_E_INVALID;
    }
    (void)fclose(file);
    return status;
}

static int read_file(struct reading *reading)
{
    int status = check_lines(reading);
    if (status == WH_E_INVALID)
        return status;
    int line = status == 0 ? ini_parse(reading->file, read_pair, reading) : -1;
    if (reading->status != 0)
        return reading->status;
    if (line == 0)
        return 0;
    if (line < 0) {
        (void)snprintf(reading->why, reading->why_n, "%s: cannot be read", reading->file);
        return WH_E_IO;
    }
    (void)snprintf(reading->why, reading->why_n, "%s:%d: not \"name = value\"", reading->file,
                   line);
    return WH_E_INVALID;
}

static void environment_name(const char *name, const char *tail, char ret_name[NAME_MAX_BYTES + 16])
{
    size_t n = 0;
    static const char prefix[] = "WHISTLE_";
    for (const char *p = prefix; *p != '\0'; p++)
        ret_name[n++] = *p;
    for (const char *p = name; *p != '\0' && n < NAME_MAX_BYTES; p++)
        ret_name[n++] = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
    for (const char *p = tail; *p != '\0'; p++)
        ret_name[n++] = *p;
    ret_name[n] = '\0';
}

static int read_secret(struct reading *reading, struct value *value, const char *path)
{
    char text[VALUE_MAX_BYTES];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)snprintf(reading->why, reading->why_n, "%s: %s cannot be read", value->setting->name,
                       path);
        return WH_E_IO;
    }
    size_t n = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    text[n] = '\0';
    return value_set(reading, value, text, FROM_SECRET_FILE);
}

static int read_environment(struct reading *reading, struct value *value)
{
    char name[NAME_MAX_BYTES + 16], file_name[NAME_MAX_BYTES + 16];
    environment_name(value->setting->name, "", name);
    environment_name(value->setting->name, "_FILE", file_name);
    const char *text = getenv(name), *path = getenv(file_name);
    // a setting "x_file" of its own would make "x"'s secret form ambiguous: then it is none
    char twin[NAME_MAX_BYTES + 16];
    (void)snprintf(twin, sizeof twin, "%.*s_file", NAME_MAX_BYTES, value->setting->name);
    if (value_find(reading->settings, twin) != NULL)
        path = NULL;
    if (text != NULL && path != NULL) {
        (void)snprintf(reading->why, reading->why_n, "%s and %s are both set", name, file_name);
        return WH_E_INVALID;
    }
    if (path != NULL)
        return read_secret(reading, value, path);
    return text != NULL ? value_set(reading, value, text, FROM_ENVIRONMENT) : 0;
}

// Defaults come last, so that a setting without one (a fallback out of its own bounds) must be set.
static int read_all(struct reading *reading)
{
    struct wh_settings *settings = reading->settings;
    int status = 0;
    if (reading->file != NULL && reading->file[0] != '\0')
        status = read_file(reading);
    for (size_t i = 0; i < settings->n && status == 0; i++)
        status = read_environment(reading, &settings->values[i]);
    for (size_t i = 0; i < settings->n && status == 0; i++)
        if (settings->values[i].text == NULL)
            status = value_set(reading, &settings->values[i], settings->values[i].setting->fallback,
                               FROM_DEFAULT);
    return status;
}

int wh_settings_read(const struct wh_setting *const *tables, const size_t *counts, size_t n_tables,
                     const char *file, struct wh_settings **ret_settings, char *why, size_t why_n)
{
    size_t n = 0;
    for (size_t t = 0; t < n_tables; t++)
        n += counts[t];
    struct wh_settings *settings = calloc(1, sizeof *settings);
    if (settings != NULL)
        settings->values = calloc(n + 1, sizeof *settings->values);
    if (settings == NULL || settings->values == NULL) {
        wh_settings_free(settings);
        return WH_E_NOMEM;
    }
    for (size_t t = 0; t < n_tables; t++)
        for (size_t i = 0; i < counts[t]; i++)
            settings->values[settings->n++].setting = &tables[t][i];
    struct reading reading = {.settings = settings, .file = file, .why = why, .why_n = why_n};
    int status = read_all(&reading);
    if (status != 0) {
        wh_settings_free(settings);
        return status;
    }
    *ret_settings = settings;
    return 0;
}

void wh_settings_free(struct wh_settings *settings)
{
    if (settings == NULL)
        return;
    for (size_t i = 0; i < settings->n; i++)
        free(settings->values[i].text);
    free(settings->values);
    free(settings);
}

// A name or type that no table has is our own bug.
static const struct value *value_get(const struct wh_settings *settings, const char *name,
                                     enum wh_setting_type type)
{
    const struct value *value = value_find(settings, name);
    if (value == NULL || value->setting->type != type) {
        (void)fprintf(stderr, "setting \"%s\" is asked for but no table has it with that type\n",
                      name);
        abort();
    }
    return value;
}

int64_t wh_settings_int(const struct wh_settings *settings, const char *name)
{
    return value_get(settings, name, WH_SETTING_INT)->number;
}

const char *wh_settings_text(const struct wh_settings *settings, const char *name)
{
    return value_get(settings, name, WH_SETTING_TEXT)->text;
}

bool wh_settings_bool(const struct wh_settings *settings, const char *name)
{
    return value_get(settings, name, WH_SETTING_BOOL)->number != 0;
}

static bool speaks_chinese(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < 3; i++) {
        const char *locale = getenv(names[i]);
        if (locale != NULL && locale[0] != '\0')
            return strncmp(locale, "zh", 2) == 0;
    }
    return false;
}

void wh_settings_print(const struct wh_settings *settings)
{
    bool zh = speaks_chinese();
    for (size_t i = 0; i < settings->n; i++) {
        const struct value *value = &settings->values[i];
        const struct wh_setting *setting = value->setting;
        char environment[NAME_MAX_BYTES + 16], bounds[64] = "true|false";
        environment_name(setting->name, "", environment);
        if (setting->type != WH_SETTING_BOOL)
            (void)snprintf(
                bounds, sizeof bounds, "%lld..%lld%s", (long long)setting->min,
                (long long)(setting->type == WH_SETTING_INT ? setting->max : text_most(setting)),
                setting->type == WH_SETTING_TEXT ? " bytes" : "");
        bool hide = setting->secret && value->text[0] != '\0';
        (void)printf("%s=%s  (%s; %s) %s\n", environment, hide ? "***" : value->text,
                     source_text(value->source), bounds, zh ? setting->help_zh : setting->help_en);
    }
}
