// SPDX-License-Identifier: Apache-2.0
// intake's memory: start, loads, rebuild, what a commit or a rollback does to it. Facts are kept
// packed behind their whistle; everything can be forgotten and loaded again.
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/frame.h"
#include "intake/handler.h"
#include "intake/kept.h"
#include "runtime/log.h"

#define LOADING_CAP ((size_t)32 << 20) // twice what the door takes of a district

int intake_start(struct wh_runtime *runtime, void **ret_state)
{
    struct intake *intake = calloc(1, sizeof(*intake));
    size_t shelf = (size_t)wh_setting_int(runtime, "shelf_bytes");
    if (intake == NULL || sodium_init() < 0)
        goto fail;
    intake->runtime = runtime;
    wh_arena_init(&intake->loading, LOADING_CAP);
    intake->whistles = wh_shelf_new(shelf - shelf / 4);
    intake->persons = wh_shelf_new(shelf / 4);
    if (intake->whistles == NULL || intake->persons == NULL || wh_codes_new(&intake->codes) != 0)
        goto fail;
    if (wh_secret(runtime, "vault", intake->vault_key) != 0 ||
        wh_secret(runtime, "reporter", intake->reporter_key) != 0) {
        wh_logf(WH_LOG_ERROR, "secrets.missing",
                "vault.key and reporter.key (32 bytes each) are needed in the secrets folder");
        intake_stop(intake);
        return WH_E_IO;
    }
    *ret_state = intake;
    return 0;
fail:
    intake_stop(intake);
    return WH_E_NOMEM;
}

void intake_stop(void *state)
{
    struct intake *intake = state;
    if (intake == NULL)
        return;
    wh_shelf_free(intake->whistles);
    wh_shelf_free(intake->persons);
    wh_district_free(intake->district);
    wh_district_free(intake->next);
    wh_codes_free(intake->codes);
    wh_arena_done(&intake->loading);
    sodium_memzero(intake->vault_key, SEAL_KEY);
    sodium_memzero(intake->reporter_key, SEAL_KEY);
    free(intake);
}

// ---- figures --------------------------------------------------------------------------------

static void uncount(struct intake *intake)
{
    memset(intake->raised, 0, sizeof intake->raised);
    intake->held = 0;
}

// Before the first whistle it makes the figures known.
static void tell_counts(struct intake *intake)
{
    static const char *const names[INTAKE_PRIORITIES] = {"", "P1", "P2", "P3", "P4"};
    for (size_t i = 1; i < INTAKE_PRIORITIES; i++)
        wh_metric_add(intake->runtime, "whistles_raised_total", "whistles raised, by priority",
                      WH_LABELS({"priority", names[i]}), (double)intake->raised[i]);
    wh_metric_add(intake->runtime, "whistles_held_total", "whistles that waited for a review", NULL,
                  (double)intake->held);
    uncount(intake);
}

// ---- memory ---------------------------------------------------------------------------------

void intake_reset(void *state)
{
    struct intake *intake = state;
    wh_shelf_clear(intake->whistles);
    wh_shelf_clear(intake->persons);
    wh_district_free(intake->district);
    wh_district_free(intake->next);
    intake->district = intake->next = NULL;
    wh_codes_free(intake->codes);
    intake->codes = NULL;
    if (wh_codes_new(&intake->codes) != 0)
        wh_fatal("memory", "no memory for the codes");
    intake->numbers = intake->draft = (struct numbers){0};
    intake->n_forgotten = 0;
    intake->clear_persons = false;
    uncount(intake);
}

int intake_ready(void *state)
{
    struct intake *intake = state;
    numbers_go_on_after(&intake->numbers, wh_setting_int(intake->runtime, "number_after"));
    intake->draft = intake->numbers;
    tell_counts(intake);
    return 0;
}

// ---- rows -----------------------------------------------------------------------------------

static const Whistle__V1__IntakeEvent *read_event(struct wh_arena *arena, const struct wh_row *row,
                                                  int column, const Whistle__V1__Event **ret_event)
{
    size_t n = 0;
    const uint8_t *body = wh_row_bytes(row, column, &n);
    const Whistle__V1__Event *event = (const Whistle__V1__Event *)wh_unpack_ample(
        &whistle__v1__event__descriptor, arena, body, n, NULL);
    if (event == NULL)
        return NULL;
    *ret_event = event;
    return (const Whistle__V1__IntakeEvent *)wh_unpack_ample(&whistle__v1__intake_event__descriptor,
                                                             arena, event->payload.data,
                                                             event->payload.len, NULL);
}

