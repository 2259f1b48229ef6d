// SPDX-License-Identifier: Apache-2.0
// Words for people: which of the two languages this run speaks, and how states, parts, clocks and
// verdicts are called in it. A program's words (the enum names of the API) are elsewhere and never
// translated.
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

// Chinese first: both texts are literals, so printf's check sees them.
#define T(zh_text, en_text) (text_zh() ? (zh_text) : (en_text))

bool text_zh(void);
void text_speak(bool zh);
// From LC_ALL, LC_MESSAGES, LANG in this order: the first that is set and not empty decides. One
// that names no language (C, POSIX), or none at all: Chinese.
bool text_locale_zh(void);

// "zh" or "en" (also zh_CN, en-GB …): 0 with the language set, -1 otherwise.
int text_parse(const char *name, bool *ret_zh);

// The word for an enum's value; its API name where there is no better word. Borrowed.
const char *text_enum(const ProtobufCEnumDescriptor *type, int value);
// The API name without the enum's prefix: "CHECKED_IN". Borrowed; "" for an unknown value.
const char *text_name(const ProtobufCEnumDescriptor *type, int value);
// The word for an API name of that enum ("CHECKED_IN"); the name itself where there is none.
const char *text_word(const ProtobufCEnumDescriptor *type, const char *name);
// The word for a state as an answer or a history names it: a task's, a whistle's, or how a command
// ended
// ("ASKED"); the name itself where there is none.
const char *text_state(const char *state, bool of_task);
// Why a whistle waits ("STREET_RULE"); any other text as it is.
const char *text_why(const char *why);
// What a journal row of this kind tells ("TaskSigned", "signed"): a short phrase; the kind itself
// where there is none.
const char *text_event(const char *kind);
// What happens next, in the words of NextStep.action.
const char *text_action(const char *action);

#endif
