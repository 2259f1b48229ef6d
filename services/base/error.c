// SPDX-License-Identifier: Apache-2.0
// The texts of errors and rules, read from the tables. Decides nothing: rules.def is the source,
// the numbers are error.h's, and which rule applies is said by those who refuse.
#include "base/error.h"

#include <stddef.h>
#include <string.h>

static const char *const error_texts[] = {
    [0] = "success",
    [-WH_E_INVALID] = "invalid value",
    [-WH_E_NOMEM] = "out of memory",
    [-WH_E_RANGE] = "out of range",
    [-WH_E_NOTFOUND] = "not found",
    [-WH_E_EXISTS] = "exists already",
    [-WH_E_REFUSED] = "refused by a rule",
    [-WH_E_BUSY] = "busy",
    [-WH_E_TIMEOUT] = "timed out",
    [-WH_E_DENIED] = "not allowed",
    [-WH_E_UNKNOWN_KEY] = "unknown key",
    [-WH_E_PROTOCOL] = "protocol violated",
    [-WH_E_DB] = "database error",
    [-WH_E_FENCED] = "another owner has taken over",
    [-WH_E_IO] = "input/output error",
    [-WH_E_REWOUND] = "the journal was rewound",
    [-WH_E_CONFLICT] = "conflicts with the present state",
};

static const struct wh_rule_info rules[] = {
    [WH_RULE_NONE] = {"", 0, "", "", ""},
#define WH_RULE(ident, name, status, code, zh, en) [WH_RULE_##ident] = {name, status, code, zh, en},
#include "base/rules.def"
#undef WH_RULE
};

const char *wh_strerror(int error)
{
    size_t n = sizeof error_texts / sizeof error_texts[0];
    if (error > 0 || error <= -(int)n || !error_texts[-error])
        return "unknown error";
    return error_texts[-error];
}

const struct wh_rule_info *wh_rule_info(enum wh_rule rule)
{
    if ((unsigned)rule >= WH_RULE_COUNT_)
        return &rules[WH_RULE_NONE];
    return &rules[rule];
}

enum wh_rule wh_rule_by_name(const char *name)
{
    if (!name)
        return WH_RULE_NONE;
    for (unsigned i = 1; i < WH_RULE_COUNT_; i++) {
        if (strcmp(rules[i].name, name) == 0)
            return (enum wh_rule)i;
    }
    return WH_RULE_NONE;
}
