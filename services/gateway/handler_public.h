// SPDX-License-Identifier: Apache-2.0
// The resident's part, shared by the public form (handler_public.c, handler_public_status.c) and
// Open311 (handler_open311*.c): limits, codes, raising a report for its street, reading what is
// public. No cookie and no key decides anything here.
#ifndef WH_GATEWAY_HANDLER_PUBLIC_H
#define WH_GATEWAY_HANDLER_PUBLIC_H

#include "gateway/gateway.h"
#include "gateway/public_card.h"
#include "gateway/public_code.h"
#include "gateway/store_read.h"
#include "whistle/v1/intake.pb-c.h"
#include "whistle/v1/public.pb-c.h"

// Limits' memory and keys. 0, WH_E_NOMEM.
int public_open(struct gateway *gateway);
void public_close(struct gateway *gateway);

// The request's body as its row's message, and a number of this district. NULL with the fault told;
// 0, WH_E_NOTFOUND.
ProtobufCMessage *public_body(const struct gateway_ask *ask, struct wh_wire_fault *ret_fault);
int public_number_of(const struct gateway_ask *ask, struct wh_str text,
                     char ret_number[WH_NUMBER_MAX], int64_t *ret_id);

// ---- limits ------------------------------------------------------------------------------------

// Reports and me-toos of one address, and of all together. How long to wait (ms), 0: counted and
// admitted. Never asked for a P1.
int64_t public_admit_report(struct gateway_ask *ask);
int64_t public_admit_look(struct gateway_ask *ask); // previews and lists of one address
// May this address try a code of this number? ms to wait. A wrong one is counted by
// public_count_guess.
int64_t public_admit_guess(struct gateway_ask *ask, const char *number);
void public_count_guess(struct gateway_ask *ask, const char *number);
// Answers 429 with Retry-After.
void public_refuse_often(struct gateway_ask *ask, int64_t wait_ms);

// ---- codes and tickets -------------------------------------------------------------------------

void public_code_of(const struct gateway *gateway, int64_t number,
                    char ret_code[PUBLIC_CODE_CHARS + 1]);
bool public_code_right(const struct gateway *gateway, int64_t number, const char *code);
void public_new_ticket(const struct gateway *gateway, char *ret_ticket);
bool public_ticket_is_good(const struct gateway *gateway, const char *ticket);

// ---- raising -----------------------------------------------------------------------------------

struct public_sent {
    int status;                      // as of wh_answer_fn
    const Whistle__V1__Error *error; // NULL: it is in
    const char *number;
    char code[PUBLIC_CODE_CHARS + 1];
};
typedef void (*public_sent_fn)(struct gateway_ask *ask, const struct public_sent *sent);
// Raises it at intake's door for its street, under the request's Idempotency-Key where it has one
// (a UUIDv7). fn answers the request. 0; WH_E_INVALID (another key) or as gateway_call_as: then fn
// is not called.
int public_send(struct gateway_ask *ask, const Whistle__V1__RaiseWhistle *raise, public_sent_fn fn);

// Location of what was made: the row's `created` and the number.
void public_tell_location(struct gateway_ask *ask, const char *number);

// ---- reading -----------------------------------------------------------------------------------

// Row i of a result of READ_PUBLIC…, READ_ALL… or READ_REPORTED; texts into the arena.
// 0, WH_E_NOMEM.
int public_read_row(const PGresult *result, int i, struct wh_arena *arena,
                    struct public_row *ret_row);
// Of READ_CARDS.
int public_read_card(const PGresult *result, int i, struct wh_arena *arena,
                     struct public_row *ret_row);
// A parameter of categories, joined by commas: those that are shown (all: every one) and, where
// codes are given, are among them. NULL without memory.
const char *public_categories(struct gateway_ask *ask, const char *const *codes, size_t n,
                              bool all);
// Runs a read that needs no identity. 0 or as reads_run.
int public_read(struct gateway_ask *ask, enum read_statement statement, const char *const *params,
                read_fn fn);

// ---- routes (route.def) ------------------------------------------------------------------------
void on_public_form(struct gateway_ask *ask);
void on_public_preview(struct gateway_ask *ask);
void on_public_report(struct gateway_ask *ask);
void on_public_me_too(struct gateway_ask *ask);
void on_public_status(struct gateway_ask *ask);
void on_public_whistles(struct gateway_ask *ask);

#endif
