// SPDX-License-Identifier: Apache-2.0
// The prepare, idle, check construction around one ZeroMQ socket; see watch.h for why.
#include "client/watch.h"

#include <zmq.h>

#include "base/error.h"

// A look costs a system call, and a loop with many sockets turns often. Once it found nothing, it
// is taken again only after the descriptor was readable (it stays so until the next look) or after
// the owner has used the socket.
static short ready_events(struct wh_watch *watch)
{
    int events = 0;
    size_t size = sizeof(events);

    if (!watch->look)
        return 0;
    if (zmq_getsockopt(watch->zmq, ZMQ_EVENTS, &events, &size) < 0)
        return 0;
    events &= watch->want;
    watch->look = events != 0;
    return (short)events;
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct wh_watch *watch = handle->data;

    (void)status;
    (void)events;
    watch->look = true;
}

static void on_idle(uv_idle_t *handle)
{
    (void)handle;
}

static void on_prepare(uv_prepare_t *handle)
{
    struct wh_watch *watch = handle->data;

    watch->late = true;
    if (ready_events(watch))
        uv_idle_start(&watch->idle, on_idle);
}

static void on_check(uv_check_t *handle)
{
    struct wh_watch *watch = handle->data;
    short events;

    watch->late = false;
    uv_idle_stop(&watch->idle);
    events = ready_events(watch);
    if (events)
        watch->on_ready(watch, events);
}

static void on_close(uv_handle_t *handle)
{
    struct wh_watch *watch = handle->data;

    if (--watch->open_handles == 0 && watch->on_closed)
        watch->on_closed(watch);
}

int wh_watch_start(struct wh_watch *watch, uv_loop_t *loop, void *zmq)
{
    int fd = -1;
    size_t size = sizeof(fd);

    watch->zmq = zmq;
    watch->look = true;
    if (zmq_getsockopt(zmq, ZMQ_FD, &fd, &size) < 0 || uv_poll_init(loop, &watch->poll, fd) < 0)
        return WH_E_IO;
    uv_prepare_init(loop, &watch->prepare);
    uv_idle_init(loop, &watch->idle);
    uv_check_init(loop, &watch->check);
    watch->open_handles = 4;
    watch->poll.data = watch->prepare.data = watch->idle.data = watch->check.data = watch;
    uv_prepare_start(&watch->prepare, on_prepare);
    uv_check_start(&watch->check, on_check);
    uv_poll_start(&watch->poll, UV_READABLE, on_poll); // cannot fail on a handle just made
    return 0;
}

void wh_watch_touch(struct wh_watch *watch)
{
    watch->look = true;
    if (watch->late)
        uv_idle_start(&watch->idle, on_idle);
}

void wh_watch_stop(struct wh_watch *watch)
{
    uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, on_close);
    uv_close((uv_handle_t *)&watch->prepare, on_close);
    uv_close((uv_handle_t *)&watch->idle, on_close);
    uv_close((uv_handle_t *)&watch->check, on_close);
}
