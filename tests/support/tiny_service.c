// SPDX-License-Identifier: Apache-2.0
// The counting service of runtime tests; see tiny.h. It is written as a real one would be, with a
// shelf, a loader, a rebuild and a timer.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/deadletter.h"
#include "runtime/service.h"
#include "support/tiny.h"
#include "whistle/v1/intake.pb-c.h"

struct state {
    struct wh_shelf *shelf;
    struct wh_runtime *runtime;
    bool second; // dispatch: its own events must not be poison to itself
};

enum { PUT_COUNTER, PUT_WORD };

static const struct wh_statement statements[] = {
    {"counter", "LLTL",
     "INSERT INTO counter (id, n, word, due) SELECT DISTINCT ON (id) id, n, word, due FROM "
     "unnest($1::int8[], $2::int8[], $3::text[], $4::int8[]) AS u (id, n, word, due) "
     "ORDER BY id, n DESC ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, word = EXCLUDED.word, "
     "due = EXCLUDED.due"},
    {"word", "T", "INSERT INTO word SELECT * FROM unnest($1::text[])"},
};

static void row_loaded(void *arg, const struct wh_row *row)
{
    struct state *state = arg;
    int64_t n = wh_row_int(row, 1);
    wh_shelf_loaded(state->shelf, wh_row_int(row, 0), &n, sizeof n);
}

static void keys_missing(void *arg, const int64_t *keys, size_t n)
{
    struct state *state = arg;
    int64_t zero = 0;
    for (size_t i = 0; i < n; i++)
        wh_shelf_loaded(state->shelf, keys[i], &zero, sizeof zero);
}

static void row_timer(void *arg, const struct wh_row *row)
{
    struct state *state = arg;
    wh_timer_load(state->runtime, wh_row_int(row, 0), wh_row_int(row, 1));
}

static const struct wh_loader loaders[] = {
    {"counter", 'L', "SELECT id, n FROM counter WHERE id = ANY ($1::int8[])", row_loaded,
     keys_missing},
};
static const struct wh_loader rebuild[] = {
    {"timers", 'L', "SELECT id, due FROM counter WHERE due > 0", row_timer, NULL},
};

static int64_t counter_of(const char *number)
{
    int64_t object = 0;
    return wh_number_parse(number, NULL, &object) == 0 ? object : 0;
}

static int need(struct state *state, struct wh_turn *turn, int64_t counter)
{
    return wh_shelf_has(state->shelf, counter) ? 0 : wh_need(turn, 0, counter);
}

static int need_item(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__SupplementWhistle *message = (const void *)item->message;
    int64_t counter = item->kind == WH_ITEM_TIMER ? item->key : counter_of(message->number);
    return need(arg, turn, counter);
}

// One more, or `by` more; word goes into the table, where "poison" is refused by a check.
static int count(struct state *state, struct wh_turn *turn, const struct wh_item *item,
                 int64_t counter, int64_t by, const char *word)
{
    const int64_t *old = wh_shelf_get(state->shelf, counter, NULL);
    int64_t n = (old ? *old : 0) + by;
    int64_t due = strcmp(word, "timer") == 0 ? wh_turn_now(turn) + 50 : 0;
    int32_t subject = 16;
    char number[WH_NUMBER_MAX];
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__WhistleSupplemented inner = WHISTLE__V1__WHISTLE_SUPPLEMENTED__INIT;
    wh_number_format("AL", counter, number);
    inner.number = number;
    inner.text = (char *)word;
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_SUPPLEMENTED;
    event.supplemented = &inner;
    int status = wh_shelf_put(state->shelf, counter, &n, sizeof n);
    if (status == 0)
        status = wh_emit(turn, item, counter, &subject, 1, &event.base, NULL);
    if (status == 0)
        status = WH_PUT(turn, PUT_COUNTER, WH_L(counter), WH_L(n), WH_T(word), WH_L(due));
    if (status == 0)
        status = WH_PUT(turn, PUT_WORD, WH_T(word));
    wh_timer_set(turn, counter, due);
    return status;
}

static int on_command(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__SupplementWhistle *message = (const void *)item->message;
    int64_t counter = counter_of(message->number);
    if (counter == 0)
        return wh_refuse(turn, item, WH_RULE_FIELD_FORMAT, "number", NULL);
    if (strcmp(message->text, "same") == 0) {
        wh_done(turn, item, message->number, "SAME");
        return 0;
    }
    const int64_t *old = wh_shelf_get(((struct state *)arg)->shelf, counter, NULL);
    if (strcmp(message->text, "first") == 0 && old && *old > 0)
        return wh_refuse(turn, item, WH_RULE_FIELD_RANGE, "number", "not the first");
    int status = count(arg, turn, item, counter, 1, message->text);
    if (status == 0 && strcmp(message->text, "refuse") == 0)
        return wh_refuse(turn, item, WH_RULE_STATE_CONFLICT, "number", "as asked");
    return status;
}

