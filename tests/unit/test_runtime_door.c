// SPDX-License-Identifier: Apache-2.0
// The door over real sockets: what passes, what is refused with which field and rule, windows by
// key, revoked keys, gateways, draining, and bytes that mean nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/door.h"
#include "runtime/log.h"
#include "support/ring.h"
#include "whistle/v1/intake.pb-c.h"

#define HELD_MAX 1024

struct peer {
    struct wh_socket *socket;
    unsigned answers;
    uint8_t id[16];
    size_t id_n;
    int status;
    char rule[40], field[64], code[24];
    int64_t retry_ms;
    bool heard;
};

struct test {
    struct net net;
    struct wh_identity *identity;
    struct wh_door_socket *door;
    struct wh_door where;
    struct peer peers[3]; // keys 0: street, 1: department, 2: gateway
    struct wh_door_item *held[HELD_MAX];
    size_t n_held;
    bool hold;
    char principal[80], acted[40];
    uint8_t digest[16];
    unsigned roles, taken;
    enum wh_rule busy, admit;
    uint64_t random;
};

static struct test *current;

static int on_any(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    (void)state;
    (void)turn;
    (void)item;
    return 0;
}

static void on_query(void *state, struct wh_query *query, const struct wh_item *item)
{
    (void)state;
    (void)query;
    (void)item;
}

static enum wh_rule admit(void *state, const struct wh_item *item, int64_t *ret_retry_ms)
{
    (void)state;
    assert_non_null(item->message);
    *ret_retry_ms = 70;
    return current->admit;
}

static bool urgent(void *state, const struct wh_item *item)
{
    (void)state;
    const Whistle__V1__RaiseWhistle *raise = (const Whistle__V1__RaiseWhistle *)item->message;
    return item->what == 1 && strcmp(raise->title, "urgent") == 0;
}

static const struct wh_route routes[] = {
    {.what = 1, .name = "raise", .roles = WH_ROLE_STREET, .on = on_any},
    {.what = 2, .name = "review", .roles = WH_ROLE_DISTRICT, .on = on_any},
    {.what = 20,
     .name = "get_district",
     .roles = WH_ROLE_STREET | WH_ROLE_DEPARTMENT,
     .query = on_query},
};

static const struct wh_service service = {
    .name = "intake",
    .command = &whistle__v1__intake_command__descriptor,
    .routes = routes,
    .n_routes = 3,
    .admit = admit,
    .urgent = urgent,
};

// ---- the two ends ----------------------------------------------------------------------------

static void answer_item(struct test *test, struct wh_door_item *item)
{
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;
    Whistle__V1__Done done = WHISTLE__V1__DONE__INIT;
    done.seq = 7;
    answer.done = &done;
    wh_door_answer(test->door, item, &answer);
}

static void take(void *arg, struct wh_door_item *item)
{
    struct test *test = arg;
    test->taken++;
    snprintf(test->principal, sizeof test->principal, "%s", item->principal);
    snprintf(test->acted, sizeof test->acted, "%s", item->item.actor.identity);
    test->roles = item->item.actor.roles;
    memcpy(test->digest, item->digest, sizeof test->digest);
    assert_int_equal(item->item.what, item->route->what);
    if (test->hold)
        test->held[test->n_held++] = item;
    else
        answer_item(test, item);
}

static enum wh_rule busy(void *arg, int64_t *ret_retry_ms)
{
    *ret_retry_ms = 40;
    return ((struct test *)arg)->busy;
}

static void on_answer(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    (void)socket;
    struct peer *peer = arg;
    Whistle__V1__Frame *frame = whistle__v1__frame__unpack(NULL, packet->n, packet->data);
    assert_non_null(frame);
    assert_int_equal(frame->what_case, WHISTLE__V1__FRAME__WHAT_ANSWER);
    const Whistle__V1__Answer *answer = frame->answer;
    peer->id_n = answer->request_id.len;
    if (peer->id_n == 16)
        memcpy(peer->id, answer->request_id.data, 16);
    peer->status = answer->error != NULL ? answer->error->status : 0;
    peer->retry_ms = answer->error != NULL ? answer->error->retry_after_ms : 0;
    snprintf(peer->rule, sizeof peer->rule, "%s", answer->error ? answer->error->rule : "");
    snprintf(peer->field, sizeof peer->field, "%s", answer->error ? answer->error->field : "");
    snprintf(peer->code, sizeof peer->code, "%s", answer->error ? answer->error->code : "");
    peer->answers++;
    peer->heard = true;
    whistle__v1__frame__free_unpacked(frame, NULL);
}

