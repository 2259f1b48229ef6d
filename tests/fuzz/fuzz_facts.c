// SPDX-License-Identifier: Apache-2.0
// Facts of arbitrary text, told at any time: bounded, of known kinds, none twice. And models from
// arbitrary text: refused with a reason, or written and read again as the same.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/facts.h"
#include "match/fit.h"
#include "match/normalise.h"

#define ROOM 1000
#define FACTS 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void fuzz_facts(const char *text, size_t n, int64_t at)
{
    uint32_t key[ROOM];
    struct match_fact facts[FACTS], fewer[FACTS];
    size_t k = match_normalise(text, n, key, ROOM), room = n % FACTS;
    size_t found = match_facts(key, k, at, facts, FACTS);
    require(found <= FACTS);
    for (size_t i = 0; i < found; i++) {
        require(facts[i].kind < MATCH_FACT_KINDS && facts[i].value < 1u << 25);
        for (size_t j = 0; j < i; j++)
            require(facts[i].kind != facts[j].kind || facts[i].value != facts[j].value);
    }
    size_t less = match_facts(key, k, at, fewer, room);
    require(less == (found < room ? found : room));
    for (size_t i = 0; i < less; i++)
        require(facts[i].kind == fewer[i].kind && facts[i].value == fewer[i].value);
}

static void fuzz_model(const char *text, size_t n)
{
    struct match_model *model = NULL, *again = NULL;
    char why[100] = "", *written = NULL, *twice = NULL;
    size_t bytes = 0, more = 0;
    if (match_model_parse(text, n, &model, why, sizeof why) < 0) {
        require(*why && memchr(why, '\0', sizeof why) != NULL && !model);
        return;
    }
    FILE *to = open_memstream(&written, &bytes);
    match_model_write(model, to);
    (void)fclose(to);
    if (match_model_parse(written, bytes, &again, why, sizeof why) == 0) {
        to = open_memstream(&twice, &more);
        match_model_write(again, to);
        (void)fclose(to);
        require(bytes == more && memcmp(written, twice, bytes) == 0);
    }
    match_model_free(model);
    match_model_free(again);
    free(written);
    free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    int64_t at = 0;
    char *text = malloc(n + 1);
    if (!text)
        return 0;
    if (n > 0)
        memcpy(text, data, n);
    text[n] = '\0';
    if (n > 0)
        memcpy(&at, data, n < sizeof at ? n : sizeof at);
    fuzz_facts(text, n, at);
    fuzz_facts(text, n, INT64_C(1795392000000));
    fuzz_model(text, n);
    free(text);
    return 0;
}
