// SPDX-License-Identifier: Apache-2.0
// Makes the built-in model's AREA, PLACED and BRIEF anew from generated matters (matter_gen.h):
// thin and dense cities, calm and with rushes. TEXT, the common words and the vetoes stay as they
// are: they come from labelled messages that are not part of this project. Without chance: the
// model that is built in comes out byte for byte. --help.
#include <stdlib.h>
#include <string.h>

#include "match/fit.h"
#include "support/matter_gen.h"

static const char help[] =
    "bench_match_fit [--version N] [--check FILE] > services/match/model.def\n"
    "  --version N   the new model's (the built-in one's)\n"
    "  --check FILE  writes nothing; 1 if FILE is another model\n";

// Of another remainder by three than the seeds that measure (2, 3).
static const struct matter_params cities[] = {
    {.seed = 1, .reports = 80000, .burst = 0.3},
    {.seed = 4, .reports = 80000, .side_km = 17, .places = 3200},
    {.seed = 7, .reports = 50000, .side_km = 14, .places = 2000, .burst = 0.15},
    {.seed = 10, .reports = 20000},
};
#define CITIES (sizeof cities / sizeof *cities)

static void *good(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static struct match_rows rows_of(const struct matter_params *params)
{
    static struct matter_report report; // large
    struct matter_set *set = matter_set_new(params);
    struct match_rows rows = {.at = good(calloc(params->reports, sizeof *rows.at)),
                              .n = params->reports};
    for (uint32_t i = 0; i < params->reports; i++) {
        matter_set_report(set, i, &report);
        struct match_input in = matter_input(&report);
        in.title = good(strdup(in.title));
        in.text = good(strdup(in.text));
        in.address = good(strdup(in.address));
        rows.at[i] = (struct match_row){.in = in, .event = report.event};
    }
    matter_set_free(set);
    int64_t twice;
    if (match_rows_order(&rows, &twice) != 0)
        abort();
    return rows;
}

static void rows_done(struct match_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        free((char *)rows->at[i].in.title);
        free((char *)rows->at[i].in.text);
        free((char *)rows->at[i].in.address);
    }
    free(rows->at);
}

static struct match_model *fitted(int32_t version)
{
    const struct match_model *base = match_model_builtin();
    struct match_rows sets[CITIES];
    struct match_fit_counts counts;
    struct match_model *model;
    for (size_t i = 0; i < CITIES; i++)
        sets[i] = rows_of(&cities[i]);
    if (match_fit(base, sets, CITIES, UINT32_MAX, version, &model, &counts) != 0)
        abort();
    for (size_t i = 0; i < CITIES; i++)
        rows_done(&sets[i]);
    for (unsigned s = 0; s < MATCH_SECTIONS; s++)
        (void)fprintf(stderr, "%s: %zu pairs, %zu of one matter, same from %.4f\n",
                      match_section_name(s), counts.pairs[s], counts.positives[s],
                      model->part[s].same);
    return model;
}

// With the built-in model's words and TEXT.
static void write(const struct match_model *model, FILE *to)
{
    const struct match_model *base = match_model_builtin();
    struct match_model whole = *model;
    whole.background = base->background;
    whole.common_n = base->common_n;
    whole.common = base->common;
    whole.part[MATCH_TEXT] = base->part[MATCH_TEXT];
    match_model_write(&whole, to);
}

static int check(const struct match_model *model, const char *path)
{
    char *text = NULL;
    size_t n = 0, at = 0;
    FILE *memory = good(open_memstream(&text, &n)), *file = good(fopen(path, "r"));
    write(model, memory);
    (void)fclose(memory);
    for (int c; (c = fgetc(file)) != EOF && at <= n; at++)
        if (at == n || c != (unsigned char)text[at])
            break;
    bool same = at == n && feof(file);
    (void)fclose(file);
    free(text);
    (void)fprintf(stderr, "%s: %s\n", path, same ? "the same, byte for byte" : "another model");
    return same ? 0 : 1;
}

int main(int argc, char **argv)
{
    int32_t version = match_model_version(match_model_builtin());
    const char *against = NULL;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--version") == 0) {
            version = (int32_t)strtol(argv[i + 1], NULL, 10);
        } else if (i + 1 < argc && strcmp(argv[i], "--check") == 0) {
            against = argv[i + 1];
        } else {
            (void)fputs(help, strcmp(argv[i], "--help") == 0 ? stdout : stderr);
            return strcmp(argv[i], "--help") == 0 ? 0 : 2;
        }
    }
    struct match_model *model = fitted(version);
    int code = 0;
    if (against)
        code = check(model, against);
    else
        write(model, stdout);
    match_model_free(model);
    return code;
}
