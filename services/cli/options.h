// SPDX-License-Identifier: Apache-2.0
// Words of a command line to values. A verb names its parameters in a table; each either fills a
// field of the command's JSON body (by dotted path, as in the .proto) or is kept by name. What the
// service checks is not checked here.
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum param_kind {
    PARAM_TEXT,
    PARAM_ENUM,  // any case, '-' for '_'
    PARAM_LIST,  // repeated, or one word with commas: an array
    PARAM_ENUMS, // the same of enum values
    PARAM_WORDS, // repeated, commas kept: an array
    PARAM_TIME,  // RFC 3339, or what `local_time` understands
    PARAM_INT,
    PARAM_REAL,
    PARAM_FLAG,
    PARAM_PAIRS, // CODE=VALUE, repeated: [{code, value}]
};

enum {
    PARAM_REQUIRED = 1,
    PARAM_POSITIONAL = 2, // by place; otherwise --name
    PARAM_LOOSE = 4,      // an option that a left-over positional word may fill
    PARAM_HIDDEN = 8,     // another spelling, not in the help
};

struct param {
    const char *name;  // without dashes; for positional ones as shown: "NUMBER"
    const char *field; // dotted path in the body, NULL: kept under its name
    enum param_kind kind;
    unsigned flags;
    const char *hint; // how the value is called in the help; NULL for flags
    const char *zh;
    const char *en;
    const char *set; // a flag's value in the body; NULL: true
};

struct params {
    const struct param *list;
    size_t n;
};

#define PARAMS(...)                                                            \
    {                                                                          \
        (const struct param[]){__VA_ARGS__},                                   \
            sizeof((const struct param[]){__VA_ARGS__}) / sizeof(struct param) \
    }

// Turns a time that is not RFC 3339 into RFC 3339. begins: a day alone means its beginning, else
// its end. 0, or -1: not understood.
typedef int (*local_time_fn)(void *arg, const char *text, bool begins, char *ret_text, size_t n);

struct args {
    json_t *body; // object
    json_t *kept; // object: name → value (text, integer, true, array)
    local_time_fn local_time;
    void *arg;
    char why[256]; // after a failure
};

void args_init(struct args *args, local_time_fn local_time, void *arg);
void args_done(struct args *args);

// Takes the words that `common` knows out of argv, wherever they stand before "--", into kept.
// 0, or -1 with why.
int args_common(struct args *args, struct params common, struct params verb, int *argc,
                char **argv);
// Whether this word is an option whose value is the next word.
bool args_takes_value(struct params params, const char *word);
// All words after the verb. 0, or -1 with why.
int args_parse(struct args *args, struct params params, int argc, char **argv);

// Kept values. Borrowed; NULL, false, fallback where the option was not given.
const char *args_text(const struct args *args, const char *name);
bool args_flag(const struct args *args, const char *name);
int64_t args_int(const struct args *args, const char *name, int64_t fallback);
const json_t *args_list(const struct args *args, const char *name);

// Puts a value at a dotted path, making objects on the way. Takes the value.
void body_set(json_t *body, const char *path, json_t *value);
json_t *body_get(const json_t *body, const char *path); // borrowed, NULL where absent

// The option that fills this field of the body, or NULL: so that an error about "report.outcome"
// can say --outcome.
const struct param *param_of_field(struct params params, const char *field);

#endif
