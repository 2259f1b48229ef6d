// SPDX-License-Identifier: Apache-2.0
// A report on its way to intake, and rows on their way back.
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "gateway/handler_api.h"
#include "gateway/handler_district.h"
#include "gateway/handler_public.h"
#include "gateway/idempotency.h"
#include "gateway/public_category.h"
#include "gateway/store_public.h"
#include "runtime/row.h"

ProtobufCMessage *public_body(const struct gateway_ask *ask, struct wh_wire_fault *ret_fault)
{
    const struct wire_api wire = api_wire(ask);
    return wire_api_body(&wire, ret_fault);
}

// ---- raising ------------------------------------------------------------------------------------

struct sending {
    struct gateway_ask *ask;
    public_sent_fn fn;
};

static void on_sent(void *arg, int status, const Whistle__V1__Answer *answer)
{
    const struct sending *sending = arg;
    struct public_sent sent = {.status = status, .number = ""};
    char prefix[WH_PREFIX_MAX + 1];
    int64_t number = 0;
    if (status == 0)
        sent.error = answer->error;
    if (status == 0 && sent.error == NULL && answer->done != NULL)
        sent.number = answer->done->ref;
    if (wh_number_parse(sent.number, prefix, &number) == 0)
        public_code_of(sending->ask->gateway, number, sent.code);
    else if (sent.status == 0 && sent.error == NULL)
        sent.status = WH_E_PROTOCOL;
    sending->fn(sending->ask, &sent);
}

// Without a key every try is its own.
static bool command_id(const struct gateway_ask *ask, struct wh_uuid *ret_id)
{
    const char *key = http_header_get(ask->request, "Idempotency-Key");
    uint8_t secret[32], hash[IDEMPOTENCY_HASH];
    int64_t at = 0;
    *ret_id = (struct wh_uuid){{0}};
    if (key == NULL)
        return true;
    if (!idempotency_good(key) || !idempotency_own_time(key, wh_wall_now(), &at))
        return false;
    gateway_subkey(ask->gateway, "idempotency", secret);
    idempotency_hash(secret, "public", key, hash);
    *ret_id = idempotency_id(hash, at);
    return true;
}

int public_send(struct gateway_ask *ask, const Whistle__V1__RaiseWhistle *raise, public_sent_fn fn)
{
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;
    struct sending *sending = wh_arena_calloc(ask->arena, 1, sizeof *sending);
    struct gateway_call_as as = {.identity = raise->unit, .officer = "", .fn = on_sent};
    if (sending == NULL)
        return WH_E_NOMEM;
    *sending = (struct sending){.ask = ask, .fn = fn};
    as.arg = sending;
    if (!command_id(ask, &as.request_id))
        return WH_E_INVALID;
    command.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_RAISE;
    command.raise = (Whistle__V1__RaiseWhistle *)(uintptr_t)raise;
    return gateway_call_as(ask->gateway, DOOR_INTAKE, &command.base, &as);
}

void public_tell_location(struct gateway_ask *ask, const char *number)
{
    char where[64 + WH_NUMBER_MAX];
    (void)snprintf(where, sizeof where, "%.60s%.32s", ask->route->created, number);
    reply_header(ask, "Location", wh_arena_strdup(ask->arena, where));
}

// ---- reading ------------------------------------------------------------------------------------

static const char *text_at(const struct wh_row *row, int column, struct wh_arena *arena)
{
    size_t n = 0;
    const uint8_t *bytes = wh_row_bytes(row, column, &n);
    return wh_arena_dup(arena, n > 0 ? (const void *)bytes : "", n);
}

int public_read_card(const PGresult *result, int i, struct wh_arena *arena,
                     struct public_row *ret_row)
{
    const struct wh_row row = {.result = result, .row = i};
    *ret_row = (struct public_row){.id = wh_row_int(&row, READ_PUBLIC_ID),
                                   .category = text_at(&row, READ_PUBLIC_CATEGORY, arena),
                                   .place = (int32_t)wh_row_int(&row, READ_PUBLIC_PLACE),
                                   .state = (int)wh_row_int(&row, READ_PUBLIC_STATE)};
    return ret_row->category != NULL ? 0 : WH_E_NOMEM;
}

static void read_bodies(const struct wh_row *row, struct public_row *to)
{
    int64_t bodies[PUBLIC_BODIES_MAX], parts[PUBLIC_BODIES_MAX], tasks[PUBLIC_BODIES_MAX];
    size_t n = wh_row_ints(row, READ_PUBLIC_BODIES, bodies, PUBLIC_BODIES_MAX);
    size_t n_parts = wh_row_ints(row, READ_PUBLIC_PARTS, parts, PUBLIC_BODIES_MAX);
    size_t n_tasks = wh_row_ints(row, READ_PUBLIC_TASKS, tasks, PUBLIC_BODIES_MAX);
    for (size_t i = 0; i < n && i < n_parts && i < n_tasks && i < PUBLIC_BODIES_MAX; i++) {
        to->bodies[i] = (int32_t)bodies[i];
        to->parts[i] = (uint8_t)parts[i];
        to->tasks[i] = (uint8_t)tasks[i];
        to->n_bodies = i + 1;
    }
}

int public_read_row(const PGresult *result, int i, struct wh_arena *arena,
                    struct public_row *ret_row)
{
    const struct wh_row row = {.result = result, .row = i};
    if (public_read_card(result, i, arena, ret_row) != 0)
        return WH_E_NOMEM;
    ret_row->priority = (int)wh_row_int(&row, READ_PUBLIC_PRIORITY);
    ret_row->joined = wh_row_int(&row, READ_PUBLIC_JOINED) != 0;
    ret_row->reviewed = wh_row_int(&row, READ_PUBLIC_REVIEWED) != 0;
    ret_row->submitted_at = wh_row_int(&row, READ_PUBLIC_SUBMITTED);
    ret_row->dispatched_at = wh_row_int(&row, READ_PUBLIC_DISPATCHED);
    ret_row->resolved_at = wh_row_int(&row, READ_PUBLIC_RESOLVED);
    ret_row->due_resolve = wh_row_int(&row, READ_PUBLIC_DUE);
    ret_row->updated_at = wh_row_int(&row, READ_PUBLIC_UPDATED);
    read_bodies(&row, ret_row);
    return 0;
}

static bool is_among(const char *code, const char *const *codes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return n == 0;
}

const char *public_categories(struct gateway_ask *ask, const char *const *codes, size_t n, bool all)
{
    size_t total = 0, room = 1, used = 0;
    const struct wh_category *list = wh_district_categories(gateway_district(ask->gateway), &total);
    for (size_t i = 0; i < total; i++)
        room += strlen(list[i].row->code) + 1;
    char *text = wh_arena_calloc(ask->arena, 1, room);
    for (size_t i = 0; text != NULL && i < total; i++)
        if ((all || category_is_shown(&list[i])) && is_among(list[i].row->code, codes, n))
            used += (size_t)snprintf(text + used, room - used, "%s%s", used > 0 ? "," : "",
                                     list[i].row->code);
    return text;
}

int public_read(struct gateway_ask *ask, enum read_statement statement, const char *const *params,
                read_fn fn)
{
    const struct read_who nobody = {.everything = false};
    return reads_run(ask->gateway->reads, statement, &nobody, params, fn, ask);
}
