// SPDX-License-Identifier: Apache-2.0
// Requests to commands and keys to request ids: path and query into fields, what a body may not say
// otherwise, faults under the asker's names; ids that are equal exactly when they should be. And
// the whistles kept for a moment: never older than what is known to have happened.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/idempotency.h"
#include "gateway/view_cache.h"
#include "gateway/wire_api.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

static struct wh_arena arena;
static struct wh_wire_fault fault;
static struct route_found found;
static const char *officer;

static ProtobufCMessage *read(enum route_method method, const char *path, const char *query,
                              const char *body)
{
    wh_arena_reset(&arena);
    officer = NULL;
    assert_int_equal(route_find(method, wh_str(path), &found), 0);
    const struct wire_api ask = {.found = &found,
                                 .query = wh_str(query),
                                 .body = wh_str(body),
                                 .names_officer = true,
                                 .arena = &arena};
    json_t *json = wire_api_json(&ask, &officer, &fault);
    ProtobufCMessage *command =
        json != NULL ? wire_api_command(found.route, json, &arena, &fault) : NULL;
    json_decref(json);
    return command;
}

static void test_path_and_query(void **state)
{
    (void)state;
    const Whistle__V1__DispatchCommand *command =
        (void *)read(ROUTE_POST, "/api/v1/tasks/AL-20261123-0001-FIRE/sign", "", "");
    assert_non_null(command);
    assert_int_equal(command->sign->n_tasks, 1);
    assert_string_equal(command->sign->tasks[0], "AL-20261123-0001-FIRE");
    command = (void *)read(ROUTE_GET, "/api/v1/whistles",
                           "open=true&state=ACTIVE&limit=7&unit=99&cursor=", "");
    assert_non_null(command);
    assert_true(command->list->open);
    assert_int_equal(command->list->limit, 7);
    assert_string_equal(command->list->unit, "99");
    assert_int_equal(command->list->state, WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_ACTIVE);
    command = (void *)read(ROUTE_GET, "/api/v1/routing/explain", "tags=a&tags=%E4%B8%AD", "");
    assert_int_equal(command->explain->n_tags, 2);
    assert_string_equal(command->explain->tags[1], "中");
    const Whistle__V1__IntakeCommand *again =
        (void *)read(ROUTE_POST, "/api/v1/whistles/AL-20261123-0001/resubmit", "",
                     "{\"category\":\"RUBBISH\",\"officer\":\"S1\"}");
    assert_non_null(again);
    assert_string_equal(again->resubmit->number, "AL-20261123-0001");
    assert_string_equal(again->resubmit->whistle->category, "RUBBISH");
    assert_string_equal(officer, "S1");
    command = (void *)read(ROUTE_POST, "/api/v1/tasks/AL-20261123-0001-FIRE/delegate", "",
                           "{\"officer\":\"F1\"}");
    assert_string_equal(command->delegate->officer, "F1"); // its own field, not who acts
    assert_string_equal(officer, "");
}

