// SPDX-License-Identifier: Apache-2.0
// One's own session over HTTP: who one is, as whom one acts, one's password, where else one is
// logged in.
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/handler_api.h"
#include "gateway/handler_people.h"

#define COMMAND(name) WHISTLE__V1__GATEWAY_COMMAND__WHAT_##name

static char *held(const char *text)
{
    return (char *)(uintptr_t)text;
}

// ---- who one is ---------------------------------------------------------------------------------

static void show_post(const struct post *post, Whistle__V1__PostShown *row)
{
    const struct gateway_role_info *role = gateway_role_info(post->role);
    whistle__v1__post_shown__init(row);
    row->identity = held(post->identity);
    row->role = held(role->name);
    row->zh = held(role->zh);
    row->en = held(role->en);
    row->until_at = post->until_at;
    row->standing_in_for = held(post->standing_in_for);
}

static void show_posts(const struct person *person, const struct session *session, int64_t now,
                       Whistle__V1__PostShown *rows, Whistle__V1__SessionShown *shown)
{
    for (size_t i = 0; i < person->n_posts; i++) {
        const struct post *post = &person->posts[i];
        Whistle__V1__PostShown *row = &rows[shown->n_posts];
        if (!post_valid(post, now))
            continue;
        show_post(post, row);
        shown->posts[shown->n_posts++] = row;
        if (post->role == session->role && strcmp(post->identity, session->identity) == 0)
            shown->post = row;
    }
}

void reply_session(struct gateway_ask *ask, int64_t id, int status)
{
    const struct gateway *gateway = ask->gateway;
    const struct session *session = directory_session(gateway->directory, id);
    const struct person *person =
        session != NULL ? directory_person(gateway->directory, session->person) : NULL;
    Whistle__V1__SessionShown shown = WHISTLE__V1__SESSION_SHOWN__INIT;
    Whistle__V1__Person who = WHISTLE__V1__PERSON__INIT;
    Whistle__V1__PostShown rows[PERSON_POSTS], *list[PERSON_POSTS];
    char csrf[CSRF_CHARS + 1];
    int64_t now = wh_wall_now();
    if (person == NULL) {
        reply_rule(ask, WH_RULE_LOGIN_NEEDED, NULL, NULL);
        return;
    }
    who.code = held(person->code);
    who.login = held(person->login);
    who.name = held(person->name);
    who.temporary = person->temporary;
    shown.posts = list;
    show_posts(person, session, now, rows, &shown);
    gateway_csrf_token(gateway, id, csrf);
    shown.id = id;
    shown.person = &who;
    shown.csrf_token = csrf;
    shown.ends_at = session->started_at + gateway->life_ms;
    shown.now_at = now;
    reply_message(ask, status, &shown.base);
}

void on_session_show(struct gateway_ask *ask)
{
    reply_session(ask, ask->caller.session, 200);
}

// ---- commands -----------------------------------------------------------------------------------

