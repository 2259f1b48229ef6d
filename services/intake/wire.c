// SPDX-License-Identifier: Apache-2.0
// Commands about a whistle that stands already; a whistle itself is read in wire_raise.c.
#include "intake/wire.h"

#include <string.h>

#include "base/id.h"
#include "intake/wire_field.h"

int64_t wire_number(const char *text, const char *prefix)
{
    char found[WH_PREFIX_MAX + 1];
    int64_t object = 0;
    if (wh_number_parse(text, found, &object) != 0 || strcmp(found, prefix) != 0)
        return 0;
    return object;
}

static int read_number(const char *number, struct fault *fault)
{
    int64_t object = 0;
    if (number[0] == 0)
        return fault_set(fault, WH_RULE_FIELD_MISSING, "number");
    if (wh_number_parse(number, NULL, &object) != 0)
        return fault_set(fault, WH_RULE_FIELD_FORMAT, "number");
    return 0;
}

int wire_review(const Whistle__V1__ReviewWhistle *message, struct review_ask *ret_ask,
                struct fault *fault)
{
    struct review_ask ask = {.number = message->number,
                             .reason = message->reason,
                             .verdict = (int)message->verdict,
                             .priority = (int)message->priority};
    bool needs_reason = ask.verdict == WHISTLE__V1__REVIEW_VERDICT__REVIEW_VERDICT_RETURN ||
                        ask.verdict == WHISTLE__V1__REVIEW_VERDICT__REVIEW_VERDICT_CANCEL;
    if (read_number(ask.number, fault) != 0)
        return WH_E_INVALID;
    if (ask.verdict == 0)
        return fault_set(fault, WH_RULE_FIELD_MISSING, "verdict");
    if (ask.verdict < 0 || ask.verdict > WHISTLE__V1__REVIEW_VERDICT__REVIEW_VERDICT_CANCEL)
        return fault_set(fault, WH_RULE_FIELD_ENUM, "verdict");
    if (field_text(ask.reason, needs_reason, RAISE_REASON_MAX, fault, "reason") != 0 ||
        field_priority(ask.priority, fault, "priority") != 0)
        return WH_E_INVALID;
    *ret_ask = ask;
    return 0;
}

int wire_supplement(const Whistle__V1__SupplementWhistle *message, struct supplement_ask *ret_ask,
                    struct fault *fault)
{
    memset(ret_ask, 0, sizeof(*ret_ask));
    ret_ask->number = message->number;
    ret_ask->text = message->text;
    if (read_number(message->number, fault) != 0 ||
        field_text(message->text, message->n_answers == 0, RAISE_TEXT_MAX, fault, "text") != 0)
        return WH_E_INVALID;
    return field_answers(message->answers, message->n_answers, ret_ask->answers,
                         &ret_ask->n_answers, fault);
}

int wire_priority(const Whistle__V1__ChangePriority *message, struct reason_ask *ret_ask,
                  struct fault *fault)
{
    if (read_number(message->number, fault) != 0)
        return WH_E_INVALID;
    if (message->priority == 0)
        return fault_set(fault, WH_RULE_FIELD_MISSING, "priority");
    if (field_priority((int)message->priority, fault, "priority") != 0)
        return WH_E_INVALID;
    ret_ask->priority = (int)message->priority;
    return wire_reason(message->number, message->reason, ret_ask, fault);
}

int wire_reason(const char *number, const char *reason, struct reason_ask *ret_ask,
                struct fault *fault)
{
    if (read_number(number, fault) != 0)
        return WH_E_INVALID;
    ret_ask->number = number;
    ret_ask->reason = reason;
    return field_text(reason, true, RAISE_REASON_MAX, fault, "reason");
}
