// SPDX-License-Identifier: Apache-2.0
// The built-in model, and models from their text form. Text and C take the same lines, so a model
// that was fitted becomes the built-in one by being copied over model.def.
#include "match/model.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/verdict.h"

#define LINE_BYTES 256

// ---- the built-in one ---------------------------------------------------------------------------

#define MODEL(name, value)
#define BANDS(section, same_at, perhaps_at)
#define WEIGHT(section, feature, value)
#define POINT(section, index, score, probability)
#define POINTS(section, n)
#define COMMON(hash, count) {hash, count},
static const struct match_common builtin_common[] = {
#include "match/model.def"
};
#undef MODEL
#undef BANDS
#undef WEIGHT
#undef POINT
#undef POINTS
#undef COMMON

#define MODEL(name, value) .name = value,
#define BANDS(section, same_at, perhaps_at) \
    .part[MATCH_##section].same = (same_at), .part[MATCH_##section].perhaps = (perhaps_at),
#define WEIGHT(section, feature, value) .part[MATCH_##section].weight[MATCH_##feature] = (value),
#define POINTS(section, n) .part[MATCH_##section].points_n = (n),
#define POINT(section, index, score, probability) \
    .part[MATCH_##section].points[index] = {(score), (probability)},
#define COMMON(hash, count)
static const struct match_model builtin = {
    .common = builtin_common,
    .common_n = sizeof builtin_common / sizeof *builtin_common,
#include "match/model.def"
};

const struct match_model *match_model_builtin(void)
{
    return &builtin;
}

int32_t match_model_version(const struct match_model *model)
{
    return model->version;
}

static const char *const section_names[] = {"TEXT", "AREA", "PLACED", "BRIEF"};

const char *match_section_name(enum match_section section)
{
    return section_names[section];
}

// ---- from text ----------------------------------------------------------------------------------

struct reading {
    struct match_model *model;
    struct match_common *common; // the model's
    const char *why;
    char name[32];
    char words[2][32];
    double numbers[3];
    size_t words_n, numbers_n;
};

static bool bad(struct reading *reading, const char *why)
{
    reading->why = why;
    return false;
}

// NAME(word, …, number, …): words before numbers.
static bool parts(struct reading *reading, const char *line)
{
    int used = 0;
    reading->words_n = reading->numbers_n = 0;
    if (sscanf(line, " %31[A-Z](%n", reading->name, &used) != 1 || used == 0)
        return bad(reading, "it is no NAME(…) line");
    for (line += used;; line++) {
        char *end;
        while (isspace((unsigned char)*line))
            line++;
        double number = strtod(line, &end);
        if (end != line && reading->numbers_n < 3 && isfinite(number)) {
            reading->numbers[reading->numbers_n++] = number;
            line = end;
        } else if (!reading->numbers_n && reading->words_n < 2 &&
                   sscanf(line, "%31[A-Za-z_]%n", reading->words[reading->words_n], &used) == 1) {
            reading->words_n++;
            line += used;
        } else {
            return bad(reading, "a word or a number is expected");
        }
        if (*line != ',')
            return *line == ')' && strspn(line + 1, " \t\r") == strlen(line + 1)
                       ? true
                       : bad(reading, "a ) is missing or something follows it");
    }
}

static struct match_part *section(struct reading *reading)
{
    for (size_t i = 0; i < MATCH_SECTIONS; i++)
        if (strcmp(reading->words[0], section_names[i]) == 0)
            return &reading->model->part[i];
    reading->why = "there is no such section";
    return NULL;
}

static bool whole(const struct reading *reading, size_t i, double most)
{
    double n = reading->numbers[i];
    return n >= 0 && n <= most && n == floor(n);
}

static bool take_model(struct reading *reading)
{
    static const char *const names[] = {"version", "far_m", "window_h"};
    struct match_model *model = reading->model;
    int32_t *const to[] = {&model->version, &model->far_m, &model->window_h};
    if (!whole(reading, 0, 1e9))
        return bad(reading, "the number is negative, too large or not whole");
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(reading->words[0], names[i]) != 0)
            continue;
        *to[i] = (int32_t)reading->numbers[0];
        return true;
    }
    if (strcmp(reading->words[0], "background") != 0)
        return bad(reading, "there is no such setting");
    model->background = (uint32_t)reading->numbers[0];
    return true;
}

static bool take_bands(struct reading *reading)
{
    struct match_part *part = section(reading);
    double same = reading->numbers[0], perhaps = reading->numbers[1];
    if (!part)
        return false;
    if (perhaps <= 0 || same < perhaps || same > 1)
        return bad(reading, "bands must be 1 >= same >= perhaps > 0");
    part->same = same;
    part->perhaps = perhaps;
    return true;
}

static bool take_weight(struct reading *reading)
{
    struct match_part *part = section(reading);
    for (size_t i = 0; part && i < MATCH_FEATURES; i++)
        if (strcmp(reading->words[1], match_feature_name((enum match_feature)i)) == 0) {
            part->weight[i] = reading->numbers[0];
            return true;
        }
    return part ? bad(reading, "there is no such feature") : false;
}

