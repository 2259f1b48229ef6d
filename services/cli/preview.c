// SPDX-License-Identifier: Apache-2.0
// `preview`: what would happen to a whistle that is not yet raised. Intake says priority, review
// and missing answers, dedup what it would join; each is asked once. Of a whistle that stands
// (NUMBER) dedup alone is asked.
#include <stdio.h>
#include <string.h>

#include "cli/likeness.h"
#include "cli/names.h"
#include "cli/page.h"
#include "cli/raise.h"
#include "cli/text.h"
#include "client/json.h"
#include "whistle/v1/dedup.pb-c.h"

static void intake_print(const Whistle__V1__WhistlePreview *preview)
{
    printf("%s\n", text_enum(&whistle__v1__priority__descriptor, (int)preview->priority));
    puts(preview->waits_for_review ? T("要等街道审核", "waits for the street's review")
                                   : T("立即派单", "goes out at once"));
    for (size_t i = 0; i < preview->n_missing_answers; i++)
        printf(T("还缺回答: %s\n", "still to be answered: %s\n"), preview->missing_answers[i]);
}

static void matches_print(struct cli *cli, const Whistle__V1__Matches *matches, const char *number)
{
    if (!matches->n_matches) {
        puts(T("没有相似的: 新的一件事", "nothing is like it: a new matter"));
        return;
    }
    puts(
        matches->band == WHISTLE__V1__BAND__BAND_SAME
            ? T("与已有的是同一件事,会并入第一个:", "the same as another; it would join the first:")
        : matches->band == WHISTLE__V1__BAND__BAND_PERHAPS
            ? T("可能与已有的是同一件事:", "perhaps the same as:")
            : T("新的一件事;最像的:", "a new matter; the likest:"));
    for (size_t i = 0; i < matches->n_matches; i++)
        likeness_print(cli, matches->matches[i], number, true);
}

// What dedup compares: the same fields, and nothing about who reports it.
static json_t *compared(struct cli *cli)
{
    static const char *const fields[] = {"unit", "category", "title", "text", "place"};
    json_t *body = must(json_object());
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        json_t *value = json_object_get(cli->args.body, fields[i]);
        if (value)
            json_object_set(body, fields[i], value);
    }
    return body;
}

static int ask_matches(struct cli *cli, json_t *body, struct reply *reply)
{
    int64_t limit = args_int(&cli->args, "limit", 0);
    if (limit)
        json_object_set_new(body, "limit", json_integer((json_int_t)limit));
    if (session_ask_json(cli, DOOR_DEDUP, "preview", body, reply) < 0)
        return -1;
    if (reply->body && reply->body->descriptor == &whistle__v1__matches__descriptor)
        return 0;
    fault_set(&reply->fault, 502, "protocol", "preview");
    return -1;
}

// One line: intake's fields, then dedup's; where one is silent its error stands in their place.
static int tell_json(struct cli *cli, const struct reply *intake, const struct reply *dedup,
                     const struct fault *fault)
{
    const struct reply *parts[] = {intake, dedup};
    json_t *line = must(json_object());
    for (size_t i = 0; i < 2; i++) {
        if (!parts[i] || !parts[i]->body)
            continue;
        json_t *part = must(wh_json_from(parts[i]->body, names_zone(cli)));
        json_object_update(line, part);
        json_decref(part);
    }
    if (dedup && dedup->body && !json_object_get(line, "matches"))
        json_object_set_new(line, "matches", json_array());
    if (*fault->code)
        json_object_set_new(line, "error", fault_json(fault));
    json_dumpf(line, stdout, JSON_LINE);
    (void)fputc('\n', stdout);
    json_decref(line);
    return *fault->code ? fault_exit(fault) : EXIT_DONE;
}

static int preview_number(struct cli *cli, const char *ref)
{
    char number[80];
    struct reply reply;
    number_of_ref(ref, number, sizeof number);
    json_t *body = must(json_pack("{s:s}", "number", number));
    reply_init(&reply);
    int code = EXIT_DONE;
    if (ask_matches(cli, body, &reply) < 0)
        code = fault_tell(cli, &reply.fault);
    else if (cli->json)
        code = tell_json(cli, NULL, &reply, &reply.fault);
    else
        matches_print(cli, (const Whistle__V1__Matches *)reply.body, number);
    json_decref(body);
    reply_done(&reply);
    return code;
}

static int preview_fields(struct cli *cli)
{
    struct reply intake, dedup;
    reply_init(&intake);
    reply_init(&dedup);
    if (raise_wrapped(cli, NULL, &intake) < 0) {
        int code = fault_tell(cli, &intake.fault);
        reply_done(&intake);
        return code;
    }
    json_t *body = compared(cli);
    int code = EXIT_DONE, asked = ask_matches(cli, body, &dedup);
    if (cli->json) {
        code = tell_json(cli, &intake, asked < 0 ? NULL : &dedup, &dedup.fault);
    } else {
        if (intake.body && intake.body->descriptor == &whistle__v1__whistle_preview__descriptor)
            intake_print((const Whistle__V1__WhistlePreview *)intake.body);
        if (asked < 0)
            code = fault_tell(cli, &dedup.fault);
        else
            matches_print(cli, (const Whistle__V1__Matches *)dedup.body, "");
    }
    json_decref(body);
    reply_done(&intake);
    reply_done(&dedup);
    return code;
}

int run_preview(struct cli *cli)
{
    const char *number = args_text(&cli->args, "NUMBER");
    if (!number)
        return preview_fields(cli);
    if (json_object_size(cli->args.body) == 0)
        return preview_number(cli, number);
    struct fault fault = {0};
    fault_usage(&fault, "NUMBER", "%s",
                T("要么哨号,要么新哨的内容", "either a number, or what would be raised"));
    return fault_tell(cli, &fault);
}
