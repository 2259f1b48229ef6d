// SPDX-License-Identifier: Apache-2.0
// Keeping people and keys of programs over HTTP. Passwords and keys are made here, shown once in
// the answer and nowhere kept but as hashes. Whom one may keep is for the commands' rules.
#include <sodium.h>
#include <string.h>

#include "client/secrets.h"
#include "gateway/handler_api.h"
#include "gateway/handler_people.h"
#include "whistle/v1/api.pb-c.h"

#define COMMAND(name) WHISTLE__V1__GATEWAY_COMMAND__WHAT_##name

struct keeping {
    const ProtobufCMessage *body;
    const char *code, *login;
    char password[WH_PASSWORD_MADE];
    char key[API_KEY_CHARS + 1], prefix[API_KEY_PREFIX + 1];
    int64_t expires_at;
};

static char *held(const char *text)
{
    return (char *)(uintptr_t)text;
}

static struct wh_actor actor_of(const struct gateway_ask *ask)
{
    return (struct wh_actor){.identity = ask->caller.identity,
                             .officer = ask->caller.person,
                             .acting_for = ask->caller.identity,
                             .roles = ask->caller.kinds};
}

// The body, if the row takes one, and room for what is made. NULL: answered.
static struct keeping *begin(struct gateway_ask *ask)
{
    struct wh_wire_fault fault;
    const struct wire_api wire = api_wire(ask);
    struct keeping *keeping = wh_arena_calloc(ask->arena, 1, sizeof *keeping);
    ask->data = keeping;
    if (keeping == NULL) {
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
        return NULL;
    }
    if (ask->route->takes != NULL && (keeping->body = wire_api_body(&wire, &fault)) == NULL) {
        reply_fault(ask, &fault);
        return NULL;
    }
    return keeping;
}

static bool failed(struct gateway_ask *ask, int status, const Whistle__V1__Answer *answer)
{
    if (status == 0 && answer->done != NULL)
        return false;
    if (status == 0 && answer->error != NULL)
        reply_error(ask, answer->error, NULL);
    else
        reply_rule(ask, WH_RULE_BUSY_DATABASE, NULL, NULL);
    return true;
}

static void on_acted(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    Whistle__V1__Acted acted = WHISTLE__V1__ACTED__INIT;
    if (failed(ask, status, answer))
        return;
    acted.ref = answer->done->ref;
    acted.feed = answer->done->feed;
    acted.seq = answer->done->seq;
    acted.at = answer->done->at;
    reply_message(ask, 200, &acted.base);
}

static void submit(struct gateway_ask *ask, const Whistle__V1__GatewayCommand *command,
                   wh_submitted_fn fn)
{
    int status = gateway_submit(ask, command, (struct wh_uuid){{0}}, fn, ask);
    if (status != 0)
        reply_rule(ask, status == WH_E_DENIED ? WH_RULE_ROLE_NOT_ALLOWED : WH_RULE_BUSY_DATABASE,
                   NULL, NULL);
}

// ---- people -------------------------------------------------------------------------------------

void on_people(struct gateway_ask *ask)
{
    const struct wh_actor actor = actor_of(ask);
    Whistle__V1__ListPeople list = WHISTLE__V1__LIST_PEOPLE__INIT;
    Whistle__V1__People people;
    struct wh_str value;
    if (http_query_get(ask->request, "identity", &value) == 0)
        list.identity = held(value.p);
    if (http_query_get(ask->request, "code", &value) == 0)
        list.code = held(value.p);
    if (http_query_get(ask->request, "cursor", &value) == 0)
        list.cursor = held(value.p);
    int status = gateway_list_people(ask->gateway, &actor, &list, ask->arena, &people);
    if (status != 0) {
        reply_rule(ask, status == WH_E_INVALID ? WH_RULE_FIELD_FORMAT : WH_RULE_INTERNAL,
                   status == WH_E_INVALID ? "cursor" : NULL, NULL);
        return;
    }
    api_next_page(ask, people.cursor);
    reply_message(ask, 200, &people.base);
}

static void on_password_kept(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    const struct keeping *keeping = ask->data;
    Whistle__V1__PasswordMade made = WHISTLE__V1__PASSWORD_MADE__INIT;
    if (failed(ask, status, answer))
        return;
    made.code = held(keeping->code);
    made.login = held(keeping->login);
    made.password = held(keeping->password);
    reply_message(ask, 200, &made.base);
}

static void add_hashed(struct gateway_ask *ask, struct password_job *job)
{
    const struct keeping *keeping = ask->data;
    const Whistle__V1__NewPerson *message = (const Whistle__V1__NewPerson *)keeping->body;
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    Whistle__V1__AddPerson add = WHISTLE__V1__ADD_PERSON__INIT;
    Whistle__V1__GivePost post = WHISTLE__V1__GIVE_POST__INIT;
    if (!job->good) {
        reply_rule(ask, WH_RULE_LOGIN_BUSY, NULL, NULL);
        return;
    }
    if (message->post != NULL) {
        post.person = message->code;
        post.identity = message->post->identity;
        post.role = message->post->role;
        post.until_at = message->until_at;
        post.standing_in_for = message->standing_in_for;
        add.post = &post;
    }
    add.code = message->code;
    add.login = held(keeping->login);
    add.name = message->name;
    add.password_hash = job->hash;
    add.temporary = true;
    command.what_case = COMMAND(ADD_PERSON);
    command.add_person = &add;
    submit(ask, &command, on_password_kept);
}

