// SPDX-License-Identifier: Apache-2.0
// "What would this join?" as a street's form asks it while somebody types: one question at a time,
// each of another matter (support/bench_matter.h), the texts growing a third at a time. Prints one
// JSON object with the times from question to answer.
//   bench_preview KEY DOORS COUNT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/bench_matter.h"
#include "whistle/whistle.h"

#define STEPS 3 // of typing one text

struct typing {
    struct wh_session *session;
    struct bench_matters *matters;
    size_t count, asked, matches;
    uint64_t asked_at, *took;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_preview: %s: %s\n", what, why);
    exit(2);
}

static void ask(struct typing *typing);

static void on_reply(void *arg, const struct wh_reply *reply)
{
    struct typing *typing = arg;
    if (reply->kind != WH_REPLY_ANSWER || !reply->dedup || !reply->dedup->matches)
        die("answer", reply->error ? reply->error->rule : "none");
    typing->took[typing->asked++] = uv_hrtime() - typing->asked_at;
    typing->matches += reply->dedup->matches->n_matches;
    if (typing->asked < typing->count)
        ask(typing);
    else
        wh_session_stop(typing->session);
}

static void ask(struct typing *typing)
{
    Whistle__V1__RaiseWhistle raise = WHISTLE__V1__RAISE_WHISTLE__INIT;
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    struct wh_request request = {.on_reply = on_reply, .arg = typing};
    bench_matter_fill(typing->matters, typing->asked / STEPS, &raise, &place);
    size_t n = strlen(raise.text), part = n * (typing->asked % STEPS + 1) / STEPS;
    raise.text[wh_utf8_cut(raise.text, n, part)] = '\0';
    struct wh_whistle whistle = {.category = "EBIKE_CHARGE",
                                 .title = raise.title,
                                 .text = raise.text,
                                 .place_unit = "990101003002",
                                 .address = place.address,
                                 .has_position = place.lat_is_case != 0,
                                 .lat = place.lat,
                                 .lon = place.lon};
    typing->asked_at = uv_hrtime();
    int r = wh_whistle_preview(typing->session, &whistle, 5, &request);
    if (r < 0)
        die("send", wh_strerror(r));
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    char why[256] = "";
    if (argc != 4)
        die("usage", "KEY DOORS COUNT");
    struct wh_session_options options = {.key_file = argv[1], .doors_file = argv[2]};
    struct typing typing = {.count = strtoul(argv[3], NULL, 10)};
    typing.took = calloc(typing.count + 1, sizeof *typing.took);
    typing.matters = bench_matters_new(5, typing.count / STEPS + 1);
    if (!typing.count || wh_session_open(&options, &typing.session, why, sizeof why) < 0)
        die("session", why);
    ask(&typing);
    wh_session_run(typing.session);
    qsort(typing.took, typing.count, sizeof *typing.took, compare);
    printf("{\"previews\":%zu,\"matches\":%zu,\"preview_p50_ms\":%.2f,\"preview_p99_ms\":%.2f,"
           "\"preview_max_ms\":%.2f}\n",
           typing.count, typing.matches, (double)typing.took[typing.count / 2] / 1e6,
           (double)typing.took[typing.count * 99 / 100] / 1e6,
           (double)typing.took[typing.count - 1] / 1e6);
    wh_session_close(typing.session);
    bench_matters_free(typing.matters);
    free(typing.took);
    return 0;
}