static int on_event(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__WhistleSupplemented *message = (const void *)item->message;
    return count(arg, turn, item, counter_of(message->number), 1, message->text);
}

static int need_event(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__WhistleSupplemented *message = (const void *)item->message;
    return need(arg, turn, counter_of(message->number));
}

// The delayed feed: counted apart, LATER further on.
static int on_later(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__WhistleSupplemented *message = (const void *)item->message;
    return count(arg, turn, item, counter_of(message->number) + TINY_LATER, 1, message->text);
}

static int need_later(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__WhistleSupplemented *message = (const void *)item->message;
    return need(arg, turn, counter_of(message->number) + TINY_LATER);
}

static bool pausing(void *state)
{
    const char *file = getenv("TINY_PAUSE");
    (void)state;
    return file && access(file, F_OK) == 0;
}

static int on_timer(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    return count(arg, turn, item, item->key, 100, "timed");
}

static struct wh_runtime *retried;

// The handler only leaves a mark: PostgreSQL's id of the first letter is 1 in these tests.
static volatile sig_atomic_t retry_wanted;

static void on_usr1(int number)
{
    (void)number;
    retry_wanted = 1;
}

static void retry_if_wanted(void *arg)
{
    (void)arg;
    if (retry_wanted && wh_deadletter_retry(retried, 1) == 0)
        retry_wanted = 0;
}

static int start(struct wh_runtime *runtime, void **ret_state)
{
    static struct state state;
    state.runtime = retried = runtime;
    signal(SIGUSR1, on_usr1);
    state.shelf = wh_shelf_new(65536);
    *ret_state = &state;
    return state.shelf ? 0 : WH_E_NOMEM;
}

static void stop(void *arg)
{
    struct state *state = arg;
    wh_shelf_free(state->shelf);
}

static void describe(const Whistle__V1__Event *event, const ProtobufCMessage *payload,
                     struct wh_done *ret_done)
{
    const Whistle__V1__IntakeEvent *what = (const void *)payload;
    (void)event;
    snprintf(ret_done->ref, sizeof ret_done->ref, "%s", what->supplemented->number);
    snprintf(ret_done->state, sizeof ret_done->state, "COUNTED");
}

static int32_t subject(void *state, const char *code)
{
    (void)state;
    (void)code;
    return 16;
}

static const struct wh_route routes[] = {
    {WHISTLE__V1__INTAKE_COMMAND__WHAT_SUPPLEMENT, "count", WH_ROLE_STREET, need_item, on_command,
     NULL},
};
static const struct wh_follows follows[] = {
    {"intake", &whistle__v1__intake_event__descriptor, need_event, on_event, false, NULL},
    {"p1", &whistle__v1__intake_event__descriptor, need_later, on_later, true, "later_s"},
};
static const struct wh_feed_name feeds[2][2] = {
    {{"intake", 0, WH_ROLE_SERVICE | WH_ROLE_STREET}, {"p1", 16, WH_ROLE_SERVICE}},
    {{"dispatch", 0, WH_ROLE_SERVICE | WH_ROLE_STREET}},
};
static const struct wh_setting settings[] = {
    {"later_s", WH_SETTING_INT, "0", 0, 3600, false, "迟取", "how long the feed p1 is kept back"},
};

bool tiny_is_service(int argc, char **argv, int *ret_exit)
{
    if (argc < 3 || strcmp(argv[1], "--tiny") != 0)
        return false;
    bool second = strcmp(argv[2], "dispatch") == 0;
    const struct wh_service service = {
        .name = second ? "dispatch" : "intake",
        .migration = getenv("TINY_MIGRATION"),
        .command = &whistle__v1__intake_command__descriptor,
        .event = &whistle__v1__intake_event__descriptor,
        .answer = &whistle__v1__intake_answer__descriptor,
        .routes = routes,
        .n_routes = 1,
        .follows = follows,
        .n_follows = !second                     ? 0
                     : getenv("WHISTLE_LATER_S") ? 2
                                                 : 1,
        .feeds = feeds[second],
        .n_feeds = second ? 1 : 2,
        .settings = settings,
        .n_settings = 1,
        .statements = statements,
        .n_statements = 2,
        .loaders = loaders,
        .n_loaders = 1,
        .rebuild = rebuild,
        .n_rebuild = 1,
        .start = start,
        .stop = stop,
        .timer_need = need_item,
        .timer_on = on_timer,
        .committed = retry_if_wanted,
        .describe = describe,
        .subject = subject,
        .pause = pausing,
    };
    char *none[] = {argv[0], NULL};
    *ret_exit = wh_service_main(&service, 1, none);
    return true;
}
