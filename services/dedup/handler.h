// SPDX-License-Identifier: Apache-2.0
// What one dedup process holds in memory and what its handlers share. handler_turn.c turns
// decisions into events and rows, handler_follow.c takes what others say, handler_command.c what a
// person says, handler_index.c keeps who stands in the index, handler_memory.c is memory's life,
// handler_preview.c, handler_matter.c and handler_query.c answer without effect.
#ifndef WH_DEDUP_HANDLER_H
#define WH_DEDUP_HANDLER_H

#include "base/map.h"
#include "dedup/ask.h"
#include "dedup/decide.h"
#include "dedup/fold.h"
#include "dedup/raised.h"
#include "dedup/say.h"
#include "dedup/store.h"
#include "district/district.h"
#include "match/simindex_card.h"
#include "runtime/service.h"
#include "whistle/v1/dedup.pb-c.h"

#define SUBJECT_URGENT 1 // what the feed "urgent" carries
#define DEDUP_HITS 32    // likest reports that are looked at
#define DEDUP_SUBJECTS_MAX 96
#define DEDUP_TIMER_SWEEP 1 // keys of timers: this one, else a held whistle's number

// A report of the turn in hand.
struct made_report {
    const struct match_report *report; // stands aside
    struct match_weights weights;
    struct simindex_card card;
    struct simindex_topics topics;
};

// Who stands in the index, handler_index.c.
struct reports {
    struct simindex *index; // committed: of each matter its representatives
    double least;           // likeness below which nothing is told
    struct match_maker *maker;
    struct match_probe *probe;
    struct wh_map aside; // id → blob of whoever is not in it
    size_t aside_bytes;
    struct made_report *made; // in this turn, in order
    size_t n_made, cap_made;
};

struct dedup_told { // of the turn in hand, for the metrics
    int64_t cleared, held, merged, perhaps, split, joined, unchecked, forwarded, danger;
};

struct dedup {
    struct wh_runtime *runtime;
    struct wh_district *district; // in force; NULL before the first one
    struct wh_district *pending;  // adopted in the turn in hand
    const struct match_model *model;
    struct decide_settings settings;
    struct matters *matters;
    struct reports reports;
    struct wh_shelf *facts; // number → payload of the event that holds what was raised
    struct wh_shelf *marks; // one entry: how much of the turn stands, see handler_turn.c
    int64_t turn, now;      // which turn is in hand, and its time
    bool sweep;             // a part of memory is to be looked through after this turn
    size_t sweep_at;
    int64_t *doubts; // numbers that wait for a person's word, ascending
    size_t n_doubts, cap_doubts;
    struct rebuilt_link *links; // while rows arrive
    size_t n_links, cap_links;
    struct wh_map in_trees; // ids that links speak of, while rebuilding
    struct dedup_told told;
};

// ---- what handlers share (handler.c) ------------------------------------------------------------
// The district the turn in hand decides by, NULL without.
const struct wh_district *dedup_district(const struct dedup *state);
struct decide_by dedup_by(const struct dedup *state, int64_t now);
struct say dedup_say(const struct dedup *state, struct wh_arena *arena);
// The event that holds what was raised of a whistle (LOAD_FACTS came before); NULL without.
const Whistle__V1__DedupEvent *dedup_facts(const struct dedup *state, struct wh_arena *arena,
                                           int64_t id);
Whistle__V1__WhistleBlown *dedup_blown_of(const Whistle__V1__DedupEvent *event);
size_t dedup_perhaps_of(const Whistle__V1__DedupEvent *event, Whistle__V1__Likeness ***ret_list);
int dedup_need_matter(const struct dedup *state, struct wh_turn *turn, int64_t id);
int dedup_need_facts(const struct dedup *state, struct wh_turn *turn, int64_t id);
const Whistle__V1__DedupEvent *dedup_read_body(struct wh_arena *arena, const struct wh_row *row,
                                               int column, const Whistle__V1__Event **ret_event);
// Likenesses in words: what `input` shares with each.
Whistle__V1__Likeness **dedup_likenesses(struct dedup *state, struct say *say,
                                         const struct match_input *input,
                                         const struct resemblance *like, size_t n);

