// SPDX-License-Identifier: Apache-2.0
// First reports of the generated matters, filled up to 600 bytes with characters of their own,
// which make nothing alike.
#include "support/bench_matter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/distinct.h"
#include "support/matter_gen.h"

#define TEXT_BYTES 600
#define MIDDLE_LAT 39.1
#define MIDDLE_LON 115.9
#define HALF_LAT 0.59 // degrees: 65 km there
#define HALF_LON 0.75

struct bench_matters {
    struct matter_set *set;
    uint32_t *firsts; // reports that begin a matter
    size_t n;
    struct matter_report report;
    char text[TEXT_BYTES + 1];
};

struct bench_matters *bench_matters_new(uint64_t seed, size_t n)
{
    struct bench_matters *matters = calloc(1, sizeof *matters);
    uint32_t reports = (uint32_t)(n + n / 4 + 64);
    struct matter_params params = {.seed = seed, .reports = reports, .twins = 1};
    if (!matters || !(matters->firsts = malloc(reports * sizeof *matters->firsts)))
        abort();
    matters->set = matter_set_new(&params);
    for (uint32_t i = 0; i < reports && matters->n < n; i++)
        if (!matter_set_has_earlier(matters->set, i))
            matters->firsts[matters->n++] = i;
    if (matters->n < n)
        abort();
    return matters;
}

void bench_matters_free(struct bench_matters *matters)
{
    matter_set_free(matters->set);
    free(matters->firsts);
    free(matters);
}

static void fill_text(struct bench_matters *matters, size_t i)
{
    char *text = matters->text;
    const char *said = matters->report.text;
    size_t n = (size_t)snprintf(text, TEXT_BYTES + 1, "%010zu ", i);
    size_t cut = wh_utf8_cut(said, strlen(said), TEXT_BYTES - n);
    memcpy(text + n, said, cut);
    n += cut;
    distinct_text(i, (TEXT_BYTES - n) / 3, text + n);
    text[n + (TEXT_BYTES - n) / 3 * 3] = '\0';
}

// -1 to 1, from Weyl's sequences: evenly spread, never the same twice.
static double share(size_t n)
{
    double x = (double)(n / 2 + 1) * (n % 2 ? 0.754877666246693 : 0.569840290998053);
    return 2 * (x - floor(x)) - 1;
}

void bench_matter_fill(struct bench_matters *matters, size_t i, Whistle__V1__RaiseWhistle *raise,
                       Whistle__V1__Place *place)
{
    struct matter_report *report = &matters->report;
    matter_set_report(matters->set, matters->firsts[i % matters->n], report);
    fill_text(matters, i);
    raise->title = report->title;
    raise->text = matters->text;
    place->address = report->address;
    place->lat_is_case = WHISTLE__V1__PLACE__LAT_IS_LAT;
    place->lat = MIDDLE_LAT + HALF_LAT * share(2 * i);
    place->lon_is_case = WHISTLE__V1__PLACE__LON_IS_LON;
    place->lon = MIDDLE_LON + HALF_LON * share(2 * i + 1);
}
