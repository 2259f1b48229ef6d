// SPDX-License-Identifier: Apache-2.0
// Open311's form and query as clients send them, and as they should not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "base/id.h"
#include "base/time.h"
#include "gateway/wire_open311.h"

static struct wh_arena arena;
static struct open311_form form;
static struct open311_query query;
static struct open311_fault fault;

static int begin(void **state)
{
    (void)state;
    wh_arena_init(&arena, (size_t)2 << 20);
    fault = (struct open311_fault){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    wh_arena_done(&arena);
    return 0;
}

static int read_form(const char *text)
{
    wh_arena_reset(&arena);
    return wire_open311_form(wh_str(text), &arena, &form, &fault);
}

static int read_query(const char *text)
{
    wh_arena_reset(&arena);
    return wire_open311_query(wh_str(text), "AL", &arena, &query, &fault);
}

static void refuses_form(const char *text, const char *why)
{
    assert_int_equal(read_form(text), WH_E_INVALID);
    assert_int_equal(fault.status, 400);
    if (strstr(fault.text, why) == NULL)
        assert_string_equal(fault.text, why);
}

static void a_whole_form(void **state)
{
    (void)state;
    assert_int_equal(
        read_form("api_key=whk_abc_def&jurisdiction_id=990101&service_code=GAS_LEAK"
                  "&lat=31.25&long=121.5&address_string=%E6%9F%B3%E8%90%A5%E4%B8%80%E6%9D%91"
                  "&email=a%40b.example&device_id=x&account_id=7&first_name=Jane&last_name=Roe"
                  "&phone=555+0199&description=Smells+of%0Agas&media_url=http%3A%2F%2Fx%2Fy.jpg"
                  "&attribute[smell_where]=%E6%A5%BC%E9%81%93&attribute%5Bimmobile%5D=2"
                  "&attribute[many][]=a&attribute[many][]=b&unknown=1"),
        0);
    assert_string_equal(form.common.api_key, "whk_abc_def");
    assert_string_equal(form.common.jurisdiction_id, "990101");
    assert_string_equal(form.report.category, "GAS_LEAK");
    assert_string_equal(form.report.text, "Smells of\ngas");
    assert_string_equal(form.place.address, "柳营一村");
    assert_true(form.place.lat == 31.25 && form.place.lon == 121.5);
    assert_string_equal(form.reporter.name, "Jane Roe");
    assert_string_equal(form.reporter.phone, "555 0199");
    assert_string_equal(form.reporter.email, "a@b.example");
    assert_string_equal(form.media_url, "http://x/y.jpg");
    assert_int_equal(form.report.n_answers, 3);
    assert_string_equal(form.report.answers[0]->code, "smell_where");
    assert_string_equal(form.report.answers[0]->value, "楼道");
    assert_string_equal(form.report.answers[1]->value, "2");
    assert_string_equal(form.report.answers[2]->value, "a,b");
    assert_int_equal(read_form("service_code=A&address_id=1&first_name=三&last_name=张"), 0);
    assert_string_equal(form.reporter.name, "张三");
}

static void bad_forms(void **state)
{
    (void)state;
    refuses_form("", "service_code");
    refuses_form("lat=1&long=2", "service_code");
    refuses_form("service_code=A", "lat and long, address_string, address_id");
    refuses_form("service_code=A&lat=1", "long");
    refuses_form("service_code=A&lat=1&lat=1&long=1", "twice: lat");
    refuses_form("service_code=A&lat=1e1&long=1", "lat");
    refuses_form("service_code=A&lat=91&long=1", "lat");
    refuses_form("service_code=A&lat=1&long=-180.5", "long");
    refuses_form("service_code=A&lat=nan&long=1", "lat");
    refuses_form("service_code=A&address_id=1&attribute[a b]=1", "attribute");
    refuses_form("service_code=A&address_id=1&attribute[=1", "attribute");
    refuses_form("service_code=A&address_id=1&attribute[]=1", "attribute");
    refuses_form("service_code=A&address_id=1&description=%ff", "UTF-8");
    refuses_form("service_code=A&address_id=1&description=%00", "UTF-8");
    refuses_form("service_code=A&address_id=1&description=%1b", "control");
    refuses_form("service_code=A&address_id=1&first_name=a%0Ab", "first_name");
    refuses_form("service_code=%zz&address_id=1", "UTF-8");
}

static void a_whole_query(void **state)
{
    (void)state;
    assert_int_equal(
        read_query("service_request_id=AL-20261123-0004,nonsense,XX-20261123-0004&status=open"
                   "&start_date=2026-11-01T00:00:00%2B08:00&end_date=2026-11-23T00:00:00+08:00"
                   "&service_code=FLOODING,GAS_LEAK&page=2&page_size=50&extensions=true"),
        0);
    assert_true(query.by_ids);
    assert_int_equal(query.n_ids, 1);
    assert_int_equal(query.ids[0], wh_object_make(20261123, 4));
    assert_true(query.open && !query.closed);
    assert_int_equal(query.end_at - query.start_at, 22 * WH_MS_DAY);
    assert_int_equal(query.n_codes, 2);
    assert_string_equal(query.codes[1], "GAS_LEAK");
    assert_int_equal(query.page, 2);
    assert_int_equal(query.page_size, 50);
    assert_true(query.common.extensions);
    assert_int_equal(read_query(""), 0);
    assert_false(query.by_ids);
    assert_int_equal(query.page, 1);
    assert_int_equal(query.page_size, OPEN311_ROWS_MAX);
    assert_int_equal(read_query("page=3"), 0);
    assert_int_equal(query.page_size, OPEN311_PAGE_MAX);
    assert_int_equal(read_query("page_size=5000"), 0);
    assert_int_equal(query.page_size, OPEN311_PAGE_MAX);
    assert_int_equal(read_query("service_request_id="), 0);
    assert_true(query.by_ids && query.n_ids == 0); // asked for none, not for all
}

static void bad_queries(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "status=done",
        "start_date=2026-11-01",
        "start_date=2026-11-01T00:00:00",
        "end_date=x",
        "page=0",
        "page=-1",
        "page_size=1x",
        "page=1&page=1",
        "start_date=2026-11-02T00:00:00Z&end_date=2026-11-01T00:00:00Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_query(bad[i]), WH_E_INVALID);
        assert_int_equal(fault.status, 400);
    }
    assert_int_equal(read_query("service_code=a'b"), WH_E_INVALID);
    assert_int_equal(fault.status, 404);
}

static void names_and_formats(void **state)
{
    (void)state;
    bool json = false;
    struct wh_str name = wire_open311_name(wh_str("requests.json"), NULL, &json);
    assert_true(wh_str_eq(name, wh_str("requests")) && json);
    name = wire_open311_name(wh_str("requests.xml"), "application/json", &json);
    assert_true(wh_str_eq(name, wh_str("requests")) && !json);
    name = wire_open311_name(wh_str("requests"), "application/json", &json);
    assert_true(wh_str_eq(name, wh_str("requests")) && json);
    (void)wire_open311_name(wh_str("requests"), "text/html,application/xml", &json);
    assert_false(json);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_whole_form), TEST(bad_forms), TEST(a_whole_query),
                                       TEST(bad_queries), TEST(names_and_formats)};
    return cmocka_run_group_tests_name("gateway wire open311", tests, NULL, NULL);
}