static void hash_made(struct gateway_ask *ask,
                      void (*done)(struct gateway_ask *ask, struct password_job *job))
{
    struct keeping *keeping = ask->data;
    struct password_job job = {.ask = ask, .make = true, .done = done};
    wh_password_make(keeping->password);
    strcpy(job.password, keeping->password);
    if (!logins_run(ask->gateway->logins, &job))
        reply_rule(ask, WH_RULE_LOGIN_BUSY, NULL, NULL);
    sodium_memzero(&job, sizeof job);
}

void on_people_add(struct gateway_ask *ask)
{
    struct keeping *keeping = begin(ask);
    if (keeping == NULL)
        return;
    const Whistle__V1__NewPerson *message = (const Whistle__V1__NewPerson *)keeping->body;
    keeping->code = message->code;
    keeping->login = message->login[0] != '\0' ? message->login : message->code;
    hash_made(ask, add_hashed);
}

static void set_hashed(struct gateway_ask *ask, struct password_job *job)
{
    const struct keeping *keeping = ask->data;
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    Whistle__V1__SetPassword set = WHISTLE__V1__SET_PASSWORD__INIT;
    if (!job->good) {
        reply_rule(ask, WH_RULE_LOGIN_BUSY, NULL, NULL);
        return;
    }
    set.person = held(keeping->code);
    set.password_hash = job->hash;
    set.temporary = true;
    command.what_case = COMMAND(SET_PASSWORD);
    command.set_password = &set;
    submit(ask, &command, on_password_kept);
}

void on_people_password(struct gateway_ask *ask)
{
    struct keeping *keeping = begin(ask);
    const char *code = api_capture(ask, 0);
    if (keeping == NULL)
        return;
    const struct person *person =
        code != NULL ? directory_person(ask->gateway->directory, code) : NULL;
    if (person == NULL) {
        reply_rule(ask, WH_RULE_PERSON_UNKNOWN, "code", NULL);
        return;
    }
    keeping->code = code;
    keeping->login = wh_arena_strdup(ask->arena, person->login);
    hash_made(ask, set_hashed);
}

void on_people_post(struct gateway_ask *ask)
{
    const struct keeping *keeping = begin(ask);
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    if (keeping == NULL)
        return;
    Whistle__V1__GivePost give = *(const Whistle__V1__GivePost *)keeping->body;
    give.person = held(api_capture(ask, 0));
    command.what_case = COMMAND(GIVE_POST);
    command.give_post = &give;
    submit(ask, &command, on_acted);
}

void on_people_post_end(struct gateway_ask *ask)
{
    const struct keeping *keeping = begin(ask);
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    if (keeping == NULL)
        return;
    Whistle__V1__EndPost end = *(const Whistle__V1__EndPost *)keeping->body;
    end.person = held(api_capture(ask, 0));
    command.what_case = COMMAND(END_POST);
    command.end_post = &end;
    submit(ask, &command, on_acted);
}

void on_people_end(struct gateway_ask *ask)
{
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    Whistle__V1__EndPerson end = WHISTLE__V1__END_PERSON__INIT;
    end.code = held(api_capture(ask, 0));
    command.what_case = COMMAND(END_PERSON);
    command.end_person = &end;
    submit(ask, &command, on_acted);
}

// ---- keys of programs ---------------------------------------------------------------------------

void on_api_keys(struct gateway_ask *ask)
{
    const struct wh_actor actor = actor_of(ask);
    Whistle__V1__ListApiKeys list = WHISTLE__V1__LIST_API_KEYS__INIT;
    Whistle__V1__ApiKeys keys;
    struct wh_str value;
    if (http_query_get(ask->request, "identity", &value) == 0)
        list.identity = held(value.p);
    if (gateway_list_api_keys(ask->gateway, &actor, &list, ask->arena, &keys) != 0)
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
    else
        reply_message(ask, 200, &keys.base);
}

static void on_key_kept(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    const struct keeping *keeping = ask->data;
    Whistle__V1__ApiKeyMade made = WHISTLE__V1__API_KEY_MADE__INIT;
    if (failed(ask, status, answer))
        return;
    made.prefix = held(keeping->prefix);
    made.key = held(keeping->key);
    made.expires_at = keeping->expires_at;
    reply_message(ask, 201, &made.base);
}

void on_api_key_add(struct gateway_ask *ask)
{
    struct keeping *keeping = begin(ask);
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    Whistle__V1__AddApiKey add = WHISTLE__V1__ADD_API_KEY__INIT;
    uint8_t hash[TOKEN_HASH];
    if (keeping == NULL)
        return;
    const Whistle__V1__NewApiKey *message = (const Whistle__V1__NewApiKey *)keeping->body;
    wh_api_key_make(keeping->key, keeping->prefix, hash);
    keeping->expires_at = message->expires_at;
    add.prefix = keeping->prefix;
    add.key_hash = (ProtobufCBinaryData){sizeof hash, hash};
    add.identity = message->identity[0] != '\0' ? message->identity : held(ask->caller.identity);
    add.scopes = message->scopes;
    add.n_scopes = message->n_scopes;
    add.name = message->name;
    add.expires_at = message->expires_at;
    command.what_case = COMMAND(ADD_API_KEY);
    command.add_api_key = &add;
    submit(ask, &command, on_key_kept);
}

void on_api_key_end(struct gateway_ask *ask)
{
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    Whistle__V1__EndApiKey end = WHISTLE__V1__END_API_KEY__INIT;
    end.prefix = held(api_capture(ask, 0));
    command.what_case = COMMAND(END_API_KEY);
    command.end_api_key = &end;
    submit(ask, &command, on_acted);
}