static void test_faults_by_the_askers_names(void **state)
{
    (void)state;
    static const struct {
        enum route_method method;
        const char *path, *query, *body, *field;
        enum wh_rule rule;
    } cases[] = {
        {ROUTE_GET, "/api/v1/whistles", "state=NONE", "", "state", WH_RULE_FIELD_ENUM},
        {ROUTE_GET, "/api/v1/whistles", "x=1", "", "x", WH_RULE_FIELD_UNKNOWN},
        {ROUTE_GET, "/api/v1/whistles", "limit=seven", "", "limit", WH_RULE_FIELD_FORMAT},
        {ROUTE_GET, "/api/v1/whistles", "limit=99999999999", "", "limit", WH_RULE_FIELD_RANGE},
        {ROUTE_GET, "/api/v1/whistles", "unit=a&unit=b", "", "unit", WH_RULE_FIELD_COUNT},
        {ROUTE_GET, "/api/v1/whistles", "unit=%zz", "", "query", WH_RULE_FIELD_FORMAT},
        {ROUTE_POST, "/api/v1/whistles", "", "[]", "", WH_RULE_MESSAGE_MALFORMED},
        {ROUTE_POST, "/api/v1/whistles", "", "{\"place\":{\"lat\":\"x\"}}", "place.lat",
         WH_RULE_FIELD_FORMAT},
        {ROUTE_POST, "/api/v1/whistles/A/resubmit", "", "{\"place\":{\"x\":1}}", "place.x",
         WH_RULE_FIELD_UNKNOWN},
        {ROUTE_POST, "/api/v1/whistles/A/confirm", "", "{\"number\":\"B\"}", "number",
         WH_RULE_FIELD_FORMAT},
        {ROUTE_POST, "/api/v1/whistles/A/confirm", "", "{\"officer\":7}", "officer",
         WH_RULE_FIELD_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(read(cases[i].method, cases[i].path, cases[i].query, cases[i].body));
        assert_string_equal(fault.field, cases[i].field);
        assert_int_equal(fault.rule, cases[i].rule);
    }
}

// ---- ids ---------------------------------------------------------------------------------------

static void test_ids(void **state)
{
    (void)state;
    static const uint8_t secret[32] = {1}, other[32] = {2};
    uint8_t a[IDEMPOTENCY_HASH], b[IDEMPOTENCY_HASH];
    int64_t at, now = 1795400000000;
    char key[WH_UUID_CHARS + 1];
    idempotency_hash(secret, "person A", "key", a);
    idempotency_hash(secret, "person A", "key", b);
    assert_memory_equal(a, b, sizeof a);
    assert_true(wh_uuid_is7(idempotency_id(a, now)));
    assert_int_equal(wh_uuid_ms(idempotency_id(a, now)), now);
    idempotency_hash(secret, "person B", "key", b);
    assert_memory_not_equal(a, b, sizeof a);
    idempotency_hash(other, "person A", "key", b);
    assert_memory_not_equal(a, b, sizeof a);
    idempotency_hash(secret, "person Ak", "ey", b); // what stands where matters
    assert_memory_not_equal(a, b, sizeof a);
    for (int64_t off = -40; off <= 4; off++) {
        wh_uuid_format(wh_uuid7_make(now + off * 86400000, a), key);
        assert_int_equal(idempotency_own_time(key, now, &at), off >= -29 && off <= 1);
        if (off >= -29 && off <= 1)
            assert_int_equal(at, now + off * 86400000);
    }
    assert_false(idempotency_own_time("6b7a7f6e-9d0b-4c3e-8f00-0123456789ab", now, &at));
    assert_true(idempotency_good("x"));
    assert_false(idempotency_good(""));
    assert_false(idempotency_good("a b"));
    assert_false(idempotency_good("\xe4\xb8\xad"));
}

// ---- what was shown a moment ago ---------------------------------------------------------------

static void test_kept_whistles(void **state)
{
    (void)state;
    struct cache *cache = cache_new();
    struct http_buffer *body = http_buffer_new("{}", 2);
    const char *etag = NULL;
    uint64_t begun = cache_begin(cache);
    cache_put(cache, "AL-1", "FIRE", begun, body, "\"e\"", 100);
    assert_ptr_equal(cache_get(cache, "AL-1", "FIRE", 101, &etag), body);
    assert_string_equal(etag, "\"e\"");
    assert_null(cache_get(cache, "AL-1", "POLICE", 101, &etag)); // another one's is another's
    assert_null(cache_get(cache, "AL-2", "FIRE", 101, &etag));
    assert_null(cache_get(cache, "AL-1", "FIRE", 100 + CACHE_KEEP_MS, &etag));
    cache_forget(cache, "AL-1");
    assert_null(cache_get(cache, "AL-1", "FIRE", 101, &etag));
    begun = cache_begin(cache); // asked before it happened, answered after
    cache_forget(cache, "AL-1");
    cache_put(cache, "AL-1", "FIRE", begun, body, "\"e\"", 102);
    assert_null(cache_get(cache, "AL-1", "FIRE", 103, &etag));
    begun = cache_begin(cache);
    cache_put(cache, "AL-1", "FIRE", begun, body, "\"f\"", 104);
    assert_non_null(cache_get(cache, "AL-1", "FIRE", 105, &etag));
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    cache_put(cache, longest, longest, cache_begin(cache), body, "\"e\"", 106);
    assert_null(cache_get(cache, longest, longest, 107, &etag));
    http_buffer_unref(body);
    cache_free(cache);
}

static int setup(void **state)
{
    (void)state;
    wh_arena_init(&arena, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wh_arena_done(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_and_query),
        cmocka_unit_test(test_faults_by_the_askers_names),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_kept_whistles),
    };
    return cmocka_run_group_tests_name("gateway wire", tests, setup, teardown);
}
