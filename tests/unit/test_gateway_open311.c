// SPDX-License-Identifier: Apache-2.0
// Open311 GeoReport v2 as the standard's pages describe its documents: names and order of fields,
// XML beside JSON, dates with zone, two states, agencies with the lead first; and that a public
// request holds nothing that was not handed over.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/time.h"
#include "gateway/open311.h"
#include "gateway/public_category.h"
#include "support/demo_district.h"
#include "whistle/v1/common.pb-c.h"

#define STATE(name) WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_##name

static struct wh_district *district;
static struct open311_view view;

static int set_up(void **state)
{
    (void)state;
    district = demo_district(WH_SOURCE_DIR);
    view = (struct open311_view){.district = district};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wh_district_free(district);
    return 0;
}

static char *xml(json_t *document, enum open311_kind kind)
{
    char *text = NULL;
    size_t n = 0;
    assert_non_null(document);
    assert_int_equal(open311_xml(document, kind, &text, &n), 0);
    assert_int_equal(strlen(text), n);
    xmlDocPtr parsed = xmlReadMemory(text, (int)n, NULL, NULL, XML_PARSE_NONET);
    assert_non_null(parsed);
    xmlFreeDoc(parsed);
    json_decref(document);
    return text;
}

static void is_xml(json_t *document, enum open311_kind kind, const char *wanted)
{
    char *text = xml(document, kind);
    assert_string_equal(text, wanted);
    free(text);
}

static void is_json(json_t *document, const char *wanted)
{
    char *text = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(9));
    assert_string_equal(text, wanted);
    free(text);
    json_decref(document);
}

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

// ---- services -----------------------------------------------------------------------------------

static void only_what_residents_may_report(void **state)
{
    (void)state;
    size_t n = 0, shown = 0;
    const struct wh_category *list = wh_district_categories(district, &n);
    json_t *services = open311_services(&view);
    for (size_t i = 0; i < n; i++)
        shown += list[i].row->resident && !list[i].row->sensitive;
    assert_true(shown > 0 && shown < n);
    assert_int_equal(json_array_size(services), shown);
    for (size_t i = 0; i < shown; i++) {
        const char *code =
            json_string_value(json_object_get(json_array_get(services, i), "service_code"));
        assert_false(wh_district_category(district, code)->row->sensitive);
    }
    json_decref(services);
}

static void a_service(void **state)
{
    (void)state;
    json_t *services = open311_services(&view);
    json_t *gas = json_incref(json_array_get(services, 0));
    json_decref(services);
    is_json(json_incref(gas),
            "{\"service_code\":\"GAS_LEAK\",\"service_name\":\"闻到燃气味\",\"description\":"
            "\"不开关电器、不点火,开窗,撤到上风处再打电话。\",\"metadata\":true,\"type\":"
            "\"realtime\",\"keywords\":\"GAS_LEAK,燃气泄漏,Gas leak\",\"group\":\"应急处置\"}");
    is_xml(json_pack("[o]", gas), OPEN311_SERVICES,
           DECLARATION
           "<services><service><service_code>GAS_LEAK</service_code><service_name>闻到燃气味"
           "</service_name><description>不开关电器、不点火,开窗,撤到上风处再打电话。"
           "</description><metadata>true</metadata><type>realtime</type><keywords>"
           "GAS_LEAK,燃气泄漏,Gas leak</keywords><group>应急处置</group></service></services>\n");
}

static void a_definition(void **state)
{
    (void)state;
    view.english = true;
    json_t *definition = open311_definition(&view, wh_district_category(district, "GAS_LEAK"));
    view.english = false;
    json_t *attributes = json_object_get(definition, "attributes");
    assert_int_equal(json_array_size(attributes), 3);
    is_json(json_incref(json_array_get(attributes, 1)),
            "{\"variable\":true,\"code\":\"evacuated\",\"datatype\":\"singlevaluelist\","
            "\"required\":false,\"datatype_description\":null,\"order\":2,\"description\":"
            "\"Has the building been evacuated\",\"values\":[{\"key\":\"true\",\"name\":\"yes\"},"
            "{\"key\":\"false\",\"name\":\"no\"}]}");
    json_array_remove(attributes, 0);
    json_array_remove(attributes, 0);
    is_xml(definition, OPEN311_DEFINITION,
           DECLARATION
           "<service_definition><service_code>GAS_LEAK</service_code><attributes><attribute>"
           "<variable>true</variable><code>immobile</code><datatype>number</datatype>"
           "<required>false</required><datatype_description>0 – 500</datatype_description>"
           "<order>3</order><description>People who cannot walk</description><values/>"
           "</attribute></attributes></service_definition>\n");
}

// ---- requests -----------------------------------------------------------------------------------

static int64_t at(const char *text)
{
    int64_t ms = 0;
    assert_int_equal(wh_rfc3339_parse(text, &ms), 0);
    return ms;
}

static struct open311_request sample(void)
{
    static int32_t agencies[2];
    agencies[0] = wh_district_id(district, "DRAINCO");
    agencies[1] = wh_district_id(district, "TRAFFIC");
    return (struct open311_request){.number = wh_object_make(20261123, 4),
                                    .category = "FLOODING",
                                    .state = STATE(ACTIVE),
                                    .requested_at = at("2026-11-23T08:20:11.5+08:00"),
                                    .updated_at = at("2026-11-23T08:55:00+08:00"),
                                    .has_point = true,
                                    .lat = 31.25,
                                    .lon = 121.5,
                                    .agencies = agencies,
                                    .n_agencies = 2,
                                    .priority = 1};
}

