// SPDX-License-Identifier: Apache-2.0
// The door's socket: who may speak now, is there room, what may pass, and the answers' way out.
// Items live in slots that are reused with their arenas, so that a busy door allocates nothing.
// What a command must look like stands in door_check.c. Knows no database and no turn.
#include "runtime/door_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/failpoint.h"
#include "runtime/refusal.h"
#include "runtime/submit.h"

#define FREE_MAX 1024
#define UNREAD_MAX 256  // messages of one connection that wait unread; its peer waits beyond
#define UNSENT_MAX 2048 // answers that one connection has not fetched
#define RETRY_PEER_MS 100
#define RETRY_ALL_MS 500
#define RETRY_STOPPING_MS 1000

static const struct wh_window_limits limits = {
    .peer_messages = 512,
    .peer_bytes = 2 * 1024 * 1024,
    .all_messages = 8192,
    .all_bytes = 32 * 1024 * 1024,
    .urgent = 64,
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- slots -----------------------------------------------------------------------------------

static struct wh_door_slot *slot_take(struct wh_door_socket *door)
{
    struct wh_door_slot *slot = door->free;
    if (slot != NULL) {
        door->free = slot->next;
        door->n_free--;
    } else {
        slot = calloc(1, sizeof *slot);
        if (slot == NULL)
            return NULL;
        wh_arena_init(&slot->item.arena, WH_DOOR_ITEM_CAP);
    }
    slot->next = door->out;
    slot->link = &door->out;
    if (slot->next != NULL)
        slot->next->link = &slot->next;
    door->out = slot;
    return slot;
}

static void slot_free(struct wh_door_slot *slot)
{
    wh_arena_done(&slot->item.arena);
    free(slot);
}

static void slot_give(struct wh_door_socket *door, struct wh_door_slot *slot)
{
    *slot->link = slot->next;
    if (slot->next != NULL)
        slot->next->link = slot->link;
    if (slot->window != NULL)
        wh_window_leave(&door->windows, slot->window, slot->item.bytes);
    if (door->n_free >= FREE_MAX) {
        slot_free(slot);
        return;
    }
    struct wh_arena arena = slot->item.arena;
    wh_arena_reset(&arena);
    arena.cap = WH_DOOR_ITEM_CAP;
    *slot = (struct wh_door_slot){.item.arena = arena, .next = door->free};
    door->free = slot;
    door->n_free++;
}

// ---- answers ---------------------------------------------------------------------------------

static uint8_t *buffer_of(struct wh_door_socket *door, size_t n)
{
    if (n <= door->buffer_n)
        return door->buffer;
    uint8_t *bigger = realloc(door->buffer, n + n / 2);
    if (bigger == NULL)
        return NULL;
    door->buffer = bigger;
    door->buffer_n = n + n / 2;
    return bigger;
}

static void send_answer(struct wh_door_socket *door, const struct wh_peer *to,
                        const struct wh_uuid *id, Whistle__V1__Answer *answer)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    if (answer->error != NULL)
        wh_refusal_count(door->options.metrics, "door", answer->error);
    if (id != NULL)
        answer->request_id = (ProtobufCBinaryData){sizeof id->b, (uint8_t *)id->b};
    frame.what_case = WHISTLE__V1__FRAME__WHAT_ANSWER;
    frame.answer = answer;
    size_t n = whistle__v1__frame__get_packed_size(&frame);
    uint8_t *buffer = buffer_of(door, n);
    if (buffer != NULL)
        whistle__v1__frame__pack(&frame, buffer);
    if (buffer == NULL || WH_FAILPOINT("door.before_answer") ||
        wh_socket_send(door->socket, to, buffer, n) != 0)
        door->counts.lost++; // the command comes again under its id and finds the kept answer
}

static void send_refusal(struct wh_door_socket *door, const struct wh_peer *to,
                         const struct wh_uuid *id, const struct wh_door_verdict *verdict)
{
    Whistle__V1__Error error;
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;
    wh_refusal(verdict->rule, verdict->field, verdict->detail, verdict->retry_ms, &error);
    answer.error = &error;
    send_answer(door, to, id, &answer);
    *(verdict->retry_ms > 0 ? &door->counts.busy : &door->counts.refused) += 1;
}

void wh_door_answer(struct wh_door_socket *door, struct wh_door_item *item,
                    Whistle__V1__Answer *answer)
{
    if (item->inside) {
        wh_submit_answer(item, answer);
        return;
    }
    send_answer(door, &item->peer, &item->item.request_id, answer);
    door->counts.answered++;
    slot_give(door, (struct wh_door_slot *)item);
}

void wh_door_refuse(struct wh_door_socket *door, struct wh_door_item *item, enum wh_rule rule,
                    const char *field, const char *detail, int64_t retry_ms)
{
    Whistle__V1__Error error;
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;
    wh_refusal(rule, field, detail, retry_ms, &error);
    answer.error = &error;
    wh_door_answer(door, item, &answer);
}

