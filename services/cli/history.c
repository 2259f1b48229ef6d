// SPDX-License-Identifier: Apache-2.0
// `history NUMBER`: the whole of one whistle's journal, page by page.
#include <stdio.h>

#include "cli/names.h"
#include "cli/page.h"
#include "cli/text.h"
#include "client/json.h"

// One page; appends its lines (as JSON with --json). 0 with the next cursor, or -1 with the fault.
static int page(struct cli *cli, json_t *body, json_t *lines, struct reply *reply)
{
    if (session_ask_json(cli, DOOR_DISPATCH, "history", body, reply) < 0)
        return -1;
    if (!reply->body || reply->body->descriptor != &whistle__v1__history__descriptor) {
        fault_set(&reply->fault, 502, "protocol", "history");
        return -1;
    }
    const Whistle__V1__History *history = (const Whistle__V1__History *)reply->body;
    if (cli->json) {
        json_t *part = must(wh_json_from(reply->body, names_zone(cli)));
        json_array_extend(lines, json_object_get(part, "lines"));
        json_decref(part);
    } else {
        if (!json_object_get(body, "cursor"))
            printf("%s%s%s\n", colour_on(TONE_STRONG), history->number, colour_off(TONE_STRONG));
        page_history(cli, history, 0);
    }
    if (*history->cursor)
        json_object_set_new(body, "cursor", json_string(history->cursor));
    else
        json_object_del(body, "cursor");
    return 0;
}

static int run_pages(struct cli *cli, const char *number)
{
    json_t *lines = must(json_array());
    json_t *body = must(json_pack("{s:s}", "number", number));
    int code = EXIT_DONE;
    do {
        struct reply reply;
        reply_init(&reply);
        if (page(cli, body, lines, &reply) < 0) {
            code = fault_tell(cli, &reply.fault);
            json_object_del(body, "cursor");
        }
        reply_done(&reply);
    } while (json_object_get(body, "cursor"));
    if (cli->json && code == EXIT_DONE) {
        json_t *whole = must(json_pack("{s:s, s:O}", "number", number, "lines", lines));
        json_dumpf(whole, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(whole);
    }
    json_decref(body);
    json_decref(lines);
    return code;
}

int run_history(struct cli *cli)
{
    char number[80];
    const char *what = args_text(&cli->args, "NUMBER");
    if (args_flag(&cli->args, "verify"))
        return run_verify(cli);
    if (!what || args_text(&cli->args, "since")) {
        struct fault fault = {0};
        fault_usage(&fault, "NUMBER", "%s",
                    what ? T("--since 只用于 --verify", "--since belongs to --verify")
                         : T("哨号,或 --verify", "a number, or --verify"));
        return fault_tell(cli, &fault);
    }
    number_of_ref(what, number, sizeof number);
    return run_pages(cli, number);
}
