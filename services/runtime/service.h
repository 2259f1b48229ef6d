// SPDX-License-Identifier: Apache-2.0
// What a service is: a descriptor. main.c fills one in and calls wh_service_main; everything else
// (settings, keys, sockets, database, ownership, turns, journal, feed, metrics, drain) is the
// runtime's.
//
// A turn, as a service sees it:
//   need   for each item: name what must be loaded (wh_need); no decisions
//   loaded rows of those loads arrive, one callback a row; the service puts them in its shelf
//   on     for each item in order: decide with pure rules and turn->now, on the shelf's overlay;
//          wh_emit events, WH_PUT rows, wh_refuse, wh_timer_set
//   then one transaction commits; the shelf's overlay joins memory, answers leave, the feed moves
//   on.
// `need` and `on` may run again for the same item (a repeated or halved turn, a kept answer found):
// everything they did before is rolled back then.
#ifndef WH_RUNTIME_SERVICE_H
#define WH_RUNTIME_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/id.h"
#include "client/frame.h"
#include "client/keys.h"
#include "runtime/label.h"
#include "runtime/setting.h"
#include "whistle/v1/envelope.pb-c.h"

struct wh_runtime; // the process
struct wh_turn;    // the turn in hand
struct wh_query;   // one query being answered
struct wh_shelf;
struct wh_bus;

enum wh_item_kind { WH_ITEM_COMMAND, WH_ITEM_EVENT, WH_ITEM_TIMER };

// Who speaks. For a gateway's key identity is acting_for and roles are that identity's.
struct wh_actor {
    const char *identity;
    const char *officer;
    const char *acting_for; // as told, "" where none
    unsigned roles;
};

// One thing a turn takes. Lives as long as the turn.
struct wh_item {
    enum wh_item_kind kind;
    uint32_t what;                   // command or event: field number in the oneof; timer: 0
    const ProtobufCMessage *message; // the member, e.g. Whistle__V1__RaiseWhistle
    struct wh_actor actor;           // command: the caller; event: as the event tells
    struct wh_uuid request_id;       // command
    const Whistle__V1__Event *event; // event: its envelope (payload unpacked in `payload`)
    const ProtobufCMessage *payload; // event: the whole <Service>Event
    const char *feed;                // event: which feed
    int64_t key, at;                 // timer: its key and when it was due
};

typedef int (*wh_item_fn)(void *state, struct wh_turn *turn, const struct wh_item *item);
typedef void (*wh_query_fn)(void *state, struct wh_query *query, const struct wh_item *item);

// A command. roles: who may call it. Exactly one of `on` (command) and `query`.
struct wh_route {
    uint32_t what;
    const char *name;
    unsigned roles;
    wh_item_fn need; // may be NULL
    wh_item_fn on;
    wh_query_fn query;
};

// A feed of another service and what to do with its events.
struct wh_follows {
    const char *feed;                          // also the doors file's name
    const ProtobufCMessageDescriptor *payload; // <Service>Event
    wh_item_fn need;
    wh_item_fn on;
    bool elsewhere; // another feed brings all of it too: what fails here is left to that one
    // Name of an INT setting in seconds, NULL: none. An event is handed over when so much time has
    // passed since it happened (its `at`); until then it waits, and all behind it, its credit is
    // not given back and the cursor stays. It never waits longer than that here, whatever the
    // clocks or `at` say; a restart begins anew.
    const char *delay;
};

// A name under which the journal (or a part of it) can be followed. subject: 0 all events.
// roles: who may follow it without naming subjects, i.e. hear everything of it; others hear only
// subjects that are their own.
struct wh_feed_name {
    const char *name;
    int32_t subject;
    unsigned roles;
};

// SQL. columns: one letter an unnested array parameter: L int8, I int4, S int2, Z bool, T text,
// B bytea, A int4[] (sent as text). The SQL sees $1, $2 … as arrays, all of the same length, e.g.
// "INSERT INTO dispatch.task (whistle, body) SELECT * FROM unnest($1::int8[], $2::int4[])".
// Order of the table is the order of execution in the transaction.
struct wh_statement {
    const char *name;
    const char *columns;
    const char *sql;
};
// The district's versions that a service adopted, in its table district. put: columns "IL"
// (version, seq of its journal row); newest: a rebuild's load, its row is the body.
extern const char wh_put_district_sql[], wh_newest_district_sql[];

