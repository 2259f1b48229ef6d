// SPDX-License-Identifier: Apache-2.0
// `simulate`: recorded whistles under other rules. Rows come page by page over the viewing
// connection, each page is lived again in a thread, so neither the loop nor memory feels how long
// the time is. One simulation at a time; the districts it compares are its own copies.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/keys.h"
#include "dispatch/simulate.h"
#include "dispatch/view.h"

#define PAGE 200       // whistles
#define LINES 100      // told one by one where the caller does not say
#define REVIEW_DAYS 60 // a number's day may lie this far before its dispatch

#define JOINED_MAX 400 // a client asks again every second

struct simulation_job {
    struct dispatch *state;
    struct wh_uuid request_id;
    char identity[WH_IDENTITY_MAX + 1];
    size_t n_joined;
    struct wh_query *joined[JOINED_MAX];
    struct wh_district *actual, *other;
    struct simulation *simulation;
    int64_t next, end; // numbers
    bool last;         // no page after this one
    size_t n_rows, cap_rows, n_bytes, cap_bytes;
    struct row {
        int64_t whistle;
        size_t at, n;
    } * rows;
    uint8_t *bytes;
};

static void job_free(void *data)
{
    struct simulation_job *job = data;
    if (job == NULL) {
        return;
    }
    job->state->simulating = NULL;
    while (job->n_joined > 0) { // the simulation itself was refused
        wh_query_refuse(job->joined[--job->n_joined], WH_RULE_BUSY_DATABASE, NULL, NULL);
    }
    simulation_free(job->simulation);
    wh_district_free(job->actual);
    wh_district_free(job->other);
    free(job->rows);
    free(job->bytes);
    free(job);
}

// ---- a page in the thread -----------------------------------------------------------------------

static void work(void *arg)
{
    struct simulation_job *job = arg;
    struct simulation_row rows[4096];
    for (size_t i = 0; i < job->n_rows;) {
        size_t n = 0, first = i;
        for (; i < job->n_rows && job->rows[i].whistle == job->rows[first].whistle; i++) {
            if (n < sizeof rows / sizeof rows[0]) {
                rows[n++] = (struct simulation_row){job->bytes + job->rows[i].at, job->rows[i].n};
            }
        }
        (void)simulation_add(job->simulation, rows, n); // one that cannot be read is left out
    }
}

static void ask_page(struct wh_query *query);

static void worked(void *state, struct wh_query *query, void *arg)
{
    (void)state;
    struct simulation_job *job = arg;
    if (!job->last) {
        ask_page(query);
        return;
    }
    const Whistle__V1__SimulationResult *result = simulation_result(job->simulation);
    while (job->n_joined > 0) {
        view_answer(job->joined[--job->n_joined], WHISTLE__V1__DISPATCH_ANSWER__WHAT_SIMULATION,
                    &result->base);
    }
    view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_SIMULATION, &result->base);
}

// ---- pages --------------------------------------------------------------------------------------

static bool keep_row(struct simulation_job *job, const struct wh_row *row)
{
    size_t n;
    const uint8_t *body = wh_row_bytes(row, 4, &n);
    if (job->n_rows == job->cap_rows) {
        size_t cap = job->cap_rows == 0 ? 1024 : job->cap_rows * 2;
        struct row *rows = realloc(job->rows, cap * sizeof *rows);
        if (rows == NULL) {
            return false;
        }
        job->rows = rows;
        job->cap_rows = cap;
    }
    if (job->n_bytes + n > job->cap_bytes) {
        size_t cap = (job->n_bytes + n) * 2;
        uint8_t *bytes = realloc(job->bytes, cap);
        if (bytes == NULL) {
            return false;
        }
        job->bytes = bytes;
        job->cap_bytes = cap;
    }
    memcpy(job->bytes + job->n_bytes, body, n);
    job->rows[job->n_rows++] =
        (struct row){.whistle = wh_row_int(row, 0), .at = job->n_bytes, .n = n};
    job->n_bytes += n;
    return true;
}

