// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a RaiseWhistle through everything that reads it: the wire's walk, form, rules,
// masking and the journal's message. Whatever is admitted keeps its limits, and its masked texts
// hold nothing that the mask would still find.
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "client/frame.h"
#include "intake/facts.h"
#include "intake/wire.h"
#include "support/demo_district.h"

#define NOW INT64_C(1795400000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void clean(const char *text)
{
    struct wh_mask_span spans[8];
    size_t found = wh_mask_find(text, strlen(text), spans, 8);
    for (size_t i = 0; i < found; i++)
        must((spans[i].kind & (WH_MASK_ID | WH_MASK_PHONE)) == 0);
}

static void journal(const struct wh_district *district, const struct admitted *admitted,
                    const struct raise *ask, struct wh_arena *arena)
{
    struct sealing sealing = {.person = {.id = 1}};
    struct masked masked;
    Whistle__V1__WhistleFacts *facts = NULL;
    if (facts_mask(arena, admitted->category, ask, &masked) != 0)
        return;
    struct facts_frame frame = {.district = district,
                                .admitted = admitted,
                                .ask = ask,
                                .masked = &masked,
                                .sealing = facts_needs_sealing(ask, &masked) ? &sealing : NULL,
                                .number = "AL-20261123-0001",
                                .submitted_at = NOW};
    if (facts_build(arena, &frame, &facts) != 0)
        return;
    clean(facts->title);
    clean(facts->text);
    size_t n = 0;
    uint8_t *packed = wh_pack(&facts->base, arena, &n);
    must(packed == NULL ||
         wh_unpack(&whistle__v1__whistle_facts__descriptor, arena, packed, n, NULL) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct wh_district *district;
    static struct wh_arena arena;
    struct raise ask;
    struct admitted admitted;
    struct fault fault;
    if (district == NULL) {
        district = demo_district(WH_SOURCE_DIR);
        wh_arena_init(&arena, (size_t)4 << 20);
    }
    wh_arena_reset(&arena);
    const Whistle__V1__RaiseWhistle *message = (const Whistle__V1__RaiseWhistle *)wh_unpack(
        &whistle__v1__raise_whistle__descriptor, &arena, data, n, NULL);
    if (message == NULL || wire_raise(message, &ask, &fault) != 0)
        return 0;
    struct who who = {.identity = ask.unit, .officer = ""};
    if (admit(district, &who, &ask, NOW, &admitted, &fault) != 0) {
        must(fault.rule != WH_RULE_NONE && fault.field[0] != 0);
        return 0;
    }
    must(admitted.place != NULL && admitted.category != NULL);
    must(admitted.held == (admitted.due_review != 0));
    journal(district, &admitted, &ask, &arena);
    return 0;
}
