// SPDX-License-Identifier: Apache-2.0
// `dedup evaluate` and `dedup fit`: how good the matcher's model is on a district's own labelled
// reports, and a model made of them. No service is asked; the model's own code runs here.
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/file.h"
#include "cli/labelled.h"
#include "cli/output.h"
#include "cli/text.h"
#include "match/fit.h"

#define SEEDS 5
#define SETS_MAX 16
#define FOLDS_MAX 20
#define MODEL_BYTES (1u << 20)

// ---- the model ----------------------------------------------------------------------------------

// Named by --model, else the built-in one. NULL with the fault.
static const struct match_model *model_of(struct cli *cli, struct match_model **ret_own,
                                          struct fault *fault)
{
    const char *path = args_text(&cli->args, "model");
    char why[160], *text;
    *ret_own = NULL;
    if (!path)
        return match_model_builtin();
    FILE *from = fopen(path, "re");
    if (!from) {
        fault_usage(fault, "model", "%s: %s", path, strerror(errno));
        return NULL;
    }
    text = must(malloc(MODEL_BYTES));
    size_t n = fread(text, 1, MODEL_BYTES, from);
    (void)fclose(from);
    int r = match_model_parse(text, n, ret_own, why, sizeof why);
    free(text);
    if (r == 0)
        return *ret_own;
    fault_usage(fault, "model", "%s: %s", path, why);
    return NULL;
}

// ---- evaluate -----------------------------------------------------------------------------------

struct evaluation {
    struct match_rows *rows;
    struct match_found *found;
    const struct match_model *model;
    uint32_t folds; // 0: none
    uint64_t seed;
    struct match_figures runs[SEEDS];
    size_t n;
    double seconds; // of finding alone
    size_t queries;
};

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int find_timed(struct evaluation *evaluation, const struct match_model *model, uint32_t fold)
{
    double begin = seconds_now();
    int r = match_find_all(model, evaluation->rows, fold, evaluation->found);
    evaluation->seconds += seconds_now() - begin;
    for (size_t i = 0; i < evaluation->rows->n; i++)
        evaluation->queries += fold == UINT32_MAX || evaluation->rows->at[i].fold == fold;
    return r;
}

// Each fold is judged by a model that has seen none of its events.
static int run_folds(struct evaluation *evaluation, uint64_t seed)
{
    int r = match_rows_deal(evaluation->rows, evaluation->folds, seed);
    for (uint32_t fold = 0; fold < evaluation->folds && r == 0; fold++) {
        struct match_fit_counts counts;
        struct match_model *model = NULL;
        r = match_fit(match_model_builtin(), evaluation->rows, 1, fold,
                      match_model_version(match_model_builtin()), &model, &counts);
        if (r == 0)
            r = find_timed(evaluation, model, fold);
        match_model_free(model);
    }
    return r;
}

static int evaluate(struct evaluation *evaluation)
{
    size_t runs = evaluation->folds ? SEEDS : 1;
    for (size_t i = 0; i < runs; i++) {
        int r = evaluation->folds ? run_folds(evaluation, evaluation->seed + i)
                                  : find_timed(evaluation, evaluation->model, UINT32_MAX);
        if (r == 0)
            r = match_measure(evaluation->rows, evaluation->found,
                              &evaluation->runs[evaluation->n]);
        if (r < 0)
            return r;
        evaluation->n++;
    }
    return 0;
}

static const struct {
    const char *name;
    size_t at;
} figures[] = {
    {"best_f1", offsetof(struct match_figures, best_f1)},
    {"threshold", offsetof(struct match_figures, threshold)},
    {"precision", offsetof(struct match_figures, precision)},
    {"recall", offsetof(struct match_figures, recall)},
    {"recall_at_p99", offsetof(struct match_figures, recall_at_p99)},
    {"recall_at_p95", offsetof(struct match_figures, recall_at_p95)},
    {"calibration_gap", offsetof(struct match_figures, calibration_gap)},
};
#define FIGURES (sizeof figures / sizeof *figures)

static double figure(const struct evaluation *evaluation, size_t run, size_t which)
{
    const char *at = (const char *)&evaluation->runs[run] + figures[which].at;
    double value;
    memcpy(&value, at, sizeof value);
    return value;
}

// Mean and (population) standard deviation over the runs.
static double mean_of(const struct evaluation *evaluation, size_t which, double *ret_spread)
{
    double sum = 0, squares = 0, n = (double)evaluation->n;
    for (size_t i = 0; i < evaluation->n; i++)
        sum += figure(evaluation, i, which);
    for (size_t i = 0; i < evaluation->n; i++) {
        double off = figure(evaluation, i, which) - sum / n;
        squares += off * off;
    }
    *ret_spread = sqrt(squares / n);
    return sum / n;
}

static double rounded(double value)
{
    return round(value * 10000) / 10000;
}

static json_t *calibration(const struct match_figures *run)
{
    json_t *bins = must(json_array());
    for (size_t i = 0; i < MATCH_BINS; i++) {
        const struct match_bin *bin = &run->bins[i];
        if (bin->n > 0)
            json_array_append_new(bins, json_pack("{s:f,s:f,s:I,s:f,s:f}", "from", bin->from, "to",
                                                  bin->to, "n", (json_int_t)bin->n, "predicted",
                                                  rounded(bin->predicted), "observed",
                                                  rounded(bin->observed)));
    }
    return bins;
}

