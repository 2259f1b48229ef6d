// SPDX-License-Identifier: Apache-2.0
// First reports of the generated matters, filled up to 600 bytes with what people add to any
// report: such words are common, so they make nothing alike.
#include "support/bench_matter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/matter_gen.h"

#define TEXT_BYTES 600

static const char *const asides[] = {
    "请有关部门尽快到现场处理。", "居民已多次反映,一直没有解决。", "社区工作人员已到场查看。",
    "物业表示无力处理。",         "附近老人和孩子较多,请抓紧。",   "网格员巡查时发现。",
    "已拍照留存,可随时提供。",    "希望今天之内有人回复。",        "周边商户也有同样的意见。",
    "上周来过人,看了看就走了。",  "请告知由哪个部门负责。",        "白天晚上都有这个情况。",
    "已劝说当事人,对方不配合。",  "如不及时处理恐怕会扩大。",      "热线转来,请核实后办理。",
    "来电人愿意带路。",           "此处是上下学的必经之路。",      "街道已安排人员在现场值守。",
};

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
    size_t n = (size_t)snprintf(text, TEXT_BYTES + 1, "%010zu ", i);
    for (size_t k = 0; n < TEXT_BYTES; k++) {
        const char *part =
            k ? asides[(i * 7 + k * 5) % (sizeof asides / sizeof *asides)] : matters->report.text;
        size_t cut = wh_utf8_cut(part, strlen(part), TEXT_BYTES - n);
        memcpy(text + n, part, cut);
        n += cut;
        if (cut < strlen(part))
            break;
    }
    text[n] = '\0';
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
    if (!report->located)
        return;
    place->lat_is_case = WHISTLE__V1__PLACE__LAT_IS_LAT;
    place->lat = report->lat;
    place->lon_is_case = WHISTLE__V1__PLACE__LON_IS_LON;
    place->lon = report->lon;
}
