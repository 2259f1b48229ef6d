// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a command at dispatch's door: the wire's walk, form, the plain command and the
// decision on a whistle that was just dispatched. Whatever passes the form keeps its limits;
// whatever is decided can be packed, folded and stays a valid aggregate.
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "client/frame.h"
#include "dispatch/decide.h"
#include "dispatch/wire.h"
#include "dispatch/words.h"
#include "support/demo_district.h"

#define NOW INT64_C(1795400000000)
#define NUMBER INT64_C(202611230000001)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static struct decision_context context(const struct wh_district *district, struct wh_arena *arena,
                                       const char *identity, unsigned roles)
{
    return (struct decision_context){.now = NOW,
                                     .district = district,
                                     .arena = arena,
                                     .actor = {.identity = identity,
                                               .officer = "",
                                               .party = wh_district_id(district, identity),
                                               .roles = roles}};
}

// AL-20261123-0001: an e-bike matter of 990101003, four departments.
static void blow(const struct wh_district *district, struct wh_arena *arena,
                 struct whistle_room *room)
{
    static struct decision d;
    Whistle__V1__WhistleFacts facts = WHISTLE__V1__WHISTLE_FACTS__INIT;
    Whistle__V1__WhistleBlown blown = WHISTLE__V1__WHISTLE_BLOWN__INIT;
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    struct decision_context c = context(district, arena, "intake", WH_ROLE_SERVICE);
    facts.number = (char *)"AL-20261123-0001";
    facts.unit = facts.street = (char *)"990101003";
    facts.category = (char *)"EBIKE_CHARGE";
    facts.priority = PRIORITY(P2);
    facts.submitted_at = NOW;
    blown.whistle = &facts;
    event.what_case = INTAKE(BLOWN);
    event.blown = &blown;
    decision_init(&d);
    must(decide_intake(&event, NULL, NUMBER, &c, &d) == 0 && d.after != NULL);
    whistle_copy(room, d.after);
}

static void decided(const struct decision *d, struct wh_arena *arena)
{
    for (size_t i = 0; i < d->n; i++) {
        size_t n;
        uint8_t *packed = wh_pack(&d->events[i].event->base, arena, &n);
        must(packed == NULL ||
             wh_unpack(&whistle__v1__dispatch_event__descriptor, arena, packed, n, NULL) != NULL);
    }
    must(d->after == NULL || whistle_valid(d->after, whistle_size(d->after)));
}

// Each identity that may have something to say about it.
static void act(const struct wh_item *item, const struct wh_district *district,
                struct wh_arena *arena, const struct whistle *w)
{
    static const struct {
        const char *identity;
        unsigned roles;
    } actors[] = {{"FIRE", WH_ROLE_DEPARTMENT},
                  {"990101003", WH_ROLE_STREET},
                  {"990101003002", WH_ROLE_COMMUNITY},
                  {"DISTRICT", WH_ROLE_DISTRICT}};
    static struct decision d;
    struct wire_target target;
    struct wire_fault fault;
    struct command command;
    for (size_t t = 0; t < 3 && wire_target(item, t, &target); t++) {
        if (wire_command(item, &target, district, arena, &command, &fault) != 0) {
            continue;
        }
        for (size_t a = 0; a < sizeof actors / sizeof actors[0]; a++) {
            struct decision_context c =
                context(district, arena, actors[a].identity, actors[a].roles);
            decision_init(&d);
            if (decide(item->what, target.whistle == NUMBER ? w : NULL, &c, &command, &d) ==
                WH_RULE_NONE) {
                decided(&d, arena);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct wh_district *district;
    static struct wh_arena arena;
    static struct whistle_room room;
    struct wire_fault fault;
    if (district == NULL) {
        district = demo_district(WH_SOURCE_DIR);
        wh_arena_init(&arena, (size_t)4 << 20);
        blow(district, &arena, &room);
    }
    wh_arena_reset(&arena);
    const ProtobufCMessage *command =
        wh_unpack(&whistle__v1__dispatch_command__descriptor, &arena, data, n, NULL);
    struct wh_item item = {.kind = WH_ITEM_COMMAND,
                           .actor = {.identity = "FIRE", .officer = "", .acting_for = ""}};
    if (command == NULL) {
        return 0;
    }
    item.what = wh_oneof_get(command, &item.message);
    if (item.what == 0 || wire_check(&item, &fault) != 0) {
        return 0;
    }
    if (item.what == COMMAND(NOTICE_SENT) || item.what == COMMAND(NOTICE_FAILED)) {
        struct wire_target target;
        (void)wire_notice_target(((const Whistle__V1__NoticeOutcome *)item.message)->id, &target);
        return 0;
    }
    if (item.what <= COMMAND(RULE_CLOSE)) {
        act(&item, district, &arena, &room.whistle);
    }
    return 0;
}
