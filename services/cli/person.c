// SPDX-License-Identifier: Apache-2.0
// `person`, `api-key`, `link`: who may log in and as whom, keys of programs, links for one task.
// Passwords and keys are made here, printed once and sent as hashes, so that the gateway never
// hears them before they are used.
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "cli/names.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/session.h"
#include "cli/text.h"
#include "client/secrets.h"
#include "whistle/v1/gateway.pb-c.h"

#define LINE 4096

static bool hash_into(json_t *body, const char *password)
{
    char hash[WH_PASSWORD_HASH];
    if (wh_password_hash(password, hash) != 0)
        return false;
    json_object_set_new(body, "password_hash", json_string(hash));
    json_object_set_new(body, "temporary", json_true());
    return true;
}

// A member of the body from what was said under `name`, where it was.
static void take(struct cli *cli, json_t *body, const char *name, const char *member)
{
    const char *text = args_text(&cli->args, name);
    if (text != NULL)
        json_object_set_new(body, member, json_string(text));
}

static int usage(struct cli *cli, const char *field, const char *zh, const char *en)
{
    struct fault fault = {0};
    fault_usage(&fault, field, "%s", T(zh, en));
    return fault_tell(cli, &fault);
}

static void print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_LINE);
    (void)fputc('\n', stdout);
    json_decref(json);
}

// Asks; tells what came, with `made` (taken, may be NULL) beside it.
static int act(struct cli *cli, const char *command, json_t *body, json_t *made)
{
    struct reply reply;
    const char *name;
    json_t *value;
    int code = EXIT_DONE;
    reply_init(&reply);
    if (session_ask_json(cli, DOOR_GATEWAY, command, body, &reply) < 0) {
        code = fault_tell(cli, &reply.fault);
    } else if (cli->json) {
        json_t *object = reply.answer->done ? done_json(&reply) : must(json_object());
        if (made)
            json_object_update(object, made);
        print_json(object);
    } else {
        printf("%s✓%s ", colour_on(TONE_GOOD), colour_off(TONE_GOOD));
        say_clean(stdout, reply.answer->done ? reply.answer->done->ref : "", false);
        json_object_foreach(made, name, value)
        {
            printf("  %s: ", name);
            say_clean(stdout, json_string_value(value) ? json_string_value(value) : "", false);
        }
        (void)fputc('\n', stdout);
    }
    json_decref(body);
    json_decref(made);
    reply_done(&reply);
    return code;
}

// A question whose answer is a message: one line of JSON, or `print`.
static int ask(struct cli *cli, const char *command, json_t *body, const char *list,
               void (*print)(struct cli *cli, const ProtobufCMessage *message))
{
    struct reply reply;
    int code = EXIT_DONE;
    reply_init(&reply);
    if (session_ask_json(cli, DOOR_GATEWAY, command, body, &reply) < 0)
        code = fault_tell(cli, &reply.fault);
    else if (cli->json)
        json_line(cli, reply.body, list);
    else
        print(cli, reply.body);
    json_decref(body);
    reply_done(&reply);
    return code;
}

// ---- person -------------------------------------------------------------------------------------

