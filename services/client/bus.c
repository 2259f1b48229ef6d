// SPDX-License-Identifier: Apache-2.0
// Sockets with every option that experience demands (bus.h), messages in and out, and what "full"
// means: a DEALER is writable again when ZeroMQ says so; a ROUTER always claims to be writable
// while any of its peers is, so after a full peer the sender is asked again a few milliseconds
// later.
#include "client/bus.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "base/error.h"
#include "client/watch.h"

#define LINGER_MS 500
#define ROUTER_RETRY_MS 5
#define ENDPOINTS_MAX 640 // bytes of a list
#define ROUTER_ID_SIZE 5  // a zero byte and 32 bits; a peer that brings its own id is not heard

struct wh_bus {
    uv_loop_t *loop;
    void *zmq;
    uint64_t dropped;
};

struct wh_socket {
    struct wh_watch watch; // first: the owner of the watch is found by its address
    struct wh_bus *bus;
    void *zmq;
    bool router;
    bool closed;
    int open_parts; // watch and retry timer
    uv_timer_t retry;
    wh_packet_fn on_packet;
    void (*on_writable)(void *arg, struct wh_socket *socket);
    void (*on_handshake)(void *arg, struct wh_socket *socket, enum wh_handshake event);
    struct wh_handshakes *handshakes; // NULL where nobody wants to know
    void *arg;
};

int wh_bus_new(uv_loop_t *loop, struct wh_bus **ret_bus)
{
    struct wh_bus *bus = calloc(1, sizeof(*bus));

    if (!bus)
        return WH_E_NOMEM;
    bus->loop = loop;
    bus->zmq = zmq_ctx_new();
    if (!bus->zmq) {
        free(bus);
        return WH_E_NOMEM;
    }
    zmq_ctx_set(bus->zmq, ZMQ_MAX_SOCKETS, 8192);
    *ret_bus = bus;
    return 0;
}

void wh_bus_free(struct wh_bus *bus)
{
    if (!bus)
        return;
    while (zmq_ctx_term(bus->zmq) < 0 && errno == EINTR)
        ;
    free(bus);
}

uv_loop_t *wh_bus_loop(struct wh_bus *bus)
{
    return bus->loop;
}

void *wh_bus_zmq(struct wh_bus *bus)
{
    return bus->zmq;
}

uint64_t wh_bus_dropped(const struct wh_bus *bus)
{
    return bus->dropped;
}

// ---- options --------------------------------------------------------------------------------

static bool set_int(void *zmq, int option, int value)
{
    return zmq_setsockopt(zmq, option, &value, sizeof(value)) == 0;
}

static bool set_text(void *zmq, int option, const char *text)
{
    return text && zmq_setsockopt(zmq, option, text, strlen(text)) == 0;
}

static bool set_limits(void *zmq, const struct wh_socket_options *options)
{
    int hwm = options->hwm > 0 ? options->hwm : 10000;
    int64_t max = options->max_message > 0 ? options->max_message : 8 << 20;

    return set_int(zmq, ZMQ_SNDHWM, options->send_hwm > 0 ? options->send_hwm : hwm) &&
           set_int(zmq, ZMQ_RCVHWM, hwm) && set_int(zmq, ZMQ_LINGER, LINGER_MS) &&
           set_int(zmq, ZMQ_HANDSHAKE_IVL, 3000) && set_int(zmq, ZMQ_HEARTBEAT_IVL, 2000) &&
           set_int(zmq, ZMQ_HEARTBEAT_TIMEOUT, 3000) && set_int(zmq, ZMQ_HEARTBEAT_TTL, 6000) &&
           set_int(zmq, ZMQ_IPV6, strchr(options->endpoint, '[') != NULL) &&
           zmq_setsockopt(zmq, ZMQ_MAXMSGSIZE, &max, sizeof(max)) == 0;
}

static bool set_server(void *zmq, const struct wh_socket_options *options)
{
    return set_int(zmq, ZMQ_CURVE_SERVER, 1) &&
           set_text(zmq, ZMQ_CURVE_SECRETKEY, options->secret_key) &&
           set_text(zmq, ZMQ_ZAP_DOMAIN, "whistle") && set_int(zmq, ZMQ_ROUTER_MANDATORY, 1) &&
           set_int(zmq, ZMQ_BACKLOG, 4096);
}

static bool set_client(void *zmq, const struct wh_socket_options *options)
{
    return set_text(zmq, ZMQ_CURVE_SERVERKEY, options->server_key) &&
           set_text(zmq, ZMQ_CURVE_PUBLICKEY, options->public_key) &&
           set_text(zmq, ZMQ_CURVE_SECRETKEY, options->secret_key) &&
           set_int(zmq, ZMQ_IMMEDIATE, 1) && set_int(zmq, ZMQ_RECONNECT_IVL, 50) &&
           set_int(zmq, ZMQ_RECONNECT_IVL_MAX, 1000) && set_int(zmq, ZMQ_CONNECT_TIMEOUT, 3000);
}

