// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server in a libuv loop that knows nothing of Whistle: whole requests in, replies and
// event streams out. It decides what is a well-formed request, how much and how slowly anybody may
// send, hold or read, and that answers leave in the order of their requests. What a path means,
// who may ask and what is said is its user's.
//
// One thread: everything here is called in the loop's. Life of a request:
//   head(request)     its header fields are there: how long may its body be? (may answer at once)
//   handle(request)   it is whole
//   http_respond or http_stream_open, exactly once, now or later. The request is gone then.
#ifndef WH_HTTP_HTTP_H
#define WH_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/arena.h"
#include "base/text.h"

struct http_server;
struct http_connection;
struct http_stream;
struct http_buffer;

// ---- requests --------------------------------------------------------------------------------

enum http_method {
    HTTP_METHOD_OTHER, // a method of RFC 9110 or WebDAV that is none of these
    HTTP_METHOD_GET,
    HTTP_METHOD_HEAD, // handled as GET; the reply's body is not sent
    HTTP_METHOD_POST,
    HTTP_METHOD_PUT,
    HTTP_METHOD_PATCH,
    HTTP_METHOD_DELETE,
    HTTP_METHOD_OPTIONS,
};

struct http_header {
    const char *name, *value; // NUL-terminated; a reply's may hold no control character
};

// One request. Everything it shows is borrowed and lives until it is answered.
struct http_request {
    enum http_method method;
    const char *method_name; // as sent
    // Percent-decoded once: UTF-8, begins with '/', without control characters, "." and ".."
    // segments, empty segments (but the last), '\', and without a decoded '/'. NUL-terminated.
    struct wh_str path;
    struct wh_str query; // raw, what follows '?'; read it by http_query_get or http_pair_next
    const char *host;    // as sent, never empty
    struct wh_str body;  // whole, followed by a NUL; empty until handle()
    // The client's numeric address: the connection's, or what a trusted proxy's X-Forwarded-For
    // says (the last address in it that is no trusted proxy itself).
    const char *peer;
    bool secure;            // a trusted proxy says X-Forwarded-Proto: https
    struct wh_arena *arena; // the user's too, for what the request needs while it lives (2 MiB)
    void *user;             // the user's own; NULL at first
    const struct http_header *headers;
    size_t n_headers;
};

// Value of a header field by name (ASCII case does not matter); the first one; NULL where absent.
// These come at most once, else the request was refused: Host, Content-Length, Content-Type,
// Transfer-Encoding, Authorization, Cookie, Origin, Expect, If-Match, If-None-Match,
// Idempotency-Key, Last-Event-ID, X-CSRF-Token, Sec-Fetch-Site.
const char *http_header_get(const struct http_request *request, const char *name);

// One name=value, both decoded ('+' is a space), UTF-8 without NUL, NUL-terminated in the arena.
struct http_pair {
    struct wh_str name, value;
};
// The next pair of a query or of an application/x-www-form-urlencoded body; false at the end.
// *ret_error is WH_E_INVALID where a pair is malformed, WH_E_NOMEM past the arena's cap (then
// false too), else untouched.
bool http_pair_next(struct wh_str *rest, struct wh_arena *arena, struct http_pair *ret_pair,
                    int *ret_error);
// The first value of that name in the query. 0, WH_E_NOTFOUND, WH_E_INVALID, WH_E_NOMEM.
int http_query_get(const struct http_request *request, const char *name, struct wh_str *ret_value);

// fn is called once, from the loop, when the connection breaks before the answer. A request that
// handle() was given must be answered all the same (nothing is sent then, also inside fn); one
// known from head() only is over after fn, also when the room itself refuses its body. NULL: nobody
// wants to know.
void http_on_gone(struct http_request *request, void (*fn)(struct http_request *request, void *arg),
                  void *arg);

// ---- replies ---------------------------------------------------------------------------------

// Bytes that many connections may send without a copy; counted references.
// One reference to a copy of n bytes (data NULL: uncleared). NULL without memory.
struct http_buffer *http_buffer_new(const void *data, size_t n);
struct http_buffer *http_buffer_ref(struct http_buffer *buffer); // gives the same back
void http_buffer_unref(struct http_buffer *buffer);              // NULL is fine
char *http_buffer_data(struct http_buffer *buffer);              // change it only while it is yours
size_t http_buffer_size(const struct http_buffer *buffer);

// status 200 to 599. The room adds Date, Content-Length, Connection and the server's own fields.
struct http_reply {
    int status;
    const char *type;                  // Content-Type; NULL: none
    const struct http_header *headers; // copied
    size_t n_headers;
    struct wh_str body;         // copied
    struct http_buffer *shared; // instead of body; borrowed (the room takes its own reference)
    bool close;                 // the connection ends with this reply
};

// Answers; the request is gone. A header with a control character is left out. To HEAD and for 204
// and 304 no body is sent.
void http_respond(struct http_request *request, const struct http_reply *reply);
// The same with a text: "text/plain; charset=utf-8".
void http_respond_text(struct http_request *request, int status, const char *text);

