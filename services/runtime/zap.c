// SPDX-License-Identifier: Apache-2.0
// The ZAP handler (RFC 27/ZAP 1.0): reads the question's frames, asks the keyring, writes the
// answer's frames. Every question is answered, a malformed one with 400, so that no handshake
// hangs.
#include "runtime/zap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "base/error.h"
#include "client/watch.h"

// Envelope (peer, empty), version, request id, domain, address, routing id, mechanism, key.
#define ZAP_FRAMES 9
enum zap_frame {
    F_PEER,
    F_EMPTY,
    F_VERSION,
    F_REQUEST,
    F_DOMAIN,
    F_ADDRESS,
    F_ROUTING,
    F_MECHANISM,
    F_KEY
};

struct wh_zap {
    struct wh_watch watch; // first: found by its address
    void *zmq;
    wh_zap_lookup_fn lookup;
    void *arg;
    uint64_t accepted, refused;
    bool closed;
};

static bool frame_is(zmq_msg_t *frame, const char *text)
{
    return zmq_msg_size(frame) == strlen(text) &&
           memcmp(zmq_msg_data(frame), text, strlen(text)) == 0;
}

// Reads one question, whatever its length; surplus frames are read and forgotten. The number of
// frames seen, 0 when there is no question.
static int read_question(struct wh_zap *zap, zmq_msg_t frames[ZAP_FRAMES])
{
    zmq_msg_t surplus;
    int n = 0;
    bool more = true;

    zmq_msg_init(&surplus);
    while (more) {
        zmq_msg_t *frame = n < ZAP_FRAMES ? &frames[n] : &surplus;
        int rc = zmq_msg_recv(frame, zap->zmq, ZMQ_DONTWAIT);

        if (rc < 0 && errno == EINTR)
            continue;
        if (rc < 0)
            break;
        n++;
        more = zmq_msg_more(frame);
    }
    zmq_msg_close(&surplus);
    return n;
}

// The key as text where the question is one we accept, else false.
static bool judge(struct wh_zap *zap, zmq_msg_t frames[ZAP_FRAMES], int n, char user[WH_KEY_Z85])
{
    if (n != ZAP_FRAMES || !frame_is(&frames[F_VERSION], "1.0") ||
        !frame_is(&frames[F_DOMAIN], "whistle") || !frame_is(&frames[F_MECHANISM], "CURVE") ||
        zmq_msg_size(&frames[F_KEY]) != 32)
        return false;
    zmq_z85_encode(user, zmq_msg_data(&frames[F_KEY]), 32);
    return zap->lookup(zap->arg, user) != NULL;
}

static void put(struct wh_zap *zap, const void *data, size_t n, bool more)
{
    while (zmq_send(zap->zmq, data, n, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0 &&
           errno == EINTR)
        ;
}

static void answer(struct wh_zap *zap, zmq_msg_t frames[ZAP_FRAMES], const char *user)
{
    const char *status = user ? "200" : "400";
    const char *text = user ? "OK" : "unknown key";

    put(zap, zmq_msg_data(&frames[F_PEER]), zmq_msg_size(&frames[F_PEER]), true);
    put(zap, "", 0, true);
    put(zap, "1.0", 3, true);
    put(zap, zmq_msg_data(&frames[F_REQUEST]), zmq_msg_size(&frames[F_REQUEST]), true);
    put(zap, status, 3, true);
    put(zap, text, strlen(text), true);
    put(zap, user ? user : "", user ? strlen(user) : 0, true);
    put(zap, "", 0, false);
}

static bool serve_one(struct wh_zap *zap)
{
    zmq_msg_t frames[ZAP_FRAMES];
    char user[WH_KEY_Z85];
    int n;

    for (int i = 0; i < ZAP_FRAMES; i++)
        zmq_msg_init(&frames[i]);
    n = read_question(zap, frames);
    if (n > F_REQUEST) {
        bool known = judge(zap, frames, n, user);

        *(known ? &zap->accepted : &zap->refused) += 1;
        answer(zap, frames, known ? user : NULL);
    }
    for (int i = 0; i < ZAP_FRAMES; i++)
        zmq_msg_close(&frames[i]);
    return n > 0;
}

static void on_ready(struct wh_watch *watch, short events)
{
    struct wh_zap *zap = (struct wh_zap *)watch;

    (void)events;
    for (int i = 0; i < WH_WATCH_BATCH && serve_one(zap); i++)
        ;
}

static void on_closed(struct wh_watch *watch)
{
    free(watch);
}

static bool open_inner(struct wh_bus *bus, struct wh_zap *zap)
{
    int zero = 0;

    zap->zmq = zmq_socket(wh_bus_zmq(bus), ZMQ_ROUTER);
    return zap->zmq && zmq_setsockopt(zap->zmq, ZMQ_LINGER, &zero, sizeof(zero)) == 0 &&
           zmq_setsockopt(zap->zmq, ZMQ_SNDHWM, &zero, sizeof(zero)) == 0 &&
           zmq_setsockopt(zap->zmq, ZMQ_RCVHWM, &zero, sizeof(zero)) == 0 &&
           zmq_bind(zap->zmq, "inproc://zeromq.zap.01") == 0;
}

int wh_zap_new(struct wh_bus *bus, wh_zap_lookup_fn lookup, void *arg, struct wh_zap **ret_zap)
{
    struct wh_zap *zap = calloc(1, sizeof(*zap));

    if (!zap)
        return WH_E_NOMEM;
    zap->lookup = lookup;
    zap->arg = arg;
    zap->watch.want = ZMQ_POLLIN;
    zap->watch.on_ready = on_ready;
    zap->watch.on_closed = on_closed;
    if (!open_inner(bus, zap) || wh_watch_start(&zap->watch, wh_bus_loop(bus), zap->zmq) < 0) {
        if (zap->zmq)
            zmq_close(zap->zmq);
        free(zap);
        return WH_E_IO;
    }
    *ret_zap = zap;
    return 0;
}

void wh_zap_free(struct wh_zap *zap)
{
    if (!zap || zap->closed)
        return;
    zap->closed = true;
    wh_watch_stop(&zap->watch);
    zmq_close(zap->zmq);
}

uint64_t wh_zap_accepted(const struct wh_zap *zap)
{
    return zap->accepted;
}

uint64_t wh_zap_refused(const struct wh_zap *zap)
{
    return zap->refused;
}