// A load before deciding: sql takes one array $1 of keys (key 'L' int8[] or 'B' bytea[]).
struct wh_row;
struct wh_loader {
    const char *name;
    char key;
    const char *sql;
    void (*row)(void *state, const struct wh_row *row);
    // after all rows: keys that had none (may be NULL); column 0 of a row is its key. Only for key
    // 'L'.
    void (*done)(void *state, const int64_t *keys, size_t n);
};

// A read for answering queries: scalar parameters, letters as in wh_statement (A: int8[] as text).
struct wh_select {
    const char *name;
    const char *params;
    const char *sql;
};

struct wh_done {
    char ref[80];
    char state[24];
};

struct wh_service {
    const char *name;                          // schema, feed, door, log
    const char *migration;                     // newest of its set that it knows: "0001_x.sql"
    const ProtobufCMessageDescriptor *command; // <Service>Command
    const ProtobufCMessageDescriptor *event;   // <Service>Event
    const ProtobufCMessageDescriptor *answer;  // <Service>Answer
    const struct wh_route *routes;
    size_t n_routes;
    const struct wh_follows *follows;
    size_t n_follows;
    const struct wh_feed_name *feeds;
    size_t n_feeds;
    const struct wh_setting *settings; // its own, beside the runtime's
    size_t n_settings;
    const struct wh_statement *statements;
    size_t n_statements;
    const struct wh_loader *loaders;
    size_t n_loaders;
    const struct wh_select *selects;
    size_t n_selects;

    // Before the database: read settings, allocate. 0 or WH_E_…
    int (*start)(struct wh_runtime *runtime, void **ret_state);
    void (*stop)(void *state);
    // Memory is void (database lost, ownership taken): forget everything.
    void (*reset)(void *state);
    // After ownership: selects run once each in order, rows handed over (fast start); then ready().
    const struct wh_loader *rebuild; // sql without parameters here
    size_t n_rebuild;
    int (*ready)(void *state);
    // Timers: what to do when one is due.
    wh_item_fn timer_need;
    wh_item_fn timer_on;
    // After a commit, and when a turn is given up.
    void (*committed)(void *state);
    void (*rolled_back)(void *state);
    // Pure: what an answer says of the event a command made (also for a kept answer).
    void (*describe)(const Whistle__V1__Event *event, const ProtobufCMessage *payload,
                     struct wh_done *ret_done);
    // Before a command is queued; WH_RULE_NONE admits (backpressure of the service's own).
    enum wh_rule (*admit)(void *state, const struct wh_item *item, int64_t *ret_retry_ms);
    // Is this command urgent? Then it has room where others have none left and does not wait behind
    // them. May be NULL.
    bool (*urgent)(void *state, const struct wh_item *item);
    // Code of a unit or body to its integer, 0 unknown (feeds' subjects).
    int32_t (*subject)(void *state, const char *code);
    // Is it to take nothing more from the feeds it follows now (but those brought `elsewhere` too)?
    // Events wait then, and their credit bounds how many; commands and timers go on. Asked at each
    // turn, when a follower's `seen` moves, and every 200 ms while it says so. Cheap; may be NULL.
    bool (*pause)(void *state);
    // The process is to end: what the service opened itself (a listener) takes nothing new. May be
    // NULL.
    void (*drain)(void *state);
    // Has everything it took been answered? Asked while draining; may be NULL.
    bool (*drained)(void *state);
    // Closes every handle it has in the loop. Comes once, after `reset`, while the loop runs;
    // `stop` follows when it has run out. May be NULL.
    void (*close)(void *state);
    // Bytes that what it holds in memory may take at its present fill, beside its shelves and what
    // every process needs: a resident set above the sum is told as an alarm. NULL: none.
    int64_t (*memory)(void *state);
    // For figures that only the tables know: at most every 5 s, and only while somebody reads
    // /metrics, select `counts_select` runs with the one parameter now (ms); `count` is called with
    // NULL, then with each row, then sees its figures shown. May be NULL.
    size_t counts_select;
    void (*count)(void *state, const struct wh_row *row);
};

