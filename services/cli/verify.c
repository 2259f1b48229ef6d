// SPDX-License-Identifier: Apache-2.0
// `history --verify`: follows each service's whole feed from its beginning, with the rows' stored
// hashes, and checks the chain. Needs a key that hears all events (auditor). What it
// prints as the head can be kept elsewhere and given back as --since: a journal whose end was cut
// off, or that was written anew, is found that way.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chain.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"

#define EVENT_BYTES (16u << 20)

struct verify {
    struct cli *cli;
    const char *schema;
    struct chain chain;
    struct wh_arena arena;
    struct fault fault;
    uv_timer_t silence;
    int64_t moved_at; // loop time of the last batch
    bool rewound, done;
};

static int64_t seq_inside(struct verify *verify, const Whistle__V1__EventRow *row)
{
    wh_arena_reset(&verify->arena);
    const Whistle__V1__Event *event = (const Whistle__V1__Event *)wh_unpack_ample(
        &whistle__v1__event__descriptor, &verify->arena, row->body.data, row->body.len, NULL);
    return event ? event->seq : 0;
}

static void on_events(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events)
{
    struct verify *verify = arg;
    verify->moved_at = (int64_t)uv_now(&verify->cli->session->loop);
    for (size_t i = 0; i < events->n_events && !verify->chain.fault; i++) {
        const Whistle__V1__EventRow *row = events->events[i];
        chain_row(&verify->chain, seq_inside(verify, row), row->body.data, row->body.len,
                  row->hash.data, row->hash.len);
    }
    if (!verify->chain.fault && verify->chain.seq < events->upto) {
        verify->chain.fault = CHAIN_GAP;
        verify->chain.bad_seq = verify->chain.seq + 1;
    }
    if (verify->chain.fault || events->live)
        verify->done = true;
    wh_follower_done(follower, events->upto);
}

static void on_rewound(void *arg, struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    struct verify *verify = arg;
    (void)follower;
    verify->rewound = verify->done = true;
    verify->chain.bad_seq = verify->chain.seq + 1;
    (void)rewound;
}

static void on_refused(void *arg, struct wh_follower *follower, const Whistle__V1__Error *error)
{
    struct verify *verify = arg;
    (void)follower;
    fault_of_error(&verify->fault, error);
    verify->done = true;
}

static void on_silence(uv_timer_t *timer)
{
    struct verify *verify = timer->data;
    if ((int64_t)uv_now(timer->loop) - verify->moved_at < verify->cli->timeout_ms)
        return;
    fault_silence(&verify->fault, verify->schema);
    verify->done = true;
}

static const char *fault_text(const struct verify *verify)
{
    if (verify->rewound)
        return T("流水被截断或换过", "the journal was cut or replaced");
    switch (verify->chain.fault) {
    case CHAIN_UNREADABLE:
        return T("内容读不懂", "the body is no event");
    case CHAIN_GAP:
        return T("缺一行", "a row is missing");
    case CHAIN_SEQ:
        return T("内容里的序号不符", "the body says another seq");
    case CHAIN_HASH_WRONG:
        return T("哈希不符", "the hash is wrong");
    case CHAIN_OTHER_PAST:
        return T("与 --since 记下的链头不符", "differs from the head noted in --since");
    case CHAIN_CUT:
        return T("在 --since 之前就断了", "ends before the head noted in --since");
    case CHAIN_GOOD:
        break;
    }
    return "";
}

static const char *fault_name(const struct verify *verify)
{
    static const char *const names[] = {"",     "UNREADABLE", "GAP", "SEQ",
                                        "HASH", "OTHER_PAST", "CUT"};
    return verify->rewound ? "REWOUND" : names[verify->chain.fault];
}

