// SPDX-License-Identifier: Apache-2.0
// The route table: every name in it is one of the vocabulary, every row is found by its own path
// and by no other's, nobody may do what a row does not say, and no row promises what a door
// refuses.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "dispatch/handler_service.h"
#include "gateway/route.h"

#define EACH_ROUTE(route) \
    for (const struct gateway_route *route = route_get(0); route < route_get(0) + ROUTES; route++)

// The row's path with every capture filled; what: beside the number, so that they differ.
static struct wh_str filled(const struct gateway_route *route, const char *what, char *room)
{
    size_t n = 0;
    for (const char *p = route->path; *p != '\0'; p++) {
        if (*p == '{') {
            n += (size_t)sprintf(room + n, "%s", what);
            p = strchr(p, '}');
        } else {
            room[n++] = *p;
        }
    }
    room[n] = '\0';
    return wh_str(room);
}

static bool has_field(const ProtobufCMessageDescriptor *type, struct wh_str name)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%.*s", (int)name.n, name.p);
    return protobuf_c_message_descriptor_get_field_by_name(type, text) != NULL;
}

static void test_every_name_is_of_the_vocabulary(void **state)
{
    (void)state;
    EACH_ROUTE(route)
    {
        const ProtobufCFieldDescriptor *member = route_member(route);
        size_t n;
        assert_true(route->zh != NULL && route->zh[0] != '\0' && route->en != NULL);
        assert_int_equal(member != NULL, route->door != DOOR_NONE);
        assert_true(route->any_answer || route_answers(route) != NULL);
        assert_true(route->people != 0 || route->anybody);
        assert_true(route->scopes == 0 || !route->anybody);
        if (member == NULL)
            continue;
        const ProtobufCMessageDescriptor *command = member->descriptor;
        for (size_t i = 0; route_capture_name(route, i, &n) != NULL; i++)
            assert_true(has_field(command, wh_str_n(route_capture_name(route, i, &n), n)));
        struct wh_str rest = wh_str(route->query), word;
        while (rest.n > 0 && wh_str_split(&rest, ' ', &word))
            assert_true(has_field(command, word));
        assert_int_equal(route->answer != NULL, !route_acts(route));
        assert_int_equal(route_takes(route) != NULL, route->method == ROUTE_POST);
    }
}

static void test_every_row_is_found_by_its_path(void **state)
{
    (void)state;
    char path[256];
    struct route_found found;
    EACH_ROUTE(route)
    {
        struct wh_str text = filled(route, "AL-20261123-0007", path);
        assert_int_equal(route_find(route->method, text, &found), 0);
        assert_ptr_equal(found.route, route);
        for (size_t i = 0; i < found.n_captures; i++)
            assert_true(wh_str_eq(found.captures[i], wh_str("AL-20261123-0007")));
        assert_int_equal(route_find(ROUTE_DELETE, text, &found),
                         route_allowed(text) & 1u << ROUTE_DELETE ? 0 : WH_E_DENIED);
        strcat(path, "/more/of/it");
        assert_int_equal(route_find(route->method, wh_str(path), &found), WH_E_NOTFOUND);
    }
    assert_int_equal(route_find(ROUTE_GET, wh_str("/api/v1/whistles/"), &found), WH_E_NOTFOUND);
    assert_int_equal(route_find(ROUTE_GET, wh_str("/api/v1/whistles//history"), &found),
                     WH_E_NOTFOUND);
    assert_int_equal(route_find(ROUTE_GET, wh_str("api/v1/whistles"), &found), WH_E_NOTFOUND);
    assert_int_equal(route_find(ROUTE_GET, wh_str(""), &found), WH_E_NOTFOUND);
}

static void test_a_fixed_segment_wins(void **state)
{
    (void)state;
    struct route_found found;
    assert_int_equal(route_find(ROUTE_POST, wh_str("/api/v1/tasks/sign"), &found), 0);
    assert_int_equal(found.id, ROUTE_TASKS_SIGN);
    assert_int_equal(route_find(ROUTE_POST, wh_str("/api/v1/tasks/sign/sign"), &found), 0);
    assert_int_equal(found.id, ROUTE_TASK_SIGN);
}

