// SPDX-License-Identifier: Apache-2.0
// The figures of a run of the matcher's bench, as a table or as one JSON object.
#include "support/match_bench.h"

static void print_quality(const struct match_quality *q, FILE *to)
{
    (void)fprintf(to,
                  "  best F1 %.4f at %.3f (precision %.4f, recall %.4f)\n"
                  "  recall at precision 0.99 %.4f, at 0.95 %.4f; %zu have an earlier one\n"
                  "  joined by itself %zu, false %zu: %.1f of 10,000\n",
                  q->best_f1, q->threshold, q->precision, q->recall, q->recall_at_p99,
                  q->recall_at_p95, q->with_earlier, q->joins, q->false_joins, q->false_per_10000);
}

static void print_speed(const char *name, const struct match_speed *s, FILE *to)
{
    (void)fprintf(
        to,
        "%s: query + insert %.0f/s of the processor's time (%.0f/s by the clock), p50 %.1f us, p99 "
        "%.1f us, longest %.0f us; queries alone %.0f/s; making a report beside it %.1f "
        "us\n",
        name, s->per_s, s->wall_per_s, s->p50_us, s->p99_us, s->max_us, s->find_per_s, s->make_us);
}

static void print_rival(const char *name, const struct match_rival *r, FILE *to)
{
    (void)fprintf(to,
                  "pg_trgm, %s: index made in %.1f s; %.0f queries/s, p50 %.2f ms, p99 %.2f ms\n",
                  name, r->load_s, r->per_s, r->p50_ms, r->p99_ms);
    (void)fprintf(
        to, "  of %u sampled: best F1 %.4f, recall at precision 0.99 %.4f, at 0.95 %.4f\n",
        r->sample, r->quality.best_f1, r->quality.recall_at_p99, r->quality.recall_at_p95);
}

static void print_json(const struct match_bench_result *r, FILE *to)
{
    const struct match_quality *q = &r->quality;
    (void)fprintf(to,
                  "{\"seed\": %llu, \"reports\": %zu, \"best_f1\": %.5f, \"threshold\": %.5f, "
                  "\"precision\": %.5f, \"recall\": %.5f, \"recall_at_p99\": %.5f, "
                  "\"recall_at_p95\": %.5f, \"joins\": %zu, \"false_joins\": %zu, "
                  "\"false_per_10000\": %.2f, ",
                  (unsigned long long)r->params.seed, r->reports, q->best_f1, q->threshold,
                  q->precision, q->recall, q->recall_at_p99, q->recall_at_p95, q->joins,
                  q->false_joins, q->false_per_10000);
    (void)fprintf(to,
                  "\"per_s\": %.0f, \"wall_per_s\": %.0f, \"find_per_s\": %.0f, \"p50_us\": %.1f, "
                  "\"p99_us\": %.1f, "
                  "\"max_us\": %.0f, \"make_us\": %.1f, \"bytes\": %.1f, \"rss_bytes\": %.1f, "
                  "\"blob_bytes\": %.1f, \"rebuild_s\": %.2f",
                  r->steady.per_s, r->steady.wall_per_s, r->steady.find_per_s, r->steady.p50_us,
                  r->steady.p99_us, r->steady.max_us, r->steady.make_us, r->bytes, r->rss_bytes,
                  r->blob_bytes, r->rebuild_s);
    const struct match_rival *rivals[] = {&r->gin, &r->btree};
    for (int i = 0; i < 2 && rivals[i]->sample; i++)
        (void)fprintf(to,
                      ", \"%s\": {\"sample\": %u, \"load_s\": %.1f, \"per_s\": %.1f, \"p50_ms\": "
                      "%.3f, \"p99_ms\": %.3f, \"best_f1\": %.4f, \"recall_at_p99\": %.4f}",
                      i ? "trgm_btree" : "trgm_gin", rivals[i]->sample, rivals[i]->load_s,
                      rivals[i]->per_s, rivals[i]->p50_ms, rivals[i]->p99_ms,
                      rivals[i]->quality.best_f1, rivals[i]->quality.recall_at_p99);
    (void)fprintf(to, "}\n");
}

void match_bench_print(const struct match_bench_options *options,
                       const struct match_bench_result *result, FILE *to)
{
    if (options->json) {
        print_json(result, to);
        return;
    }
    matter_params_print(&result->params, to);
    (void)fprintf(to, "  of the last %zu, searched for\n", result->searched);
    print_quality(&result->quality, to);
    print_speed("growing", &result->growing, to);
    if (options->steady)
        print_speed("at full size, the oldest leaving", &result->steady, to);
    (void)fprintf(to,
                  "memory: %.0f bytes a report by simindex_bytes, %.0f by the process (blob %.0f); "
                  "rebuilt from blobs in %.2f s\n",
                  result->bytes, result->rss_bytes, result->blob_bytes, result->rebuild_s);
    if (result->gin.sample) {
        print_rival("GIN and similarity", &result->gin, to);
        print_rival("btree of cell and time, then similarity()", &result->btree, to);
    }
}