static const ProtobufCMessage *body_of(struct gateway_ask *ask)
{
    struct wh_wire_fault fault;
    const struct wire_api wire = api_wire(ask);
    const ProtobufCMessage *body = wire_api_body(&wire, &fault);
    if (body == NULL)
        reply_fault(ask, &fault);
    return body;
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

static void submit(struct gateway_ask *ask, const Whistle__V1__GatewayCommand *command,
                   wh_submitted_fn fn)
{
    int status = gateway_submit(ask, command, (struct wh_uuid){{0}}, fn, ask);
    if (status != 0)
        reply_rule(ask, status == WH_E_DENIED ? WH_RULE_ROLE_NOT_ALLOWED : WH_RULE_BUSY_DATABASE,
                   NULL, NULL);
}

static void on_closed(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    char *cookie = wh_arena_alloc(ask->arena, 160);
    if (failed(ask, status, answer))
        return;
    if (cookie != NULL) {
        cookie_set(NULL, cookie);
        reply_header(ask, "Set-Cookie", cookie);
        reply_header(ask, "Clear-Site-Data", "\"cache\"");
    }
    reply_nothing(ask);
}

void on_session_close(struct gateway_ask *ask)
{
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    Whistle__V1__EndSession end = WHISTLE__V1__END_SESSION__INIT;
    end.id = ask->caller.session;
    command.what_case = COMMAND(END_SESSION);
    command.end_session = &end;
    submit(ask, &command, on_closed);
}

static void on_chosen(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    if (!failed(ask, status, answer))
        reply_session(ask, ask->caller.session, 200);
}

void on_session_choose(struct gateway_ask *ask)
{
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    Whistle__V1__ChangeSession change = WHISTLE__V1__CHANGE_SESSION__INIT;
    const Whistle__V1__PostChoice *choice = (const Whistle__V1__PostChoice *)body_of(ask);
    if (choice == NULL)
        return;
    change.id = ask->caller.session;
    change.identity = choice->identity;
    change.role = choice->role;
    command.what_case = COMMAND(CHANGE_SESSION);
    command.change_session = &change;
    submit(ask, &command, on_chosen);
}

// ---- one's password -----------------------------------------------------------------------------

static void on_done(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    if (!failed(ask, status, answer))
        reply_nothing(ask);
}

static void on_made(struct gateway_ask *ask, struct password_job *job)
{
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    Whistle__V1__SetPassword set = WHISTLE__V1__SET_PASSWORD__INIT;
    if (!job->good) {
        reply_rule(ask, WH_RULE_LOGIN_BUSY, NULL, NULL);
        return;
    }
    set.person = held(ask->caller.person);
    set.password_hash = job->hash;
    set.keep = ask->caller.session;
    command.what_case = COMMAND(SET_PASSWORD);
    command.set_password = &set;
    submit(ask, &command, on_done);
}

static void on_old_checked(struct gateway_ask *ask, struct password_job *job)
{
    const Whistle__V1__NewPassword *message = ask->data;
    struct password_job next = {.ask = ask, .make = true, .done = on_made};
    if (!job->good) {
        login_wrong(ask);
        return;
    }
    strcpy(next.password, message->new_);
    if (!logins_run(ask->gateway->logins, &next))
        reply_rule(ask, WH_RULE_LOGIN_BUSY, NULL, NULL);
    sodium_memzero(&next, sizeof next);
}

void on_session_password(struct gateway_ask *ask)
{
    const Whistle__V1__NewPassword *message = (const Whistle__V1__NewPassword *)body_of(ask);
    const struct person *person = directory_person(ask->gateway->directory, ask->caller.person);
    struct password_job job = {.ask = ask, .done = on_old_checked};
    if (message == NULL)
        return;
    if (person == NULL || strlen(message->old) >= sizeof job.password) {
        login_wrong(ask);
        return;
    }
    enum wh_rule rule = password_check(message->new_, person->login, person->name);
    if (rule != WH_RULE_NONE) {
        reply_rule(ask, rule, "new", NULL);
        return;
    }
    ask->data = (void *)(uintptr_t)message;
    strcpy(job.password, message->old);
    strcpy(job.hash, person->hash);
    login_check(ask, person->login, &job);
    sodium_memzero(&job, sizeof job);
}

// ---- sessions -----------------------------------------------------------------------------------

void on_sessions(struct gateway_ask *ask)
{
    Whistle__V1__Sessions sessions;
    if (gateway_list_sessions(ask->gateway, ask->caller.person, ask->caller.session, ask->arena,
                              &sessions) != 0)
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
    else
        reply_message(ask, 200, &sessions.base);
}

void on_sessions_end(struct gateway_ask *ask)
{
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    Whistle__V1__EndSession end = WHISTLE__V1__END_SESSION__INIT;
    const char *id = api_capture(ask, 0);
    char *rest = NULL;
    end.id = id != NULL ? strtoll(id, &rest, 10) : 0;
    const struct session *session = directory_session(ask->gateway->directory, end.id);
    if (session == NULL || *rest != '\0' || strcmp(session->person, ask->caller.person) != 0) {
        reply_rule(ask, WH_RULE_SESSION_UNKNOWN, "id", NULL);
        return;
    }
    command.what_case = COMMAND(END_SESSION);
    command.end_session = &end;
    submit(ask, &command, on_done);
}
