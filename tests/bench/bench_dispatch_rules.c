// SPDX-License-Identifier: Apache-2.0
// What dispatch's rules cost without sockets and database: a dispatch to five departments with its
// notices, a check-in, a look at the timer, in microseconds each and bytes of event.
//   bench_dispatch_rules [ROUNDS]
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client/frame.h"
#include "dispatch/escalate.h"
#include "dispatch/words.h"
#include "support/demo_district.h"

#define MONDAY INT64_C(1795399200000) // 2026-11-23 10:00 +08:00

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct bench {
    struct wh_district *district;
    struct wh_arena arena;
    struct decision_context context;
    Whistle__V1__IntakeEvent event;
    struct decision d;
};

static void blow(struct bench *b, int64_t number)
{
    decision_init(&b->d);
    if (decide_intake(&b->event, NULL, number, &b->context, &b->d) != 0 || b->d.n != 2)
        abort();
}

static void bench_blow(struct bench *b, long rounds)
{
    size_t bytes = 0, n;
    double start = seconds();
    for (long i = 0; i < rounds; i++) {
        wh_arena_reset(&b->arena);
        blow(b, wh_object_make(20261123, (int32_t)(i % 9000000 + 1)));
    }
    double each = (seconds() - start) / (double)rounds * 1e6;
    for (size_t i = 0; i < b->d.n; i++) {
        (void)wh_pack(&b->d.events[i].event->base, &b->arena, &n);
        printf("  event %zu: %zu bytes, %zu subjects\n", i, n, b->d.events[i].n_subjects);
        bytes += n;
    }
    printf("dispatch to %u departments with notices: %.2f us, %zu bytes, arena %zu, state %zu\n",
           (unsigned)b->d.after->n_tasks, each, bytes, wh_arena_used(&b->arena),
           whistle_size(b->d.after));
}

static void bench_check_in(struct bench *b, long rounds)
{
    struct whistle_room w;
    struct command c = {.department = wh_district_id(b->district, "GASCO")};
    blow(b, wh_object_make(20261123, 1));
    whistle_copy(&w, b->d.after);
    b->context.actor.identity = "GASCO";
    b->context.actor.party = c.department;
    double start = seconds();
    for (long i = 0; i < rounds; i++) {
        wh_arena_reset(&b->arena);
        decision_init(&b->d);
        if (decide(COMMAND(CHECK_IN), &w.whistle, &b->context, &c, &b->d) != WH_RULE_NONE)
            abort();
    }
    printf("check-in: %.2f us\n", (seconds() - start) / (double)rounds * 1e6);
    int64_t sum = 0;
    start = seconds();
    for (long i = 0; i < rounds; i++)
        sum += next_timer(&w.whistle, b->district);
    printf("next_timer of %u tasks: %.2f us (%d)\n", (unsigned)w.whistle.n_tasks,
           (seconds() - start) / (double)rounds * 1e6, (int)(sum % 10));
}

int main(int argc, char **argv)
{
    static struct bench b;
    long rounds = argc > 1 ? atol(argv[1]) : 100000;
    Whistle__V1__WhistleFacts facts = WHISTLE__V1__WHISTLE_FACTS__INIT;
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    Whistle__V1__WhistleBlown blown = WHISTLE__V1__WHISTLE_BLOWN__INIT;
    b.district = demo_district(WH_SOURCE_DIR);
    wh_arena_init(&b.arena, 1 << 20);
    b.context = (struct decision_context){.now = MONDAY,
                                          .district = b.district,
                                          .arena = &b.arena,
                                          .actor = {.identity = "intake", .officer = ""}};
    place.unit = (char *)(uintptr_t) "990101001001";
    place.address = (char *)(uintptr_t) "槐荫里小区3号楼1单元";
    facts.number = (char *)(uintptr_t) "AL-20261123-0001";
    facts.unit = facts.street = (char *)(uintptr_t) "990101001";
    facts.category = (char *)(uintptr_t) "GAS_LEAK";
    facts.title = (char *)(uintptr_t) "3号楼楼道有浓烈燃气味";
    facts.text =
        (char *)(uintptr_t) "居民反映3号楼1单元楼道燃气味很重,已疏散一层至六层住户约40人,楼内有两位"
                            "行动不便老人,请立即到场关阀检测。";
    facts.priority = PRIORITY(P1);
    facts.place = &place;
    facts.submitted_at = MONDAY;
    blown.whistle = &facts;
    whistle__v1__intake_event__init(&b.event);
    b.event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_BLOWN;
    b.event.blown = &blown;
    bench_blow(&b, rounds);
    bench_check_in(&b, rounds);
    wh_district_free(b.district);
    wh_arena_done(&b.arena);
    return 0;
}
