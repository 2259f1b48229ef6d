// SPDX-License-Identifier: Apache-2.0
// Metrics as Prometheus reads them, log lines as JSON, and the HTTP endpoint over real sockets:
// right answers, refusals, many connections, a slow one.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "runtime/log.h"
#include "runtime/probe.h"

static void has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in:\n%s", part, text);
}

static char *text_of_metrics(struct wh_metrics *metrics)
{
    size_t n;
    char *text = wh_metrics_text(metrics, &n);
    assert_int_equal(n, strlen(text));
    return text;
}

static void text_is_prometheus(void **state)
{
    (void)state;
    struct wh_metrics *metrics = wh_metrics_new("intake");
    wh_metrics_set(metrics, "lag", "how far\nbehind", NULL, 2.5);
    wh_metrics_add(metrics, "accepted_total", "accepted", NULL, 3);
    wh_metrics_add(metrics, "accepted_total", "accepted", NULL, 4);
    wh_metrics_set(metrics, "accepted_total", "another kind is not mixed in", NULL, 99);
    wh_metrics_count(metrics, "seen_total", "told", NULL, 12);
    wh_metrics_count(metrics, "seen_total", "told", NULL, 11);
    for (int i = 1; i <= 100; i++)
        wh_metrics_observe(metrics, "turn_seconds", "a turn", &wh_buckets_seconds, i / 1000.0);
    wh_metrics_observe(metrics, "turn_seconds", "a turn", &wh_buckets_seconds, 9);
    char *text = text_of_metrics(metrics);
    has(text, "# HELP whistle_lag how far behind\n# TYPE whistle_lag gauge\n"
              "whistle_lag{service=\"intake\"} 2.5\n");
    has(text, "# TYPE whistle_accepted_total counter\n"
              "whistle_accepted_total{service=\"intake\"} 7\n");
    has(text, "whistle_seen_total{service=\"intake\"} 11\n");
    has(text, "whistle_turn_seconds_bucket{service=\"intake\",le=\"0.0005\"} 0\n");
    has(text, "whistle_turn_seconds_bucket{service=\"intake\",le=\"0.01\"} 10\n");
    has(text, "whistle_turn_seconds_bucket{service=\"intake\",le=\"5\"} 100\n");
    has(text, "whistle_turn_seconds_bucket{service=\"intake\",le=\"+Inf\"} 101\n");
    has(text, "whistle_turn_seconds_sum{service=\"intake\"} 14.05\n");
    has(text, "whistle_turn_seconds_count{service=\"intake\"} 101\n");
    has(text, "process_open_fds{service=\"intake\"} ");
    const char *memory = strstr(text, "process_resident_memory_bytes{service=\"intake\"} ");
    assert_true(atof(strchr(memory, '}') + 1) > 1e6);
    const char *start = strstr(text, "process_start_time_seconds{service=\"intake\"} ");
    assert_true(labs(time(NULL) - (time_t)atof(strchr(start, '}') + 1)) < 3600);
    free(text);
    wh_metrics_free(metrics);
}

static void labels_stand_together(void **state)
{
    (void)state;
    struct wh_metrics *metrics = wh_metrics_new("x");
    wh_metrics_add(metrics, "refused_total", "no", WH_LABELS({"at", "door"}, {"reason", "a.b"}), 2);
    wh_metrics_set(metrics, "between", "other", NULL, 1);
    wh_metrics_add(metrics, "refused_total", "no", WH_LABELS({"at", "feed"}, {"reason", "a.b"}), 1);
    wh_metrics_add(metrics, "refused_total", "no", WH_LABELS({"at", "door"}, {"reason", "a.b"}), 3);
    wh_metrics_add(metrics, "refused_total", "no", WH_LABELS({"at", "a\"b\\c\nd"}), 1);
    char *text = text_of_metrics(metrics);
    has(text, "# TYPE whistle_refused_total counter\n"
              "whistle_refused_total{service=\"x\",at=\"door\",reason=\"a.b\"} 5\n"
              "whistle_refused_total{service=\"x\",at=\"feed\",reason=\"a.b\"} 1\n"
              "whistle_refused_total{service=\"x\",at=\"a\\\"b\\\\c\\nd\"} 1\n");
    free(text);
    wh_metrics_clear(metrics, "refused_total");
    text = text_of_metrics(metrics);
    assert_null(strstr(text, "refused_total"));
    free(text);
    wh_metrics_add(metrics, "refused_total", "no", WH_LABELS({"at", "door"}), 1);
    text = text_of_metrics(metrics);
    has(text, "whistle_refused_total{service=\"x\",at=\"door\"} 1\n");
    free(text);
    wh_metrics_free(metrics);
}