// The bins are those of the first run.
static json_t *evaluation_json(const struct evaluation *evaluation)
{
    const struct match_figures *first = &evaluation->runs[0];
    json_t *line = must(json_pack("{s:I,s:I}", "reports", (json_int_t)first->reports,
                                  "with_earlier", (json_int_t)first->with_earlier));
    json_t *spreads = must(json_object());
    for (size_t i = 0; i < FIGURES; i++) {
        double spread, mean = mean_of(evaluation, i, &spread);
        json_object_set_new(line, figures[i].name, json_real(rounded(mean)));
        json_object_set_new(spreads, figures[i].name, json_real(rounded(spread)));
    }
    json_object_set_new(line, "calibration", calibration(first));
    json_object_set_new(
        line, "queries_per_s",
        json_integer((json_int_t)((double)evaluation->queries / fmax(evaluation->seconds, 1e-9))));
    if (evaluation->folds) {
        json_object_set_new(line, "folds", json_integer(evaluation->folds));
        json_object_set_new(line, "seed", json_integer((json_int_t)evaluation->seed));
        json_object_set_new(line, "splits", json_integer((json_int_t)evaluation->n));
        json_object_set(line, "spread", spreads);
    } else {
        json_object_set_new(line, "model", json_integer(match_model_version(evaluation->model)));
    }
    json_decref(spreads);
    return line;
}

static const char *words(size_t which)
{
    const char *const zh[] = {"最佳 F1", "该处阈值",           "准确率",
                              "召回率",  "准确率 0.99 时召回", "准确率 0.95 时召回",
                              "校准偏差"};
    const char *const en[] = {"best F1",        "threshold there", "precision",      "recall",
                              "recall at 0.99", "recall at 0.95",  "calibration gap"};
    return T(zh[which], en[which]);
}

static void evaluation_print(const struct evaluation *evaluation)
{
    const struct match_figures *first = &evaluation->runs[0];
    printf(T("%zu 条报告,其中 %zu 条此前已有同一事项\n",
             "%zu reports, %zu of them with an earlier one of the same matter\n"),
           first->reports, first->with_earlier);
    if (evaluation->folds)
        printf(T("%u 折交叉检验 (按事项分折),%zu 次划分的平均值 ± 离散\n",
                 "%u folds by event, mean of %zu splits ± spread\n"),
               evaluation->folds, evaluation->n);
    for (size_t i = 0; i < FIGURES; i++) {
        double spread, mean = mean_of(evaluation, i, &spread);
        printf("  %-6.4f", mean);
        if (evaluation->folds)
            printf(" ± %.4f", spread);
        printf("  %s\n", words(i));
    }
    puts(T("  概率区间    条数  预计  实际", "  probability  n  predicted  observed"));
    for (size_t i = 0; i < MATCH_BINS; i++)
        if (first->bins[i].n > 0)
            printf("  %.1f-%.1f  %6zu  %.3f  %.3f\n", first->bins[i].from, first->bins[i].to,
                   first->bins[i].n, first->bins[i].predicted, first->bins[i].observed);
    printf(T("%.0f 条/秒 (查询并入库,单核)\n", "%.0f a second (find and insert, one core)\n"),
           (double)evaluation->queries / fmax(evaluation->seconds, 1e-9));
}

static int evaluate_rows(struct cli *cli, struct evaluation *evaluation, struct fault *fault)
{
    evaluation->found = must(calloc(evaluation->rows->n, sizeof *evaluation->found));
    int r = evaluate(evaluation);
    free(evaluation->found);
    if (r < 0) {
        fault_set(fault, 422, "unprocessable", "%s",
                  r == WH_E_NOTFOUND ? T("同一事项的报告太少,无法拟合",
                                         "too few reports of the same matter to fit a model")
                                     : wh_strerror(r));
        return fault_tell(cli, fault);
    }
    if (!cli->json) {
        evaluation_print(evaluation);
        return EXIT_DONE;
    }
    json_t *line = evaluation_json(evaluation);
    json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    (void)fputc('\n', stdout);
    json_decref(line);
    return EXIT_DONE;
}

static int run_evaluate(struct cli *cli, const char *path)
{
    struct fault fault = {0};
    struct labelled labelled = {0};
    struct match_model *own = NULL;
    const char *apart = args_text(&cli->args, "ambiguous");
    int64_t folds = args_int(&cli->args, "folds", 0);
    bool good = folds == 0 || (folds >= 2 && folds <= FOLDS_MAX);
    if (!good)
        fault_usage(&fault, "folds", T("须为 2 至 %d", "from 2 to %d"), FOLDS_MAX);
    else if (folds && args_text(&cli->args, "model")) {
        fault_usage(&fault, "folds", "%s",
                    T("--folds 和 --model 只能用其一", "either --folds or --model"));
        good = false;
    }
    const struct match_model *model = good ? model_of(cli, &own, &fault) : NULL;
    int code;
    if (model && labelled_read(path, &labelled, &fault) == 0 &&
        (!apart || labelled_apart(&labelled, apart, &fault) == 0)) {
        struct evaluation evaluation = {.rows = &labelled.rows,
                                        .model = model,
                                        .folds = (uint32_t)folds,
                                        .seed = (uint64_t)args_int(&cli->args, "seed", 1)};
        code = evaluate_rows(cli, &evaluation, &fault);
    } else {
        code = fault_tell(cli, &fault);
    }
    labelled_done(&labelled);
    match_model_free(own);
    return code;
}