// ZeroMQ removes the file of an ipc listener when the listener ends, which may be after its
// successor has bound the same path. So each listener gets a file of its own, renamed to where it
// is looked for: what an old one removes is its own name. False where the name would be too long or
// is no file.
static bool own_name(const char *endpoint, char *ret_name, size_t n)
{
    static atomic_uint count;
    int length;

    if (strncmp(endpoint, "ipc:///", strlen("ipc:///")) != 0)
        return false;
    length = snprintf(ret_name, n, "%s.%x-%x", endpoint, (unsigned)getpid(),
                      atomic_fetch_add(&count, 1));
    return length > 0 && (size_t)length < n;
}

// An ipc endpoint's file is made for the same user only; the umask is the process's for a moment.
static bool bind_private(void *zmq, const char *endpoint)
{
    char name[sizeof("ipc://") + sizeof(((struct sockaddr_un *)0)->sun_path) - 1];
    bool renamed = own_name(endpoint, name, sizeof(name));
    mode_t old = umask(077);
    bool bound = zmq_bind(zmq, renamed ? name : endpoint) == 0;
    int error = errno;

    umask(old);
    if (bound && renamed && rename(name + strlen("ipc://"), endpoint + strlen("ipc://")) < 0) {
        error = errno;
        bound = false;
    }
    errno = error;
    return bound;
}

// Every endpoint of a list with commas. What was bound before one that cannot be ends with the
// socket.
static bool bind_all(void *zmq, const char *endpoints)
{
    char list[ENDPOINTS_MAX], *rest = list, *one;
    bool bound = false;

    if (snprintf(list, sizeof(list), "%s", endpoints) >= (int)sizeof(list)) {
        errno = EINVAL;
        return false;
    }
    while ((one = strsep(&rest, ","))) {
        bound = bind_private(zmq, one);
        if (!bound)
            break;
    }
    return bound;
}

static void on_handshake(void *arg, enum wh_handshake event)
{
    struct wh_socket *socket = arg;

    if (!socket->closed)
        socket->on_handshake(socket->arg, socket, event);
}

// Before connecting, so that nothing is missed.
static bool hear_handshakes(struct wh_bus *bus, const struct wh_socket_options *options, void *zmq,
                            struct wh_socket *socket)
{
    if (options->router || !options->on_handshake)
        return true;
    return wh_handshakes_open(bus->loop, bus->zmq, zmq, on_handshake, socket,
                              &socket->handshakes) == 0;
}

static int open_zmq(struct wh_bus *bus, const struct wh_socket_options *options,
                    struct wh_socket *socket, void **ret_zmq)
{
    void *zmq = zmq_socket(bus->zmq, options->router ? ZMQ_ROUTER : ZMQ_DEALER);
    bool set, opened;

    if (!zmq)
        return WH_E_NOMEM;
    set = set_limits(zmq, options) &&
          (options->router ? set_server(zmq, options) : set_client(zmq, options)) &&
          hear_handshakes(bus, options, zmq, socket);
    opened = set && (options->router ? bind_all(zmq, options->endpoint)
                                     : zmq_connect(zmq, options->endpoint) == 0);
    if (!opened) {
        int error = errno;

        wh_handshakes_close(socket->handshakes);
        zmq_close(zmq);
        errno = error;
        return set && options->router && error != EINVAL ? WH_E_IO : WH_E_INVALID;
    }
    *ret_zmq = zmq;
    return 0;
}

// ---- receiving ------------------------------------------------------------------------------

static bool receive(void *zmq, zmq_msg_t *message)
{
    int rc;

    do
        rc = zmq_msg_recv(message, zmq, ZMQ_DONTWAIT);
    while (rc < 0 && errno == EINTR);
    return rc >= 0;
}

// Reads what is left of a message with more parts than we speak.
static void skip_parts(void *zmq, zmq_msg_t *part)
{
    while (zmq_msg_more(part) && receive(zmq, part))
        ;
}

static bool is_ours(const struct wh_socket *socket, struct wh_packet *packet, zmq_msg_t *id,
                    zmq_msg_t *body)
{
    if (!socket->router)
        return true;
    packet->user = zmq_msg_gets(body, "User-Id");
    if (!packet->user || !packet->user[0] || zmq_msg_size(id) != ROUTER_ID_SIZE)
        return false;
    packet->peer.n = ROUTER_ID_SIZE;
    memcpy(packet->peer.id, zmq_msg_data(id), ROUTER_ID_SIZE);
    return packet->peer.id[0] == 0;
}

