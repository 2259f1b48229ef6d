// SPDX-License-Identifier: Apache-2.0
// Commands about people: who is added, which posts they hold, their password. Whoever keeps a
// body's people keeps those alone whose posts all stand there; the district those of all bodies;
// posts of operators and auditors only an operator.
#include <stdio.h>
#include <string.h>

#include "gateway/handler.h"
#include "gateway/wire.h"

#define EVENT(name) WHISTLE__V1__GATEWAY_EVENT__WHAT_##name
#define TELL(turn, item, kind, member, value)                                                  \
    gateway_emit(turn, item,                                                                   \
                 &(Whistle__V1__GatewayEvent){                                                 \
                     .base = PROTOBUF_C_MESSAGE_INIT(&whistle__v1__gateway_event__descriptor), \
                     .what_case = EVENT(kind),                                                 \
                     .member = (value)},                                                       \
                 NULL)
#define HIGH (WH_ROLE_OPERATOR | WH_ROLE_AUDITOR)

static int refuse(struct wh_turn *turn, const struct wh_item *item, const struct wire_fault *fault)
{
    return wh_refuse(turn, item, fault->rule, fault->field, NULL);
}

bool gateway_keeps(const struct gateway *gateway, const struct wh_actor *actor,
                   const char *identity)
{
    if ((actor->roles & WH_ROLE_OPERATOR) != 0)
        return true;
    unsigned kinds = wh_live_roles(gateway->runtime, identity);
    if ((kinds & HIGH) != 0)
        return false;
    return (actor->roles & WH_ROLE_DISTRICT) != 0 || strcmp(actor->identity, identity) == 0;
}

// All posts that are not over stand where the actor keeps people; one without any is the
// operator's and the district's.
static bool keeps_person(const struct gateway *gateway, const struct wh_actor *actor,
                         const struct person *person, int64_t now)
{
    bool any = false;
    for (size_t i = 0; i < person->n_posts; i++) {
        const struct post *post = &person->posts[i];
        if (post->until_at != 0 && post->until_at <= now)
            continue;
        any = true;
        if (!gateway_keeps(gateway, actor, post->identity))
            return false;
    }
    return any || (actor->roles & (WH_ROLE_OPERATOR | WH_ROLE_DISTRICT)) != 0;
}

// The person a command means, if the actor may change them; else refused.
static struct person *person_of(struct gateway *gateway, struct wh_turn *turn,
                                const struct wh_item *item, const char *code, const char *field,
                                int *ret_status)
{
    struct person *person = directory_person(gateway->directory, code);
    *ret_status = 0;
    if (person == NULL)
        *ret_status = wh_refuse(turn, item, WH_RULE_PERSON_UNKNOWN, field, NULL);
    else if (!keeps_person(gateway, &item->actor, person, wh_turn_now(turn)))
        *ret_status = wh_refuse(turn, item, WH_RULE_SCOPE_FOREIGN, field, NULL);
    else if (person->ended_at != 0)
        *ret_status = wh_refuse(turn, item, WH_RULE_PERSON_ENDED, field, NULL);
    return *ret_status == 0 ? person : NULL;
}

static Whistle__V1__Post post_message(const struct post *post)
{
    Whistle__V1__Post message = WHISTLE__V1__POST__INIT;
    message.identity = (char *)(uintptr_t)post->identity;
    message.role = (char *)(uintptr_t)gateway_role_info(post->role)->name;
    message.from_at = post->from_at;
    message.until_at = post->until_at;
    message.standing_in_for = (char *)(uintptr_t)post->standing_in_for;
    return message;
}

// May this post be given by this actor? A deputy's stands where the other one's does.
static enum wh_rule post_rule(const struct gateway *gateway, const struct wh_actor *actor,
                              const struct post *post, int64_t now, const char **ret_field)
{
    unsigned kinds = wh_live_roles(gateway->runtime, post->identity);
    *ret_field = "identity";
    if (kinds == 0)
        return WH_RULE_FIELD_UNKNOWN;
    if (!gateway_keeps(gateway, actor, post->identity))
        return WH_RULE_SCOPE_FOREIGN;
    *ret_field = "role";
    if ((gateway_role_info(post->role)->kinds & kinds) == 0)
        return WH_RULE_POST_ROLE;
    *ret_field = "standing_in_for";
    if (post->standing_in_for[0] == '\0')
        return WH_RULE_NONE;
    const struct person *other = directory_person(gateway->directory, post->standing_in_for);
    return other != NULL && person_post(other, post->identity, post->role, now) != NULL
               ? WH_RULE_NONE
               : WH_RULE_POST_DEPUTY;
}

