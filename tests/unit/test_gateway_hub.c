// SPDX-License-Identifier: Apache-2.0
// The ring of newest events against a plain list: whoever reads in pieces of any size, from any
// place that is still there, finds every event that concerns it once and in order; and the text of
// server-sent events.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "gateway/hub.h"
#include "gateway/sse.h"

#define EVENTS 3000
#define SUBJECTS 6

struct one {
    int64_t seq;
    int32_t subjects[3];
    size_t n;
    char json[80];
};

static uint32_t seed = 7;

static uint32_t dice(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static struct hub_event event_of(const struct one *one)
{
    return (struct hub_event){.seq = one->seq,
                              .subjects = one->subjects,
                              .n_subjects = one->n,
                              .kind = "signed",
                              .json = one->json,
                              .n = strlen(one->json)};
}

// Reads all from `after` on in pieces; checks against the list.
static void read_all(const struct hub *hub, const struct one *list, size_t n, int32_t subject,
                     int64_t after)
{
    struct hub_event events[7];
    int64_t upto = after;
    size_t at = 0;
    do {
        after = upto;
        int got = hub_read(hub, subject, after, 1 + dice(7), 1 + dice(200), events, &upto);
        assert_true(got >= 0 && got <= 7 && upto >= after);
        for (int i = 0; i < got; i++) {
            while (at < n && (list[at].seq <= after ||
                              !hub_concerns(&(struct hub_event){.subjects = list[at].subjects,
                                                                .n_subjects = list[at].n},
                                            subject)))
                at++;
            assert_true(at < n);
            assert_int_equal(events[i].seq, list[at].seq);
            assert_string_equal(events[i].json, list[at].json);
            assert_string_equal(events[i].kind, "signed");
            at++;
        }
    } while (upto < hub_head(hub));
    for (; at < n; at++)
        assert_false(list[at].seq > after &&
                     hub_concerns(&(struct hub_event){.subjects = list[at].subjects,
                                                      .n_subjects = list[at].n},
                                  subject));
}

static void every_event_is_read_once(void **state)
{
    (void)state;
    struct hub *hub = hub_new(40000, 500);
    static struct one list[EVENTS];
    int64_t seq = 1000;
    hub_reset(hub, seq);
    for (size_t i = 0; i < EVENTS; i++) {
        struct one *one = &list[i];
        seq += 1 + dice(3);
        one->seq = seq;
        one->n = dice(4);
        for (size_t k = 0; k < one->n; k++)
            one->subjects[k] = (int32_t)(1 + dice(SUBJECTS));
        snprintf(one->json, sizeof one->json, "{\"seq\":%lld,\"pad\":\"%.*s\"}", (long long)seq,
                 (int)dice(50), "..................................................");
        struct hub_event event = event_of(one);
        assert_int_equal(hub_add(hub, &event), 0);
        assert_int_equal(hub_add(hub, &event), WH_E_INVALID);
        assert_true(hub_bytes(hub) <= 40000 && hub_count(hub) <= 500);
        if (i % 40 != 0)
            continue;
        seq += dice(2);
        hub_moved(hub, seq);
        int64_t room = hub_head(hub) - hub_floor(hub) + 1;
        for (int32_t subject = HUB_ALL; subject <= SUBJECTS; subject++)
            read_all(hub, list, i + 1, subject, hub_floor(hub) + dice((uint32_t)room));
    }
    int64_t upto = 0;
    struct hub_event events[7];
    assert_true(hub_floor(hub) > 1000);
    assert_int_equal(hub_read(hub, HUB_ALL, hub_floor(hub) - 1, 7, 1000, events, &upto),
                     WH_E_RANGE);
    hub_reset(hub, 50);
    assert_int_equal(hub_bytes(hub), 0);
    assert_int_equal(hub_read(hub, HUB_ALL, 50, 7, 1000, events, &upto), 0);
    assert_int_equal(upto, 50);
    hub_free(hub);
}

static void texts_are_event_streams(void **state)
{
    (void)state;
    struct sse text = {0};
    int64_t seq = 0;
    assert_int_equal(sse_event(&text, 12, "{\"a\":1}", 7), 0);
    assert_int_equal(sse_mark(&text, 13), 0);
    assert_int_equal(sse_rewound(&text, 5), 0);
    assert_string_equal(text.p, "id: 12\ndata: {\"a\":1}\n\n"
                                ":\nid: 13\n\n"
                                "event: rewound\nid: 5\ndata: {\"head\":5}\n\n");
    sse_done(&text);
    assert_int_equal(sse_id_read(wh_str("0"), &seq), 0);
    assert_int_equal(sse_id_read(wh_str("123456789012345678"), &seq), 0);
    assert_true(seq == 123456789012345678);
    static const char *const bad[] = {"", "-1", "+1", "1 ", "0x1", "1234567890123456789", "1\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(sse_id_read(wh_str(bad[i]), &seq), WH_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_is_read_once),
        cmocka_unit_test(texts_are_event_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
