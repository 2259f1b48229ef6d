// SPDX-License-Identifier: Apache-2.0
// `dead-letters`: messages that the database itself refused, with their cause; try one again, and
// say whether it went through.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/names.h"
#include "cli/page.h"
#include "cli/text.h"
#include "client/json.h"

static void row_print(struct cli *cli, struct table *table, enum door door,
                      const Whistle__V1__DeadLetter *letter)
{
    char id[24], at[32], from[64], object[48];
    (void)snprintf(id, sizeof id, "%lld", (long long)letter->id);
    (void)snprintf(from, sizeof from, "%s %lld", letter->feed, (long long)letter->seq);
    (void)snprintf(object, sizeof object, "%lld", (long long)letter->object);
    time_text(cli, letter->at, at, sizeof at);
    table_row(table);
    table_cell(table, TONE_STRONG, id);
    table_cell(table, TONE_PLAIN, door_name(door));
    table_cell(table, TONE_PLAIN, at);
    table_cell(table, TONE_PLAIN, *letter->feed ? from : T("命令", "command"));
    table_cell(table, TONE_PLAIN, letter->object ? object : "");
    table_cell(table, TONE_BAD, letter->sqlstate);
    table_cell(table, TONE_PLAIN, letter->why);
}

// One page. 0 with the cursor of the next one in the body, or -1 with the fault.
static int ask_page(struct cli *cli, enum door door, json_t *body, struct reply *reply)
{
    if (session_ask_json(cli, door, "dead_letters", body, reply) < 0)
        return -1;
    if (!reply->body || reply->body->descriptor != &whistle__v1__dead_letters__descriptor) {
        fault_set(&reply->fault, 502, "protocol", "dead_letters");
        return -1;
    }
    const char *cursor = ((const Whistle__V1__DeadLetters *)reply->body)->cursor;
    if (*cursor)
        json_object_set_new(body, "cursor", json_string(cursor));
    else
        json_object_del(body, "cursor");
    return 0;
}

static void take_page(struct cli *cli, enum door door, const struct reply *reply, int64_t id,
                      struct table *table, size_t *found)
{
    const Whistle__V1__DeadLetters *letters = (const Whistle__V1__DeadLetters *)reply->body;
    for (size_t i = 0; i < letters->n_rows; i++) {
        if (id && letters->rows[i]->id != id)
            continue;
        (*found)++;
        row_print(cli, table, door, letters->rows[i]);
        if (!cli->json)
            continue;
        json_t *line = must(wh_json_from(&letters->rows[i]->base, names_zone(cli)));
        json_object_set_new(line, "service", json_string(door_name(door)));
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
    }
}

// Adds a service's letters (only `id`, 0: all) to the table or, with --json, prints them.
static int take(struct cli *cli, enum door door, int64_t id, struct table *table, size_t *found)
{
    json_t *body = must(json_object());
    int code = EXIT_DONE;
    do {
        struct reply reply;
        reply_init(&reply);
        if (ask_page(cli, door, body, &reply) < 0) {
            code = fault_tell(cli, &reply.fault);
            json_object_del(body, "cursor");
        } else {
            take_page(cli, door, &reply, id, table, found);
        }
        reply_done(&reply);
    } while (json_object_get(body, "cursor"));
    json_decref(body);
    return code;
}