// ---- event streams ---------------------------------------------------------------------------

// Answers with a head (its body is sent first) and keeps the connection for http_stream_send; the
// connection's end is the stream's end. reply->type is the stream's. The request is gone. gone(arg)
// is called once, from the loop and never from inside a call of this room, when the stream has
// ended, by whomever; the stream is freed after it. 0, or WH_E_BUSY (as many streams as the limits
// allow), WH_E_NOMEM: then the request is still there and to be answered.
int http_stream_open(struct http_request *request, const struct http_reply *reply,
                     void (*gone)(void *arg), void *arg, struct http_stream **ret_stream);
// Queues the buffer (takes its own reference) and sends what can be sent now. 0; WH_E_BUSY: the
// peer reads too slowly, its backlog is full: the stream ends (gone follows); WH_E_IO: it has
// ended.
int http_stream_send(struct http_stream *stream, struct http_buffer *buffer);
size_t http_stream_unsent(const struct http_stream *stream); // bytes queued and not yet sent
// Sends what is queued, then ends. gone follows.
void http_stream_close(struct http_stream *stream);

// ---- the server ------------------------------------------------------------------------------

// Zero means the default in brackets.
struct http_limits {
    size_t head_bytes;            // request line and header fields together [16 KiB]
    unsigned head_fields;         // [64]
    size_t target_bytes;          // [4 KiB]
    uint64_t head_ms;             // from its first byte to its last [10,000]
    uint64_t body_ms;             // without counting rate [10,000]
    size_t body_rate;             // bytes a second a body may take at the slowest [4,096]
    size_t bodies_bytes;          // of all bodies in hand; then 503 [64 MiB]
    uint64_t idle_ms;             // between two requests, and before the first [60,000]
    uint64_t send_ms;             // unsent bytes may wait so long, without counting rate [10,000]
    size_t send_rate;             // bytes a second a client may read at the slowest [4,096]
    size_t unsent_bytes;          // while more waits unsent no further request is read [256 KiB]
    unsigned connections;         // [1,024]
    unsigned address_connections; // of one address (IPv6: one /64); trusted proxies apart [256]
    unsigned in_hand;             // of one connection, pipelined and not yet answered [8]
    unsigned streams;             // [connections]
    size_t stream_backlog;        // unsent bytes of one stream; more ends it [128 KiB]
};

// What the room refuses by itself, before or beside its user.
struct http_refusal {
    int status;           // 400 408 413 414 417 429 431 501 503 505
    const char *why;      // English, one line, static: "space before colon"
    unsigned retry_after; // seconds, 0 none; sent as Retry-After
};

struct http_config {
    const char *address; // numeric, IPv4 or IPv6
    int port;            // 0: any free one, see http_server_port
    int backlog;         // [4,096]
    struct http_limits limits;
    const char *trusted; // proxies: addresses or networks "10.0.0.0/8, ::1"; NULL or "": none
    // Fields on every reply, also on refusals and streams; live as long as the server.
    const struct http_header *headers;
    size_t n_headers;
    // How many bytes of body may this request bring? Longer ones are answered 413. It may answer
    // the request instead (401, 404, 405 …): then what it returns does not matter, and where a body
    // is on its way the connection ends after the answer. NULL: none may have a body.
    size_t (*head)(struct http_request *request, void *arg);
    void (*handle)(struct http_request *request, void *arg);
    // Body and type of a refusal, in the arena. NULL: one line of text.
    void (*refuse)(const struct http_refusal *refusal, struct wh_arena *arena,
                   struct http_reply *reply, void *arg);
    void *arg;
};

// Binds and listens; also raises the process's limit of descriptors to what connections need. 0,
// WH_E_INVALID (address, port, trusted), WH_E_NOMEM, WH_E_IO (cannot bind). config is copied, what
// it points to is not, but address and trusted.
int http_server_open(uv_loop_t *loop, const struct http_config *config,
                     struct http_server **ret_server);
int http_server_port(const struct http_server *server);
// Changes limits while running; new ones count from the next look at them.
void http_server_limits(struct http_server *server, const struct http_limits *limits);
// Takes no new connection and no new request; what is in hand is answered with Connection: close,
// streams end, then, or after ms at the latest, everything is closed.
void http_server_drain(struct http_server *server, uint64_t ms);
// Closes everything now; gone-callbacks come, then closed(arg) (may be NULL). The server frees
// itself when the last request has been answered. Its user must not use it after this.
void http_server_close(struct http_server *server, void (*closed)(void *arg), void *arg);

// Counted since the server was opened, but the first four.
struct http_figures {
    size_t connections, streams, in_hand, body_bytes;
    uint64_t accepted, requests, replies[6] /* by status / 100 */, bytes_in, bytes_out;
    uint64_t refused_connections;     // over a limit of connections
    uint64_t malformed;               // refused while being read
    uint64_t slow_heads, slow_bodies; // closed for being too slow
    uint64_t slow_readers, slow_streams;
};
void http_server_figures(const struct http_server *server, struct http_figures *ret_figures);

#endif
