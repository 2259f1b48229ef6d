// SPDX-License-Identifier: Apache-2.0
// Is a command acceptable at all? In this order: its id's form, who speaks for whom, its body
// against the service's vocabulary, its route, the role, its id's time. The first rule that is
// broken is told with its field. Fills in the item on the way; decides nothing that needs the
// service's state.
#include "runtime/door_internal.h"

#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

#define ID_AHEAD_MS (48 * WH_MS_HOUR)
#define ID_BEHIND_MS (30 * WH_MS_DAY)

static const struct wh_door_verdict good = {.rule = WH_RULE_NONE};

static struct wh_door_verdict bad(enum wh_rule rule, const char *field)
{
    return (struct wh_door_verdict){.rule = rule, .field = field};
}

static bool read_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
        uint8_t byte = *(*p)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

// Frame.command is field 1, Command.request_id is field 1: both tags are 0x0a.
bool wh_door_peek_id(const uint8_t *data, size_t n, struct wh_uuid *ret_id)
{
    const uint8_t *p = data, *end = data + n;
    uint64_t size;
    if (p == end || *p++ != 0x0a || !read_varint(&p, end, &size) || end - p < 18)
        return false;
    if (p[0] != 0x0a || p[1] != sizeof ret_id->b)
        return false;
    memcpy(ret_id->b, p + 2, sizeof ret_id->b);
    return true;
}

static void hash_piece(crypto_generichash_state *state, const void *data, size_t n)
{
    uint8_t size[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    crypto_generichash_update(state, size, sizeof size);
    crypto_generichash_update(state, data, n);
}

static void digest_make(const Whistle__V1__Command *command, uint8_t ret_digest[16])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, 16);
    hash_piece(&state, command->body.data, command->body.len);
    hash_piece(&state, (const uint8_t *)command->officer, strlen(command->officer));
    hash_piece(&state, (const uint8_t *)command->acting_for, strlen(command->acting_for));
    crypto_generichash_final(&state, ret_digest, 16);
}

// Who acts: the key's own identity, or for a gateway the body it speaks for, with that body's roles
// (never those of a service or of another gateway).
static struct wh_door_verdict check_actor(struct wh_door_socket *door, struct wh_door_slot *slot,
                                          const struct wh_key_holder *holder,
                                          const Whistle__V1__Command *command)
{
    struct wh_door_item *item = &slot->item;
    const char *officer = command->officer, *body = command->acting_for;
    enum wh_rule rule;
    if (officer[0] != '\0' &&
        wh_ident_check(officer, strlen(officer), WH_DOOR_OFFICER_MAX, &rule) != 0)
        return bad(rule, "officer");
    if (body[0] != '\0' && wh_ident_check(body, strlen(body), WH_IDENTITY_MAX, &rule) != 0)
        return bad(rule, "acting_for");
    if (body[0] != '\0' && (holder->roles & WH_ROLE_GATEWAY) == 0)
        return bad(WH_RULE_ROLE_NOT_ALLOWED, "acting_for");
    unsigned roles = holder->roles;
    const char *identity = wh_arena_strdup(&item->arena, holder->identity);
    if (body[0] != '\0') {
        roles = wh_identity_roles(door->options.identity, body) &
                ~(unsigned)(WH_ROLE_SERVICE | WH_ROLE_GATEWAY);
        identity = body;
        if (roles == 0)
            return bad(WH_RULE_FIELD_UNKNOWN, "acting_for");
    }
    if (identity == NULL)
        return bad(WH_RULE_TOO_LARGE, "");
    item->item.actor = (struct wh_actor){identity, officer, body, roles};
    (void)snprintf(item->principal, sizeof item->principal, "%s%s%s", holder->identity,
                   body[0] != '\0' ? ">" : "", body);
    return good;
}

// "raise.place.unit" is "place.unit" to who raised: the command's own name is no field of theirs.
static const char *field_of_body(struct wh_door_slot *slot, const char *path)
{
    const char *dot = strchr(path, '.');
    (void)snprintf(slot->why, sizeof slot->why, "%s", dot != NULL ? dot + 1 : path);
    return slot->why;
}

static struct wh_door_verdict check_body(struct wh_door_socket *door, struct wh_door_slot *slot,
                                         const ProtobufCBinaryData *body)
{
    struct wh_door_item *item = &slot->item;
    struct wh_wire_fault fault = {.rule = WH_RULE_MESSAGE_MALFORMED};
    const ProtobufCMessage *message = (slot->big ? wh_unpack_ample : wh_unpack)(
        door->options.service->command, &item->arena, body->data, body->len, &fault);
    if (message == NULL)
        return bad(fault.rule, field_of_body(slot, fault.field));
    item->item.what = wh_oneof_get(message, &item->item.message);
    if (item->item.what == 0)
        return bad(body->len == 0 ? WH_RULE_FIELD_MISSING : WH_RULE_FIELD_UNKNOWN, "what");
    const struct wh_route *route =
        item->item.what < door->n_routes ? door->routes[item->item.what] : NULL;
    if (route == NULL)
        return bad(WH_RULE_FIELD_UNKNOWN, "what");
    item->route = route;
    if ((route->roles & item->item.actor.roles) == 0)
        return bad(WH_RULE_ROLE_NOT_ALLOWED, route->name);
    return good;
}

static struct wh_door_verdict check_id_time(struct wh_uuid id, int64_t now)
{
    if (!wh_uuid_is7(id))
        return bad(WH_RULE_REQUEST_ID_FORMAT, "request_id");
    int64_t at = wh_uuid_ms(id);
    if (at > now + ID_AHEAD_MS || at < now - ID_BEHIND_MS)
        return bad(WH_RULE_REQUEST_ID_TIME, "request_id");
    return good;
}

struct wh_door_verdict wh_door_check(struct wh_door_socket *door, struct wh_door_slot *slot,
                                     const struct wh_key_holder *holder,
                                     const Whistle__V1__Command *command, int64_t now)
{
    struct wh_door_item *item = &slot->item;
    item->item.kind = WH_ITEM_COMMAND;
    struct wh_door_verdict verdict = check_actor(door, slot, holder, command);
    if (verdict.rule == WH_RULE_NONE)
        verdict = check_body(door, slot, &command->body);
    if (verdict.rule == WH_RULE_NONE && item->route->on != NULL)
        verdict = check_id_time(item->item.request_id, now);
    if (verdict.rule == WH_RULE_NONE)
        digest_make(command, item->digest);
    return verdict;
}