static int list(struct cli *cli, const char *service, int64_t id)
{
    const char *headers[] = {T("编号", "id"),   T("服务", "service"), T("时间", "at"),
                             T("来自", "from"), T("对象", "object"),  "SQLSTATE",
                             T("原因", "why")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    size_t found = 0;
    int worst = EXIT_DONE;
    for (enum door door = DOOR_INTAKE; door < DOOR_COUNT; door++) {
        if (service ? strcmp(service, door_name(door)) != 0 : !session_has_door(cli, door))
            continue;
        int code = take(cli, door, id, table, &found);
        worst = code > worst ? code : worst;
    }
    if (!cli->json)
        table_print(table, stdout, 0);
    table_free(table);
    if (found || worst)
        return worst;
    if (id) {
        struct fault fault = {0};
        fault_set(&fault, 404, "not_found", "%lld", (long long)id);
        return fault_tell(cli, &fault);
    }
    if (!cli->json)
        puts(T("没有死信", "no dead letters"));
    return EXIT_DONE;
}

// ---- retry -----------------------------------------------------------------------------------

#define RETRY_LOOKS 15
#define RETRY_LOOK_NS (200 * 1000 * 1000)

// What a service says of one letter. ret_json: NULL where it is not (or no longer) open; new
// reference.
static int look_for(struct cli *cli, enum door door, int64_t id, json_t **ret_json,
                    struct fault *fault)
{
    json_t *body = must(json_object());
    int code = 0;
    *ret_json = NULL;
    do {
        struct reply reply;
        reply_init(&reply);
        code = ask_page(cli, door, body, &reply);
        const Whistle__V1__DeadLetters *letters = (const Whistle__V1__DeadLetters *)reply.body;
        for (size_t i = 0; code == 0 && !*ret_json && i < letters->n_rows; i++)
            if (letters->rows[i]->id == id)
                *ret_json = must(wh_json_from(&letters->rows[i]->base, names_zone(cli)));
        *fault = reply.fault;
        reply_done(&reply);
    } while (code == 0 && !*ret_json && json_object_get(body, "cursor"));
    json_decref(body);
    return code;
}

// Whether it can be tried at all: an event, and still open.
static int check_letter(struct cli *cli, enum door door, int64_t id, struct fault *fault)
{
    json_t *letter;
    if (look_for(cli, door, id, &letter, fault) < 0)
        return -1;
    const char *feed = json_string_value(json_object_get(letter, "feed"));
    if (!letter)
        fault_set(fault, 404, "not_found", "%lld", (long long)id);
    else if (!feed || !*feed)
        fault_set(fault, 409, "conflict", "%s",
                  T("命令的内容不保留,发出者已被告知,请其重发",
                    "a command's words are not kept; its sender was told and may send it anew"));
    bool fine = feed && *feed;
    json_decref(letter);
    return fine ? 0 : -1;
}

// Did it go through? Waits a little, for it is done in a turn of its own.
static int await_letter(struct cli *cli, enum door door, int64_t id, struct fault *fault)
{
    const struct timespec pause = {0, RETRY_LOOK_NS};
    for (int i = 0; i < RETRY_LOOKS; i++) {
        json_t *letter;
        if (i > 0)
            (void)nanosleep(&pause, NULL);
        if (look_for(cli, door, id, &letter, fault) < 0)
            return -1;
        if (!letter)
            return 0;
        json_decref(letter);
    }
    fault_set(fault, 409, "conflict", "%s",
              T("数据库仍然拒收,原因未消除;看 dead-letters show",
                "the database refuses it still, the cause is not mended; see dead-letters show"));
    return -1;
}

static int retry(struct cli *cli, enum door door, int64_t id)
{
    struct fault fault = {0};
    if (check_letter(cli, door, id, &fault) < 0)
        return fault_tell(cli, &fault);
    struct reply reply;
    reply_init(&reply);
    json_t *body = must(json_pack("{s:I}", "id", (json_int_t)id));
    int asked = session_ask_json(cli, door, "retry_dead_letter", body, &reply);
    fault = reply.fault;
    json_decref(body);
    reply_done(&reply);
    if (asked < 0 || await_letter(cli, door, id, &fault) < 0)
        return fault_tell(cli, &fault);
    if (cli->json)
        printf("{\"id\":%lld,\"retried\":true}\n", (long long)id);
    else
        puts(T("已通过,后面等着的也继续了", "it went through, and those that waited behind it"));
    return EXIT_DONE;
}

// Whose letter: dispatch's unless another service is named.
static enum door door_of(const char *service)
{
    for (enum door door = DOOR_INTAKE; service != NULL && door < DOOR_COUNT; door++)
        if (strcmp(service, door_name(door)) == 0)
            return door;
    return DOOR_DISPATCH;
}

int run_dead_letters(struct cli *cli)
{
    const char *action = args_text(&cli->args, "ACTION"),
               *service = args_text(&cli->args, "service");
    int64_t id = args_int(&cli->args, "ID", 0);
    bool lists = !action || strcmp(action, "list") == 0;
    bool wants_id = !lists && (strcmp(action, "show") == 0 || strcmp(action, "retry") == 0);
    if ((!lists && !wants_id) || (wants_id && id <= 0)) {
        struct fault fault = {0};
        fault_usage(&fault, "ACTION", "dead-letters list | show ID | retry ID");
        return fault_tell(cli, &fault);
    }
    if (wants_id && strcmp(action, "retry") == 0)
        return retry(cli, door_of(service), id);
    return list(cli, service, wants_id ? id : 0);
}