void wh_door_drop(struct wh_door_socket *door, struct wh_door_item *item)
{
    if (item->inside) {
        wh_submit_answer(item, NULL);
        return;
    }
    slot_give(door, (struct wh_door_slot *)item);
}

// ---- commands --------------------------------------------------------------------------------

// Who operates is told what lies behind it.
static const char *why_busy(const struct wh_door_socket *door, const struct wh_key_holder *holder)
{
    if (door->options.why == NULL || (holder->roles & WH_ROLE_OPERATOR) == 0)
        return NULL;
    return door->options.why(door->options.arg);
}

// Is there a reason to take nothing (more) now?
static struct wh_door_verdict check_room(struct wh_door_socket *door, struct wh_window *window,
                                         size_t bytes)
{
    struct wh_door_verdict verdict = {.rule = WH_RULE_NONE};
    if (door->draining)
        return (struct wh_door_verdict){.rule = WH_RULE_BUSY_STOPPING,
                                        .retry_ms = RETRY_STOPPING_MS};
    if (door->options.busy != NULL)
        verdict.rule = door->options.busy(door->options.arg, &verdict.retry_ms);
    if (verdict.rule != WH_RULE_NONE)
        return verdict;
    if (window == NULL)
        return (struct wh_door_verdict){.rule = WH_RULE_BUSY_WINDOW, .retry_ms = RETRY_ALL_MS};
    enum wh_window_verdict room = wh_window_room(&door->windows, window, bytes);
    if (room == WH_WINDOW_ROOM)
        return verdict;
    return (struct wh_door_verdict){
        .rule = WH_RULE_BUSY_WINDOW,
        .retry_ms = room == WH_WINDOW_PEER_FULL ? RETRY_PEER_MS : RETRY_ALL_MS,
    };
}

static struct wh_door_verdict check_frame(struct wh_door_slot *slot, const struct wh_packet *packet,
                                          const Whistle__V1__Command **ret_command)
{
    struct wh_wire_fault fault = {.rule = WH_RULE_MESSAGE_MALFORMED};
    const Whistle__V1__Frame *frame = (const Whistle__V1__Frame *)wh_unpack(
        &whistle__v1__frame__descriptor, &slot->item.arena, packet->data, packet->n, &fault);
    if (frame == NULL) {
        (void)snprintf(slot->why, sizeof slot->why, "%s", fault.field);
        return (struct wh_door_verdict){.rule = fault.rule, .field = slot->why};
    }
    if (frame->what_case != WHISTLE__V1__FRAME__WHAT_COMMAND)
        return (struct wh_door_verdict){.rule = WH_RULE_MESSAGE_MALFORMED,
                                        .field = "what",
                                        .detail = "a door takes commands only"};
    const Whistle__V1__Command *command = frame->command;
    if (command->request_id.len != sizeof slot->item.item.request_id.b)
        return (struct wh_door_verdict){.rule = WH_RULE_REQUEST_ID_FORMAT, .field = "request_id"};
    memcpy(slot->item.item.request_id.b, command->request_id.data, command->request_id.len);
    *ret_command = command;
    return (struct wh_door_verdict){.rule = WH_RULE_NONE};
}

static struct wh_door_verdict admit(struct wh_door_socket *door, const struct wh_door_item *item)
{
    struct wh_door_verdict verdict = {.rule = WH_RULE_NONE};
    const struct wh_service *service = door->options.service;
    if (door->options.admit != NULL)
        verdict.rule = door->options.admit(door->options.arg, item, &verdict.retry_ms);
    if (verdict.rule == WH_RULE_NONE && service->admit != NULL)
        verdict.rule = service->admit(door->options.state, &item->item, &verdict.retry_ms);
    return verdict;
}

static bool urgent(const struct wh_door_socket *door, const struct wh_item *item)
{
    const struct wh_service *service = door->options.service;
    return service->urgent != NULL && service->urgent(door->options.state, item);
}

// No room for ordinary ones, but there would be for an urgent one: it is read before it is refused.
static bool perhaps_urgent(const struct wh_door_socket *door, const struct wh_window *window,
                           size_t bytes, const struct wh_door_verdict *verdict)
{
    return verdict->rule == WH_RULE_BUSY_WINDOW && window != NULL &&
           door->options.service->urgent != NULL &&
           wh_window_reserve(&door->windows, window, bytes);
}

static struct wh_door_verdict check_all(struct wh_door_socket *door, struct wh_door_slot *slot,
                                        const struct wh_key_holder *holder,
                                        const struct wh_packet *packet)
{
    const Whistle__V1__Command *command = NULL;
    struct wh_window *window = wh_window_of(&door->windows, packet->user);
    struct wh_door_verdict verdict = check_room(door, window, packet->n), full = verdict;
    if (perhaps_urgent(door, window, packet->n, &full))
        verdict.rule = WH_RULE_NONE;
    if (verdict.rule == WH_RULE_BUSY_DATABASE || verdict.rule == WH_RULE_BUSY_DISK)
        verdict.detail = why_busy(door, holder);
    if (verdict.rule == WH_RULE_NONE)
        verdict = check_frame(slot, packet, &command);
    if (verdict.rule == WH_RULE_NONE)
        verdict = wh_door_check(door, slot, holder, command, now_ms());
    if (verdict.rule == WH_RULE_NONE)
        verdict = admit(door, &slot->item);
    if (verdict.rule != WH_RULE_NONE)
        return verdict;
    slot->item.urgent = urgent(door, &slot->item.item);
    if (full.rule != WH_RULE_NONE && !slot->item.urgent)
        return full;
    slot->item.peer = packet->peer;
    slot->item.bytes = packet->n + wh_arena_used(&slot->item.arena);
    slot->window = window;
    wh_window_enter(&door->windows, window, slot->item.bytes);
    return verdict;
}

