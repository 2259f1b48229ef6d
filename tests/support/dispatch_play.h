// SPDX-License-Identifier: Apache-2.0
// One whistle of the demo district played with dispatch's rules alone: commands and time in, events
// out. Every decision is checked as it is made: events survive packing, their fold is the state
// that was decided, due times follow from the events (an oracle of its own), notices are unique.
#ifndef WH_TESTS_SUPPORT_DISPATCH_PLAY_H
#define WH_TESTS_SUPPORT_DISPATCH_PLAY_H

#include "client/keys.h"
#include "dispatch/decide.h"
#include "dispatch/words.h"

#define PLAY_EVENTS 4096

// What the oracle knows of a task, from events only.
struct oracle_task {
    int32_t department;
    int64_t base, paused, reported, extended, ledger_left;
    int64_t due[4]; // sign, check in, report, resolve
    int64_t asked;
    int64_t ledger_until; // of the entry that a rising priority ended
    bool on_ledger;
};

struct play {
    const struct wh_district *district;
    struct wh_arena arena; // of the decision in hand
    int64_t now;
    int64_t number;
    bool exists;
    struct whistle_room state;
    struct whistle_room replay;
    size_t n_events, n_notices, n_waiting, n_escalated;
    uint32_t kinds[PLAY_EVENTS]; // what_case of each event
    char (*ids)[160];            // of every notice so far
    size_t n_ids, cap_ids;
    uint8_t priority;
    struct oracle_task oracle[TASKS_MAX];
    size_t n_oracle;
    int64_t joined_at; // by the oracle
    const struct audience *audience;
    const struct noted *noted;
    const struct sayings *sayings;
    uint8_t *record; // of what was said in it (sayings.h); bytes
    size_t n_record;
    // Hears every event as it is made; NULL: nobody. identity "": time.
    void (*hear)(void *arg, const struct play *p, const char *identity, const char *officer,
                 const Whistle__V1__DispatchEvent *event);
    void *hear_arg;
    bool confirmed_by_side; // since the last dispatch or reopening
    struct decision d;      // the latest
};

// tags may be NULL. The whistle is raised by `unit` and blown at `now`.
void play_begin(struct play *p, const struct wh_district *district, int64_t now);
void play_end(struct play *p);
void play_blow(struct play *p, const char *unit, const char *category,
               Whistle__V1__Priority priority, const char *place, const char *tag,
               const char *joint);
int play_intake(struct play *p, const Whistle__V1__IntakeEvent *event);
// What dedup says: of the whistle itself, and as the matter of another's event. How many events.
size_t play_dedup(struct play *p, const Whistle__V1__DedupEvent *event, bool taken);
size_t play_matter(struct play *p, const Whistle__V1__DedupEvent *event);
size_t play_between(struct play *p, const Whistle__V1__DedupEvent *event);
size_t play_unheld(struct play *p, const Whistle__V1__WhistleHeldBack *held);
size_t play_unchecked(struct play *p, const Whistle__V1__WhistleBlown *blown);
// identity acts; roles follow from it. Returns the rule.
enum wh_rule play(struct play *p, const char *identity, uint32_t what,
                  const struct command *command);
// One turn of time at p->now; returns how many events it made.
size_t play_timer(struct play *p);
// Goes to `at` and lets time do all it has to on the way.
void play_until(struct play *p, int64_t at);

int32_t play_party(const struct play *p, const char *code);
const struct task *play_task(const struct play *p, const char *department);

// Short commands. play_all_report: whoever has not, checks in and reports SOLVED.
void play_all_report(struct play *p);
enum wh_rule play_sign(struct play *p, const char *department);
enum wh_rule play_check_in(struct play *p, const char *department);
enum wh_rule play_report(struct play *p, const char *department, Whistle__V1__Outcome outcome);
enum wh_rule play_refuse(struct play *p, const char *department, const char *alternative);
enum wh_rule play_rule(struct play *p, const char *department, Whistle__V1__RuleVerdict verdict,
                       const char *to);
enum wh_rule play_confirm(struct play *p, const char *side, Whistle__V1__ConfirmVerdict verdict,
                          const char *back);

#endif
