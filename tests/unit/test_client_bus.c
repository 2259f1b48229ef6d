// SPDX-License-Identifier: Apache-2.0
// The bus over real sockets with CURVE and ZAP: who comes in, what arrives, what "full" and "gone"
// feel like, and that 100,000 messages both ways never stall the loop.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

#include "base/error.h"
#include "support/net.h"

#define MANY 100000

struct echo {
    struct net net;
    struct wh_door door;
    struct wh_socket *router, *dealer;
    struct wh_peer peer;
    char user[WH_KEY_Z85];
    unsigned got, back, sent, writable;
    bool arrived, returned, all, woke;
    bool quiet; // the router does not answer
};

static void on_router(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct echo *t = arg;

    t->peer = packet->peer;
    snprintf(t->user, sizeof(t->user), "%s", packet->user);
    t->got++;
    t->arrived = true;
    if (!t->quiet)
        assert_int_equal(wh_socket_send(socket, &packet->peer, packet->data, packet->n), 0);
}

static void pour(struct echo *t)
{
    char text[200] = "a message of ordinary size";

    // at most 1,000 on the way, so that both ends stay under their marks
    while (t->sent < MANY && t->sent - t->back < 1000) {
        if (wh_socket_send(t->dealer, NULL, text, sizeof(text)) < 0)
            return;
        t->sent++;
    }
}

static void on_dealer(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct echo *t = arg;

    (void)socket;
    assert_null(packet->user);
    t->back++;
    t->returned = true;
    t->all = t->back == MANY;
    if (t->sent > 1)
        pour(t);
}

static void on_writable(void *arg, struct wh_socket *socket)
{
    struct echo *t = arg;

    (void)socket;
    t->writable++;
    t->woke = true;
    if (t->sent > 1)
        pour(t);
}

static struct wh_socket *dealer(struct echo *t, const struct wh_key *key, int hwm)
{
    struct wh_socket_options options = {
        .endpoint = t->door.endpoints[0],
        .secret_key = key->secret_key,
        .public_key = key->public_key,
        .server_key = t->door.server_keys[0],
        .hwm = hwm,
        .on_packet = on_dealer,
        .on_writable = on_writable,
        .arg = t,
    };
    struct wh_socket *socket = NULL;

    assert_int_equal(wh_socket_open(t->net.bus, &options, &socket), 0);
    return socket;
}

static void start(struct echo *t)
{
    memset(t, 0, sizeof(*t));
    net_init(&t->net);
    t->door = net_door(&t->net, "echo", 1);
    t->router = net_router(&t->net, t->door.endpoints[0], on_router, t);
    t->dealer = dealer(t, &t->net.keys[0], 0);
}

static void stop(struct echo *t)
{
    wh_socket_close(t->router);
    wh_socket_close(t->dealer);
    net_done(&t->net);
}

// Not connected yet is BUSY; on_writable comes with the connection.
static void connect_now(struct echo *t)
{
    if (wh_socket_send(t->dealer, NULL, "x", 1) == 0)
        return;
    assert_true(net_until(&t->net, &t->woke, 3000));
    assert_int_equal(wh_socket_send(t->dealer, NULL, "x", 1), 0);
}

static void known_key_comes_in(void **state)
{
    struct echo t;
    struct stat st;

    (void)state;
    start(&t);
    connect_now(&t);
    assert_true(net_until(&t.net, &t.returned, 3000));
    assert_string_equal(t.user, t.net.keys[0].public_key);
    assert_int_equal(wh_zap_accepted(t.net.zap), 1);
    assert_int_equal(stat(t.door.endpoints[0] + strlen("ipc://"), &st), 0);
    assert_int_equal(st.st_mode & 0077U, 0);
    stop(&t);
}

static void unknown_key_is_refused(void **state)
{
    struct echo t;
    struct wh_key stranger;
    struct wh_socket *socket;

    (void)state;
    start(&t);
    wh_key_generate("STRANGER", WH_ROLE_DEPARTMENT, &stranger);
    socket = dealer(&t, &stranger, 0);
    wh_socket_send(socket, NULL, "x", 1);
    assert_false(net_until(&t.net, &t.arrived, 500));
    assert_true(wh_zap_refused(t.net.zap) >= 1);
    wh_socket_close(socket);
    stop(&t);
}

