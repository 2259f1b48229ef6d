// SPDX-License-Identifier: Apache-2.0
// Every field of every command is checked here and nowhere else.
#include "dedup/wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"

#define PAGE_MAX 200
#define LIKE_DEFAULT 5
#define REASON_MAX 500
#define TEXT_MAX 10000

static int fault_set(struct wire_fault *fault, enum wh_rule rule, const char *field)
{
    *fault = (struct wire_fault){.rule = rule, .field = field};
    return WH_E_INVALID;
}

static int text(const char *value, size_t max, const char *field, struct wire_fault *fault)
{
    enum wh_rule rule = WH_RULE_FIELD_FORMAT;
    if (wh_text_check(value, strlen(value), max, &rule) != 0)
        return fault_set(fault, rule, field);
    return 0;
}

int wire_number(const char *number, const struct wh_district *district, const char *field,
                int64_t *ret_number, struct wire_fault *fault)
{
    char prefix[WH_PREFIX_MAX + 1];
    int64_t id = 0;
    if (number[0] == 0)
        return fault_set(fault, WH_RULE_FIELD_MISSING, field);
    if (wh_number_parse(number, prefix, &id) != 0)
        return fault_set(fault, WH_RULE_FIELD_FORMAT, field);
    if (district != NULL && strcmp(prefix, wh_district_prefix(district)) != 0)
        return fault_set(fault, WH_RULE_NOT_FOUND, field);
    *ret_number = id;
    return 0;
}

int wire_join(const Whistle__V1__JoinWhistle *message, const struct wh_district *district,
              struct ask_join *ret_ask, struct wire_fault *fault)
{
    struct ask_join ask = {.how = message->how, .has_reason = message->reason[0] != 0};
    if (wire_number(message->number, district, "number", &ask.number, fault) != 0 ||
        wire_number(message->into, district, "into", &ask.into, fault) != 0 ||
        text(message->reason, REASON_MAX, "reason", fault) != 0)
        return WH_E_INVALID;
    if ((int)ask.how < 0 || ask.how > WHISTLE__V1__JOIN_AS__JOIN_AS_RECURRING)
        return fault_set(fault, WH_RULE_FIELD_ENUM, "how");
    if (ask.how == WHISTLE__V1__JOIN_AS__JOIN_AS_UNSPECIFIED)
        ask.how = WHISTLE__V1__JOIN_AS__JOIN_AS_DUPLICATE;
    *ret_ask = ask;
    return 0;
}

int wire_split(const Whistle__V1__SplitWhistle *message, const struct wh_district *district,
               int64_t *ret_number, struct wire_fault *fault)
{
    if (wire_number(message->number, district, "number", ret_number, fault) != 0)
        return WH_E_INVALID;
    return text(message->reason, REASON_MAX, "reason", fault);
}

// Absurd coordinates are no fault: they count as none, as they do in a whistle.
int wire_preview(const Whistle__V1__PreviewMatch *message, const struct wh_district *district,
                 struct wire_preview *ret_preview, struct wire_fault *fault)
{
    const char *address = message->place != NULL ? message->place->address : "";
    *ret_preview = (struct wire_preview){.limit = LIKE_DEFAULT};
    if (message->limit < 0 || message->limit > WIRE_LIKE_MAX)
        return fault_set(fault, WH_RULE_FIELD_RANGE, "limit");
    if (message->limit > 0)
        ret_preview->limit = (size_t)message->limit;
    if (message->number[0] != 0)
        return wire_number(message->number, district, "number", &ret_preview->number, fault);
    if (text(message->title, TEXT_MAX, "title", fault) != 0 ||
        text(message->text, TEXT_MAX, "text", fault) != 0 ||
        text(address, TEXT_MAX, "place.address", fault) != 0)
        return WH_E_INVALID;
    if (message->unit[0] != 0 && wh_district_id(district, message->unit) == 0)
        return fault_set(fault, WH_RULE_FIELD_UNKNOWN, "unit");
    if (message->category[0] != 0 && wh_district_category(district, message->category) == NULL)
        return fault_set(fault, WH_RULE_FIELD_UNKNOWN, "category");
    return 0;
}

int wire_page(const char *cursor, int32_t limit, struct wire_page *ret_page,
              struct wire_fault *fault)
{
    char *end = NULL;
    int64_t after = strtoll(cursor, &end, 10);
    if (*end != 0 || after < 0)
        return fault_set(fault, WH_RULE_FIELD_FORMAT, "cursor");
    ret_page->after = after;
    ret_page->limit = limit <= 0 || limit > PAGE_MAX ? PAGE_MAX : limit;
    return 0;
}
