// SPDX-License-Identifier: Apache-2.0
// Everything in base that reads text from outside, on arbitrary bytes. Besides the sanitizers:
// spans lie inside and in order, what was accepted is written back the same.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mask.h"
#include "base/text.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void fuzz_mask(const char *text, size_t n)
{
    struct wh_arena arena;
    struct wh_mask_span spans[16];
    const char *masked;
    size_t len, end = 0, found = wh_mask_find(text, n, spans, 16);
    wh_arena_init(&arena, n * 8 + 1024);
    for (size_t i = 0; i < found; i++) {
        require(spans[i].from >= end && spans[i].to > spans[i].from && spans[i].to <= n);
        end = spans[i].to;
    }
    require(wh_mask_apply(&arena, text, n, spans, found, WH_MASK_ALL, &masked, &len) == 0);
    require(!wh_utf8_valid(text, n) || wh_utf8_valid(masked, len));
    wh_arena_done(&arena);
}

static void fuzz_names(const char *text)
{
    char prefix[WH_PREFIX_MAX + 1], department[WH_DEPARTMENT_MAX + 1], again[WH_TASK_ID_MAX];
    char uuid_text[WH_UUID_CHARS + 1];
    struct wh_uuid uuid;
    int64_t object;
    if (wh_number_parse(text, prefix, &object) == 0) {
        require(wh_number_format(prefix, object, again) == 0 && strcmp(again, text) == 0);
    }
    if (wh_task_id_parse(text, prefix, &object, department) == 0) {
        char number[WH_NUMBER_MAX];
        require(wh_number_format(prefix, object, number) == 0);
        require(wh_task_id_format(number, department, again) == 0 && strcmp(again, text) == 0);
    }
    if (wh_uuid_parse(text, &uuid) == 0) {
        wh_uuid_format(uuid, uuid_text);
        require(strcasecmp(uuid_text, text) == 0);
    }
}

static void fuzz_times(const char *text)
{
    char again[WH_RFC3339_MAX];
    struct wh_span span, span_again;
    int64_t at, back;
    int32_t date;
    if (wh_rfc3339_parse(text, &at) == 0) {
        require(wh_rfc3339_format(at, 0, again) == 0);
        require(wh_rfc3339_parse(again, &back) == 0 && back == at);
    }
    if (wh_date_parse(text, &date) == 0) {
        wh_date_format(date, again);
        require(strcmp(again, text) == 0);
    }
    if (wh_span_parse(text, &span) == 0) {
        require(wh_span_format(span, again) == 0 && wh_span_parse(again, &span_again) == 0);
        require(span.unit == span_again.unit && span.n == span_again.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    enum wh_rule rule;
    char *text = malloc(n + 1);
    if (!text)
        return 0;
    if (n > 0)
        memcpy(text, data, n);
    text[n] = '\0';
    if (wh_text_check(text, n, 5000, &rule) == 0)
        require(wh_utf8_valid(text, n) && wh_utf8_chars(text, n) <= 5000);
    (void)wh_ident_check(text, n, 32, &rule);
    require(wh_utf8_cut(text, n, n / 2) <= n / 2);
    fuzz_mask(text, n);
    fuzz_names(text);
    fuzz_times(text);
    free(text);
    return 0;
}
