// SPDX-License-Identifier: Apache-2.0
// Commands about sessions, keys of programs and links. Sessions are opened and changed by the
// gateway itself; they end with their person, their post or their password.
#include <string.h>

#include "gateway/handler.h"
#include "gateway/wire.h"

#define EVENT(name) WHISTLE__V1__GATEWAY_EVENT__WHAT_##name

static int refuse(struct wh_turn *turn, const struct wh_item *item, const struct wire_fault *fault)
{
    return wh_refuse(turn, item, fault->rule, fault->field, NULL);
}

int gateway_emit(struct wh_turn *turn, const struct wh_item *item,
                 const Whistle__V1__GatewayEvent *event, int64_t *ret_seq)
{
    int64_t seq;
    int status = wh_emit(turn, item, 0, NULL, 0, &event->base, &seq);
    if (status == 0 && ret_seq != NULL)
        *ret_seq = seq;
    return status;
}

// An officer's code alone proves nobody: it is believed where the gateway itself speaks for them.
bool gateway_is_own(const struct gateway *gateway, const struct wh_actor *actor, int64_t id,
                    const struct person *person)
{
    const struct session *session = directory_session(gateway->directory, id);
    return actor->acting_for[0] != '\0' && strcmp(actor->officer, person->code) == 0 &&
           session != NULL && strcmp(session->person, person->code) == 0;
}

// ---- ending ------------------------------------------------------------------------------------

static int end_session(struct gateway *gateway, struct wh_turn *turn, const struct wh_item *item,
                       struct session *session)
{
    Whistle__V1__GatewayEvent event = WHISTLE__V1__GATEWAY_EVENT__INIT;
    Whistle__V1__SessionEnded ended = WHISTLE__V1__SESSION_ENDED__INIT;
    ended.id = session->id;
    ended.person = session->person;
    event.what_case = EVENT(SESSION_ENDED);
    event.session_ended = &ended;
    if (directory_change_session(gateway->directory, session) != 0)
        return WH_E_NOMEM;
    session->ended = true;
    int status = WH_PUT(turn, PUT_SESSION_GONE, WH_L(session->id));
    return status != 0 ? status : gateway_emit(turn, item, &event, NULL);
}

static int end_where(struct gateway *gateway, struct wh_turn *turn, const struct wh_item *item,
                     const struct person *person, const struct post *post, int64_t keep)
{
    struct session *session;
    int status = 0;
    size_t at = 0;
    while (status == 0 && (session = directory_next_session(gateway->directory, &at)) != NULL) {
        bool there = post == NULL || (session->role == post->role &&
                                      strcmp(session->identity, post->identity) == 0);
        if (there && session->id != keep && strcmp(session->person, person->code) == 0)
            status = end_session(gateway, turn, item, session);
    }
    return status;
}

int gateway_end_sessions(struct gateway *gateway, struct wh_turn *turn, const struct wh_item *item,
                         const struct person *person, int64_t keep)
{
    return end_where(gateway, turn, item, person, NULL, keep);
}

int gateway_end_sessions_at(struct gateway *gateway, struct wh_turn *turn,
                            const struct wh_item *item, const struct person *person,
                            const struct post *post)
{
    return end_where(gateway, turn, item, person, post, 0);
}

// ---- sessions ----------------------------------------------------------------------------------

// A person has so many at most: the one unused for longest ends for the new one; whoever's time is
// over anyway ends too.
static int make_room(struct gateway *gateway, struct wh_turn *turn, const struct wh_item *item,
                     const struct person *person)
{
    struct session *session, *oldest = NULL;
    size_t at = 0, n = 0;
    int status = 0;
    int64_t now = wh_turn_now(turn);
    while (status == 0 && (session = directory_next_session(gateway->directory, &at)) != NULL) {
        if (strcmp(session->person, person->code) != 0)
            continue;
        if (!session_live(session, person, gateway->idle_ms, gateway->life_ms, now)) {
            status = end_session(gateway, turn, item, session);
            continue;
        }
        n++;
        if (oldest == NULL || session->used_at < oldest->used_at)
            oldest = session;
    }
    if (status == 0 && n >= PERSON_SESSIONS)
        status = end_session(gateway, turn, item, oldest);
    return status;
}

