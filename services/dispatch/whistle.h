// SPDX-License-Identifier: Apache-2.0
// The aggregate of dispatch: one whistle with its tasks, as a flat blob without pointers (it lives
// in a shelf and may be stored as bytes). Parties (units and bodies) are their interned integers.
// Texts stay in the journal; only what every notice names is kept here: title and category. State
// changes in one place only, fold.h. This file knows how to look at it.
#ifndef WH_DISPATCH_WHISTLE_H
#define WH_DISPATCH_WHISTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "district/district.h"
#include "whistle/v1/dispatch.pb-c.h"

#define TASKS_MAX 64
#define JOINT_MAX 7
#define CATEGORY_MAX 32 // bytes with NUL
#define TITLE_MAX 124   // bytes with NUL; a longer title is cut at a character
#define SUBJECT_NOTICES 2
#define SUBJECT_ENDS 3      // resolved, ended, withdrawn, reopened: what dedup hears
#define BACKSTOP "DISTRICT" // the body that leads where no rule names one

// A task's clocks. RULING and LEDGER run only while a dispute or a ledger is open.
enum { CLOCKS = 6 };
enum clock {
    CLOCK_SIGN,
    CLOCK_CHECKIN,
    CLOCK_REPORT,
    CLOCK_RESOLVE,
    CLOCK_RULING,
    CLOCK_LEDGER,
};

// The life of one clock: it runs from `from` to `due`; both 0 where there is none. round counts how
// often it was set anew; level and reminded (a bit a percent of the times' list) belong to the
// round.
struct task_clock {
    int64_t from, due;
    uint16_t round;
    uint8_t level;
    uint8_t reminded;
    uint32_t reserved;
};

enum task_flag {
    TASK_REFUSED = 1 << 0,      // once, for ever
    TASK_REFUSED_LATE = 1 << 1, // after due_sign
    TASK_RULED = 1 << 2,        // by a person
    TASK_RULED_AUTO = 1 << 3,   // nobody ruled in time
    TASK_SUPERVISED = 1 << 4,   // on the supervision list
    TASK_REPLIED = 1 << 5,      // answered its rating
    TASK_EXTENSION_ASKED = 1 << 6,
    TASK_LEDGER_ASKED = 1 << 7,
    TASK_ON_LEDGER = 1 << 8,
    TASK_UPHELD = 1 << 9,         // its refusal was right
    TASK_BEFORE = 15 << 10,       // cancelled by a join: its state before (task_before_join)
    TASK_LEDGER_WAITED = 1 << 14, // what it asked of the ledger waited when its priority rose
};
#define TASK_BEFORE_SHIFT 10

struct task {
    int32_t department; // party
    int32_t alternative;
    uint8_t part;    // Whistle__V1__Part
    uint8_t state;   // Whistle__V1__TaskState
    uint8_t outcome; // of the last report
    uint8_t rating;
    uint8_t rework;
    uint8_t reserved;
    uint16_t flags;
    int64_t dispatched_at; // its own; a reopening counts as one
    int64_t signed_at, checked_in_at;
    int64_t feedback_at;              // first report since due_report was set, 0 none yet
    int64_t reported_at;              // the last final report; while it stands the task is REPORTED
    int64_t paused_ms;                // stood REPORTED and was rejected, or joined and split again
    int64_t asked_until;              // of the extension or the ledger that waits for its approver
    int64_t extended_until;           // the latest approved extension
    int64_t ledger_from, ledger_left; // when the ledger began; what due_resolve had left then, ms
    int64_t ledger_until;             // of the entry that stood when its priority rose, 0 none
    struct task_clock clocks[CLOCKS];
};

enum whistle_flag {
    WHISTLE_DRILL = 1 << 0,
    WHISTLE_UNREVIEWED = 1 << 1, // went out before its street looked at it
    WHISTLE_REVIEWED = 1 << 2,
    WHISTLE_UNCHECKED = 1 << 3, // went out before dedup had said what it is
    WHISTLE_MATTER = 1 << 4,    // others were joined to it, then or now (how many: a query)
};

// stage: what is not derived from tasks. Before dispatch its WhistleState; IN_TASKS after; an end
// (CANCELLED, RESOLVED, CLOSED, RULED_CLOSED) from then on, until reopened. MERGED: joined to
// another; tasks of those who had checked in go on.
#define STAGE_IN_TASKS WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_DISPATCHED

