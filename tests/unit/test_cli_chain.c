// SPDX-License-Identifier: Apache-2.0
// The hash chain's verdicts, the notices' request ids and file names, the shape of an error, and a
// district's way from file to message and back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "cli/chain.h"
#include "cli/cli.h"
#include "cli/district.h"
#include "cli/fault.h"
#include "cli/notify.h"
#include "cli/sender.h"
#include "cli/text.h"

#define ROWS 40

struct row {
    int64_t seq;
    uint8_t body[24];
    uint8_t hash[CHAIN_HASH];
};

static void journal_make(struct row *rows)
{
    uint8_t previous[CHAIN_HASH] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        crypto_generichash_state state;
        rows[i].seq = (int64_t)i + 1;
        for (size_t k = 0; k < sizeof rows[i].body; k++)
            rows[i].body[k] = (uint8_t)rand();
        crypto_generichash_init(&state, NULL, 0, CHAIN_HASH);
        crypto_generichash_update(&state, previous, CHAIN_HASH);
        crypto_generichash_update(&state, rows[i].body, sizeof rows[i].body);
        crypto_generichash_final(&state, rows[i].hash, CHAIN_HASH);
        memcpy(previous, rows[i].hash, CHAIN_HASH);
    }
}

static enum chain_fault check(struct chain *chain, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        chain_row(chain, rows[i].seq, rows[i].body, sizeof rows[i].body, rows[i].hash, CHAIN_HASH);
    return chain_end(chain);
}

static void test_chain(void **state)
{
    struct row rows[ROWS], bad[ROWS];
    struct chain chain;
    (void)state;
    srand(7);
    journal_make(rows);
    chain_init(&chain);
    assert_int_equal(check(&chain, rows, ROWS), CHAIN_GOOD);
    assert_int_equal(chain.seq, ROWS);
    for (int round = 0; round < 300; round++) {
        size_t at = (size_t)rand() % ROWS;
        memcpy(bad, rows, sizeof rows);
        chain_init(&chain);
        if (round % 3 == 0) {
            bad[at].body[rand() % 24] ^= (uint8_t)(1 << (rand() % 8));
            assert_int_equal(check(&chain, bad, ROWS), CHAIN_HASH_WRONG);
        } else if (round % 3 == 1) {
            bad[at].hash[rand() % CHAIN_HASH] ^= 1;
            assert_int_equal(check(&chain, bad, ROWS), CHAIN_HASH_WRONG);
        } else if (at + 1 < ROWS) {
            memmove(bad + at, bad + at + 1, (ROWS - at - 1) * sizeof *bad);
            assert_int_equal(check(&chain, bad, ROWS - 1), CHAIN_GAP);
        } else {
            continue; // the last row cut off is seen with --since only
        }
        assert_int_equal(chain.bad_seq, at + 1);
    }
}

static void test_since(void **state)
{
    struct row rows[ROWS];
    struct chain chain, head;
    char text[96];
    (void)state;
    srand(8);
    journal_make(rows);
    chain_init(&head);
    check(&head, rows, 30);
    chain_format(&head, text, sizeof text);
    chain_init(&chain);
    assert_int_equal(chain_since(&chain, text), 0);
    assert_int_equal(check(&chain, rows, ROWS), CHAIN_GOOD);
    chain_init(&chain);
    assert_int_equal(chain_since(&chain, text), 0);
    assert_int_equal(check(&chain, rows, 20), CHAIN_CUT);
    assert_int_equal(chain.bad_seq, 21);
    chain_init(&chain);
    text[5] = text[5] == '0' ? '1' : '0';
    assert_int_equal(chain_since(&chain, text), 0);
    assert_int_equal(check(&chain, rows, ROWS), CHAIN_OTHER_PAST);
    assert_int_equal(chain_since(&chain, "12"), -1);
    assert_int_equal(chain_since(&chain, "12:abc"), -1);
    assert_int_equal(chain_since(&chain, ":"), -1);
}

