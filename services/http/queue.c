// SPDX-License-Identifier: Apache-2.0
// A queue of shared buffers, a ring that grows by doubling and is given back when it runs empty, so
// that an idle stream costs nothing here.
#include <stdlib.h>

#include "http/internal.h"

static int grow(struct http_queue *queue)
{
    unsigned cap = queue->cap == 0 ? 4 : queue->cap * 2;
    struct http_buffer **ring = malloc(cap * sizeof(struct http_buffer *));
    if (ring == NULL)
        return WH_E_NOMEM;
    for (unsigned i = 0; i < queue->n; i++)
        ring[i] = queue->ring[(queue->first + i) % queue->cap];
    free(queue->ring);
    queue->ring = ring;
    queue->first = 0;
    queue->cap = cap;
    return 0;
}

int http_queue_add(struct http_queue *queue, struct http_buffer *buffer)
{
    if (http_buffer_size(buffer) == 0)
        return 0;
    if (queue->n == queue->cap && grow(queue) != 0)
        return WH_E_NOMEM;
    queue->ring[(queue->first + queue->n++) % queue->cap] = http_buffer_ref(buffer);
    queue->bytes += http_buffer_size(buffer);
    return 0;
}

struct http_buffer *http_queue_take(struct http_queue *queue)
{
    if (queue->n == 0)
        return NULL;
    struct http_buffer *buffer = queue->ring[queue->first];
    queue->first = (queue->first + 1) % queue->cap;
    queue->n--;
    queue->bytes -= http_buffer_size(buffer) - queue->offset;
    queue->offset = 0;
    if (queue->n == 0) {
        free(queue->ring);
        queue->ring = NULL;
        queue->cap = queue->first = 0;
    }
    return buffer;
}

void http_queue_sent(struct http_queue *queue, size_t n)
{
    while (n > 0 && queue->n > 0) {
        size_t left = http_buffer_size(queue->ring[queue->first]) - queue->offset;
        if (n < left) {
            queue->offset += n;
            queue->bytes -= n;
            return;
        }
        n -= left;
        http_buffer_unref(http_queue_take(queue));
    }
}

void http_queue_done(struct http_queue *queue)
{
    while (queue->n > 0)
        http_buffer_unref(http_queue_take(queue));
}

unsigned http_queue_pieces(const struct http_queue *queue, uv_buf_t *ret_pieces)
{
    unsigned n = queue->n < HTTP_PIECES ? queue->n : HTTP_PIECES;
    for (unsigned i = 0; i < n; i++) {
        struct http_buffer *buffer = queue->ring[(queue->first + i) % queue->cap];
        size_t skip = i == 0 ? queue->offset : 0;
        ret_pieces[i] = uv_buf_init(http_buffer_data(buffer) + skip,
                                    (unsigned)(http_buffer_size(buffer) - skip));
    }
    return n;
}