// Whole life of the process. Returns the exit code (0 after a drain).
int wh_service_main(const struct wh_service *service, int argc, char **argv);

// ---- in a turn -------------------------------------------------------------------------------

int64_t wh_turn_now(const struct wh_turn *turn);      // ms UTC, the same for the whole turn
struct wh_arena *wh_turn_arena(struct wh_turn *turn); // for the turn's life

// Loads `key` with loader `loader` (index) before `on` runs; repeated keys are loaded once.
int wh_need(struct wh_turn *turn, size_t loader, int64_t key);
int wh_need_bytes(struct wh_turn *turn, size_t loader, const void *key, size_t n);

// Makes an event caused by `item`. subjects: interned codes that may hear it. 0, WH_E_NOMEM.
int wh_emit(struct wh_turn *turn, const struct wh_item *item, int64_t object,
            const int32_t *subjects, size_t n_subjects, const ProtobufCMessage *payload,
            int64_t *ret_seq);

// The seq that the next wh_emit of this turn will have.
int64_t wh_turn_next_seq(const struct wh_turn *turn);

// Refuses a command: the answer is this error, nothing of the item is kept but (status 409) the
// refusal itself. detail: printf text or NULL; no personal data. Always returns WH_E_REFUSED, which
// the handler returns. For an event or timer it is a bug.
int wh_refuse(struct wh_turn *turn, const struct wh_item *item, enum wh_rule rule,
              const char *field, const char *detail, ...) __attribute__((format(printf, 5, 6)));

// What the answer says where the command made no event because it had its effect before (a repeat
// under another request id). Without it such an answer carries the empty ref and state.
void wh_done(struct wh_turn *turn, const struct wh_item *item, const char *ref, const char *state);

// One row for statement `statement` (index into service->statements).
struct wh_val {
    char type;
    int64_t i;
    const void *p;
    size_t n;
};
#define WH_L(x) ((struct wh_val){.type = 'L', .i = (int64_t)(x)})
#define WH_I(x) ((struct wh_val){.type = 'I', .i = (int64_t)(x)})
#define WH_S(x) ((struct wh_val){.type = 'S', .i = (int64_t)(x)})
#define WH_Z(x) ((struct wh_val){.type = 'Z', .i = (x) ? 1 : 0})
#define WH_T(text) ((struct wh_val){.type = 'T', .p = (text), .n = strlen(text)})
#define WH_B(data, size) ((struct wh_val){.type = 'B', .p = (data), .n = (size)})
#define WH_A(ints, count) ((struct wh_val){.type = 'A', .p = (ints), .n = (count)})
#define WH_NULL(letter) \
    ((struct wh_val){.type = (letter), .p = NULL, .n = (size_t)-1, .i = INT64_MIN})
int wh_put(struct wh_turn *turn, size_t statement, const struct wh_val *values, size_t n);
#define WH_PUT(turn, statement, ...)                              \
    wh_put(turn, statement, (const struct wh_val[]){__VA_ARGS__}, \
           sizeof((const struct wh_val[]){__VA_ARGS__}) / sizeof(struct wh_val))

// When item TIMER {key} is to come; replaces the key's earlier one after the commit; 0 clears.
void wh_timer_set(struct wh_turn *turn, int64_t key, int64_t at);
// The same outside a turn, while rebuilding.
void wh_timer_load(struct wh_runtime *runtime, int64_t key, int64_t at);

// ---- commands from inside --------------------------------------------------------------------