// However many label sets somebody makes: the count is bounded, and counters lose nothing.
static void too_many_labels_are_counted_as_others(void **state)
{
    (void)state;
    char name[32];
    double sum = 0;
    struct wh_metrics *metrics = wh_metrics_new("x");
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 1000; i++) {
            snprintf(name, sizeof name, "n%d", i);
            wh_metrics_add(metrics, "many_total", "help", WH_LABELS({"who", name}), i);
            wh_metrics_set(metrics, "gauge", "help", WH_LABELS({"who", name}), i);
            sum += i;
        }
    char *text = text_of_metrics(metrics), *line = text;
    size_t series = 0, gauges = 0;
    while ((line = strstr(line, "\nwhistle_many_total{")) != NULL) {
        sum -= atof(strstr(line, "} ") + 2);
        series++;
        line++;
    }
    for (line = text; (line = strstr(line, "\nwhistle_gauge{")) != NULL; line++)
        gauges++;
    assert_int_equal(series, WH_METRICS_SERIES + 1);
    assert_int_equal(gauges, WH_METRICS_SERIES);
    assert_true(sum == 0);
    has(text, "whistle_many_total{service=\"x\",who=\"other\"} ");
    has(text, "whistle_metrics_dropped_total{service=\"x\"} 1488\n"); // 2 * (1000 - 256)
    free(text);
    wh_metrics_free(metrics);
}

// ---- log -------------------------------------------------------------------------------------

static json_t *logged(void (*write)(void))
{
    char path[] = "/tmp/wh-log-XXXXXX", line[8192];
    int fd = mkstemp(path), err = dup(2);
    unlink(path);
    dup2(fd, 2);
    write();
    dup2(err, 2);
    close(err);
    ssize_t n = pread(fd, line, sizeof line, 0);
    close(fd);
    assert_true(n > 0 && n <= 4096);
    assert_int_equal(line[n - 1], '\n');
    assert_ptr_equal(memchr(line, '\n', (size_t)n), &line[n - 1]); // one line
    json_t *json = json_loadb(line, (size_t)n, 0, NULL);
    assert_non_null(json);
    return json;
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    assert_non_null(text);
    return text;
}

static void write_odd(void)
{
    wh_log(WH_LOG_WARN, "odd", "quote", "a\"b\\c\n\t\x01", "utf8", "接诉即办 \xf0\x9f\x94\x94",
           "broken", "x\xff\xed\xa0\x80y", "null", (const char *)NULL, NULL);
}

static void write_long(void)
{
    char text[9000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    wh_log(WH_LOG_ERROR, "long", "first", "1", "text", text, "last", "lost", NULL);
}

static void write_detail(void)
{
    wh_log(WH_LOG_DEBUG, "below the level", NULL);
    wh_logf(WH_LOG_INFO, "detail", "%d of %s", 3, "four");
}

static void log_lines_are_json(void **state)
{
    (void)state;
    wh_log_init("intake", WH_LOG_INFO);
    json_t *json = logged(write_odd);
    assert_string_equal(text_of(json, "level"), "warn");
    assert_string_equal(text_of(json, "service"), "intake");
    assert_string_equal(text_of(json, "event"), "odd");
    assert_string_equal(text_of(json, "quote"), "a\"b\\c\n\t\x01");
    assert_string_equal(text_of(json, "utf8"), "接诉即办 \xf0\x9f\x94\x94");
    assert_string_equal(text_of(json, "broken"),
                        "x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdy");
    assert_string_equal(text_of(json, "null"), "");
    assert_int_equal(strlen(text_of(json, "ts")), strlen("2026-11-23T09:00:05.000Z"));
    json_decref(json);
    json = logged(write_long);
    assert_true(strlen(text_of(json, "text")) > 3900);
    assert_null(json_object_get(json, "last"));
    json_decref(json);
    json = logged(write_detail);
    assert_string_equal(text_of(json, "detail"), "3 of four");
    json_decref(json);
}

// ---- HTTP ------------------------------------------------------------------------------------

struct server {
    uv_loop_t loop;
    struct wh_metrics *metrics;
    struct wh_probe *probe;
    int port;
    bool ready;
};

static bool is_ready(void *arg, char *ret_why, size_t n)
{
    bool ready = ((struct server *)arg)->ready;
    snprintf(ret_why, n, "%s", ready ? "release 1" : "no database");
    return ready;
}

static void before(void *arg)
{
    wh_metrics_add(((struct server *)arg)->metrics, "scrapes_total", "scrapes", NULL, 1);
}

static int free_port(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof where;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&where, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &size), 0);
    close(fd);
    return ntohs(where.sin_port);
}

static int server_setup(void **state)
{
    struct server *server = calloc(1, sizeof *server);
    uv_loop_init(&server->loop);
    server->metrics = wh_metrics_new("intake");
    server->port = free_port();
    assert_int_equal(wh_probe_open(&server->loop, "127.0.0.1", server->port, server->metrics,
                                   is_ready, before, server, &server->probe),
                     0);
    *state = server;
    return 0;
}

