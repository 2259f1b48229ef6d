// SPDX-License-Identifier: Apache-2.0
// What /metrics shows of dedup's own: verdicts, what persons decided, how much memory reports take.
#include "dedup/handler.h"

#define REPORT_BYTES 768 // measured 650 with a million in memory, after a start and at work

int64_t dedup_memory(void *arg)
{
    const struct dedup *state = arg;
    return (int64_t)matters_count(state->matters) * REPORT_BYTES;
}

void dedup_untell(struct dedup *state)
{
    state->told = (struct dedup_told){0};
}

static void verdicts(struct dedup *state, const char *name, int64_t n)
{
    wh_metric_add(state->runtime, "dedup_verdicts_total", "verdicts on blown whistles, by kind",
                  WH_LABELS({"verdict", name}), (double)n);
}

// Before the first whistle it makes the figures known.
void dedup_tell(struct dedup *state)
{
    struct wh_runtime *runtime = state->runtime;
    const struct dedup_told *told = &state->told;
    verdicts(state, "new", told->cleared - told->perhaps - told->unchecked);
    verdicts(state, "perhaps", told->perhaps);
    verdicts(state, "held", told->held);
    verdicts(state, "same", told->merged);
    verdicts(state, "unchecked", told->unchecked);
    wh_metric_add(runtime, "dedup_decided_total", "what persons decided, by kind",
                  WH_LABELS({"decision", "join"}), (double)told->joined);
    wh_metric_add(runtime, "dedup_decided_total", "what persons decided, by kind",
                  WH_LABELS({"decision", "split"}), (double)told->split);
    wh_metric_add(runtime, "dedup_danger_total", "joins that brought a new word of danger", NULL,
                  (double)told->danger);
    wh_metric_add(runtime, "dedup_forwarded_total", "events of intake that went on", NULL,
                  (double)told->forwarded);
    wh_metric_set(runtime, "dedup_reports", "reports in memory", NULL,
                  (double)matters_count(state->matters));
    wh_metric_set(runtime, "dedup_indexed", "reports in the index", NULL,
                  (double)simindex_count(state->reports.index));
    wh_metric_set(runtime, "dedup_bytes", "memory that reports, index and matters take", NULL,
                  (double)(matters_bytes(state->matters) + reports_bytes(&state->reports)));
    wh_metric_set(runtime, "dedup_doubts", "whistles that wait for a person's word", NULL,
                  (double)state->n_doubts);
    dedup_untell(state);
}
