// SPDX-License-Identifier: Apache-2.0
// The one table of errors. Two kinds, kept apart: WH_E_… are what a function returns to its caller
// inside a program; rules (rules.def) are what is said to the outside when something is refused,
// with an HTTP status, a short code and a text in both languages. Decides the numbers and texts;
// decides nothing about when which one applies.
#ifndef WH_BASE_ERROR_H
#define WH_BASE_ERROR_H

// Functions return 0 or one of these. Numbers never change.
enum wh_error {
    WH_E_INVALID = -1,      // a value that its own check refuses
    WH_E_NOMEM = -2,        // no memory, or an arena's cap reached
    WH_E_RANGE = -3,        // outside the allowed numbers, or a buffer too small
    WH_E_NOTFOUND = -4,     // no such thing
    WH_E_EXISTS = -5,       // is there already
    WH_E_REFUSED = -6,      // a rule says no; the refusal itself is told elsewhere
    WH_E_BUSY = -7,         // no room now, later
    WH_E_TIMEOUT = -8,      // no answer in time
    WH_E_DENIED = -9,       // not allowed
    WH_E_UNKNOWN_KEY = -10, // a key that nobody registered
    WH_E_PROTOCOL = -11,    // the peer broke the protocol
    WH_E_DB = -12,          // the database answered with an error
    WH_E_FENCED = -13,      // another one owns the journal now
    WH_E_IO = -14,          // file, socket or connection
    WH_E_REWOUND = -15,     // the journal is not the one we followed
    WH_E_CONFLICT = -16,    // state has moved on
};

// English text without a final stop, never NULL; 0 is "success". Static storage.
const char *wh_strerror(int error);

enum wh_rule {
    WH_RULE_NONE = 0,
#define WH_RULE(ident, name, status, code, zh, en) WH_RULE_##ident,
#include "base/rules.def"
#undef WH_RULE
    WH_RULE_COUNT_ // number of rules and WH_RULE_NONE together; not a rule
};

// name: dotted, stands in `rule` of an error. status: HTTP. code: short word of the class of error.
// zh, en: one line for people, no final stop. All static.
struct wh_rule_info {
    const char *name;
    int status;
    const char *code, *zh, *en;
};

// Never NULL: WH_RULE_NONE and unknown values give a row with an empty name and status 0.
const struct wh_rule_info *wh_rule_info(enum wh_rule rule);

// WH_RULE_NONE where no rule has that name (or name is NULL).
enum wh_rule wh_rule_by_name(const char *name);

#endif
