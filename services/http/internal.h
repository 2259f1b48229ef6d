// SPDX-License-Identifier: Apache-2.0
// What the files of this room share: a server, its connections, and each connection's requests in
// hand ("asks") in the order in which they came. A connection lives until its socket is closed and
// its last ask is answered; a stream until its connection's socket is closed.
#ifndef WH_HTTP_INTERNAL_H
#define WH_HTTP_INTERNAL_H

#include "base/map.h"
#include "http/address.h"
#include "http/http.h"
#include "http/parse.h"

#define HTTP_READ_BYTES 65536
#define HTTP_SWEEP_MS 250
#define HTTP_LINGER_MS 2000
#define HTTP_LINGER_BYTES ((size_t)1 << 20)

// A queue of buffers. All-zero is empty.
struct http_queue {
    struct http_buffer **ring;
    unsigned first, n, cap;
    size_t bytes;  // unsent
    size_t offset; // sent of the first one
};
int http_queue_add(struct http_queue *queue, struct http_buffer *buffer); // takes a reference
struct http_buffer *http_queue_take(struct http_queue *queue);            // gives it away
void http_queue_sent(struct http_queue *queue, size_t n); // n bytes from its front are gone
void http_queue_done(struct http_queue *queue);
#define HTTP_PIECES 16
unsigned http_queue_pieces(const struct http_queue *queue, uv_buf_t *ret_pieces); // <= HTTP_PIECES

struct http_ask {
    struct http_incoming in; // first: struct http_request stands at its beginning
    struct http_connection *connection;
    struct http_ask *next;
    struct http_queue reply; // until its turn comes
    struct http_stream *stream;
    void (*gone)(struct http_request *request, void *arg);
    void *gone_arg;
    bool whole;    // nothing more is read for it
    bool answered; // nothing of it is the user's any more
    bool last;     // the connection ends after it
};

struct http_stream {
    struct http_connection *connection;
    struct http_ask *ask; // until its turn comes
    void (*gone)(void *arg);
    void *arg;
    bool ended;
};

struct http_connection {
    uv_tcp_t tcp;
    struct http_server *server;
    struct http_connection *next, **slot;
    struct http_parser parser;
    struct http_ask *first, *last; // in hand
    struct http_ask *reading;      // of them; the one being read, NULL: none begun
    struct http_stream *stream;    // once it is its turn
    struct http_queue out;
    struct http_write *write; // in flight, NULL: none
    char *left;               // read and not yet parsed
    size_t left_n;
    unsigned in_hand;
    uint64_t since;     // loop's ms: since when it is idle, or the head, the body is being read
    uint64_t out_since; // since when bytes wait unsent
    uint64_t out_bytes; // queued since then
    uint64_t out_sent;  // in all
    uint64_t out_seen, out_moved; // what a look saw sent, and when that last grew
    size_t lingered;
    struct http_address from;
    char peer[HTTP_ADDRESS_TEXT];
    bool trusted; // a proxy whose word on addresses counts
    bool reading_on;
    bool eof;       // nothing more comes
    bool ending;    // nothing more is read; closes when all is sent
    bool lingering; // all is sent; what still comes is thrown away
    bool closing, closed, in_feed;
};

struct http_server {
    uv_loop_t *loop;
    uv_tcp_t tcp;
    uv_timer_t sweep;
    struct http_config config;
    struct http_limits limits;
    struct http_nets trusted;
    struct http_connection *connections;
    struct wh_map addresses; // of connections, by address
    size_t bodies, in_hand;
    struct http_figures figures;
    char *fields; // the server's own, rendered
    size_t fields_n;
    char date[40];
    int64_t date_at; // s
    uint64_t drain_until;
    int port, open_handles;
    bool draining, closing;
    void (*closed)(void *arg);
    void *closed_arg;
    char chunk[HTTP_READ_BYTES]; // what is read goes here first
};

// connection.c
void http_connection_add(struct http_server *server); // accepts one
void http_connection_close(struct http_connection *connection);
// Nothing more is read; closes when what is in hand is answered and sent.
void http_connection_end(struct http_connection *connection);
// Looks whether something is to be sent, read, ended; called after anything changed.
void http_connection_turn(struct http_connection *connection);
void http_connection_sweep(struct http_connection *connection, uint64_t now);
void http_server_free_if_done(struct http_server *server);
// read.c
void http_read_on(struct http_connection *connection);
void http_read_off(struct http_connection *connection);
bool http_read_may(const struct http_connection *connection); // another request, or more of one?
bool http_read_left(struct http_connection *connection); // parses what was read before; false: not
// Answers what is being read with a refusal; nothing more is read.
void http_read_refuse(struct http_connection *connection, const struct http_refusal *refusal);
// The parts of a request that is being read are too slow?
bool http_read_late(struct http_connection *connection, uint64_t now);
// write.c
void http_write_out(struct http_connection *connection);
bool http_write_late(struct http_connection *connection, uint64_t now);
int http_out_add(struct http_connection *connection, struct http_buffer *buffer);
// reply.c
void http_ask_refuse(struct http_ask *ask, const struct http_refusal *refusal);
int http_reply_make(struct http_ask *ask, const struct http_reply *reply, bool stream);
const char *http_reason(int status);
// ask.c: asks in hand
struct http_ask *http_ask_new(struct http_connection *connection); // NULL without memory
void http_ask_free(struct http_ask *ask);
void http_asks_send(struct http_connection *connection); // moves what is answered, in order
// The connection is gone: tells whoever wants to know; what the user never had is over.
void http_asks_gone(struct http_connection *connection);
void http_ask_gone(struct http_ask *ask);     // tells, once
void http_ask_answered(struct http_ask *ask); // the user has no business with it any more
bool http_asks_open(const struct http_connection *connection); // is one still to be answered?
// buffer.c: the first n bytes are all of it.
void http_buffer_cut(struct http_buffer *buffer, size_t n);
// stream.c: the connection is closed.
void http_stream_gone(struct http_stream *stream);

#endif