// status: 0: answer is set (done or error, also BUSY); WH_E_TIMEOUT: the database went away before
// it was known whether it took effect. The answer lives during the call.
typedef void (*wh_submitted_fn)(void *arg, int status, const Whistle__V1__Answer *answer);
// A command of the process itself (from a listener of its own) takes the way of those of the door:
// one of a turn, journaled, kept under its request id, answered after the commit.
struct wh_submission {
    const ProtobufCMessage *command; // <Service>Command; copied
    struct wh_actor actor;     // who acts; the route must allow one of its roles, or have none:
                               // such a route is for inside only
    struct wh_uuid request_id; // all zero: one is made
    wh_submitted_fn on_answer; // may come before wh_submit returns
    void *arg;
};
// 0; then on_answer comes once. WH_E_BUSY (not serving, or the disk is full), WH_E_DENIED (role),
// WH_E_INVALID (no such command, or a question), WH_E_NOMEM.
int wh_submit(struct wh_runtime *runtime, const struct wh_submission *submission);

// ---- rows ------------------------------------------------------------------------------------

// Columns of a binary result. Null reads as 0, empty.
bool wh_row_null(const struct wh_row *row, int column);
int64_t wh_row_int(const struct wh_row *row, int column); // int2, int4, int8, bool
const uint8_t *wh_row_bytes(const struct wh_row *row, int column, size_t *ret_n); // bytea, text
size_t wh_row_ints(const struct wh_row *row, int column, int64_t *ret_ints,
                   size_t max); // int4[], int8[]

// ---- shelf: objects in memory with an overlay for the turn -----------------------------------

// Blobs without pointers, by key. max_bytes bounds the memory; the least recently used leave.
struct wh_shelf *wh_shelf_new(size_t max_bytes);
void wh_shelf_free(struct wh_shelf *shelf);
// From a load: into memory, unless the key is there already.
int wh_shelf_loaded(struct wh_shelf *shelf, int64_t key, const void *data, size_t n);
bool wh_shelf_has(const struct wh_shelf *shelf, int64_t key); // overlay or memory
// Overlay first, then memory; NULL where absent. Valid until the next put, commit or rollback.
const void *wh_shelf_get(struct wh_shelf *shelf, int64_t key, size_t *ret_n);
int wh_shelf_put(struct wh_shelf *shelf, int64_t key, const void *data, size_t n); // overlay
void wh_shelf_commit(struct wh_shelf *shelf);
void wh_shelf_rollback(struct wh_shelf *shelf);
void wh_shelf_clear(struct wh_shelf *shelf);
size_t wh_shelf_bytes(const struct wh_shelf *shelf);

// ---- queries ---------------------------------------------------------------------------------

struct wh_result; // rows of one select
typedef void (*wh_rows_fn)(void *state, struct wh_query *query, const struct wh_result *result);

struct wh_arena *wh_query_arena(struct wh_query *query); // lives until the answer
int64_t wh_query_now(const struct wh_query *query);
const struct wh_item *wh_query_item(const struct wh_query *query);
void *wh_query_data(struct wh_query *query); // the handler's own pointer, NULL at first
void wh_query_set_data(struct wh_query *query, void *data);
// Called once with the handler's own pointer when the query has ended, however it did.
void wh_query_set_cleanup(struct wh_query *query, void (*cleanup)(void *data));
// Runs service->selects[select] on the viewing connection; `rows` is called once. Many may be
// chained, one at a time. 0; WH_E_DB (no connection now), WH_E_NOMEM, WH_E_INVALID: then `rows` is
// not called and the handler ends the query (BUSY_DATABASE). If the connection is lost meanwhile,
// or the database refuses, the query is answered without calling `rows`.
int wh_query_select(struct wh_query *query, size_t select, const struct wh_val *params, size_t n,
                    wh_rows_fn rows);
#define WH_SELECT(query, select, rows, ...)                              \
    wh_query_select(query, select, (const struct wh_val[]){__VA_ARGS__}, \
                    sizeof((const struct wh_val[]){__VA_ARGS__}) / sizeof(struct wh_val), rows)