static void on_journal(void *arg, struct wh_query *query, const struct wh_result *result)
{
    (void)arg;
    struct simulation_job *job = wh_query_data(query);
    bool kept = true;
    job->n_rows = job->n_bytes = 0;
    for (size_t i = 0; i < wh_result_rows(result) && kept; i++) {
        kept = keep_row(job, wh_result_row(result, i));
    }
    if (!kept || wh_query_work(query, work, worked, job) != 0) {
        view_too_large(query);
    }
}

static void on_ids(void *arg, struct wh_query *query, const struct wh_result *result)
{
    (void)arg;
    struct simulation_job *job = wh_query_data(query);
    int64_t ids[PAGE];
    size_t n = wh_result_rows(result);
    for (size_t i = 0; i < n && i < PAGE; i++) {
        ids[i] = wh_row_int(wh_result_row(result, i), 0);
    }
    job->last = n < PAGE;
    job->next = n > 0 ? ids[n - 1] : job->next;
    VIEW_SELECT(query, SELECT_JOURNAL, on_journal, WH_A(ids, n));
}

static void ask_page(struct wh_query *query)
{
    const struct simulation_job *job = wh_query_data(query);
    const Whistle__V1__Simulate *ask = (const void *)wh_query_item(query)->message;
    VIEW_SELECT(query, SELECT_SIMULATION, on_ids, WH_L(job->next), WH_L(job->end),
                WH_L(ask->from_at), WH_L(ask->to_at), WH_I(PAGE));
}

// ---- beginning ----------------------------------------------------------------------------------

static int job_fill(struct simulation_job *job, struct dispatch *state,
                    const Whistle__V1__Simulate *ask, int64_t now)
{
    size_t lines = ask->lines <= 0 ? LINES : (size_t)ask->lines;
    int64_t from = ask->from_at - REVIEW_DAYS * WH_MS_DAY;
    int error = wh_district_new(wh_district_data(state->district), &job->actual);
    if (error == 0) {
        error = simulation_new(job->actual, job->other, now, lines, &job->simulation);
    }
    job->next = wh_object_make(wh_district_day(state->district, from > 0 ? from : 0), 1) - 1;
    job->end = wh_object_make(wh_district_day(state->district, ask->to_at), WH_NUMBER_N_MAX) + 1;
    return error;
}

static void join(struct simulation_job *job, struct wh_query *query, const struct wh_item *item)
{
    bool again = wh_uuid_cmp(job->request_id, item->request_id) == 0 &&
                 strcmp(job->identity, item->actor.identity) == 0;
    if (again && job->n_joined < JOINED_MAX) {
        job->joined[job->n_joined++] = query;
    } else {
        wh_query_refuse(query, WH_RULE_BUSY_WINDOW, NULL, "another simulation is running");
    }
}

void view_simulate(void *arg, struct wh_query *query, const struct wh_item *item)
{
    struct dispatch *state = arg;
    const Whistle__V1__Simulate *ask = (const void *)item->message;
    if (!view_begin(state, query, item)) {
        return;
    }
    if (state->simulating != NULL) {
        join(state->simulating, query, item);
        return;
    }
    struct wh_district *other = view_other(state, query, ask->district);
    if (other == NULL) {
        return;
    }
    struct simulation_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        wh_district_free(other);
        view_too_large(query);
        return;
    }
    job->state = state;
    job->other = other;
    job->request_id = item->request_id;
    (void)snprintf(job->identity, sizeof job->identity, "%s", item->actor.identity);
    state->simulating = job;
    wh_query_set_data(query, job);
    wh_query_set_cleanup(query, job_free);
    if (job_fill(job, state, ask, wh_query_now(query)) != 0) {
        wh_query_refuse(query, WH_RULE_FIELD_FORMAT, "district", NULL);
        return;
    }
    ask_page(query);
}