int on_open_session(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__OpenSession *message = (const Whistle__V1__OpenSession *)item->message;
    Whistle__V1__GatewayEvent event = WHISTLE__V1__GATEWAY_EVENT__INIT;
    Whistle__V1__SessionOpened opened = WHISTLE__V1__SESSION_OPENED__INIT;
    struct wire_fault fault;
    struct session session;
    int64_t now = wh_turn_now(turn);
    if (wire_session(message, now, &session, &fault) != 0)
        return refuse(turn, item, &fault);
    const struct person *person = directory_person(gateway->directory, session.person);
    if (person == NULL || person->ended_at != 0 ||
        person_post(person, session.identity, session.role, now) == NULL)
        return wh_refuse(turn, item, WH_RULE_POST_UNKNOWN, "role", NULL);
    opened.person = session.person;
    opened.identity = session.identity;
    opened.role = message->role;
    event.what_case = EVENT(SESSION_OPENED);
    event.session_opened = &opened;
    // first: the answer names this event
    int status = gateway_emit(turn, item, &event, &session.id);
    if (status == 0)
        status = make_room(gateway, turn, item, person);
    if (status == 0)
        status = directory_add_session(gateway->directory, &session);
    return status != 0 ? status : store_put_session(turn, &session);
}

int on_change_session(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__ChangeSession *message = (const Whistle__V1__ChangeSession *)item->message;
    Whistle__V1__GatewayEvent event = WHISTLE__V1__GATEWAY_EVENT__INIT;
    Whistle__V1__SessionChanged changed = WHISTLE__V1__SESSION_CHANGED__INIT;
    struct session *session = directory_session(gateway->directory, message->id);
    enum gateway_role role;
    struct wire_fault fault;
    if (session == NULL)
        return wh_refuse(turn, item, WH_RULE_SESSION_UNKNOWN, "id", NULL);
    if (wire_role(message->role, "role", &role, &fault) != 0)
        return refuse(turn, item, &fault);
    const struct person *person = directory_person(gateway->directory, session->person);
    if (message->identity[0] == '\0' || person == NULL ||
        person_post(person, message->identity, role, wh_turn_now(turn)) == NULL)
        return wh_refuse(turn, item, WH_RULE_POST_UNKNOWN, "role", NULL);
    if (directory_change_session(gateway->directory, session) != 0)
        return WH_E_NOMEM;
    strcpy(session->identity, message->identity); // as long as a post's
    session->role = role;
    changed.id = session->id;
    changed.identity = session->identity;
    changed.role = message->role;
    event.what_case = EVENT(SESSION_CHANGED);
    event.session_changed = &changed;
    int status = gateway_emit(turn, item, &event, NULL);
    return status != 0 ? status : store_put_session(turn, session);
}

// One's own, or of people one keeps.
int on_end_session(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__EndSession *message = (const Whistle__V1__EndSession *)item->message;
    struct session *session = directory_session(gateway->directory, message->id);
    const struct person *person =
        session != NULL ? directory_person(gateway->directory, session->person) : NULL;
    bool own = person != NULL && gateway_is_own(gateway, &item->actor, message->id, person);
    if (session == NULL || (!own && !gateway_keeps(gateway, &item->actor, session->identity)))
        return wh_refuse(turn, item, WH_RULE_SESSION_UNKNOWN, "id", NULL);
    return end_session(gateway, turn, item, session);
}

// No event: only how lately something was used.
int on_touch_used(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__TouchUsed *message = (const Whistle__V1__TouchUsed *)item->message;
    int status = 0;
    (void)state;
    for (size_t i = 0; status == 0 && i < message->n_used; i++) {
        const Whistle__V1__Used *used = message->used[i];
        status = used->session != 0
                     ? WH_PUT(turn, PUT_SESSION_USED, WH_L(used->session), WH_L(used->at))
                     : WH_PUT(turn, PUT_API_KEY_USED, WH_T(used->api_key), WH_L(used->at));
    }
    if (status == 0)
        wh_done(turn, item, "", "");
    return status;
}