static void print_people(struct cli *cli, const ProtobufCMessage *message)
{
    const Whistle__V1__People *people = (const Whistle__V1__People *)message;
    const char *headers[] = {T("代码", "code"), T("登录名", "login"), T("姓名", "name"),
                             T("岗位", "posts")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    (void)cli;
    for (size_t i = 0; i < people->n_people; i++) {
        const Whistle__V1__Person *person = people->people[i];
        char posts[LINE] = "";
        size_t n = 0;
        for (size_t k = 0; k < person->n_posts && n < sizeof posts - 128; k++)
            n += (size_t)snprintf(posts + n, sizeof posts - n, "%s%s %s%s", k ? ", " : "",
                                  person->posts[k]->identity, person->posts[k]->role,
                                  person->posts[k]->until_at ? " …" : "");
        table_row(table);
        table_cell(table, person->ended_at ? TONE_DIM : TONE_PLAIN, person->code);
        table_cell(table, TONE_PLAIN, person->login);
        table_cell(table, TONE_PLAIN, person->name);
        table_cell(table, TONE_PLAIN, person->ended_at ? T("已停用", "ended") : posts);
    }
    table_print(table, stdout, 0);
    table_free(table);
}

static void print_sessions(struct cli *cli, const ProtobufCMessage *message)
{
    const Whistle__V1__Sessions *sessions = (const Whistle__V1__Sessions *)message;
    for (size_t i = 0; i < sessions->n_sessions; i++) {
        const Whistle__V1__Session *session = sessions->sessions[i];
        char at[32];
        time_text(cli, session->used_at, at, sizeof at);
        printf("%lld  %s %s  %s  ", (long long)session->id, session->identity, session->role, at);
        say_clean(stdout, session->address, false);
        printf("  ");
        say_clean(stdout, session->agent, false);
        (void)fputc('\n', stdout);
    }
}

static json_t *post_of(struct cli *cli)
{
    json_t *post = must(json_object());
    take(cli, post, "at", "identity");
    take(cli, post, "post", "role");
    take(cli, post, "from", "from_at");
    take(cli, post, "until", "until_at");
    take(cli, post, "standing-in-for", "standing_in_for");
    return post;
}

static int person_add(struct cli *cli, const char *code, json_t *body)
{
    char password[WH_PASSWORD_MADE];
    const char *login = args_text(&cli->args, "login");
    json_object_set_new(body, "code", json_string(code));
    json_object_set_new(body, "login", json_string(login ? login : code));
    take(cli, body, "name", "name");
    if (args_text(&cli->args, "at")) {
        json_t *post = post_of(cli);
        json_object_set_new(post, "person", json_string(code));
        json_object_set_new(body, "post", post);
    }
    wh_password_make(password);
    if (!hash_into(body, password))
        return usage(cli, "password", "内存不足", "no memory");
    return act(cli, "add_person", body,
               must(json_pack("{s:s, s:s}", "login", login ? login : code, "password", password)));
}

static int person_password(struct cli *cli, const char *code, json_t *body)
{
    char password[WH_PASSWORD_MADE];
    wh_password_make(password);
    json_object_set_new(body, "person", json_string(code));
    if (!hash_into(body, password))
        return usage(cli, "password", "内存不足", "no memory");
    return act(cli, "set_password", body, must(json_pack("{s:s}", "password", password)));
}

static int person_post(struct cli *cli, const char *code, json_t *body, bool give)
{
    json_decref(body);
    body = post_of(cli);
    json_object_set_new(body, "person", json_string(code));
    return act(cli, give ? "give_post" : "end_post", body, NULL);
}

static int person_end_session(struct cli *cli, json_t *body)
{
    json_object_set_new(body, "id", json_integer(args_int(&cli->args, "session", 0)));
    return act(cli, "end_session", body, NULL);
}

static int person_of(struct cli *cli, const char *action, const char *code, json_t *body)
{
    if (strcmp(action, "add") == 0)
        return person_add(cli, code, body);
    if (strcmp(action, "password") == 0)
        return person_password(cli, code, body);
    if (strcmp(action, "post") == 0 || strcmp(action, "unpost") == 0)
        return person_post(cli, code, body, action[0] == 'p');
    if (strcmp(action, "end") == 0) {
        if (args_int(&cli->args, "session", 0) > 0)
            return person_end_session(cli, body);
        json_object_set_new(body, "code", json_string(code));
        return act(cli, "end_person", body, NULL);
    }
    if (strcmp(action, "rename") == 0) {
        json_object_set_new(body, "code", json_string(code));
        take(cli, body, "name", "name");
        return act(cli, "change_person", body, NULL);
    }
    if (strcmp(action, "sessions") == 0) {
        json_object_set_new(body, "person", json_string(code));
        return ask(cli, "sessions", body, "sessions", print_sessions);
    }
    json_decref(body);
    return usage(cli, "ACTION", "add list show post unpost rename password sessions end",
                 "add list show post unpost rename password sessions end");
}

int run_person(struct cli *cli)
{
    const char *action = args_text(&cli->args, "ACTION"), *code = args_text(&cli->args, "CODE");
    json_t *body = must(json_object());
    if (strcmp(action, "list") == 0 || (strcmp(action, "show") == 0 && code)) {
        take(cli, body, "at", "identity");
        take(cli, body, "cursor", "cursor");
        if (code)
            json_object_set_new(body, "code", json_string(code));
        return ask(cli, "people", body, "people", print_people);
    }
    if (!code) {
        json_decref(body);
        return usage(cli, "CODE", "哪个人员?", "which person?");
    }
    return person_of(cli, action, code, body);
}

// ---- api-key ------------------------------------------------------------------------------------

static void print_keys(struct cli *cli, const ProtobufCMessage *message)
{
    const Whistle__V1__ApiKeys *keys = (const Whistle__V1__ApiKeys *)message;
    for (size_t i = 0; i < keys->n_api_keys; i++) {
        const Whistle__V1__ApiKey *key = keys->api_keys[i];
        char until[32];
        time_text(cli, key->expires_at, until, sizeof until);
        printf("%s%s  %s  %s  ", key->prefix, key->ended_at ? T(" 已停用", " ended") : "",
               key->identity, until);
        for (size_t k = 0; k < key->n_scopes; k++)
            printf("%s%s", k ? "," : "", key->scopes[k]);
        printf("  ");
        say_clean(stdout, key->name, false);
        (void)fputc('\n', stdout);
    }
}

static int key_new(struct cli *cli, json_t *body)
{
    char prefix[WH_API_KEY_PREFIX + 1], key[WH_API_KEY_MAX], text[64];
    uint8_t hash[WH_API_KEY_HASH];
    const char *whose = args_text(&cli->args, "for");
    json_t *scopes = json_object_get(cli->args.kept, "scope");
    struct fault fault = {0};
    const struct session *session = session_get(cli, &fault);
    if (!session)
        return fault_tell(cli, &fault);
    wh_api_key_make(key, prefix, hash);
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    json_object_set_new(body, "prefix", json_string(prefix));
    json_object_set_new(body, "key_hash", json_string(text));
    json_object_set_new(body, "identity", json_string(whose ? whose : session->key.identity));
    if (scopes)
        json_object_set(body, "scopes", scopes);
    take(cli, body, "name", "name");
    take(cli, body, "until", "expires_at");
    return act(cli, "add_api_key", body, must(json_pack("{s:s}", "key", key)));
}

int run_api_key(struct cli *cli)
{
    const char *action = args_text(&cli->args, "ACTION"), *prefix = args_text(&cli->args, "PREFIX");
    json_t *body = must(json_object());
    if (strcmp(action, "new") == 0)
        return key_new(cli, body);
    if (strcmp(action, "list") == 0) {
        take(cli, body, "for", "identity");
        return ask(cli, "api_keys", body, "api_keys", print_keys);
    }
    if (strcmp(action, "end") == 0 && prefix) {
        json_object_set_new(body, "prefix", json_string(prefix));
        return act(cli, "end_api_key", body, NULL);
    }
    json_decref(body);
    return usage(cli, "ACTION", "new | list | end PREFIX", "new | list | end PREFIX");
}

// ---- link ---------------------------------------------------------------------------------------

static void print_link(struct cli *cli, const ProtobufCMessage *message)
{
    const Whistle__V1__Link *link = (const Whistle__V1__Link *)message;
    char until[32];
    time_text(cli, link->until_at, until, sizeof until);
    printf("%s  %s\n", *link->url ? link->url : link->token, until);
}

int run_link(struct cli *cli)
{
    const char *action = args_text(&cli->args, "ACTION");
    json_t *body = must(json_object()), *purposes = json_object_get(cli->args.kept, "for");
    take(cli, body, "TASK", "task");
    if (strcmp(action, "end") == 0)
        return act(cli, "end_links", body, NULL);
    if (strcmp(action, "new") == 0) {
        take(cli, body, "to", "officer");
        take(cli, body, "until", "until_at");
        if (purposes)
            json_object_set(body, "purposes", purposes);
        return ask(cli, "link", body, NULL, print_link);
    }
    json_decref(body);
    return usage(cli, "ACTION", "new TASK | end TASK", "new TASK | end TASK");
}