// A result lives during the call it is handed to.
size_t wh_result_rows(const struct wh_result *result);
const struct wh_row *wh_result_row(const struct wh_result *result, size_t index);
// A computation too long for the loop: work runs in a thread of libuv's pool and touches nothing
// but arg; then done runs in the loop (select, more work, or an answer). 0, WH_E_NOMEM.
int wh_query_work(struct wh_query *query, void (*work)(void *arg),
                  void (*done)(void *state, struct wh_query *query, void *arg), void *arg);
// What the service knows of itself. row: of wh_health_sql, which the service has among its selects
// and its query get_health runs. Strings live in the arena or as long as the process.
extern const char wh_health_sql[];
void wh_health(struct wh_runtime *runtime, const struct wh_row *row, struct wh_arena *arena,
               Whistle__V1__Health *ret_health);
// Exactly one of these ends a query.
void wh_query_answer(struct wh_query *query, const ProtobufCMessage *answer);
void wh_query_refuse(struct wh_query *query, enum wh_rule rule, const char *field,
                     const char *detail, ...) __attribute__((format(printf, 4, 5)));

// ---- the process -----------------------------------------------------------------------------

// For a service with sockets of its own. Borrowed; live as long as the process.
uv_loop_t *wh_runtime_loop(struct wh_runtime *runtime);
struct wh_bus *wh_runtime_bus(struct wh_runtime *runtime);
// application_name of a session with the database: "<service> <common>.<own> <role> <instance>".
// The numbers are the migrations this program knows; the migrator reads them, so every session a
// service opens itself bears such a name. role: one word.
void wh_session_name(const struct wh_runtime *runtime, const char *role, char *ret_name, size_t n);
const struct wh_key *wh_runtime_key(const struct wh_runtime *runtime);
// Is the journal its own, and memory complete? (Also while draining.)
bool wh_serving(const struct wh_runtime *runtime);
// As /readyz says it; ret_why has n bytes.
bool wh_ready_now(const struct wh_runtime *runtime, char *ret_why, size_t n);
int64_t wh_wall_now(void); // ms UTC, outside turns
int64_t wh_setting_int(const struct wh_runtime *runtime, const char *name);
const char *wh_setting_text(const struct wh_runtime *runtime, const char *name);
bool wh_setting_bool(const struct wh_runtime *runtime, const char *name);
// The database's disk is nearly full: new work should wait (BUSY_DISK), so that work in hand can be
// finished. (When it is full the runtime takes nothing that writes.)
bool wh_disk_scarce(struct wh_runtime *runtime);
// How far the follower `name` of our feed is behind: events and ms since it was at the head;
// false where it is not connected.
bool wh_follower_lag(const struct wh_runtime *runtime, const char *name, int64_t *ret_events,
                     int64_t *ret_ms);
// Followers known to the publisher, connected or remembered: calls back for each.
void wh_followers_each(const struct wh_runtime *runtime,
                       void (*fn)(void *arg, const char *name, const char *identity, int64_t seen,
                                  bool connected),
                       void *arg);
// The highest seq that a durable cursor of `identity` has passed on this service's feed; 0 none.
int64_t wh_seen_by(const struct wh_runtime *runtime, const char *identity);
int64_t wh_head_seq(const struct wh_runtime *runtime);
// Roles of an identity by any key that is live now; 0: it has none.
unsigned wh_live_roles(const struct wh_runtime *runtime, const char *identity);
// Figures of the service's own, shown at /metrics as whistle_<name>{service=…}: a gauge, a counter
// (0 makes it known), a histogram of how long somebody waited. help is a literal; labels may be
// NULL, else WH_LABELS(…): codes and words of a small set, nothing about a person, no free text.
void wh_metric_set(struct wh_runtime *runtime, const char *name, const char *help,
                   const struct wh_label *labels, double value);
void wh_metric_add(struct wh_runtime *runtime, const char *name, const char *help,
                   const struct wh_label *labels, double value);
void wh_metric_waited(struct wh_runtime *runtime, const char *name, const char *help,
                      int64_t since); // ms UTC; until now
// Keys that live outside the database (32 bytes each), from the secret folder: "vault", "reporter".
int wh_secret(const struct wh_runtime *runtime, const char *name, uint8_t ret_key[32]);

#endif
