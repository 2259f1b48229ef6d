// SPDX-License-Identifier: Apache-2.0
// The service's memory and what its handlers share. handler_raise.c takes whistles,
// handler_review.c what the street decides about them, handler_person.c sealing, unsealing,
// erasing, handler_district.c the district, handler_query.c answers without effect, handler_state.c
// memory, start and rebuild.
#ifndef WH_INTAKE_HANDLER_H
#define WH_INTAKE_HANDLER_H

#include "district/codes.h"
#include "district/district.h"
#include "intake/admit.h"
#include "intake/facts.h"
#include "intake/number.h"
#include "intake/review.h"
#include "intake/seal.h"
#include "intake/store.h"
#include "intake/whistle.h"
#include "runtime/service.h"

#define INTAKE_FORGET_MAX 128
#define INTAKE_PRIORITIES 5 // P1 to P4 by their numbers

struct intake {
    struct wh_runtime *runtime;
    struct wh_district *district; // adopted and committed, NULL: none yet
    struct wh_district *next;     // adopted in the turn in hand
    struct wh_codes *codes;
    struct numbers numbers, draft;        // committed; of the turn in hand
    struct wh_shelf *whistles;            // by number: struct kept
    struct wh_shelf *persons;             // by the head of the phone's hash: struct person_row
    int64_t forgotten[INTAKE_FORGET_MAX]; // persons erased in the turn in hand
    size_t n_forgotten;
    bool clear_persons; // after this turn: some of the shelf's are gone
    uint8_t vault_key[SEAL_KEY], reporter_key[SEAL_KEY];
    struct wh_arena loading; // while a whistle's rows arrive
    struct whistle loaded;
    int64_t raised[INTAKE_PRIORITIES], held; // of the turn in hand, for the metrics
};

// The newest district, also one adopted earlier in this turn; NULL without.
const struct wh_district *intake_district(const struct intake *intake);
struct who intake_who(const struct wh_item *item);
int intake_fault(struct wh_turn *turn, const struct wh_item *item, const struct fault *fault);

// A whistle as it stands, facts in the turn's arena. 0, WH_E_NOTFOUND, WH_E_NOMEM.
int intake_get(struct intake *intake, struct wh_turn *turn, int64_t id,
               struct whistle *ret_whistle);
// Loads the whistle of this number before `on` runs.
int intake_need(struct intake *intake, struct wh_turn *turn, const char *number);
// The same for `on`: 0, or the refusal's code.
int intake_find(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                const char *number, struct whistle *ret_whistle);
// Emits one event of a standing whistle, takes it into the whistle, keeps row and memory.
int intake_change(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                  struct whistle *whistle, Whistle__V1__IntakeEvent *event);
// WhistleBlown with the whistle's facts at this priority.
int intake_blow(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                struct whistle *whistle, const struct review_step *step, const char *reason);

// Who and what to seal with: the phone's person or a new one. 0, WH_E_REFUSED.
int intake_sealing(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                   const char *phone, struct sealing *ret_sealing);
int intake_need_person(struct intake *intake, struct wh_turn *turn, const char *phone);
// The key of whoever has this name (only its hash is kept; NULL: a key without a name), known or
// new.
int intake_key(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
               const char *name, struct person *ret_person);
int intake_need_key(struct intake *intake, struct wh_turn *turn, const char *name);
// Seals the desks' personal channels in a copy of the district; forgets those that it names no
// more.
int intake_seal_desks(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                      Whistle__V1__District *copy);
int intake_forget_desks(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                        const Whistle__V1__District *now);

// Handlers, by message.
int need_raise(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_raise(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_resubmit(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_resubmit(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_number(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_review(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_supplement(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_priority(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_unseal(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_erase(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_adopt(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_adopt(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_clock(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_clock(void *state, struct wh_turn *turn, const struct wh_item *item);
void query_district(void *state, struct wh_query *query, const struct wh_item *item);
void query_preview(void *state, struct wh_query *query, const struct wh_item *item);
void query_unsealed(void *state, struct wh_query *query, const struct wh_item *item);
void query_contact(void *state, struct wh_query *query, const struct wh_item *item);
void query_preview_district(void *state, struct wh_query *query, const struct wh_item *item);
void query_health(void *state, struct wh_query *query, const struct wh_item *item);
void query_dead_letters(void *state, struct wh_query *query, const struct wh_item *item);

// The descriptor's hooks.
int intake_start(struct wh_runtime *runtime, void **ret_state);
void intake_stop(void *state);
void intake_reset(void *state);
int intake_ready(void *state);
void intake_committed(void *state);
void intake_rolled_back(void *state);
void intake_describe(const Whistle__V1__Event *event, const ProtobufCMessage *payload,
                     struct wh_done *ret_done);
enum wh_rule intake_admit(void *state, const struct wh_item *item, int64_t *ret_retry_ms);
bool intake_urgent(void *state, const struct wh_item *item);
int32_t intake_subject(void *state, const char *code);

#endif
