// SPDX-License-Identifier: Apache-2.0
// Pairs of a form or a query, one after the other.
#include "gateway/wire_open311_field.h"

#include <stdio.h>
#include <string.h>

#define LINE_CHARS 200

int field_fault(struct reading *r, int status, const char *what, const char *field)
{
    r->fault->status = status;
    (void)snprintf(r->fault->text, sizeof r->fault->text, "%s: %.64s", what, field);
    return WH_E_INVALID;
}

int field_text(struct reading *r, const struct http_pair *pair, size_t max, bool line)
{
    enum wh_rule rule = WH_RULE_FIELD_FORMAT;
    if (wh_text_check(pair->value.p, pair->value.n, max, &rule) != 0)
        return field_fault(r, 400, wh_rule_info(rule)->en, pair->name.p);
    if (line && memchr(pair->value.p, '\n', pair->value.n) != NULL)
        return field_fault(r, 400, "one line is expected", pair->name.p);
    return 0;
}

int field_once(struct reading *r, unsigned i, const struct http_pair *pair)
{
    if (r->seen & 1U << i)
        return field_fault(r, 400, "it is given twice", pair->name.p);
    r->seen |= 1U << i;
    return 0;
}

// ---- what forms and queries share ---------------------------------------------------------------

enum { COMMON_KEY, COMMON_JURISDICTION, COMMON_LOCALE, COMMON_EXTENSIONS, COMMON_FIELDS };

bool field_common(struct reading *r, const struct http_pair *pair, struct open311_common *common,
                  int *ret_rc)
{
    static const char *const names[COMMON_FIELDS] = {"api_key", "jurisdiction_id", "locale",
                                                     "extensions"};
    const char **const into[] = {&common->api_key, &common->jurisdiction_id, &common->locale};
    unsigned i = 0;
    while (i < COMMON_FIELDS && !wh_str_eq(pair->name, wh_str(names[i])))
        i++;
    if (i == COMMON_FIELDS)
        return false;
    *ret_rc = field_once(r, 24 + i, pair);
    if (*ret_rc == 0)
        *ret_rc = field_text(r, pair, LINE_CHARS, true);
    if (*ret_rc == 0 && i == COMMON_EXTENSIONS)
        common->extensions = wh_str_eq(pair->value, wh_str("true"));
    else if (*ret_rc == 0)
        *into[i] = pair->value.p;
    return true;
}

void field_common_init(struct open311_common *common)
{
    *common = (struct open311_common){.api_key = "", .jurisdiction_id = "", .locale = ""};
}

int field_each(struct wh_str text, struct reading *r, pair_fn fn, void *arg)
{
    struct http_pair pair;
    int error = 0;
    while (http_pair_next(&text, r->arena, &pair, &error)) {
        int rc = fn(r, &pair, arg);
        if (rc != 0)
            return rc;
    }
    return error == WH_E_INVALID ? field_fault(r, 400, "not a URL-encoded form in UTF-8", "")
                                 : error;
}