// ---- adding, changing --------------------------------------------------------------------------

static int read_first_post(const struct gateway *gateway, struct wh_turn *turn,
                           const struct wh_item *item, const Whistle__V1__GivePost *message,
                           struct person *person)
{
    struct wire_fault fault;
    int64_t now = wh_turn_now(turn);
    if (message == NULL) {
        bool high = (item->actor.roles & (WH_ROLE_OPERATOR | WH_ROLE_DISTRICT)) != 0;
        return high ? 0 : wh_refuse(turn, item, WH_RULE_POST_NEEDED, "post", NULL);
    }
    if (wire_post(message, now, &person->posts[0], &fault) == 0)
        fault.rule = post_rule(gateway, &item->actor, &person->posts[0], now, &fault.field);
    if (fault.rule != WH_RULE_NONE)
        return refuse(turn, item, &fault);
    person->n_posts = 1;
    return 0;
}

int on_add_person(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__AddPerson *message = (const Whistle__V1__AddPerson *)item->message;
    struct wire_fault fault;
    struct person person;
    if (wire_person(message, wh_turn_now(turn), &person, &fault) != 0)
        return refuse(turn, item, &fault);
    int status = read_first_post(gateway, turn, item, message->post, &person);
    if (status == 0)
        status = directory_add_person(gateway->directory, &person);
    if (status == WH_E_EXISTS)
        return wh_refuse(turn, item, WH_RULE_PERSON_EXISTS, "code", NULL);
    if (status != 0)
        return status;
    Whistle__V1__PersonAdded added = WHISTLE__V1__PERSON_ADDED__INIT;
    Whistle__V1__Post post = post_message(&person.posts[0]);
    added.code = person.code;
    added.login = person.login;
    added.name = person.name;
    added.temporary = person.temporary;
    added.post = person.n_posts > 0 ? &post : NULL;
    status = store_put_person(turn, &person);
    if (status == 0 && person.n_posts > 0)
        status = store_put_post(turn, person.code, &person.posts[0]);
    return status != 0 ? status : TELL(turn, item, PERSON_ADDED, person_added, &added);
}

int on_change_person(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__ChangePerson *message = (const Whistle__V1__ChangePerson *)item->message;
    struct wire_fault fault;
    int status = wire_name(message->name, "name", &fault);
    if (status != 0)
        return refuse(turn, item, &fault);
    struct person *person = person_of(gateway, turn, item, message->code, "code", &status);
    if (person == NULL || directory_change_person(gateway->directory, person) != 0)
        return person == NULL ? status : WH_E_NOMEM;
    strcpy(person->name, message->name);
    Whistle__V1__PersonChanged changed = WHISTLE__V1__PERSON_CHANGED__INIT;
    changed.code = person->code;
    changed.name = person->name;
    status = store_put_person(turn, person);
    return status != 0 ? status : TELL(turn, item, PERSON_CHANGED, person_changed, &changed);
}

int on_end_person(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__EndPerson *message = (const Whistle__V1__EndPerson *)item->message;
    int64_t now = wh_turn_now(turn);
    int status;
    struct person *person = person_of(gateway, turn, item, message->code, "code", &status);
    if (person == NULL || directory_change_person(gateway->directory, person) != 0)
        return person == NULL ? status : WH_E_NOMEM;
    person->ended_at = now;
    for (size_t i = 0; status == 0 && i < person->n_posts; i++) {
        struct post *post = &person->posts[i];
        if (post->until_at == 0 || post->until_at > now)
            post->until_at = now;
        status = store_put_post(turn, person->code, post);
    }
    Whistle__V1__PersonEnded ended = WHISTLE__V1__PERSON_ENDED__INIT;
    ended.code = person->code;
    if (status == 0)
        status = store_put_person(turn, person);
    if (status == 0)
        status = TELL(turn, item, PERSON_ENDED, person_ended, &ended);
    return status != 0 ? status : gateway_end_sessions(gateway, turn, item, person, 0);
}