// ---- rights ------------------------------------------------------------------------------------

static void test_only_whom_a_row_names(void **state)
{
    (void)state;
    const struct route_caller nobody = {0};
    EACH_ROUTE(route)
    {
        assert_int_equal(route_may(route, &nobody), route->anybody ? 0 : WH_E_UNKNOWN_KEY);
        for (unsigned i = 0; i < GATEWAY_ROLES; i++) {
            unsigned kinds = gateway_role_info((enum gateway_role)i)->kinds;
            struct route_caller caller = {true, true, 1u << i, ~0u, kinds};
            bool may = route->anybody || (route->people >> i & 1) != 0;
            assert_int_equal(route_may(route, &caller), may ? 0 : WH_E_DENIED);
            caller.kinds = ~kinds; // a post that this kind of body cannot have gives nothing
            assert_int_equal(route_may(route, &caller), route->anybody ? 0 : WH_E_DENIED);
        }
    }
}

static void test_keys_by_scope_and_kind(void **state)
{
    (void)state;
    EACH_ROUTE(route)
    {
        struct route_caller key = {.known = true, .scopes = ~route->scopes, .kinds = ~0u};
        assert_int_equal(route_may(route, &key), route->anybody ? 0 : WH_E_DENIED);
        key = (struct route_caller){.known = true, .scopes = ~0u, .kinds = WH_ROLE_NOTIFIER};
        assert_int_equal(route_may(route, &key), route->anybody ? 0 : WH_E_DENIED);
        key = (struct route_caller){.known = true, .scopes = route->scopes, .kinds = ~0u};
        // a row without scopes is for people alone
        assert_int_equal(route_may(route, &key),
                         route->anybody || route->scopes != 0 ? 0 : WH_E_DENIED);
        if (route_acts(route) && !route->anybody)
            assert_int_equal(route->scopes & SCOPE_READ, 0);
    }
}

// Of each role one of its kinds at least is one that dispatch's door lets in.
static void test_no_row_promises_what_the_door_refuses(void **state)
{
    (void)state;
    size_t seen = 0;
    EACH_ROUTE(route)
    {
        const struct wh_route *at = dispatch_service.routes;
        if (route->door != DOOR_DISPATCH)
            continue;
        while (at->what != route_member(route)->id)
            assert_true(++at < dispatch_service.routes + dispatch_service.n_routes);
        for (unsigned i = 0; i < GATEWAY_ROLES; i++) {
            if ((route->people >> i & 1) == 0)
                continue;
            seen++;
            if ((gateway_role_info((enum gateway_role)i)->kinds & at->roles) == 0)
                fail_msg("%s: %s", route->name, gateway_role_info((enum gateway_role)i)->name);
        }
    }
    assert_true(seen > 100);
}

static void test_names(void **state)
{
    (void)state;
    enum gateway_role role;
    for (unsigned i = 0; i < GATEWAY_ROLES; i++) {
        assert_int_equal(gateway_role_by_name(gateway_role_info(i)->name, &role), 0);
        assert_int_equal(role, i);
    }
    assert_int_equal(gateway_role_by_name("KING", &role), WH_E_NOTFOUND);
    assert_null(gateway_role_info(GATEWAY_ROLES));
    for (unsigned i = 0; i < GATEWAY_SCOPES; i++)
        assert_int_equal(gateway_scope_by_name(gateway_scope_name(i)), 1u << i);
    assert_int_equal(gateway_scope_by_name("everything"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name_is_of_the_vocabulary),
        cmocka_unit_test(test_every_row_is_found_by_its_path),
        cmocka_unit_test(test_a_fixed_segment_wins),
        cmocka_unit_test(test_only_whom_a_row_names),
        cmocka_unit_test(test_keys_by_scope_and_kind),
        cmocka_unit_test(test_no_row_promises_what_the_door_refuses),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("gateway route", tests, NULL, NULL);
}