// Refused before an item was made of it: the id is taken from the bytes, if it stands there.
static void refuse_packet(struct wh_door_socket *door, const struct wh_packet *packet,
                          const struct wh_door_verdict *verdict)
{
    struct wh_uuid id;
    bool known = wh_door_peek_id(packet->data, packet->n, &id);
    send_refusal(door, &packet->peer, known ? &id : NULL, verdict);
}

static void on_packet(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    (void)socket;
    struct wh_door_socket *door = arg;
    const struct wh_key_holder *holder = wh_identity_find(door->options.identity, packet->user);
    struct wh_door_verdict verdict = {.rule = WH_RULE_AUTH_UNKNOWN};
    struct wh_door_slot *slot = holder != NULL ? slot_take(door) : NULL;
    if (holder == NULL)
        verdict.rule = wh_identity_why(door->options.identity, packet->user);
    else if (slot == NULL)
        verdict = (struct wh_door_verdict){.rule = WH_RULE_BUSY_WINDOW, .retry_ms = RETRY_ALL_MS};
    if (slot == NULL) {
        refuse_packet(door, packet, &verdict);
        return;
    }
    slot->big = (holder->roles & WH_DOOR_BIG_ROLES) != 0;
    if (slot->big)
        slot->item.arena.cap = WH_DOOR_BIG_ITEM_CAP;
    if (packet->n > WH_DOOR_MESSAGE_MAX && !slot->big)
        verdict.rule = WH_RULE_TOO_LARGE;
    else
        verdict = check_all(door, slot, holder, packet);
    if (verdict.rule == WH_RULE_NONE && WH_FAILPOINT("door.before_take")) {
        slot_give(door, slot); // as if it had never come
        return;
    }
    if (verdict.rule == WH_RULE_NONE) {
        door->counts.taken++;
        door->options.take(door->options.arg, &slot->item);
        return;
    }
    refuse_packet(door, packet, &verdict);
    slot_give(door, slot);
}

// ---- life ------------------------------------------------------------------------------------

static int routes_index(struct wh_door_socket *door)
{
    const struct wh_service *service = door->options.service;
    for (size_t i = 0; i < service->n_routes; i++)
        if (service->routes[i].what >= door->n_routes)
            door->n_routes = service->routes[i].what + 1;
    door->routes = calloc(door->n_routes + 1, sizeof(const struct wh_route *));
    if (door->routes == NULL)
        return WH_E_NOMEM;
    for (size_t i = 0; i < service->n_routes; i++)
        door->routes[service->routes[i].what] = &service->routes[i];
    return 0;
}

int wh_door_open(const struct wh_door_options *options, struct wh_door_socket **ret_door)
{
    struct wh_door_socket *door = calloc(1, sizeof *door);
    if (door == NULL)
        return WH_E_NOMEM;
    door->options = *options;
    door->windows.limits = limits;
    struct wh_socket_options socket = {
        .router = true,
        .endpoint = options->endpoint,
        .secret_key = options->key->secret_key,
        .public_key = options->key->public_key,
        .max_message = WH_DOOR_BIG_MESSAGE_MAX,
        .hwm = UNREAD_MAX,
        .send_hwm = UNSENT_MAX,
        .on_packet = on_packet,
        .arg = door,
    };
    int status = routes_index(door);
    if (status == 0)
        status = wh_socket_open(options->bus, &socket, &door->socket);
    if (status != 0) {
        wh_door_close(door);
        return status;
    }
    *ret_door = door;
    return 0;
}

void wh_door_drain(struct wh_door_socket *door)
{
    door->draining = true;
}

static void slots_free(struct wh_door_slot *slot)
{
    while (slot != NULL) {
        struct wh_door_slot *next = slot->next;
        slot_free(slot);
        slot = next;
    }
}

void wh_door_close(struct wh_door_socket *door)
{
    if (door == NULL)
        return;
    if (door->socket != NULL)
        wh_socket_close(door->socket);
    slots_free(door->out);
    slots_free(door->free);
    wh_windows_done(&door->windows);
    free(door->routes);
    free(door->buffer);
    free(door);
}

size_t wh_door_pending(const struct wh_door_socket *door)
{
    return door->windows.n;
}

struct wh_door_counts wh_door_counts(const struct wh_door_socket *door)
{
    return door->counts;
}