// ---- turns (handler_turn.c) ---------------------------------------------------------------------
struct dedup_event {
    const Whistle__V1__DedupEvent *event;
    int64_t object;
    const Whistle__V1__WhistleFacts *facts; // for who hears of it, may be NULL
    int64_t matter;                         // whose side hears of it too, 0: none
    const void *blob;                       // of the report that is made by it, else NULL
    size_t n_blob;
    bool urgent;
};
void dedup_settle(struct dedup *state, struct wh_turn *turn);
// Emits, folds, puts rows, sets timers. 0, WH_E_NOMEM, WH_E_INVALID.
int dedup_emit(struct dedup *state, struct wh_turn *turn, const struct wh_item *item,
               const struct dedup_event *event);
// What the item did stands. Every handler that emitted ends with it.
int dedup_stand(struct dedup *state);

// ---- the index (handler_index.c) ----------------------------------------------------------------
int reports_init(struct reports *reports, const struct match_model *model, size_t expected);
void reports_done(struct reports *reports);
const struct match_report *reports_get(const struct reports *reports, int64_t id);
size_t reports_find(struct reports *reports, const struct match_model *model,
                    const struct match_report *report, struct simindex_hit ret_hits[DEDUP_HITS]);
int reports_make(struct reports *reports, const struct match_report *report);
void reports_undo(struct reports *reports, size_t n_made);
void reports_stand(struct reports *reports);  // the turn is committed
void reports_reckon(struct reports *reports); // all rows are read
int reports_keep(struct reports *reports, int64_t id, const void *blob, size_t n); // not in index
// Of the matter of root `id` only representatives stand in the index from now on.
void reports_arrange(struct reports *reports, const struct matters *matters, int64_t id,
                     int64_t now);
void reports_drop(struct reports *reports, int64_t id);
size_t reports_bytes(const struct reports *reports);

// ---- handlers -----------------------------------------------------------------------------------
int need_intake(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_intake(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_p1(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_p1(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_ends(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_ends(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_timer(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_timer(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_join(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_join(void *state, struct wh_turn *turn, const struct wh_item *item);
int64_t dedup_memory(void *state); // service.h: memory (handler_figures.c)
int need_split(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_split(void *state, struct wh_turn *turn, const struct wh_item *item);
// A joined whistle leaves its matter. untaken: dispatch could not join it; the two are not apart.
int dedup_split(struct dedup *state, struct wh_turn *turn, const struct wh_item *item,
                int64_t number, char *reason, bool untaken);
// A blown whistle's verdict (handler_verdict.c).
int dedup_judge(struct dedup *state, struct wh_turn *turn, const struct wh_item *item,
                Whistle__V1__WhistleBlown *blown);
// A held one goes out. why: WAITED, URGENT, SEPARATED.
int dedup_release(struct dedup *state, struct wh_turn *turn, const struct wh_item *item, int64_t id,
                  const char *why);

void query_preview(void *state, struct wh_query *query, const struct wh_item *item);
void query_matter(void *state, struct wh_query *query, const struct wh_item *item);
void query_doubts(void *state, struct wh_query *query, const struct wh_item *item);
void query_dead_letters(void *state, struct wh_query *query, const struct wh_item *item);
void query_retry(void *state, struct wh_query *query, const struct wh_item *item);
void query_health(void *state, struct wh_query *query, const struct wh_item *item);

// ---- memory (handler_memory.c) and the descriptor's hooks ---------------------------------------
int dedup_start(struct wh_runtime *runtime, void **ret_state);
void dedup_stop(void *state);
void dedup_reset(void *state);
int dedup_ready(void *state);
void dedup_committed(void *state);
void dedup_rolled_back(void *state);
bool dedup_pause(void *state);
void dedup_describe(const Whistle__V1__Event *event, const ProtobufCMessage *payload,
                    struct wh_done *ret_done);
int32_t dedup_subject(void *state, const char *code);
void dedup_note_doubt(struct dedup *state, int64_t id);
void dedup_tell(struct dedup *state); // figures (handler_figures.c)
void dedup_untell(struct dedup *state);

#endif