static void a_request(void **state)
{
    (void)state;
    struct open311_request request = sample();
    is_json(open311_request(&view, &request),
            "{\"service_request_id\":\"AL-20261123-0004\",\"status\":\"open\",\"status_notes\":"
            "\"处置中 (ACTIVE)\",\"service_name\":\"道路积水\",\"service_code\":\"FLOODING\","
            "\"description\":null,\"agency_responsible\":\"排水集团; 交通支队\","
            "\"service_notice\":null,\"requested_datetime\":\"2026-11-23T08:20:11+08:00\","
            "\"updated_datetime\":\"2026-11-23T08:55:00+08:00\",\"expected_datetime\":null,"
            "\"address\":null,\"address_id\":null,\"zipcode\":null,\"lat\":31.25,\"long\":121.5,"
            "\"media_url\":null}");
    request.by_day = true;
    request.joined = true;
    request.state = STATE(RESOLVED);
    request.has_point = false;
    request.n_agencies = 1;
    view.extensions = true;
    json_t *list = json_pack("[o]", open311_request(&view, &request));
    view.extensions = false;
    is_xml(list, OPEN311_REQUESTS,
           DECLARATION
           "<service_requests><request><service_request_id>AL-20261123-0004</service_request_id>"
           "<status>closed</status><status_notes>已合并办理,已解决 (RESOLVED)</status_notes>"
           "<service_name>道路积水</service_name><service_code>FLOODING</service_code>"
           "<description/><agency_responsible>排水集团</agency_responsible>"
           "<service_notice/><requested_datetime>2026-11-23T00:00:00+08:00"
           "</requested_datetime><updated_datetime>2026-11-23T00:00:00+08:00</updated_datetime>"
           "<expected_datetime/><address/><address_id/>"
           "<zipcode/><lat/><long/><media_url/>"
           "<extended_attributes><state>RESOLVED</state><priority>P1</priority><joined>true"
           "</joined></extended_attributes></request></service_requests>\n");
}

// Every state of ours is open or closed, says itself in both languages, and only ends are closed.
static void every_state_is_mapped(void **state)
{
    (void)state;
    const ProtobufCEnumDescriptor *states = &whistle__v1__whistle_state__descriptor;
    unsigned closed = 0;
    for (unsigned i = 1; i < states->n_values; i++) {
        char zh[96], en[96];
        int value = states->values[i].value;
        open311_notes(value, false, false, zh);
        open311_notes(value, false, true, en);
        assert_non_null(strstr(zh, states->values[i].name + strlen("WHISTLE_STATE_")));
        assert_non_null(strstr(en, states->values[i].name + strlen("WHISTLE_STATE_")));
        assert_string_not_equal(zh, en);
        closed += strcmp(open311_status(value), "closed") == 0;
    }
    assert_int_equal(closed, 4);
    assert_string_equal(open311_status(STATE(REPORTED)), "open");
    assert_string_equal(open311_status(STATE(RULED_CLOSED)), "closed");
    assert_string_equal(open311_status(-1), "open");
    assert_string_equal(open311_status(9999), "open");
}

// ---- short answers ------------------------------------------------------------------------------

static void short_answers(void **state)
{
    (void)state;
    is_json(open311_error(403, "Invalid api_key"),
            "[{\"code\":403,\"description\":\"Invalid api_key\"}]");
    is_xml(open311_error(404, "a < b & \"c\""), OPEN311_ERRORS,
           DECLARATION "<errors><error><code>404</code><description>a &lt; b &amp; &quot;c&quot;"
                       "</description></error></errors>\n");
    is_json(open311_created("AL-1-0001", "", NULL),
            "[{\"service_request_id\":\"AL-1-0001\",\"service_notice\":null,\"account_id\":null}]");
    is_xml(open311_created("AL-1-0001", "thanks", "AB23CD"), OPEN311_REQUESTS,
           DECLARATION "<service_requests><request><service_request_id>AL-1-0001"
                       "</service_request_id><service_notice>thanks</service_notice><account_id/"
                       "><extended_attributes><code>AB23CD</code>"
                       "</extended_attributes></request></service_requests>\n");
    is_xml(open311_token("T", "N"), OPEN311_REQUESTS,
           DECLARATION "<service_requests><request><service_request_id>N</service_request_id>"
                       "<token>T</token></request></service_requests>\n");
    struct open311_place place = {.url = "https://x/open311/v2", .changeset = "7"};
    is_xml(open311_discovery(&place), OPEN311_DISCOVERY,
           DECLARATION
           "<discovery><changeset>7</changeset><contact/><key_service/>"
           "<endpoints><endpoint><specification>http://wiki.open311.org/GeoReport_v2"
           "</specification><url>https://x/open311/v2</url><changeset>7</changeset>"
           "<type>production</type><formats><format>text/xml</format><format>application/json"
           "</format></formats></endpoint></endpoints></discovery>\n");
}

// Any text is a text: what XML cannot hold becomes U+FFFD, markup is escaped.
static void any_text_makes_good_xml(void **state)
{
    (void)state;
    char *text = xml(open311_error(400, "]]><b>\xEF\xBF\xBE\tx\n&#0;<!ENTITY"), OPEN311_ERRORS);
    assert_non_null(strstr(text, "\xEF\xBF\xBD\tx"));
    assert_null(strstr(text, "<b>"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_residents_may_report),
        cmocka_unit_test(a_service),
        cmocka_unit_test(a_definition),
        cmocka_unit_test(a_request),
        cmocka_unit_test(every_state_is_mapped),
        cmocka_unit_test(short_answers),
        cmocka_unit_test(any_text_makes_good_xml),
    };
    return cmocka_run_group_tests_name("gateway open311", tests, set_up, tear_down);
}