static struct wh_socket *connect_as(struct test *test, int key, struct peer *peer)
{
    struct wh_socket_options options = {
        .endpoint = test->where.endpoints[0],
        .server_key = test->net.server.public_key,
        .public_key = test->net.keys[key].public_key,
        .secret_key = test->net.keys[key].secret_key,
        .on_packet = on_answer,
        .arg = peer,
    };
    struct wh_socket *socket = NULL;
    assert_int_equal(wh_socket_open(test->net.bus, &options, &socket), 0);
    return socket;
}

static const struct ring_key ring[] = {
    {0, "990101001", WH_ROLE_STREET},
    {1, "GASCO", WH_ROLE_DEPARTMENT},
    {2, "GATE", WH_ROLE_GATEWAY},
    {3, "intake", WH_ROLE_SERVICE},
};

static int setup(void **state)
{
    struct test *test = calloc(1, sizeof *test);
    current = test;
    test->random = 0x1234567;
    net_init(&test->net);
    test->identity = ring_identity(&test->net, ring, 4);
    test->where = net_door(&test->net, "door", 1);
    struct wh_door_options options = {
        .bus = test->net.bus,
        .endpoint = test->where.endpoints[0],
        .key = &test->net.server,
        .service = &service,
        .identity = test->identity,
        .take = take,
        .busy = busy,
        .arg = test,
    };
    assert_int_equal(wh_door_open(&options, &test->door), 0);
    for (int i = 0; i < 3; i++)
        test->peers[i].socket = connect_as(test, i, &test->peers[i]);
    net_run(&test->net, 200);
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct test *test = *state;
    for (int i = 0; i < 3; i++)
        wh_socket_close(test->peers[i].socket);
    wh_door_close(test->door);
    wh_identity_free(test->identity);
    net_done(&test->net);
    free(test);
    return 0;
}

// ---- commands --------------------------------------------------------------------------------

struct command {
    const char *officer, *acting_for, *title;
    int64_t shift_ms; // of the id's time from now
    size_t id_n;      // 0: 16
    bool not_seven;   // id of another version
    bool query;       // get_district
    bool review;      // another route
    bool no_body;
    bool bad_utf8;
    bool unknown; // a command nobody knows
};

static uint8_t random_byte(struct test *test)
{
    test->random = test->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint8_t)(test->random >> 40);
}

