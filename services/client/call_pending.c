// SPDX-License-Identifier: Apache-2.0
// Calls without answer: their frame, lists and table; see call_pending.h.
#include "client/call_pending.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void call_list_add(struct call_list *list, struct call_pending *call)
{
    call->next = NULL;
    call->prev = list->tail;
    *(list->tail ? &list->tail->next : &list->head) = call;
    list->tail = call;
    list->n++;
}

void call_list_remove(struct call_list *list, struct call_pending *call)
{
    *(call->prev ? &call->prev->next : &list->head) = call->next;
    *(call->next ? &call->next->prev : &list->tail) = call->prev;
    list->n--;
}

void call_list_free_all(struct call_list *list)
{
    struct call_pending *next;

    for (struct call_pending *call = list->head; call; call = next) {
        next = call->next;
        free(call);
    }
    *list = (struct call_list){0};
}

// Where the call stands, or would.
static struct call_pending **place_of(struct call_table *table, const uint8_t id[16])
{
    struct call_pending **at;
    uint64_t h;

    memcpy(&h, id + 8, sizeof(h)); // the random half of a UUIDv7
    at = &table->buckets[(h ^ h >> 29) % CALL_BUCKETS];
    while (*at && memcmp((*at)->id.b, id, 16) != 0)
        at = &(*at)->chain;
    return at;
}

void call_table_add(struct call_table *table, struct call_pending *call)
{
    *place_of(table, call->id.b) = call;
}

void call_table_remove(struct call_table *table, struct call_pending *call)
{
    *place_of(table, call->id.b) = call->chain;
}

struct call_pending *call_table_find(struct call_table *table, const uint8_t id[16])
{
    return *place_of(table, id);
}

struct call_pending *call_pending_new(const struct wh_call *call, struct wh_uuid id)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Command command = WHISTLE__V1__COMMAND__INIT;
    struct call_pending *pending;
    size_t n;

    command.request_id = (ProtobufCBinaryData){16, id.b};
    command.officer = (char *)(call->officer ? call->officer : "");
    command.acting_for = (char *)(call->acting_for ? call->acting_for : "");
    command.body = (ProtobufCBinaryData){call->body_n, (uint8_t *)call->body};
    frame.what_case = WHISTLE__V1__FRAME__WHAT_COMMAND;
    frame.command = &command;
    n = whistle__v1__frame__get_packed_size(&frame);
    pending = malloc(sizeof(*pending) + n);
    if (!pending)
        return NULL;
    *pending =
        (struct call_pending){.id = id, .on_answer = call->on_answer, .arg = call->arg, .n = n};
    whistle__v1__frame__pack(&frame, pending->frame);
    return pending;
}

struct wh_uuid call_make_id(void)
{
    struct timespec now;
    uint8_t random[10];

    clock_gettime(CLOCK_REALTIME, &now);
    randombytes_buf(random, sizeof(random));
    return wh_uuid7_make((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, random);
}