struct whistle {
    int64_t number;  // the journal's object
    int32_t version; // events folded so far
    uint16_t n_tasks;
    uint8_t stage;
    uint8_t priority, source, flags, n_joint;
    uint8_t confirmed; // a bit a raising side (whistle_sides), of those who said SOLVED
    int32_t unit, street, place, asked_by; // parties, 0 unknown
    int32_t joint[JOINT_MAX];
    int32_t routing_version;
    char times_set[12];
    char category[CATEGORY_MAX];
    char title[TITLE_MAX];
    int64_t submitted_at, dispatched_at, due_review, resolved_at, ended_at;
    struct task_clock confirm; // runs while the whistle is REPORTED
    uint64_t proposer; // who proposed to rule it closed (identity and officer hashed), 0 none
    uint8_t proposer_is_district;
    uint8_t joined_stage; // its stage before it was joined, 0: it had none
    uint8_t reserved[2];
    uint32_t reopened; // how often
    uint32_t untold;   // joined reports that no collected notice has told of
    uint32_t reserved_too;
    int64_t merged_into, joined_at; // the matter it is joined to, since when; 0 none
    int64_t held_until;             // HELD: a person decides until then
    int64_t tell_at, told_at;       // the next collected notice, 0 none; the last one
    struct task tasks[];
};

// Room for a whistle of any size: what fold.h works on.
struct whistle_room {
    union {
        struct whistle whistle;
        char bytes[sizeof(struct whistle) + TASKS_MAX * sizeof(struct task)];
    };
};

size_t whistle_size(const struct whistle *w); // bytes of the blob
// Is this blob whole (its size fits its tasks, states in range)? For rows read back.
bool whistle_valid(const void *data, size_t n);
void whistle_copy(struct whistle_room *to, const struct whistle *from); // NULL: an empty one

// ---- looking ------------------------------------------------------------------------------------
const struct task *whistle_task(const struct whistle *w, int32_t department); // NULL without
bool task_is_live(const struct task *t);                                      // not CANCELLED
bool task_is_open(const struct task *t);                  // live and not yet CONFIRMED
bool task_is_reported(const struct task *t);              // REPORTED or CONFIRMED
bool task_is_arrived(const struct task *t);               // has checked in
uint8_t task_before_join(const struct task *t);           // its state then, 0: no join cancelled it
const struct task *whistle_lead(const struct whistle *w); // the live lead, NULL without
// The state everybody sees: the stage, or derived from the tasks (domain: ACTIVE when any task has
// checked in; REPORTED when every live task is REPORTED or CONFIRMED and one is REPORTED …).
Whistle__V1__WhistleState whistle_state(const struct whistle *w);
bool whistle_is_open(const struct whistle *w);   // not RESOLVED, CLOSED, CANCELLED, RULED_CLOSED
bool whistle_has_tasks(const struct whistle *w); // was dispatched
// May its tasks live on: dispatched and not ended, or joined.
bool whistle_in_work(const struct whistle *w);
// Every live task is reported and one waits to be confirmed (also of a joined whistle).
bool whistle_awaits_confirm(const struct whistle *w);
// May others be joined to it? Not to one that is withdrawn, ruled closed or not blown yet.
bool whistle_takes_joins(const struct whistle *w);
// And this one now? To one that was resolved only who reopens it is joined.
bool whistle_takes_join(const struct whistle *w, bool reopens);

// The raising sides: who confirms, rates, extends. A community's matter: its street; a department
// that raises: itself; joint units likewise. Up to 1 + JOINT_MAX, the raiser's side first.
size_t whistle_sides(const struct whistle *w, const struct wh_district *district,
                     int32_t ret_sides[1 + JOINT_MAX]);
// The side that a unit or department speaks through: a community's street, else itself.
int32_t whistle_side_of(const struct wh_district *district, int32_t party);
// Index of `party` among the sides, -1 where it is none.
int whistle_side(const struct whistle *w, const struct wh_district *district, int32_t party);

// ---- clocks as they stand -----------------------------------------------------------------------
enum clock clock_index(Whistle__V1__Clock clock); // of SIGN … LEDGER, without CONFIRM, REVIEW
Whistle__V1__Clock clock_proto(enum clock clock);
// Does this clock still run (set, not met, not paused)?
bool task_clock_runs(const struct whistle *w, const struct task *t, enum clock clock);
// Bits (1 << enum clock) of SIGN … RESOLVE that are not met in time at `now`. RESOLVE of a reported
// task counts its report.
unsigned task_overdue(const struct whistle *w, const struct task *t, int64_t now);
int task_escalation(const struct whistle *w, const struct task *t); // 0 to 4
int64_t whistle_due_resolve(const struct whistle *w); // the lead's, else the latest; 0 without

// Who: identity and officer as one number, for telling two persons apart. Never 0.
uint64_t person_hash(const char *identity, const char *officer);

// ---- ids ----------------------------------------------------------------------------------------
// "{number}-{DEPARTMENT}" into ret_id; "" where the district does not know the party.
void task_id_format(const struct whistle *w, const struct wh_district *district, int32_t department,
                    char ret_id[WH_TASK_ID_MAX]);
void whistle_number_format(const struct whistle *w, const struct wh_district *district,
                           char ret_number[WH_NUMBER_MAX]);
// 0, WH_E_INVALID (form, or another district's).
int whistle_number_parse(const struct wh_district *district, const char *text, int64_t *ret_number);
// Splits a task's id. 0, WH_E_INVALID (form), WH_E_NOTFOUND (no such party).
int task_id_parse(const struct wh_district *district, const char *id, int64_t *ret_number,
                  int32_t *ret_department);

#endif