// ZAP runs at the handshake only: after a revocation messages still come, but they tell whose.
static void revoked_key_is_seen(void **state)
{
    struct echo t;

    (void)state;
    start(&t);
    connect_now(&t);
    assert_true(net_until(&t.net, &t.returned, 3000));
    t.net.live[0] = false;
    t.arrived = false;
    t.user[0] = '\0';
    assert_int_equal(wh_socket_send(t.dealer, NULL, "y", 1), 0);
    assert_true(net_until(&t.net, &t.arrived, 3000));
    assert_string_equal(t.user, t.net.keys[0].public_key);
    stop(&t);
}

static void many_both_ways(void **state)
{
    struct echo t;
    uint64_t from;
    double s;

    (void)state;
    start(&t);
    connect_now(&t);
    assert_true(net_until(&t.net, &t.returned, 3000));
    t.back = 0;
    t.sent = 2;
    t.back = 2;
    from = uv_hrtime();
    pour(&t);
    assert_true(net_until(&t.net, &t.all, 60000));
    s = (double)(uv_hrtime() - from) / 1e9;
    print_message(
        "echo: %d round trips of 200 bytes in %.2f s: %.0f/s, %.2f us a message (CURVE, ipc)\n",
        MANY, s, MANY / s, s * 1e6 / (2.0 * MANY));
    stop(&t);
}

static void full_is_busy_then_writable(void **state)
{
    struct echo t;
    static char big[16384];
    int rc = 0, n = 0;

    (void)state;
    start(&t);
    wh_socket_close(t.dealer);
    t.dealer = dealer(&t, &t.net.keys[1], 10);
    connect_now(&t);
    assert_true(net_until(&t.net, &t.returned, 3000));
    t.quiet = true;
    t.woke = false;
    // the loop does not turn, so nobody takes them: the marks fill
    for (n = 0; n < 100000 && rc == 0; n++)
        rc = wh_socket_send(t.dealer, NULL, big, sizeof(big));
    assert_int_equal(rc, WH_E_BUSY);
    assert_false(t.woke);
    assert_true(net_until(&t.net, &t.woke, 5000));
    assert_int_equal(wh_socket_send(t.dealer, NULL, big, sizeof(big)), 0);
    stop(&t);
}

// A ROUTER whose peer takes nothing: BUSY, never a silent drop, and on_writable until it does.
static void full_peer_of_a_router(void **state)
{
    struct echo t;
    static char big[16384];
    struct wh_socket_options options;
    int rc = 0;
    unsigned n = 0;

    (void)state;
    start(&t);
    wh_socket_close(t.router);
    options = (struct wh_socket_options){.router = true,
                                         .endpoint = t.door.endpoints[0],
                                         .secret_key = t.net.server.secret_key,
                                         .hwm = 10,
                                         .on_packet = on_router,
                                         .on_writable = on_writable,
                                         .arg = &t};
    assert_int_equal(wh_socket_open(t.net.bus, &options, &t.router), 0);
    wh_socket_close(t.dealer); // it may have met the first router
    t.dealer = dealer(&t, &t.net.keys[0], 0);
    t.quiet = true;
    connect_now(&t);
    assert_true(net_until(&t.net, &t.arrived, 3000));
    t.woke = false;
    for (n = 0; n < 100000 && rc == 0; n++)
        rc = wh_socket_send(t.router, &t.peer, big, sizeof(big));
    assert_int_equal(rc, WH_E_BUSY);
    assert_true(net_until(&t.net, &t.woke, 5000));
    net_run(&t.net, 300);
    assert_int_equal(t.back, n - 1); // all that was accepted arrived
    assert_int_equal(wh_socket_send(t.router, &t.peer, big, sizeof(big)), 0);
    stop(&t);
}

static void gone_peer_is_not_found(void **state)
{
    struct echo t;

    (void)state;
    start(&t);
    connect_now(&t);
    assert_true(net_until(&t.net, &t.returned, 3000));
    wh_socket_close(t.dealer);
    t.dealer = NULL;
    net_run(&t.net, 300);
    assert_int_equal(wh_socket_send(t.router, &t.peer, "z", 1), WH_E_NOTFOUND);
    stop(&t);
}