// ---- fit ----------------------------------------------------------------------------------------

static void put_model(FILE *to, const void *arg)
{
    match_model_write(arg, to);
}

static int told(struct cli *cli, const struct match_model *model, const char *out,
                const struct match_fit_counts *counts)
{
    json_t *line = must(json_pack("{s:i,s:I}", "model", match_model_version(model), "reports",
                                  (json_int_t)counts->reports));
    json_t *sections = must(json_array());
    for (size_t s = 0; s < MATCH_SECTIONS; s++) {
        const char *name = match_section_name((enum match_section)s);
        json_array_append_new(sections, json_pack("{s:s,s:I,s:I,s:b}", "section", name, "pairs",
                                                  (json_int_t)counts->pairs[s], "positives",
                                                  (json_int_t)counts->positives[s], "fitted",
                                                  counts->fitted[s]));
        if (!cli->json && out)
            printf(T("%s: %zu 对,其中同一事项 %zu,%s\n", "%s: %zu pairs, %zu of one matter, %s\n"),
                   name, counts->pairs[s], counts->positives[s],
                   counts->fitted[s] ? T("已拟合", "fitted")
                                     : T("太少,沿用原有系数", "too few: as before"));
    }
    json_object_set_new(line, "sections", sections);
    if (out)
        json_object_set_new(line, "out", json_string(out));
    if (cli->json && out) {
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
    }
    json_decref(line);
    if (!out)
        match_model_write(model, stdout);
    return EXIT_DONE;
}

static int fit_sets(struct cli *cli, const struct match_rows *sets, size_t n, struct fault *fault)
{
    const char *out = args_text(&cli->args, "out");
    struct match_fit_counts counts;
    struct match_model *model = NULL;
    const struct match_model *base = match_model_builtin();
    int64_t version = args_int(&cli->args, "version", match_model_version(base) + 1);
    if (version < 1 || version > INT32_MAX) {
        fault_usage(fault, "version", "%s", T("须为正整数", "a whole number from 1"));
        return fault_tell(cli, fault);
    }
    int r = match_fit(base, sets, n, UINT32_MAX, (int32_t)version, &model, &counts);
    if (r == WH_E_NOTFOUND)
        fault_set(
            fault, 422, "unprocessable", "%s",
            T("同一事项的报告太少,无法拟合", "too few reports of the same matter to fit a model"));
    else if (r < 0)
        fault_set(fault, 500, "internal", "%s", wh_strerror(r));
    else if (out && file_edit(out, put_model, model) < 0) {
        fault_usage(fault, "out", "%s: %s", out, strerror(errno));
        r = -1;
    }
    int code = r < 0 ? fault_tell(cli, fault) : told(cli, model, out, &counts);
    match_model_free(model);
    return code;
}

static int run_fit(struct cli *cli, const json_t *paths)
{
    struct fault fault = {0};
    struct labelled labelled[SETS_MAX] = {0};
    struct match_rows sets[SETS_MAX];
    size_t n = json_array_size(paths);
    const char *apart = args_text(&cli->args, "ambiguous");
    int r = n <= SETS_MAX ? 0 : -1;
    if (r < 0)
        fault_usage(&fault, "FILE", T("最多 %d 个文件", "at most %d files"), SETS_MAX);
    for (size_t i = 0; i < n && r == 0; i++) {
        r = labelled_read(json_string_value(json_array_get(paths, i)), &labelled[i], &fault);
        if (r == 0 && apart && i == 0)
            r = labelled_apart(&labelled[i], apart, &fault);
        sets[i] = labelled[i].rows;
    }
    int code = r < 0 ? fault_tell(cli, &fault) : fit_sets(cli, sets, n, &fault);
    for (size_t i = 0; i < n && i < SETS_MAX; i++)
        labelled_done(&labelled[i]);
    return code;
}

int run_dedup(struct cli *cli)
{
    struct fault fault = {0};
    const char *action = args_text(&cli->args, "ACTION");
    const json_t *paths = args_list(&cli->args, "FILE");
    size_t n = json_array_size(paths);
    if (strcmp(action, "evaluate") == 0 && n == 1)
        return run_evaluate(cli, json_string_value(json_array_get(paths, 0)));
    if (strcmp(action, "fit") == 0 && n >= 1)
        return run_fit(cli, paths);
    fault_usage(&fault, n ? "ACTION" : "FILE", "%s",
                T("用法: whistle dedup evaluate FILE | fit FILE…",
                  "usage: whistle dedup evaluate FILE | fit FILE…"));
    return fault_tell(cli, &fault);
}