static int tell(const struct verify *verify)
{
    char head[96];
    bool good = !verify->rewound && !verify->chain.fault;
    chain_format(&verify->chain, head, sizeof head);
    if (verify->cli->json) {
        json_t *line = must(json_pack("{s:s, s:b, s:I, s:s}", "schema", verify->schema, "good",
                                      good, "rows", (json_int_t)verify->chain.rows, "head", head));
        if (!good) {
            json_object_set_new(line, "seq", json_integer(verify->chain.bad_seq));
            json_object_set_new(line, "fault", json_string(fault_name(verify)));
            json_object_set_new(line, "detail", json_string(fault_text(verify)));
        }
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
    } else if (good) {
        printf(T("%s✓%s %-9s %lld 行,链头 %s\n", "%s✓%s %-9s %lld rows, head %s\n"),
               colour_on(TONE_GOOD), colour_off(TONE_GOOD), verify->schema,
               (long long)verify->chain.rows, head);
    } else {
        printf(T("%s✗%s %-9s 第 %lld 行坏: %s;最后一个好的链头 %s\n",
                 "%s✗%s %-9s seq %lld is bad: %s; last good head %s\n"),
               colour_on(TONE_BAD), colour_off(TONE_BAD), verify->schema,
               (long long)verify->chain.bad_seq, fault_text(verify), head);
    }
    return good ? EXIT_DONE : EXIT_REFUSED;
}

static int follow(struct verify *verify)
{
    struct cli *cli = verify->cli;
    struct session *session = session_get(cli, &verify->fault);
    struct wh_follow_options options = {.feed = verify->schema,
                                        .name = "",
                                        .cursor = {.has_hash = true},
                                        .hashes = true,
                                        .on_events = on_events,
                                        .on_rewound = on_rewound,
                                        .on_refused = on_refused,
                                        .arg = verify};
    struct wh_follower *follower = NULL;
    if (!session || session_door(cli, "feed", verify->schema, &options.door, &verify->fault) < 0)
        return -1;
    options.key = session->key;
    options.key_file = cli->key_path;
    options.doors_file = cli->doors_path;
    if (wh_follower_new(session->bus, &options, &follower) < 0) {
        fault_set(&verify->fault, 500, "internal", "%s", verify->schema);
        return -1;
    }
    uv_timer_init(&session->loop, &verify->silence);
    verify->silence.data = verify;
    verify->moved_at = (int64_t)uv_now(&session->loop);
    uv_timer_start(&verify->silence, on_silence, 200, 200);
    session_run(session, &verify->done);
    uv_close((uv_handle_t *)&verify->silence, NULL);
    wh_follower_free(follower);
    uv_run(&session->loop, UV_RUN_NOWAIT); // lets the timer's close finish: it lives on our stack
    return *verify->fault.code ? -1 : 0;
}

static int verify_one(struct cli *cli, const char *schema, const char *since)
{
    struct verify verify = {.cli = cli, .schema = schema};
    chain_init(&verify.chain);
    if (since && chain_since(&verify.chain, since) < 0) {
        fault_usage(&verify.fault, "since", "%s",
                    T("应为 SEQ:HASH,即 --verify 打印的链头",
                      "must be SEQ:HASH, the head that --verify prints"));
        return fault_tell(cli, &verify.fault);
    }
    wh_arena_init(&verify.arena, EVENT_BYTES);
    int r = follow(&verify);
    wh_arena_done(&verify.arena);
    if (r < 0)
        return fault_tell(cli, &verify.fault);
    if (!verify.rewound)
        chain_end(&verify.chain);
    return tell(&verify);
}

int run_verify(struct cli *cli)
{
    const char *schema = args_text(&cli->args, "NUMBER"), *since = args_text(&cli->args, "since");
    int worst = EXIT_DONE;
    if (since && !schema) {
        struct fault fault = {0};
        fault_usage(&fault, "since", "%s",
                    T("--since 要指明 intake、dedup 或 dispatch",
                      "--since needs the schema: intake, dedup or dispatch"));
        return fault_tell(cli, &fault);
    }
    if (schema)
        return verify_one(cli, schema, since);
    for (enum door door = DOOR_INTAKE; door < DOOR_COUNT; door++) {
        int code = session_has_door(cli, door) ? verify_one(cli, door_name(door), NULL) : EXIT_DONE;
        worst = code > worst ? code : worst;
    }
    return worst;
}