static void test_request_ids(void **state)
{
    const int64_t now = INT64_C(1795400000000), day = 86400000;
    (void)state;
    struct wh_uuid a = notify_request_id("AL-1/SIGN/L1/x.sms", now, true, now);
    struct wh_uuid b = notify_request_id("AL-1/SIGN/L1/x.sms", now, true, now + 5 * day);
    struct wh_uuid c = notify_request_id("AL-1/SIGN/L1/x.sms", now, false, now);
    struct wh_uuid d = notify_request_id("AL-1/SIGN/L2/x.sms", now, true, now);
    assert_true(wh_uuid_is7(a));
    assert_int_equal(wh_uuid_ms(a), now);
    assert_int_equal(wh_uuid_cmp(a, b), 0);
    assert_int_not_equal(wh_uuid_cmp(a, c), 0);
    assert_int_not_equal(wh_uuid_cmp(a, d), 0);
    // One that waited too long for dispatch to take its time still gets an id that it takes.
    assert_true(wh_uuid_ms(notify_request_id("x", now - 90 * day, true, now)) > now - 30 * day);
}

static void test_file_names(void **state)
{
    char name[256], other[256], id[600];
    (void)state;
    sender_file_name("AL-20261123-0001-GASCO/SIGN/80/GASCO-0.outbox", name, sizeof name);
    assert_string_equal(name, "AL-20261123-0001-GASCO%2FSIGN%2F80%2FGASCO-0.outbox");
    sender_file_name("../../etc/x", name, sizeof name);
    assert_null(strchr(name, '/'));
    assert_int_not_equal(name[0], '.');
    sender_file_name("", name, sizeof name);
    assert_true(*name);
    memset(id, 'a', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    sender_file_name(id, name, sizeof name);
    id[sizeof id - 2] = 'b';
    sender_file_name(id, other, sizeof other);
    assert_true(strlen(name) < 200);
    assert_string_not_equal(name, other);
}

static void test_error_shape(void **state)
{
    struct fault fault = {.status = 409,
                          .code = "conflict",
                          .field = "task",
                          .rule = "state.conflict",
                          .detail = "signed",
                          .request_id = "0198",
                          .retry_after_ms = 1500};
    (void)state;
    text_speak(false);
    json_t *json = fault_json(&fault);
    json_t *wanted = json_loads(
        "{\"type\":\"urn:whistle:rule:state.conflict\",\"title\":\"the present state does "
        "not allow this\",\"status\":409,\"code\":\"conflict\",\"field\":\"task\","
        "\"rule\":\"state.conflict\",\"detail\":\"signed\",\"request_id\":\"0198\","
        "\"retry_after_s\":2}",
        0, NULL);
    assert_true(json_equal(json, wanted));
    json_decref(json);
    json_decref(wanted);
    assert_int_equal(fault_exit(&fault), EXIT_REFUSED);
    fault.status = 503;
    assert_int_equal(fault_exit(&fault), EXIT_SILENCE);
    fault = (struct fault){0};
    fault_silence(&fault, "intake");
    assert_int_equal(fault_exit(&fault), EXIT_SILENCE);
    fault = (struct fault){0};
    fault_usage(&fault, "x", "%s", "y");
    assert_int_equal(fault_exit(&fault), EXIT_USAGE);
    json = fault_json(&fault);
    assert_null(json_object_get(json, "request_id")); // missing is absent
    json_decref(json);
}

static void test_district_file(void **state)
{
    struct wh_arena one, two;
    struct fault fault = {0};
    char path[] = "/tmp/whistle-test-district-XXXXXX";
    (void)state;
    wh_arena_init(&one, 64u << 20);
    wh_arena_init(&two, 64u << 20);
    const Whistle__V1__District *first =
        district_read(WH_SOURCE_DIR "/deploy/demo/district.json", &one, &fault);
    assert_non_null(first);
    json_t *file = district_to_file(first);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(json_dumpfd(file, fd, 0), 0);
    close(fd);
    const Whistle__V1__District *second = district_read(path, &two, &fault);
    unlink(path);
    assert_non_null(second);
    json_t *changes = district_diff(first, second, NULL, 0);
    if (json_array_size(changes))
        fail_msg("%s", json_dumps(changes, 0));
    json_decref(changes);
    changes = district_diff(NULL, second, NULL, 0);
    assert_true(json_array_size(changes) > 100);
    json_decref(changes);
    json_decref(file);
    wh_arena_done(&one);
    wh_arena_done(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),       cmocka_unit_test(test_since),
        cmocka_unit_test(test_request_ids), cmocka_unit_test(test_file_names),
        cmocka_unit_test(test_error_shape), cmocka_unit_test(test_district_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
