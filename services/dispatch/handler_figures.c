// SPDX-License-Identifier: Apache-2.0
// What /metrics shows of dispatch's own: how long a whistle took from intake to its departments,
// and from the tables how many tasks stand where, how many are late, and whom nobody has told yet.
// Numbers only: no whistle, department or person has a name here.
#include <string.h>

#include "dispatch/dispatch.h"
#include "dispatch/words.h"
#include "runtime/service.h"

// ---- counted as it happens ----------------------------------------------------------------------

void dispatch_fresh(struct dispatch *state, int64_t at, const struct whistle *w)
{
    if (state->n_fresh == DISPATCH_FRESH_MAX) {
        return;
    }
    state->fresh[state->n_fresh].priority = w->priority;
    state->fresh[state->n_fresh++].at = at;
}

static void tell_tally(struct dispatch *state)
{
    struct wh_runtime *runtime = state->runtime;
    wh_metric_add(runtime, "whistles_joined_total", "whistles joined to a matter",
                  WH_LABELS({"by", "rule"}), (double)state->tally.by_rule);
    wh_metric_add(runtime, "whistles_joined_total", "whistles joined to a matter",
                  WH_LABELS({"by", "person"}), (double)state->tally.by_person);
    wh_metric_add(runtime, "whistles_parted_total",
                  "whistles that a person separated from a matter", NULL,
                  (double)state->tally.parted);
    wh_metric_add(runtime, "whistles_unchecked_total",
                  "P1 whistles that went out before dedup had said what they are", NULL,
                  (double)state->tally.unchecked);
    memset(&state->tally, 0, sizeof state->tally);
}

void dispatch_tell_fresh(struct dispatch *state)
{
    static const char *const names[] = {"", "P1", "P2", "P3", "P4"};
    double n[5] = {0};
    for (size_t i = 0; i < state->n_fresh; i++) {
        n[state->fresh[i].priority % 5]++;
        wh_metric_waited(state->runtime, "dispatch_wait_seconds",
                         "from the event that sent it out to the departments' tasks, durable",
                         state->fresh[i].at);
    }
    for (size_t i = 1; i < 5; i++) {
        wh_metric_add(state->runtime, "whistles_dispatched_total", "whistles that got their tasks",
                      WH_LABELS({"priority", names[i]}), n[i]);
    }
    state->n_fresh = 0;
    tell_tally(state);
}

void dispatch_tally(struct dispatch *state, const struct decision *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const Whistle__V1__DispatchEvent *e = d->events[i].event;
        bool joined = e->what_case == EVENT(JOINED);
        state->tally.by_person += joined && e->joined->by_person;
        state->tally.by_rule += joined && !e->joined->by_person;
        state->tally.parted += e->what_case == EVENT(PARTED) && !e->parted->untaken;
        state->tally.unchecked += e->what_case == EVENT(DISPATCHED) && e->dispatched->unchecked;
    }
}

#define DISPATCH_ENDED WHISTLE__V1__TASK_STATE__TASK_STATE_CONFIRMED

// ---- counted in the tables ----------------------------------------------------------------------

static void tell(struct dispatch *state, const struct wh_row *row)
{
    static const size_t prefix = sizeof "TASK_STATE_" - 1;
    struct wh_runtime *runtime = state->runtime;
    const struct dispatch_counted *counted = &state->counted;
    for (int i = 1; i < DISPATCH_ENDED; i++) {
        const ProtobufCEnumValue *value =
            protobuf_c_enum_descriptor_get_value(&whistle__v1__task_state__descriptor, i);
        wh_metric_set(runtime, "tasks_open", "open tasks, by state",
                      WH_LABELS({"state", value->name + prefix}), (double)counted->tasks[i]);
    }
    wh_metric_set(runtime, "tasks_overdue", "open tasks with a clock that has run out", NULL,
                  (double)counted->overdue);
    wh_metric_set(runtime, "tasks_supervised", "open tasks on the supervision list", NULL,
                  (double)counted->supervised);
    wh_metric_set(runtime, "tasks_untold", "open tasks of which no notice was sent yet", NULL,
                  (double)counted->untold);
    wh_metric_set(runtime, "tasks_untold_seconds", "how long the oldest of them has waited", NULL,
                  (double)counted->untold_ms / 1000);
    wh_metric_set(runtime, "whistles_open", "whistles that have not ended", NULL,
                  (double)wh_row_int(row, 1));
    wh_metric_set(runtime, "notices_waiting", "notices that wait for a desk to open", NULL,
                  (double)wh_row_int(row, 2));
}

// Rows of SELECT_FIGURES: state, tasks, overdue, supervised, untold, age of the oldest untold in
// ms; last -1, open whistles, waiting notices.
void dispatch_count(void *arg, const struct wh_row *row)
{
    struct dispatch *state = arg;
    struct dispatch_counted *counted = &state->counted;
    if (row == NULL) {
        memset(counted, 0, sizeof *counted);
        return;
    }
    int64_t which = wh_row_int(row, 0), age = wh_row_int(row, 5);
    if (which < 0) {
        tell(state, row);
        return;
    }
    if (which < DISPATCH_TASK_STATES) {
        counted->tasks[which] += wh_row_int(row, 1);
    }
    counted->overdue += wh_row_int(row, 2);
    counted->supervised += wh_row_int(row, 3);
    counted->untold += wh_row_int(row, 4);
    counted->untold_ms = age > counted->untold_ms ? age : counted->untold_ms;
}