// Ids that clients choose could be another's: who brings one is not heard.
static void own_routing_id_is_not_heard(void **state)
{
    struct echo t;
    void *context = zmq_ctx_new(), *raw = zmq_socket(context, ZMQ_DEALER);
    int zero = 0;

    (void)state;
    start(&t);
    zmq_setsockopt(raw, ZMQ_LINGER, &zero, sizeof(zero));
    zmq_setsockopt(raw, ZMQ_ROUTING_ID, "GASCO", 5);
    zmq_setsockopt(raw, ZMQ_CURVE_SERVERKEY, t.door.server_keys[0], 40);
    zmq_setsockopt(raw, ZMQ_CURVE_PUBLICKEY, t.net.keys[2].public_key, 40);
    zmq_setsockopt(raw, ZMQ_CURVE_SECRETKEY, t.net.keys[2].secret_key, 40);
    assert_int_equal(zmq_connect(raw, t.door.endpoints[0]), 0);
    zmq_send(raw, "x", 1, 0);
    net_run(&t.net, 500);
    assert_false(t.arrived);
    assert_int_equal(wh_bus_dropped(t.net.bus), 1);
    zmq_close(raw);
    zmq_ctx_term(context);
    stop(&t);
}

// The other end, in a process of its own: says one thing and waits to be killed.
static void be_a_peer(const struct echo *t)
{
    void *context = zmq_ctx_new(), *raw = zmq_socket(context, ZMQ_DEALER);

    zmq_setsockopt(raw, ZMQ_CURVE_SERVERKEY, t->door.server_keys[0], 40);
    zmq_setsockopt(raw, ZMQ_CURVE_PUBLICKEY, t->net.keys[3].public_key, 40);
    zmq_setsockopt(raw, ZMQ_CURVE_SECRETKEY, t->net.keys[3].secret_key, 40);
    zmq_connect(raw, t->door.endpoints[0]);
    zmq_send(raw, "x", 1, 0);
    for (;;)
        pause();
}

// A frozen peer keeps its connection open; only heartbeats tell that nobody is there.
static void frozen_peer_is_noticed(void **state)
{
    struct echo t;
    uint64_t from;
    int rc = 0;
    pid_t child;

    (void)state;
    start(&t);
    t.quiet = true;
    child = fork();
    if (child == 0)
        be_a_peer(&t);
    assert_true(net_until(&t.net, &t.arrived, 3000));
    kill(child, SIGSTOP);
    from = uv_hrtime();
    while (rc == 0 && uv_hrtime() - from < 15000000000ULL) {
        net_run(&t.net, 100);
        rc = wh_socket_send(t.router, &t.peer, "?", 1);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(rc, WH_E_NOTFOUND);
    print_message("bus: a frozen peer is noticed after %.1f s\n",
                  (double)(uv_hrtime() - from) / 1e9);
    stop(&t);
}

// The first one's listener ends some time after its close: it must not take the second one's file.
static void the_same_endpoint_at_once_again(void **state)
{
    struct echo t;

    (void)state;
    start(&t);
    for (int i = 0; i < 20; i++) {
        wh_socket_close(t.router);
        t.router = net_router(&t.net, t.door.endpoints[0], on_router, &t);
        net_run(&t.net, 10);
        assert_int_equal(access(t.door.endpoints[0] + strlen("ipc://"), F_OK), 0);
    }
    wh_socket_close(t.dealer);
    t.dealer = dealer(&t, &t.net.keys[0], 0);
    connect_now(&t);
    assert_true(net_until(&t.net, &t.returned, 3000));
    stop(&t);
}

static void cannot_bind(void **state)
{
    struct echo t;
    struct wh_socket *socket = NULL;
    struct wh_socket_options options = {.router = true, .endpoint = "ipc:///no/such/folder/s"};

    (void)state;
    start(&t);
    options.secret_key = t.net.server.secret_key;
    options.on_packet = on_router;
    assert_int_equal(wh_socket_open(t.net.bus, &options, &socket), WH_E_IO);
    options.secret_key = "short";
    assert_int_equal(wh_socket_open(t.net.bus, &options, &socket), WH_E_INVALID);
    assert_null(socket);
    stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_key_comes_in),
        cmocka_unit_test(unknown_key_is_refused),
        cmocka_unit_test(revoked_key_is_seen),
        cmocka_unit_test(many_both_ways),
        cmocka_unit_test(full_is_busy_then_writable),
        cmocka_unit_test(full_peer_of_a_router),
        cmocka_unit_test(gone_peer_is_not_found),
        cmocka_unit_test(own_routing_id_is_not_heard),
        cmocka_unit_test(frozen_peer_is_noticed),
        cmocka_unit_test(the_same_endpoint_at_once_again),
        cmocka_unit_test(cannot_bind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