// A whistle's events come one a row; with the last it goes to the shelf.
void intake_loaded_whistle(void *state, const struct wh_row *row)
{
    struct intake *intake = state;
    const Whistle__V1__Event *event = NULL;
    int64_t nth = wh_row_int(row, 1);
    if (nth == 1) {
        wh_arena_reset(&intake->loading);
        intake->loaded = (struct whistle){0};
    }
    const Whistle__V1__IntakeEvent *payload = read_event(&intake->loading, row, 3, &event);
    if (payload == NULL || whistle_apply(&intake->loaded, event, payload, &intake->loading) != 0)
        wh_fatal("journal.unreadable", "an event of whistle %lld cannot be read",
                 (long long)wh_row_int(row, 0));
    if (nth == wh_row_int(row, 2) + 1 && kept_loaded(intake->whistles, &intake->loaded) != 0)
        wh_fatal("memory", "no memory for a whistle");
}

void intake_loaded_person(void *state, const struct wh_row *row)
{
    struct intake *intake = state;
    struct person_row person = {.id = wh_row_int(row, 0)};
    size_t hash_n = 0, wrapped_n = 0;
    const uint8_t *hash = wh_row_bytes(row, 1, &hash_n);
    const uint8_t *wrapped = wh_row_bytes(row, 2, &wrapped_n);
    if (hash_n != SEAL_HASH || wrapped_n != SEAL_WRAPPED)
        wh_fatal("person.damaged", "a person's row is damaged");
    memcpy(person.hash, hash, SEAL_HASH);
    memcpy(person.wrapped, wrapped, SEAL_WRAPPED);
    if (wh_shelf_loaded(intake->persons, person_key(hash), &person, sizeof(person)) != 0)
        wh_fatal("memory", "no memory for a person");
}

void intake_rebuilt_district(void *state, const struct wh_row *row)
{
    struct intake *intake = state;
    const Whistle__V1__Event *event = NULL;
    wh_arena_reset(&intake->loading);
    const Whistle__V1__IntakeEvent *payload = read_event(&intake->loading, row, 0, &event);
    if (payload == NULL || payload->district_adopted == NULL ||
        wh_district_new(payload->district_adopted->district, &intake->district) != 0)
        wh_fatal("journal.unreadable", "the adopted district cannot be read");
    wh_arena_done(&intake->loading);
}

void intake_rebuilt_code(void *state, const struct wh_row *row)
{
    struct intake *intake = state;
    char code[64] = {0};
    size_t n = 0;
    const uint8_t *text = wh_row_bytes(row, 0, &n);
    if (n < sizeof(code))
        memcpy(code, text, n);
    if (wh_codes_learn(intake->codes, code, (int32_t)wh_row_int(row, 1)) != 0)
        wh_fatal("code.damaged", "the row of code %s does not fit the others", code);
}

void intake_rebuilt_clock(void *state, const struct wh_row *row)
{
    struct intake *intake = state;
    wh_timer_load(intake->runtime, wh_row_int(row, 0), wh_row_int(row, 1));
}

void intake_rebuilt_number(void *state, const struct wh_row *row)
{
    struct intake *intake = state;
    numbers_restore(&intake->numbers, wh_row_int(row, 0));
}

// ---- turns ----------------------------------------------------------------------------------

static void take_over(struct intake *intake)
{
    int32_t version = 0;
    if (intake->next == NULL)
        return;
    if (kept_version(intake->whistles, &version) && version == wh_district_version(intake->next)) {
        if (wh_codes_learn_all(intake->codes, wh_district_data(intake->next)) != 0)
            wh_fatal("memory", "no memory for the codes");
        wh_district_free(intake->district);
        intake->district = intake->next;
    } else {
        wh_district_free(intake->next);
    }
    intake->next = NULL;
}

void intake_committed(void *state)
{
    struct intake *intake = state;
    intake->numbers = intake->draft;
    take_over(intake);
    if (intake->n_forgotten > 0 || intake->clear_persons)
        wh_shelf_clear(intake->persons);
    intake->n_forgotten = 0;
    intake->clear_persons = false;
    tell_counts(intake);
}

void intake_rolled_back(void *state)
{
    struct intake *intake = state;
    intake->draft = intake->numbers;
    wh_district_free(intake->next);
    intake->next = NULL;
    intake->n_forgotten = 0;
    intake->clear_persons = false;
    uncount(intake);
}