// ---- keys of programs --------------------------------------------------------------------------

int on_add_api_key(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__AddApiKey *message = (const Whistle__V1__AddApiKey *)item->message;
    Whistle__V1__GatewayEvent event = WHISTLE__V1__GATEWAY_EVENT__INIT;
    Whistle__V1__ApiKeyAdded added = WHISTLE__V1__API_KEY_ADDED__INIT;
    struct wire_fault fault;
    struct api_key key;
    if (wire_api_key(message, wh_turn_now(turn), &key, &fault) != 0)
        return refuse(turn, item, &fault);
    if (wh_live_roles(gateway->runtime, key.identity) == 0)
        return wh_refuse(turn, item, WH_RULE_FIELD_UNKNOWN, "identity", NULL);
    if (!gateway_keeps(gateway, &item->actor, key.identity))
        return wh_refuse(turn, item, WH_RULE_SCOPE_FOREIGN, "identity", NULL);
    int status = directory_add_api_key(gateway->directory, &key);
    if (status == WH_E_EXISTS)
        return wh_refuse(turn, item, WH_RULE_API_KEY_EXISTS, "prefix", NULL);
    added.prefix = key.prefix;
    added.identity = key.identity;
    added.scopes = message->scopes;
    added.n_scopes = message->n_scopes;
    added.name = key.name;
    added.expires_at = key.expires_at;
    event.what_case = EVENT(API_KEY_ADDED);
    event.api_key_added = &added;
    if (status == 0)
        status = store_put_api_key(turn, &key);
    return status != 0 ? status : gateway_emit(turn, item, &event, NULL);
}

int on_end_api_key(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__EndApiKey *message = (const Whistle__V1__EndApiKey *)item->message;
    Whistle__V1__GatewayEvent event = WHISTLE__V1__GATEWAY_EVENT__INIT;
    Whistle__V1__ApiKeyEnded ended = WHISTLE__V1__API_KEY_ENDED__INIT;
    struct api_key *key = directory_api_key(gateway->directory, message->prefix);
    if (key == NULL || key->ended_at != 0 || !gateway_keeps(gateway, &item->actor, key->identity))
        return wh_refuse(turn, item, WH_RULE_API_KEY_UNKNOWN, "prefix", NULL);
    if (directory_change_api_key(gateway->directory, key) != 0)
        return WH_E_NOMEM;
    key->ended_at = wh_turn_now(turn);
    ended.prefix = key->prefix;
    event.what_case = EVENT(API_KEY_ENDED);
    event.api_key_ended = &ended;
    int status = store_put_api_key(turn, key);
    return status != 0 ? status : gateway_emit(turn, item, &event, NULL);
}

// ---- links -------------------------------------------------------------------------------------

// Whose task it is, or who keeps that body.
int on_end_links(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__EndLinks *message = (const Whistle__V1__EndLinks *)item->message;
    Whistle__V1__GatewayEvent event = WHISTLE__V1__GATEWAY_EVENT__INIT;
    Whistle__V1__LinksEnded ended = WHISTLE__V1__LINKS_ENDED__INIT;
    char department[WH_DEPARTMENT_MAX + 1];
    struct wire_fault fault;
    if (wire_task(message->task, "task", department, &fault) != 0)
        return refuse(turn, item, &fault);
    if (!gateway_keeps(gateway, &item->actor, department))
        return wh_refuse(turn, item, WH_RULE_SCOPE_FOREIGN, "task", NULL);
    ended.task = message->task;
    ended.until_at = wh_turn_now(turn);
    event.what_case = EVENT(LINKS_ENDED);
    event.links_ended = &ended;
    int status = directory_end_link(gateway->directory, message->task, ended.until_at);
    if (status == 0)
        status = WH_PUT(turn, PUT_LINK_END, WH_T(message->task), WH_L(ended.until_at));
    return status != 0 ? status : gateway_emit(turn, item, &event, NULL);
}