// One whole message. False when there is none.
static bool take_one(struct wh_socket *socket, zmq_msg_t *id, zmq_msg_t *body)
{
    struct wh_packet packet = {0};

    if (socket->router && (!receive(socket->zmq, id) || !zmq_msg_more(id)))
        return false;
    if (!receive(socket->zmq, body))
        return false;
    if (zmq_msg_more(body)) {
        skip_parts(socket->zmq, body);
        socket->bus->dropped++;
        return true;
    }
    if (!is_ours(socket, &packet, id, body)) {
        socket->bus->dropped++;
        return true;
    }
    packet.data = zmq_msg_data(body);
    packet.n = zmq_msg_size(body);
    socket->on_packet(socket->arg, socket, &packet);
    return true;
}

static void take_batch(struct wh_socket *socket)
{
    zmq_msg_t id, body;

    zmq_msg_init(&id);
    zmq_msg_init(&body);
    for (int i = 0; i < WH_WATCH_BATCH && !socket->closed; i++) {
        if (!take_one(socket, &id, &body))
            break;
    }
    zmq_msg_close(&id);
    zmq_msg_close(&body);
}

static void on_ready(struct wh_watch *watch, short events)
{
    struct wh_socket *socket = (struct wh_socket *)watch;

    if (events & ZMQ_POLLOUT) {
        watch->want = ZMQ_POLLIN;
        if (socket->on_writable)
            socket->on_writable(socket->arg, socket);
    }
    if ((events & ZMQ_POLLIN) && !socket->closed)
        take_batch(socket);
}

static void on_retry(uv_timer_t *timer)
{
    struct wh_socket *socket = timer->data;

    if (!socket->closed && socket->on_writable)
        socket->on_writable(socket->arg, socket);
}

// ---- life -----------------------------------------------------------------------------------

static void part_closed(struct wh_socket *socket)
{
    if (--socket->open_parts == 0)
        free(socket);
}

static void on_watch_closed(struct wh_watch *watch)
{
    part_closed((struct wh_socket *)watch);
}

static void on_retry_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

int wh_socket_open(struct wh_bus *bus, const struct wh_socket_options *options,
                   struct wh_socket **ret_socket)
{
    struct wh_socket *socket = calloc(1, sizeof(*socket));
    int rc;

    if (!socket)
        return WH_E_NOMEM;
    rc = open_zmq(bus, options, socket, &socket->zmq);
    if (rc < 0) {
        free(socket);
        return rc;
    }
    socket->bus = bus;
    socket->router = options->router;
    socket->on_packet = options->on_packet;
    socket->on_writable = options->on_writable;
    socket->on_handshake = options->on_handshake;
    socket->arg = options->arg;
    socket->watch.want = ZMQ_POLLIN;
    socket->watch.on_ready = on_ready;
    socket->watch.on_closed = on_watch_closed;
    rc = wh_watch_start(&socket->watch, bus->loop, socket->zmq);
    if (rc < 0) {
        wh_handshakes_close(socket->handshakes);
        zmq_close(socket->zmq);
        free(socket);
        return rc;
    }
    uv_timer_init(bus->loop, &socket->retry);
    socket->retry.data = socket;
    socket->open_parts = 2;
    *ret_socket = socket;
    return 0;
}

void wh_socket_close(struct wh_socket *socket)
{
    if (!socket || socket->closed)
        return;
    socket->closed = true;
    uv_close((uv_handle_t *)&socket->retry, on_retry_closed);
    wh_handshakes_close(socket->handshakes);
    wh_watch_stop(&socket->watch);
    zmq_close(socket->zmq);
}

// ---- sending --------------------------------------------------------------------------------

static int send_part(void *zmq, const void *data, size_t n, int flags)
{
    int rc;

    do
        rc = zmq_send(zmq, data, n, flags | ZMQ_DONTWAIT);
    while (rc < 0 && errno == EINTR);
    return rc;
}

static int send_failed(struct wh_socket *socket)
{
    if (errno != EAGAIN)
        return WH_E_NOTFOUND; // EHOSTUNREACH: this peer is gone
    if (!socket->router)
        socket->watch.want = ZMQ_POLLIN | ZMQ_POLLOUT;
    else if (!uv_is_active((uv_handle_t *)&socket->retry))
        uv_timer_start(&socket->retry, on_retry, ROUTER_RETRY_MS, 0);
    return WH_E_BUSY;
}

int wh_socket_send(struct wh_socket *socket, const struct wh_peer *to, const void *data, size_t n)
{
    if (socket->closed)
        return WH_E_NOTFOUND;
    wh_watch_touch(&socket->watch); // a send that fails takes news from the socket too
    if (socket->router && send_part(socket->zmq, to->id, to->n, ZMQ_SNDMORE) < 0)
        return send_failed(socket);
    if (send_part(socket->zmq, data, n, 0) < 0)
        return send_failed(socket);
    return 0;
}