int on_set_password(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__SetPassword *message = (const Whistle__V1__SetPassword *)item->message;
    struct wire_fault fault;
    int status = wire_hash(message->password_hash, "password_hash", &fault);
    if (status != 0)
        return refuse(turn, item, &fault);
    struct person *person = directory_person(gateway->directory, message->person);
    bool own = person != NULL && gateway_is_own(gateway, &item->actor, message->keep, person);
    if (!own)
        person = person_of(gateway, turn, item, message->person, "person", &status);
    if (person == NULL || directory_change_person(gateway->directory, person) != 0)
        return person == NULL ? status : WH_E_NOMEM;
    strcpy(person->hash, message->password_hash);
    person->temporary = message->temporary;
    Whistle__V1__PasswordSet set = WHISTLE__V1__PASSWORD_SET__INIT;
    set.person = person->code;
    set.temporary = person->temporary;
    set.kept = message->keep;
    status = store_put_person(turn, person);
    if (status == 0)
        status = TELL(turn, item, PASSWORD_SET, password_set, &set);
    return status != 0 ? status : gateway_end_sessions(gateway, turn, item, person, message->keep);
}

// ---- posts -------------------------------------------------------------------------------------

int on_give_post(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__GivePost *message = (const Whistle__V1__GivePost *)item->message;
    int64_t now = wh_turn_now(turn);
    struct wire_fault fault = {0};
    struct post post;
    if (wire_post(message, now, &post, &fault) == 0)
        fault.rule = post_rule(gateway, &item->actor, &post, now, &fault.field);
    if (fault.rule != WH_RULE_NONE)
        return refuse(turn, item, &fault);
    struct person *person = directory_person(gateway->directory, message->person);
    if (person == NULL || person->ended_at != 0)
        return wh_refuse(turn, item, person == NULL ? WH_RULE_PERSON_UNKNOWN : WH_RULE_PERSON_ENDED,
                         "person", NULL);
    if (directory_change_person(gateway->directory, person) != 0)
        return WH_E_NOMEM;
    struct post *place = person_any_post(person, post.identity, post.role);
    if (place == NULL)
        place = person_room(person, now);
    if (place == NULL)
        return wh_refuse(turn, item, WH_RULE_FIELD_COUNT, "person", NULL);
    *place = post;
    Whistle__V1__Post shown = post_message(&post);
    Whistle__V1__PostGiven given = WHISTLE__V1__POST_GIVEN__INIT;
    given.person = person->code;
    given.post = &shown;
    int status = store_put_post(turn, person->code, &post);
    return status != 0 ? status : TELL(turn, item, POST_GIVEN, post_given, &given);
}

int on_end_post(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct gateway *gateway = state;
    const Whistle__V1__EndPost *message = (const Whistle__V1__EndPost *)item->message;
    int64_t now = wh_turn_now(turn);
    struct wire_fault fault;
    enum gateway_role role;
    if (wire_role(message->role, "role", &role, &fault) != 0)
        return refuse(turn, item, &fault);
    if (!gateway_keeps(gateway, &item->actor, message->identity))
        return wh_refuse(turn, item, WH_RULE_SCOPE_FOREIGN, "identity", NULL);
    struct person *person = directory_person(gateway->directory, message->person);
    struct post *post = person != NULL ? person_any_post(person, message->identity, role) : NULL;
    if (post == NULL || (post->until_at != 0 && post->until_at <= now))
        return wh_refuse(turn, item, person == NULL ? WH_RULE_PERSON_UNKNOWN : WH_RULE_POST_UNKNOWN,
                         person == NULL ? "person" : "role", NULL);
    if (directory_change_person(gateway->directory, person) != 0)
        return WH_E_NOMEM;
    post->until_at = now;
    Whistle__V1__PostEnded ended = WHISTLE__V1__POST_ENDED__INIT;
    ended.person = person->code;
    ended.identity = post->identity;
    ended.role = (char *)(uintptr_t)gateway_role_info(role)->name;
    int status = store_put_post(turn, person->code, post);
    if (status == 0)
        status = TELL(turn, item, POST_ENDED, post_ended, &ended);
    return status != 0 ? status : gateway_end_sessions_at(gateway, turn, item, person, post);
}
