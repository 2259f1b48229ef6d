// SPDX-License-Identifier: Apache-2.0
// The gateway's HTTP interface under load: kept connections with several requests on their way
// each.
//   bench_gateway read PORT KEY PATH COUNT CONNECTIONS DEPTH   the same path again and again
//   bench_gateway post PORT KEY - COUNT CONNECTIONS DEPTH      whistles, each a matter of its own
// Prints one JSON object: answers a second, times from request to answer, how many were not good.
#define _GNU_SOURCE // memmem
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <uv.h>

#include "base/id.h"
#include "client/json.h"
#include "support/bench_matter.h"

#define DEPTH_MAX 16
#define ROOM (1u << 20)

struct bench;

struct connection {
    struct bench *bench;
    uv_tcp_t tcp;
    uint64_t sent_at[DEPTH_MAX];
    size_t first, waiting; // ring of sent_at
    char *in;
    size_t n;
};

struct bench {
    uv_loop_t loop;
    struct connection *connections;
    size_t n_connections, depth, count, sent, answered, bad;
    const char *key, *path;
    struct bench_matters *matters; // NULL: reads
    uint64_t begin, end, *took;
};

static void die(const char *what, int status)
{
    fprintf(stderr, "bench_gateway: %s: %s\n", what, uv_strerror(status));
    exit(2);
}

// ---- requests ----------------------------------------------------------------------------------

static char *body_of(struct bench *bench, size_t i)
{
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    Whistle__V1__RaiseWhistle raise = WHISTLE__V1__RAISE_WHISTLE__INIT;
    bench_matter_fill(bench->matters, i, &raise, &place);
    place.unit = (char *)"990101003002";
    raise.unit = (char *)"990101003";
    raise.category = (char *)"EBIKE_CHARGE";
    raise.place = &place;
    json_t *json = wh_json_from(&raise.base, NULL);
    char *text = wh_json_dump(json, NULL);
    json_decref(json);
    return text;
}

static int write_request(struct bench *bench, char *out, size_t room)
{
    if (bench->matters == NULL)
        return snprintf(out, room,
                        "GET %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n",
                        bench->path, bench->key);
    uint8_t random[10];
    char id[WH_UUID_CHARS + 1];
    uv_timeval64_t now;
    uv_gettimeofday(&now);
    randombytes_buf(random, sizeof random);
    wh_uuid_format(wh_uuid7_make(now.tv_sec * 1000 + now.tv_usec / 1000, random), id);
    char *body = body_of(bench, bench->sent);
    int n = snprintf(out, room,
                     "POST /api/v1/whistles HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n"
                     "Content-Type: application/json\r\nIdempotency-Key: %s\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     bench->key, id, strlen(body), body);
    free(body);
    return n;
}

static void on_written(uv_write_t *request, int status)
{
    if (status != 0)
        die("write", status);
    free(request);
}

static void pump(struct connection *c)
{
    struct bench *bench = c->bench;
    while (c->waiting < bench->depth && bench->sent < bench->count) {
        uv_write_t *request = malloc(sizeof *request + 8192);
        char *text = (char *)(request + 1);
        int n = write_request(bench, text, 8192);
        uv_buf_t buffer = uv_buf_init(text, (unsigned)n);
        bench->sent++;
        c->sent_at[(c->first + c->waiting++) % DEPTH_MAX] = uv_hrtime();
        int status = uv_write(request, (uv_stream_t *)&c->tcp, &buffer, 1, on_written);
        if (status != 0)
            die("write", status);
    }
}

// ---- answers -----------------------------------------------------------------------------------

// Length of the answer that stands at the beginning, 0: not whole yet.
static size_t answer_length(const char *in, size_t n)
{
    const char *end = memmem(in, n, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    const char *length = memmem(in, (size_t)(end - in), "Content-Length: ", 16);
    size_t body = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
    size_t whole = (size_t)(end - in) + 4 + body;
    return n >= whole ? whole : 0;
}

static void on_answer(struct connection *c, const char *in)
{
    struct bench *bench = c->bench;
    uint64_t now = uv_hrtime();
    if (in[9] != '2' && bench->bad++ == 0)
        fprintf(stderr, "bench_gateway: %.300s\n", in);
    bench->took[bench->answered++] = now - c->sent_at[c->first];
    c->first = (c->first + 1) % DEPTH_MAX;
    c->waiting--;
    if (bench->answered == bench->count) {
        bench->end = now;
        uv_stop(&bench->loop);
    }
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *ret_buffer)
{
    struct connection *c = handle->data;
    (void)hint;
    *ret_buffer = uv_buf_init(c->in + c->n, (unsigned)(ROOM - c->n));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct connection *c = stream->data;
    size_t at = 0, length;
    (void)buffer;
    if (n < 0)
        die("read", (int)n);
    c->n += (size_t)n;
    while ((length = answer_length(c->in + at, c->n - at)) > 0) {
        on_answer(c, c->in + at);
        at += length;
    }
    memmove(c->in, c->in + at, c->n - at);
    c->n -= at;
    pump(c);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct connection *c = request->data;
    if (status != 0)
        die("connect", status);
    free(request);
    uv_tcp_nodelay(&c->tcp, 1);
    uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
    pump(c);
}

// ---- the run -----------------------------------------------------------------------------------

static void open_one(struct bench *bench, struct connection *c, int port)
{
    struct sockaddr_in address;
    uv_connect_t *request = calloc(1, sizeof *request);
    c->bench = bench;
    c->in = malloc(ROOM);
    uv_ip4_addr("127.0.0.1", port, &address);
    uv_tcp_init(&bench->loop, &c->tcp);
    c->tcp.data = c;
    request->data = c;
    uv_tcp_connect(request, &c->tcp, (const struct sockaddr *)&address, on_connected);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void print_result(struct bench *bench)
{
    qsort(bench->took, bench->count, sizeof *bench->took, by_size);
    printf("{\"count\":%zu,\"bad\":%zu,\"per_s\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n",
           bench->count, bench->bad,
           (double)bench->count / ((double)(bench->end - bench->begin) / 1e9),
           (double)bench->took[bench->count / 2] / 1e6,
           (double)bench->took[bench->count * 99 / 100] / 1e6);
}

int main(int argc, char **argv)
{
    if (argc != 8 || sodium_init() < 0) {
        fprintf(stderr, "usage: bench_gateway read|post PORT KEY PATH COUNT CONNECTIONS DEPTH\n");
        return 2;
    }
    struct bench bench = {.key = argv[3],
                          .path = argv[4],
                          .count = strtoul(argv[5], NULL, 10),
                          .n_connections = strtoul(argv[6], NULL, 10),
                          .depth = strtoul(argv[7], NULL, 10)};
    if (bench.depth < 1 || bench.depth > DEPTH_MAX || bench.count < 1)
        die("DEPTH is 1 to 16", UV_EINVAL);
    if (strcmp(argv[1], "post") == 0)
        bench.matters = bench_matters_new(3, bench.count);
    bench.took = calloc(bench.count, sizeof *bench.took);
    bench.connections = calloc(bench.n_connections, sizeof *bench.connections);
    uv_loop_init(&bench.loop);
    bench.begin = uv_hrtime();
    for (size_t i = 0; i < bench.n_connections; i++)
        open_one(&bench, &bench.connections[i], (int)strtol(argv[2], NULL, 10));
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    print_result(&bench);
    return bench.bad > 0 ? 1 : 0;
}