static int server_teardown(void **state)
{
    struct server *server = *state;
    wh_probe_close(server->probe);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&server->loop), 0);
    wh_metrics_free(server->metrics);
    free(server);
    return 0;
}

static int dial(const struct server *server)
{
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)server->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof where), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

// Sends the bytes in pieces, runs the loop, returns what came until the server closed.
static char *exchange(struct server *server, const char *request, size_t piece)
{
    static char answer[65536];
    size_t n = 0, sent = 0, all = strlen(request);
    int fd = dial(server);
    for (int i = 0; i < 20000; i++) {
        if (sent < all) {
            ssize_t put =
                send(fd, request + sent, piece < all - sent ? piece : all - sent, MSG_NOSIGNAL);
            sent = put > 0 ? sent + (size_t)put : all;
        }
        uv_run(&server->loop, UV_RUN_NOWAIT);
        ssize_t got = recv(fd, answer + n, sizeof answer - 1 - n, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    answer[n] = '\0';
    return answer;
}

static void paths_answer(void **state)
{
    struct server *server = *state;
    for (size_t piece = 1; piece < 100; piece += 33) {
        char *text = exchange(server, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", piece);
        has(text, "HTTP/1.1 200 OK\r\n");
        has(text, "\r\n\r\nok\n");
    }
    has(exchange(server, "GET /readyz?a=b HTTP/1.1\r\nHost: x\r\n\r\n", 100),
        "HTTP/1.1 503 Service Unavailable\r\n");
    has(exchange(server, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", 100), "\r\n\r\nno database\n");
    server->ready = true;
    has(exchange(server, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", 100),
        "\r\n\r\nready: release 1\n");
    char *text = exchange(server, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 100);
    has(text, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    has(text, "whistle_scrapes_total{service=\"intake\"} 1\n");
    text = exchange(server, "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 100);
    has(text, "Content-Length: 3\r\n");
    assert_null(strstr(text, "ok\n"));
}

static void refusals_answer_too(void **state)
{
    struct server *server = *state;
    char request[12000] = "GET /";
    has(exchange(server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 100), "HTTP/1.1 404 ");
    has(exchange(server, "POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 100), "Allow: GET, HEAD\r\n");
    has(exchange(server, "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345", 100),
        "HTTP/1.1 413 ");
    has(exchange(server,
                 "GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                 "chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
                 100),
        "HTTP/1.1 413 ");
    has(exchange(server, "hello\r\n\r\n", 100), "HTTP/1.1 400 ");
    memset(request + 5, 'x', 300);
    strcpy(request + 305, " HTTP/1.1\r\n\r\n");
    has(exchange(server, request, 100), "HTTP/1.1 414 ");
    strcpy(request, "GET /healthz HTTP/1.1\r\nX: ");
    memset(request + 26, 'x', 10000);
    has(exchange(server, request, 1000), "HTTP/1.1 431 ");
}

static void connections_are_bounded(void **state)
{
    struct server *server = *state;
    int fds[60], closed = 0;
    char byte;
    for (int i = 0; i < 60; i++) {
        fds[i] = dial(server);
        uv_run(&server->loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < 100; i++)
        uv_run(&server->loop, UV_RUN_NOWAIT);
    for (int i = 0; i < 60; i++)
        closed += recv(fds[i], &byte, 1, 0) == 1; // it says so
    assert_int_equal(closed, 60 - 32);
    for (int i = 0; i < 60; i++)
        close(fds[i]);
    for (int i = 0; i < 100; i++)
        uv_run(&server->loop, UV_RUN_NOWAIT);
    has(exchange(server, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 100), "200 OK");
}

static void a_taken_port_is_told(void **state)
{
    struct server *server = *state;
    struct wh_probe *other = NULL;
    assert_int_equal(wh_probe_open(&server->loop, "127.0.0.1", server->port, server->metrics, NULL,
                                   NULL, NULL, &other),
                     WH_E_IO);
    assert_null(other);
    assert_int_equal(wh_probe_open(&server->loop, "not an address", 80, server->metrics, NULL, NULL,
                                   NULL, &other),
                     WH_E_INVALID);
    assert_int_equal(
        wh_probe_open(&server->loop, "127.0.0.1", 0, server->metrics, NULL, NULL, NULL, &other), 0);
    assert_null(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, server_setup, server_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_prometheus),
        cmocka_unit_test(labels_stand_together),
        cmocka_unit_test(too_many_labels_are_counted_as_others),
        cmocka_unit_test(log_lines_are_json),
        TEST(paths_answer),
        TEST(refusals_answer_too),
        TEST(connections_are_bounded),
        TEST(a_taken_port_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
