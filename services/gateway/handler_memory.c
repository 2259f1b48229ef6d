// SPDX-License-Identifier: Apache-2.0
// Memory's life: forgotten when the database is lost, read back from the tables, joined or rolled
// back with each turn; what an answer says of the event a command made.
#include <stdio.h>
#include <string.h>

#include "gateway/handler.h"
#include "runtime/log.h"

#define EVENT(name) WHISTLE__V1__GATEWAY_EVENT__WHAT_##name

void gateway_reset(void *state)
{
    struct gateway *gateway = state;
    directory_clear(gateway->directory);
}

static void check(bool good, const char *what)
{
    if (!good)
        wh_logf(WH_LOG_ERROR, "row.unreadable", "%s", what);
}

void gateway_rebuilt_person(void *state, const struct wh_row *row)
{
    struct gateway *gateway = state;
    struct person person;
    check(store_read_person(row, &person) && directory_add_person(gateway->directory, &person) == 0,
          "person");
}

// The ones in force come first: those that are too many are over.
void gateway_rebuilt_post(void *state, const struct wh_row *row)
{
    struct gateway *gateway = state;
    char code[PERSON_CODE_MAX + 1];
    struct post post;
    bool good = store_read_post(row, code, &post);
    struct person *person = good ? directory_person(gateway->directory, code) : NULL;
    check(person != NULL, "post");
    if (person != NULL && person->n_posts < PERSON_POSTS)
        person->posts[person->n_posts++] = post;
}

void gateway_rebuilt_session(void *state, const struct wh_row *row)
{
    struct gateway *gateway = state;
    struct session session;
    check(store_read_session(row, &session) &&
              directory_add_session(gateway->directory, &session) == 0,
          "session");
}

void gateway_rebuilt_api_key(void *state, const struct wh_row *row)
{
    struct gateway *gateway = state;
    struct api_key key;
    check(store_read_api_key(row, &key) && directory_add_api_key(gateway->directory, &key) == 0,
          "api_key");
}

void gateway_rebuilt_link_end(void *state, const struct wh_row *row)
{
    struct gateway *gateway = state;
    struct link_end end;
    check(store_read_link_end(row, &end) &&
              directory_end_link(gateway->directory, end.task, end.until_at) == 0,
          "link_end");
}

int gateway_ready(void *state)
{
    struct gateway *gateway = state;
    directory_keep(gateway->directory);
    return 0;
}

void gateway_committed(void *state)
{
    struct gateway *gateway = state;
    directory_keep(gateway->directory);
}

void gateway_rolled_back(void *state)
{
    struct gateway *gateway = state;
    directory_undo(gateway->directory);
}

static const char *ref_of(const Whistle__V1__GatewayEvent *event)
{
    switch (event->what_case) {
    case EVENT(PERSON_ADDED):
        return event->person_added->code;
    case EVENT(PERSON_CHANGED):
        return event->person_changed->code;
    case EVENT(PERSON_ENDED):
        return event->person_ended->code;
    case EVENT(POST_GIVEN):
        return event->post_given->person;
    case EVENT(POST_ENDED):
        return event->post_ended->person;
    case EVENT(PASSWORD_SET):
        return event->password_set->person;
    case EVENT(API_KEY_ADDED):
        return event->api_key_added->prefix;
    case EVENT(API_KEY_ENDED):
        return event->api_key_ended->prefix;
    case EVENT(LINKS_ENDED):
        return event->links_ended->task;
    default:
        return NULL;
    }
}

void gateway_describe(const Whistle__V1__Event *event, const ProtobufCMessage *payload,
                      struct wh_done *ret_done)
{
    const char *ref = ref_of((const Whistle__V1__GatewayEvent *)payload);
    if (ref != NULL)
        (void)snprintf(ret_done->ref, sizeof ret_done->ref, "%s", ref);
    else
        (void)snprintf(ret_done->ref, sizeof ret_done->ref, "%lld", (long long)event->seq);
}
