// SPDX-License-Identifier: Apache-2.0
// Whistles and tasks by name. See handler_object.h.
#include "gateway/handler_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "gateway/handler_api.h"
#include "gateway/handler_district.h"
#include "gateway/view_cache.h"
#include "whistle/v1/dispatch.pb-c.h"

struct reading {
    char number[WH_NUMBER_MAX], department[WH_DEPARTMENT_MAX + 1]; // "" the whistle itself
    uint64_t begun;
    object_fn fn;
    gateway_fn ended;
    void *before; // the ask's data
};

static uint64_t now(const struct gateway_ask *ask)
{
    return uv_now(wh_runtime_loop(ask->gateway->runtime));
}

// ---- names -------------------------------------------------------------------------------------

static bool of_task(const char *text, char ret_number[WH_NUMBER_MAX], char *ret_department)
{
    char prefix[WH_PREFIX_MAX + 1];
    int64_t object;
    return wh_task_id_parse(text, prefix, &object, ret_department) == 0 &&
           wh_number_format(prefix, object, ret_number) == 0;
}

void object_changed(struct gateway *gateway, const char *ref)
{
    char number[WH_NUMBER_MAX], department[WH_DEPARTMENT_MAX + 1];
    cache_forget(gateway->cache, of_task(ref, number, department) ? number : ref);
}

// Which object a path names. False: no such name can be.
static bool name(const struct gateway_ask *ask, struct reading *reading)
{
    size_t n;
    const char *capture = route_capture_name(ask->route, 0, &n), *text = api_capture(ask, 0);
    bool whistle = capture != NULL && n == strlen("number") && memcmp(capture, "number", n) == 0;
    if (text == NULL)
        return false;
    if (!whistle)
        return of_task(text, reading->number, reading->department);
    if (strlen(text) >= sizeof reading->number)
        return false;
    strcpy(reading->number, text);
    return true;
}

// ---- asking ------------------------------------------------------------------------------------

static void give_up(struct gateway_ask *ask, const struct reading *reading)
{
    ask->data = reading->before;
    if (reading->ended != NULL)
        reading->ended(ask);
}

static void hand_over(struct gateway_ask *ask, const ProtobufCMessage *message)
{
    const struct reading *reading = ask->data;
    char etag[ETAG_MAX];
    size_t n = 0;
    json_t *json = wh_json_from(message, gateway_zone(ask->gateway));
    char *text = json != NULL ? wh_json_dump(json, &n) : NULL;
    struct http_buffer *body = text != NULL ? http_buffer_new(text, n) : NULL;
    json_decref(json);
    if (body == NULL) {
        give_up(ask, reading);
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
    } else {
        reply_etag(text, n, etag);
        if (reading->department[0] == '\0')
            cache_put(ask->gateway->cache, reading->number, ask->caller.identity, reading->begun,
                      body, etag, now(ask));
        ask->data = reading->before;
        reading->fn(ask, body, etag);
    }
    http_buffer_unref(body);
    free(text);
}

static void refused(struct gateway_ask *ask, int status, const Whistle__V1__Answer *answer)
{
    give_up(ask, ask->data);
    api_refuse(ask, status, answer);
}

static void on_whistle(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    struct wh_arena arena;
    wh_arena_init(&arena, API_ARENA);
    const ProtobufCMessage *message = api_member(DOOR_DISPATCH, status, answer, "whistle", &arena);
    if (message != NULL)
        hand_over(ask, message);
    else
        refused(ask, status, answer);
    wh_arena_done(&arena);
}

static void on_tasks(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    struct wh_arena arena;
    wh_arena_init(&arena, API_ARENA);
    const Whistle__V1__TaskList *list =
        (const void *)api_member(DOOR_DISPATCH, status, answer, "tasks", &arena);
    if (list != NULL && list->n_tasks > 0) {
        hand_over(ask, &list->tasks[0]->base);
    } else if (list != NULL) {
        give_up(ask, ask->data);
        reply_rule(ask, WH_RULE_TASK_UNKNOWN, "task", NULL);
    } else {
        refused(ask, status, answer);
    }
    wh_arena_done(&arena);
}

static int ask_door(struct gateway_ask *ask, struct reading *reading)
{
    const struct wh_uuid once = {{0}};
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__ShowWhistle show = WHISTLE__V1__SHOW_WHISTLE__INIT;
    Whistle__V1__ListTasks tasks = WHISTLE__V1__LIST_TASKS__INIT;
    bool whole = reading->department[0] == '\0';
    if (whole) {
        show.number = reading->number;
        command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_SHOW;
        command.show = &show;
    } else {
        tasks.number = reading->number;
        tasks.department = reading->department;
        command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_TASKS;
        command.tasks = &tasks;
    }
    return gateway_call(ask, DOOR_DISPATCH, &command.base, once, whole ? on_whistle : on_tasks);
}

void object_read(struct gateway_ask *ask, object_fn fn, gateway_fn ended)
{
    const char *etag;
    struct reading *reading = wh_arena_calloc(ask->arena, 1, sizeof *reading);
    if (reading == NULL || !name(ask, reading)) {
        if (ended != NULL)
            ended(ask);
        reply_rule(ask, WH_RULE_NOT_FOUND, NULL, NULL);
        return;
    }
    struct http_buffer *body = reading->department[0] != '\0'
                                   ? NULL
                                   : cache_get(ask->gateway->cache, reading->number,
                                               ask->caller.identity, now(ask), &etag);
    if (body != NULL) {
        fn(ask, body, etag);
        return;
    }
    reading->begun = cache_begin(ask->gateway->cache);
    reading->fn = fn;
    reading->ended = ended;
    reading->before = ask->data;
    ask->data = reading;
    int status = ask_door(ask, reading);
    if (status != 0)
        refused(ask, status, NULL);
}

static void show(struct gateway_ask *ask, struct http_buffer *body, const char *etag)
{
    reply_body(ask, 200, body, etag);
}

void on_object_show(struct gateway_ask *ask)
{
    object_read(ask, show, NULL);
}