static struct wh_uuid make_id(struct test *test, const struct command *command)
{
    struct timespec now;
    uint8_t rnd[10];
    clock_gettime(CLOCK_REALTIME, &now);
    for (size_t i = 0; i < sizeof rnd; i++)
        rnd[i] = random_byte(test);
    struct wh_uuid id =
        wh_uuid7_make((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + command->shift_ms, rnd);
    if (command->not_seven)
        id.b[6] = (uint8_t)((id.b[6] & 0x0f) | 0x40);
    return id;
}

static size_t make_body(const struct command *command, uint8_t *body)
{
    Whistle__V1__IntakeCommand wire = WHISTLE__V1__INTAKE_COMMAND__INIT;
    Whistle__V1__RaiseWhistle raise = WHISTLE__V1__RAISE_WHISTLE__INIT;
    Whistle__V1__ReviewWhistle review = WHISTLE__V1__REVIEW_WHISTLE__INIT;
    Whistle__V1__GetDistrict get = WHISTLE__V1__GET_DISTRICT__INIT;
    if (command->no_body)
        return 0;
    if (command->unknown) { // field 9000, empty
        memcpy(body, "\xc2\xb2\x04\x00", 4);
        return 4;
    }
    raise.title = (char *)(command->title != NULL ? command->title : "gas leak");
    if (command->bad_utf8)
        raise.title = (char *)"\xff\xfe";
    wire.what_case = command->query    ? WHISTLE__V1__INTAKE_COMMAND__WHAT_GET_DISTRICT
                     : command->review ? WHISTLE__V1__INTAKE_COMMAND__WHAT_REVIEW
                                       : WHISTLE__V1__INTAKE_COMMAND__WHAT_RAISE;
    if (command->query)
        wire.get_district = &get;
    else if (command->review)
        wire.review = &review;
    else
        wire.raise = &raise;
    return whistle__v1__intake_command__pack(&wire, body);
}

static struct wh_uuid send_command(struct test *test, struct peer *peer,
                                   const struct command *command)
{
    uint8_t body[1024], bytes[2048];
    struct wh_uuid id = make_id(test, command);
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Command wire = WHISTLE__V1__COMMAND__INIT;
    wire.request_id = (ProtobufCBinaryData){command->id_n > 0 ? command->id_n : 16, id.b};
    wire.officer = (char *)(command->officer != NULL ? command->officer : "");
    wire.acting_for = (char *)(command->acting_for != NULL ? command->acting_for : "");
    wire.body = (ProtobufCBinaryData){make_body(command, body), body};
    frame.what_case = WHISTLE__V1__FRAME__WHAT_COMMAND;
    frame.command = &wire;
    size_t n = whistle__v1__frame__pack(&frame, bytes);
    peer->heard = false;
    assert_int_equal(wh_socket_send(peer->socket, NULL, bytes, n), 0);
    return id;
}

static void ask(struct test *test, struct peer *peer, const struct command *command)
{
    struct wh_uuid id = send_command(test, peer, command);
    assert_true(net_until(&test->net, &peer->heard, 3000));
    if (command->id_n == 0) {
        assert_int_equal(peer->id_n, 16);
        assert_memory_equal(peer->id, id.b, 16);
    }
}

static void expect(struct test *test, int peer, struct command command, const char *rule,
                   const char *field)
{
    ask(test, &test->peers[peer], &command);
    assert_string_equal(test->peers[peer].rule, rule);
    assert_string_equal(test->peers[peer].field, field);
}

// ---- tests -----------------------------------------------------------------------------------

static void passes(void **state)
{
    struct test *test = *state;
    uint8_t first[16];
    expect(test, 0, (struct command){.officer = "Z-01"}, "", "");
    assert_int_equal(test->taken, 1);
    assert_string_equal(test->principal, "990101001");
    assert_string_equal(test->acted, "990101001");
    assert_int_equal(test->roles, WH_ROLE_STREET);
    memcpy(first, test->digest, sizeof first);
    expect(test, 0, (struct command){.officer = "Z-01"}, "", "");
    assert_memory_equal(first, test->digest, sizeof first); // the same content
    expect(test, 0, (struct command){.officer = "Z-02"}, "", "");
    assert_memory_not_equal(first, test->digest, sizeof first);
    expect(test, 0, (struct command){.officer = "Z-01", .title = "gas leak!"}, "", "");
    assert_memory_not_equal(first, test->digest, sizeof first);
    assert_int_equal(wh_door_pending(test->door), 0);
    assert_int_equal(wh_door_counts(test->door).answered, 4);
}

static void refuses_with_field_and_rule(void **state)
{
    struct test *test = *state;
    const char *long_name =
        "a123456789012345678901234567890123456789012345678901234567890123456789";
    const int64_t hour = 3600000;
    expect(test, 0, (struct command){.officer = "两个字"}, "field.format", "officer");
    expect(test, 0, (struct command){.officer = long_name}, "field.length", "officer");
    expect(test, 0, (struct command){.acting_for = "GASCO"}, "role.not_allowed", "acting_for");
    expect(test, 0, (struct command){.review = true}, "role.not_allowed", "review");
    expect(test, 1, (struct command){0}, "role.not_allowed", "raise");
    expect(test, 0, (struct command){.no_body = true}, "field.missing", "what");
    expect(test, 0, (struct command){.unknown = true}, "field.unknown", "what");
    expect(test, 0, (struct command){.bad_utf8 = true}, "field.utf8", "title");
    expect(test, 0, (struct command){.not_seven = true}, "request_id.format", "request_id");
    expect(test, 0, (struct command){.shift_ms = 49 * hour}, "request_id.time", "request_id");
    expect(test, 0, (struct command){.shift_ms = -31 * 24 * hour}, "request_id.time", "request_id");
    expect(test, 0, (struct command){.id_n = 15}, "request_id.format", "request_id");
    assert_int_equal(test->taken, 0);
    expect(test, 0, (struct command){.shift_ms = 47 * hour}, "", "");
    expect(test, 0, (struct command){.shift_ms = -29 * 24 * hour}, "", "");
    assert_int_equal(test->taken, 2);
}

static void queries_take_any_id_of_16_bytes(void **state)
{
    struct test *test = *state;
    expect(test, 1, (struct command){.query = true, .not_seven = true}, "", "");
    expect(test, 1, (struct command){.query = true, .shift_ms = -(INT64_C(40) * 86400000)}, "", "");
    expect(test, 1, (struct command){.query = true, .id_n = 8}, "request_id.format", "request_id");
}

static void gateways_act_for_others(void **state)
{
    struct test *test = *state;
    expect(test, 2, (struct command){.acting_for = "990101001", .officer = "P1"}, "", "");
    assert_string_equal(test->principal, "GATE>990101001");
    assert_string_equal(test->acted, "990101001");
    assert_int_equal(test->roles, WH_ROLE_STREET);
    expect(test, 2, (struct command){0}, "role.not_allowed", "raise");
    expect(test, 2, (struct command){.acting_for = "NOBODY"}, "field.unknown", "acting_for");
    expect(test, 2, (struct command){.acting_for = "intake"}, "field.unknown", "acting_for");
    expect(test, 2, (struct command){.acting_for = "a b"}, "field.format", "acting_for");
}

static void busy_says_when(void **state)
{
    struct test *test = *state;
    test->busy = WH_RULE_BUSY_DATABASE;
    expect(test, 0, (struct command){0}, "busy.database", "");
    assert_int_equal(test->peers[0].retry_ms, 40);
    assert_string_equal(test->peers[0].code, "busy");
    test->busy = WH_RULE_NONE;
    test->admit = WH_RULE_BUSY_LAG;
    expect(test, 0, (struct command){0}, "busy.lag", "");
    assert_int_equal(test->peers[0].retry_ms, 70);
    test->admit = WH_RULE_NONE;
    wh_door_drain(test->door);
    expect(test, 0, (struct command){0}, "busy.stopping", "");
    assert_true(test->peers[0].retry_ms > 0);
    assert_int_equal(test->taken, 0);
    assert_int_equal(wh_door_counts(test->door).busy, 3);
}

static void windows_are_by_key(void **state)
{
    struct test *test = *state;
    struct peer twin = {0};
    twin.socket = connect_as(test, 0, &twin);
    net_run(&test->net, 200);
    test->hold = true;
    for (int i = 0; i < 512; i++)
        send_command(test, &test->peers[0], &(struct command){0});
    for (int i = 0; i < 100 && test->n_held < 512; i++)
        net_run(&test->net, 20);
    assert_int_equal(test->n_held, 512);
    assert_int_equal(wh_door_pending(test->door), 512);
    expect(test, 0, (struct command){0}, "busy.window", "");
    assert_true(test->peers[0].retry_ms > 0);
    ask(test, &twin, &(struct command){0}); // another connection of the same key
    assert_string_equal(twin.rule, "busy.window");
    for (int i = 0; i < 70; i++) // 64 urgent ones have room
        send_command(test, &test->peers[0], &(struct command){.title = "urgent"});
    for (int i = 0; i < 100 && test->peers[0].answers < 7; i++)
        net_run(&test->net, 20);
    assert_int_equal(test->n_held, 512 + 64);
    assert_true(test->held[512 + 63]->urgent && !test->held[511]->urgent);
    assert_int_equal(test->peers[0].answers, 7);
    assert_string_equal(test->peers[0].rule, "busy.window");
    test->hold = false;
    expect(test, 1, (struct command){.query = true}, "", ""); // another key
    while (test->n_held > 0)
        answer_item(test, test->held[--test->n_held]);
    for (int i = 0; i < 100 && test->peers[0].answers < 583; i++)
        net_run(&test->net, 20);
    assert_int_equal(test->peers[0].answers, 583);
    expect(test, 0, (struct command){0}, "", "");
    assert_int_equal(wh_door_pending(test->door), 0);
    wh_socket_close(twin.socket);
}

static void revoked_keys_are_refused_on_open_connections(void **state)
{
    struct test *test = *state;
    expect(test, 0, (struct command){0}, "", "");
    ring_write(&test->net, ring + 1, 3); // without the street
    for (int i = 0; i < 25 && test->peers[0].status != 401; i++) {
        net_run(&test->net, 200);
        ask(test, &test->peers[0], &(struct command){0});
    }
    assert_string_equal(test->peers[0].rule, "auth.unknown");
    expect(test, 1, (struct command){.query = true}, "", "");
    unlink(ring_write(&test->net, ring, 4)); // no file: the last good one stays
    wh_identity_reload(test->identity);
    expect(test, 1, (struct command){.query = true}, "", "");
}

static void bytes_that_mean_nothing(void **state)
{
    struct test *test = *state;
    struct peer *peer = &test->peers[0];
    for (int i = 0; i < 2000; i++) {
        uint8_t bytes[300];
        size_t n = (size_t)random_byte(test) + 1;
        for (size_t k = 0; k < n; k++)
            bytes[k] = random_byte(test);
        if (i % 2 == 0)
            bytes[0] = 0x0a; // looks like a command
        peer->heard = false;
        assert_int_equal(wh_socket_send(peer->socket, NULL, bytes, n), 0);
        assert_true(net_until(&test->net, &peer->heard, 3000));
        assert_int_equal(peer->status, 400);
    }
    assert_int_equal(test->taken, 0);
    expect(test, 0, (struct command){0}, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(passes, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_with_field_and_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(queries_take_any_id_of_16_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(gateways_act_for_others, setup, teardown),
        cmocka_unit_test_setup_teardown(busy_says_when, setup, teardown),
        cmocka_unit_test_setup_teardown(windows_are_by_key, setup, teardown),
        cmocka_unit_test_setup_teardown(revoked_keys_are_refused_on_open_connections, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bytes_that_mean_nothing, setup, teardown),
    };
    wh_log_init("test", WH_LOG_ERROR + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
