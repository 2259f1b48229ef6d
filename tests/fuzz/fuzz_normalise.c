// SPDX-License-Identifier: Apache-2.0
// Keys of arbitrary bytes, and reports made of them. Besides the sanitizers: a key fits its room,
// has no space at its ends or twice, and is its own key; a report's blob is whole and bounded,
// comes out the same again, and is as like itself as anything can be.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "match/normalise.h"
#include "match/verdict.h"

#define ROOM 600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(int condition)
{
    if (!condition)
        abort();
}

static size_t spell(const uint32_t *key, size_t n, char *to)
{
    char *begin = to;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = key[i];
        unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        static const unsigned char head[] = {0, 0xC0, 0xE0, 0xF0};
        *to++ = (char)(head[more] | c >> 6 * more);
        while (more-- > 0)
            *to++ = (char)(0x80 | (c >> 6 * more & 0x3F));
    }
    return (size_t)(to - begin);
}

static void fuzz_key(const char *text, size_t n, size_t room)
{
    uint32_t key[ROOM], again[ROOM];
    char spelt[4 * ROOM];
    size_t k = match_normalise(text, n, key, room);
    require(k <= room);
    for (size_t i = 0; i < k; i++)
        require(key[i] != MATCH_SPACE || (i > 0 && i + 1 < k && key[i - 1] != MATCH_SPACE));
    size_t m = match_normalise(spelt, spell(key, k, spelt), again, ROOM);
    require(m == k && memcmp(key, again, k * sizeof *key) == 0);
    require(k == 0 || match_courtesy(key, k) < k);
    for (size_t i = 0; i < k; i++)
        require(match_place_name(key, k, i) <= k - i);
}

static void fuzz_report(const char *text, size_t n)
{
    static struct match_maker *maker;
    static struct match_probe *probe;
    static struct match_corpus corpus;
    _Alignas(8) static char first[MATCH_REPORT_MAX];
    char words[200];
    if (!maker) {
        maker = match_maker_new();
        probe = match_probe_new();
        require(maker && probe && match_corpus_init(&corpus, match_model_builtin()) == 0);
    }
    struct match_input in = {.id = 1,
                             .at = (int64_t)n * 977,
                             .title = text,
                             .text = text + n / 3,
                             .address = text + n / 2};
    const struct match_report *report;
    require(match_report_make(maker, &in, &report) == 0);
    size_t size = match_report_size(report);
    require(match_report_valid(report, size) && !match_report_valid(report, size - 1));
    memcpy(first, report, size);
    require(match_report_make(maker, &in, &report) == 0);
    require(match_report_size(report) == size && memcmp(first, report, size) == 0);
    match_shared_words(maker, &in, report, words, sizeof words);
    require(memchr(words, '\0', sizeof words) != NULL);
    struct match_score score;
    match_score(probe, match_model_builtin(), &corpus, (const struct match_report *)first, report,
                &score);
    require(score.rule == MATCH_RULE_SCORE && score.probability >= 0 && score.probability <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 1);
    if (!text)
        return 0;
    if (n > 0)
        memcpy(text, data, n);
    text[n] = '\0';
    fuzz_key(text, n, n > 0 && data[0] < 200 ? ROOM : 1 + n % 40);
    fuzz_report(text, n);
    free(text);
    return 0;
}