static bool take_points(struct reading *reading)
{
    struct match_part *part = section(reading);
    if (!part)
        return false;
    if (!whole(reading, 0, MATCH_POINTS_MAX))
        return bad(reading, "so many points a table cannot have");
    part->points_n = (size_t)reading->numbers[0];
    return true;
}

static bool take_point(struct reading *reading)
{
    struct match_part *part = section(reading);
    const double *n = reading->numbers;
    if (!part)
        return false;
    if (!whole(reading, 0, MATCH_POINTS_MAX - 1) || (size_t)n[0] >= part->points_n)
        return bad(reading, "the table has no such point");
    size_t i = (size_t)n[0];
    if (n[2] < 0 || n[2] > 1)
        return bad(reading, "a probability lies between 0 and 1");
    const struct match_point *last = i > 0 ? &part->points[i - 1] : NULL;
    if (last && (n[1] < last->score || n[2] < last->probability))
        return bad(reading, "points must ascend");
    part->points[i] = (struct match_point){n[1], n[2]};
    return true;
}

static bool take_common(struct reading *reading)
{
    struct match_model *model = reading->model;
    if (!whole(reading, 0, MATCH_GRAMS - 1) || !whole(reading, 1, 1e9))
        return bad(reading, "a hash below 1048576 and a count are expected");
    if (model->common_n == MATCH_COMMON_MAX)
        return bad(reading, "too many common words");
    reading->common[model->common_n++] =
        (struct match_common){(uint32_t)reading->numbers[0], (uint32_t)reading->numbers[1]};
    return true;
}

static bool take(struct reading *reading, const char *line)
{
    static const struct {
        const char *name;
        size_t words, numbers;
        bool (*take)(struct reading *reading);
    } kinds[] = {
        {"MODEL", 1, 1, take_model},   {"BANDS", 1, 2, take_bands}, {"WEIGHT", 2, 1, take_weight},
        {"POINTS", 1, 1, take_points}, {"POINT", 1, 3, take_point}, {"COMMON", 0, 2, take_common},
    };
    line += strspn(line, " \t\r");
    if (*line == '\0' || strncmp(line, "//", 2) == 0)
        return true;
    if (!parts(reading, line))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, reading->name) != 0)
            continue;
        if (kinds[i].words != reading->words_n || kinds[i].numbers != reading->numbers_n)
            return bad(reading, "too many or too few parts");
        return kinds[i].take(reading);
    }
    return bad(reading, "there is no such line");
}

static bool complete(struct reading *reading)
{
    const struct match_model *model = reading->model;
    if (model->version <= 0)
        return bad(reading, "MODEL(version, N) is missing");
    for (size_t s = 0; s < MATCH_SECTIONS; s++) {
        if (model->part[s].same <= 0)
            return bad(reading, "BANDS(…) of a section is missing");
        for (size_t i = 1; i < model->part[s].points_n; i++)
            if (model->part[s].points[i].score < model->part[s].points[i - 1].score)
                return bad(reading, "a table's points are not complete");
    }
    for (size_t i = 0; i < model->common_n; i++)
        if (model->common[i].count > model->background)
            return bad(reading, "a common word stands in more reports than there are");
    return true;
}

static int refuse(char *ret_why, size_t why_n, size_t line, const char *why)
{
    (void)snprintf(ret_why, why_n, "line %zu: %s", line, why);
    return WH_E_INVALID;
}

static int read_lines(struct reading *reading, const char *text, size_t n, char *ret_why,
                      size_t why_n)
{
    const char *end = text + n;
    size_t line_no = 0;
    while (text < end) {
        char line[LINE_BYTES];
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t width = (size_t)((stop ? stop : end) - text);
        line_no++;
        if (width >= sizeof line || memchr(text, '\0', width))
            return refuse(ret_why, why_n, line_no, "the line is too long or no text");
        memcpy(line, text, width);
        line[width] = '\0';
        if (!take(reading, line))
            return refuse(ret_why, why_n, line_no, reading->why);
        text += width + 1;
    }
    return complete(reading) ? 0 : refuse(ret_why, why_n, line_no, reading->why);
}

int match_model_parse(const char *text, size_t n, struct match_model **ret_model, char *ret_why,
                      size_t why_n)
{
    struct reading reading = {
        .model = calloc(1, sizeof *reading.model),
        .common = calloc(MATCH_COMMON_MAX, sizeof *reading.common),
    };
    int r = WH_E_NOMEM;
    (void)snprintf(ret_why, why_n, "%s", wh_strerror(r));
    if (reading.model && reading.common) {
        reading.model->common = reading.common;
        reading.model->far_m = builtin.far_m;
        r = read_lines(&reading, text, n, ret_why, why_n);
    }
    if (r == 0) {
        *ret_model = reading.model;
        return 0;
    }
    free(reading.common);
    free(reading.model);
    return r;
}

void match_model_free(struct match_model *model)
{
    if (!model || model == &builtin)
        return;
    free((struct match_common *)(uintptr_t)model->common);
    free(model);
}
