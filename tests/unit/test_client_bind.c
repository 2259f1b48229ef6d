// SPDX-License-Identifier: Apache-2.0
// A ROUTER at several endpoints, ipc for programs on this host and tcp for others: whoever comes to
// any of them is heard by the one socket; where one of them cannot be bound, none is.
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "support/net.h"

struct meeting {
    struct net net;
    struct wh_socket *router, *dealer;
    bool arrived, writable;
};

static void on_router(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct meeting *t = arg;

    (void)socket;
    assert_string_equal(packet->user, t->net.keys[0].public_key);
    t->arrived = true;
}

static void on_dealer(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    (void)arg;
    (void)socket;
    (void)packet;
}

static void on_writable(void *arg, struct wh_socket *socket)
{
    struct meeting *t = arg;

    (void)socket;
    t->writable = true;
}

// A port of 127.0.0.1 that nobody has; ret_holder keeps it taken while it is open.
static int some_port(int *ret_holder)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t n = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *ret_holder = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(*ret_holder, (struct sockaddr *)&address, n), 0);
    assert_int_equal(getsockname(*ret_holder, (struct sockaddr *)&address, &n), 0);
    return ntohs(address.sin_port);
}

static struct wh_socket_options router_options(struct meeting *t, const char *endpoints)
{
    return (struct wh_socket_options){
        .router = true,
        .endpoint = endpoints,
        .secret_key = t->net.server.secret_key,
        .on_packet = on_router,
        .arg = t,
    };
}

// A peer that comes to this endpoint is heard.
static void meet(struct meeting *t, const char *endpoint)
{
    struct wh_socket_options options = {
        .endpoint = endpoint,
        .secret_key = t->net.keys[0].secret_key,
        .public_key = t->net.keys[0].public_key,
        .server_key = t->net.server.public_key,
        .on_packet = on_dealer,
        .on_writable = on_writable,
        .arg = t,
    };

    t->arrived = t->writable = false;
    assert_int_equal(wh_socket_open(t->net.bus, &options, &t->dealer), 0);
    if (wh_socket_send(t->dealer, NULL, "x", 1) < 0) {
        assert_true(net_until(&t->net, &t->writable, 3000));
        assert_int_equal(wh_socket_send(t->dealer, NULL, "x", 1), 0);
    }
    assert_true(net_until(&t->net, &t->arrived, 3000));
    wh_socket_close(t->dealer);
}

static void every_endpoint_is_the_door(void **state)
{
    struct meeting t = {0};
    struct wh_socket_options options;
    char list[256], ipc[96], tcp[64];
    int holder;

    (void)state;
    net_init(&t.net);
    (void)snprintf(tcp, sizeof(tcp), "tcp://127.0.0.1:%d", some_port(&holder));
    close(holder);
    (void)snprintf(ipc, sizeof(ipc), "ipc://%s/door", t.net.dir);
    (void)snprintf(list, sizeof(list), "%s,%s", ipc, tcp);
    options = router_options(&t, list);
    assert_int_equal(wh_socket_open(t.net.bus, &options, &t.router), 0);
    meet(&t, ipc);
    meet(&t, tcp);
    meet(&t, ipc);
    wh_socket_close(t.router);
    net_done(&t.net);
}

static void all_or_none(void **state)
{
    struct meeting t = {0};
    struct wh_socket_options options;
    char list[256], longer[2000];
    int holder;

    (void)state;
    net_init(&t.net);
    (void)snprintf(list, sizeof(list), "ipc://%s/door,tcp://127.0.0.1:%d", t.net.dir,
                   some_port(&holder));
    options = router_options(&t, list);
    assert_int_equal(wh_socket_open(t.net.bus, &options, &t.router), WH_E_IO);
    close(holder);
    assert_int_equal(wh_socket_open(t.net.bus, &options, &t.router), 0);
    wh_socket_close(t.router);
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    const char *wrong[] = {"", ",", "ipc:///tmp/", longer};
    for (size_t i = 0; i < 4; i++) {
        options.endpoint = wrong[i];
        t.router = NULL;
        assert_int_not_equal(wh_socket_open(t.net.bus, &options, &t.router), 0);
        assert_null(t.router);
    }
    net_done(&t.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_endpoint_is_the_door),
        cmocka_unit_test(all_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
