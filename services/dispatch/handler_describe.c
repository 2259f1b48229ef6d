// SPDX-License-Identifier: Apache-2.0
// What an answer says of the event a command made: which whistle or task, and the state it is in by
// that event. Pure, so that a kept answer says the same for ever.
#include <stdio.h>
#include <string.h>

#include "client/frame.h"
#include "dispatch/dispatch.h"
#include "dispatch/words.h"

static const char *decision_word(Whistle__V1__Decision decision)
{
    return decision == DECIDED(APPROVED) ? "APPROVED" : "DENIED";
}

static const char *task_word(const Whistle__V1__DispatchEvent *e)
{
    switch (e->what_case) {
    case EVENT(SIGNED):
        return "SIGNED";
    case EVENT(CHECKED_IN):
        return "CHECKED_IN";
    case EVENT(REPORTED):
        return e->reported->outcome == OUTCOME(PROGRESS) ? "HANDLING" : "REPORTED";
    case EVENT(REFUSED):
        return "DISPUTED";
    case EVENT(RULED):
        return e->ruled->verdict == RULED(UPHELD) ? "CANCELLED" : "SIGNED";
    case EVENT(EXTENSION_ASKED):
    case EVENT(LEDGER_ASKED):
        return "ASKED";
    case EVENT(EXTENSION_DECIDED):
        return decision_word(e->extension_decided->decision);
    case EVENT(LEDGER_DECIDED):
        return decision_word(e->ledger_decided->decision);
    case EVENT(RATED):
        return "RATED";
    case EVENT(RATING_REPLIED):
        return "REPLIED";
    case EVENT(DELEGATED):
        return "DELEGATED";
    default:
        return "";
    }
}

// A confirmation that names tasks made them CONFIRMED; without any it waits for the other sides.
static const char *confirmed_word(const Whistle__V1__WhistleConfirmed *confirmed)
{
    if (confirmed->verdict != VERDICT(SOLVED)) {
        return "ACTIVE";
    }
    return confirmed->n_confirmed > 0 ? "RESOLVED" : "REPORTED";
}

static const char *whistle_word(const Whistle__V1__DispatchEvent *e)
{
    switch (e->what_case) {
    case EVENT(CONFIRMED):
        return confirmed_word(e->confirmed);
    case EVENT(OPINION_GIVEN):
        return "GIVEN";
    case EVENT(REOPENED):
        return "ACTIVE";
    case EVENT(WITHDRAWN):
        return "CANCELLED";
    case EVENT(WITHDRAWAL_NOTED):
        return "NOTED";
    case EVENT(DEPARTMENTS_ADDED):
        return "ADDED";
    case EVENT(RULE_CLOSE_PROPOSED):
        return "PROPOSED";
    case EVENT(ENDED):
        return e->ended->to == STATE(RULED_CLOSED) ? "RULED_CLOSED" : "CLOSED";
    case EVENT(NOTICE_SENT):
        return "SENT";
    case EVENT(NOTICE_FAILED):
        return "FAILED";
    default:
        return task_word(e);
    }
}

// Every member that a command makes begins with the task, the number or the notice's id.
static const char *reference(const ProtobufCMessage *member)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(member->descriptor, 1);
    const char *text;
    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING ||
        field->label == PROTOBUF_C_LABEL_REPEATED) {
        return "";
    }
    memcpy(&text, (const uint8_t *)member + field->offset, sizeof text);
    return text;
}

void dispatch_describe(const Whistle__V1__Event *event, const ProtobufCMessage *payload,
                       struct wh_done *ret_done)
{
    (void)event;
    const ProtobufCMessage *member;
    if (wh_oneof_get(payload, &member) == 0) {
        return;
    }
    snprintf(ret_done->ref, sizeof ret_done->ref, "%s", reference(member));
    snprintf(ret_done->state, sizeof ret_done->state, "%s",
             whistle_word((const Whistle__V1__DispatchEvent *)payload));
}
