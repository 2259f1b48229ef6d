// SPDX-License-Identifier: Apache-2.0
// Hostile HTTP against the room `http`, or against a gateway (--port): mutated requests, the
// classic malformed ones, headers without an end, slow senders, slow readers; what became of each,
// and how long honest clients waited without and with them. Everything on this machine, for a
// bounded time. Prints one JSON object; exit 1 where something hung, the server ended, or honest
// clients' p99 grew beyond twice and 10 ms.
//   chaos_http [--mutations N] [--seconds S] [--slow N] [--port P] [--path /healthz] [--seed N]
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "http/http.h"

#define MUTATORS 3
#define HONEST 4
#define SAMPLES 20000
#define PATIENCE_MS 15000
#define SLOW_NET "127.0.3."

struct shared {
    volatile int port;
    volatile bool stop;
    unsigned mutations, refused, served, dropped, hung; // atomically added to
    unsigned classic, classic_accepted, endless, endless_bytes_max, slow_ended, readers_ended;
    unsigned n_samples[3][HONEST];
    float samples[3][HONEST][SAMPLES]; // ms
    unsigned failed[3];
};

static struct shared *shared;
static struct {
    unsigned mutations, seconds, slow, seed;
    int port;
    const char *path;
} options = {100000, 10, 300, 1, 0, "/healthz"};

static void add(unsigned *counter, unsigned n)
{
    __atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

// ---- the server where none is named ------------------------------------------------------------

static size_t on_head(struct http_request *request, void *arg)
{
    (void)request;
    (void)arg;
    return 4096;
}

static void on_request(struct http_request *request, void *arg)
{
    struct http_buffer *big = arg;
    if (strcmp(request->path.p, "/big") == 0)
        http_respond(request, &(struct http_reply){.status = 200, .shared = big});
    else
        http_respond_text(request, 200, "ok\n");
}

static void serve(void)
{
    uv_loop_t loop;
    struct http_server *server;
    uv_loop_init(&loop);
    const struct http_config config = {
        .address = "127.0.0.1",
        .limits = {.head_ms = 3000, .idle_ms = 5000, .send_ms = 3000, .body_ms = 3000},
        .head = on_head,
        .handle = on_request,
        .arg = http_buffer_new(NULL, 4 << 20)};
    if (http_server_open(&loop, &config, &server) != 0)
        _exit(3);
    shared->port = http_server_port(server);
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(0);
}

// ---- clients -----------------------------------------------------------------------------------

static int dial(const char *from)
{
    struct sockaddr_in mine = {.sin_family = AF_INET}, where = {.sin_family = AF_INET};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, small = 4096;
    if (strncmp(from, SLOW_NET, strlen(SLOW_NET)) == 0) // so that it is full soon
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    inet_pton(AF_INET, from, &mine.sin_addr);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    where.sin_port = htons((uint16_t)shared->port);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&mine, sizeof mine) == 0 &&
        connect(fd, (struct sockaddr *)&where, sizeof where) == 0)
        return fd;
    close(fd);
    return -1;
}

// Sends all and says no more; the first status that came: 0 none, -1 hung.
static int exchange(const char *from, const char *bytes, size_t n)
{
    char answer[4096];
    int status = 0, fd = dial(from);
    if (fd < 0)
        return 0;
    (void)send(fd, bytes, n, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
    for (;;) {
        ssize_t got = recv(fd, answer, sizeof answer - 1, 0);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            status = -1;
        if (got <= 0)
            break;
        answer[got] = '\0';
        if (status == 0)
            (void)sscanf(answer, "HTTP/1.1 %d", &status);
    }
    close(fd);
    return status;
}

// ---- mutations ---------------------------------------------------------------------------------

static const char *const seeds[] = {
    "GET /healthz HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n",
    "POST /a/b?c=d%20e HTTP/1.1\r\nHost: x.example:80\r\nContent-Length: 11\r\n"
    "Content-Type: application/json\r\n\r\n{\"a\":\"b\"}  ",
    "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "PUT /d HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"};
static const char *const spices[] = {"\r\n",
                                     "\n",
                                     "\r",
                                     "\r\n\r\n",
                                     " ",
                                     ":",
                                     "%",
                                     "%00",
                                     "../",
                                     "Content-Length: 5\r\n",
                                     "Transfer-Encoding: chunked\r\n",
                                     "Host: y\r\n",
                                     "0\r\n\r\n",
                                     "ffffffffffffffff\r\n",
                                     "HTTP/1.1",
                                     "\xff\xfe",
                                     "Connection: keep-alive, close\r\n",
                                     "Upgrade: h2c\r\nConnection: upgrade\r\n"};

static unsigned dice(unsigned *seed, size_t n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (unsigned)((*seed >> 8) % n);
}

static size_t mutate(unsigned *seed, char *text, size_t n, size_t room)
{
    size_t at = dice(seed, n), part = 1 + dice(seed, 12), spice_n;
    const char *spice = spices[dice(seed, sizeof spices / sizeof *spices)];
    switch (dice(seed, 5)) {
    case 0:
        text[at] = (char)dice(seed, 256);
        return n;
    case 1: // cut out
        part = part < n - at ? part : n - at;
        memmove(text + at, text + at + part, n - at - part);
        return n - part > 0 ? n - part : 1;
    case 2: // cut off
        return at > 0 ? at : 1;
    default:
        spice_n = strlen(spice);
        if (n + spice_n > room)
            return n;
        memmove(text + at + spice_n, text + at, n - at);
        memcpy(text + at, spice, spice_n);
        return n + spice_n;
    }
}

static void mutators(unsigned number)
{
    unsigned seed = options.seed * 977 + number;
    char from[32], text[4096];
    (void)snprintf(from, sizeof from, "127.0.1.%u", number + 1);
    for (unsigned i = number; i < options.mutations && !shared->stop; i += MUTATORS) {
        const char *begin = seeds[dice(&seed, sizeof seeds / sizeof *seeds)];
        size_t n = strlen(begin);
        memcpy(text, begin, n);
        for (unsigned k = 1 + dice(&seed, 4); k > 0; k--)
            n = mutate(&seed, text, n, sizeof text);
        int status = exchange(from, text, n);
        add(&shared->mutations, 1);
        add(status < 0      ? &shared->hung
            : status == 0   ? &shared->dropped
            : status >= 400 ? &shared->refused
                            : &shared->served,
            1);
    }
    _exit(0);
}

// As many connections and requests, well-formed.
static void neighbours(unsigned number)
{
    unsigned seed = options.seed * 977 + number;
    char from[32];
    (void)snprintf(from, sizeof from, "127.0.1.%u", number + 1);
    while (!shared->stop) {
        const char *text = seeds[dice(&seed, sizeof seeds / sizeof *seeds)];
        (void)exchange(from, text, strlen(text));
    }
    _exit(0);
}

// The eight classic ones, again and again, and headers without an end.
static void classics(void)
{
    static const char *const texts[] = {
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\nHost: x\n\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\nGET /s HTTP/1.1\r\nHost: "
        "x"
        "\r\n\r\n"};
    static const char nul[] = "GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n";
    while (!shared->stop) {
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            int status = exchange("127.0.2.1", texts[i], strlen(texts[i]));
            add(&shared->classic, 1);
            add(&shared->classic_accepted, status < 400);
        }
        add(&shared->classic, 1);
        add(&shared->classic_accepted, exchange("127.0.2.1", nul, sizeof nul - 1) < 400);
        static char much[1 << 20];
        memset(much, 'a', sizeof much);
        int fd = dial("127.0.2.2");
        size_t sent = 0;
        (void)send(fd, "GET / HTTP/1.1\r\nHost: x\r\nX: ", 28, MSG_NOSIGNAL);
        for (ssize_t put = 0; put >= 0 && sent < (size_t)1 << 30; sent += (size_t)put)
            put = send(fd, much, sizeof much, MSG_NOSIGNAL);
        close(fd);
        add(&shared->endless, 1);
        if (sent > shared->endless_bytes_max)
            shared->endless_bytes_max = (unsigned)sent;
        usleep(20000);
    }
    _exit(0);
}

// Half of them send a header byte now and then, half ask for much and do not read.
static void slow_ones(void)
{
    int *fds = calloc(options.slow, sizeof *fds);
    char from[32], bytes[256];
    memset(fds, -1, options.slow * sizeof *fds);
    while (!shared->stop) {
        for (unsigned i = 0; i < options.slow && !shared->stop; i++) {
            bool reader = i % 2 == 1;
            if (fds[i] < 0) {
                (void)snprintf(from, sizeof from, SLOW_NET "%u", 1 + i % 100);
                fds[i] = dial(from);
                const char *text =
                    reader ? "GET /big HTTP/1.1\r\nHost: x\r\n\r\n" : "GET / HTTP/1.1\r\nX: ";
                (void)send(fds[i], text, strlen(text), MSG_NOSIGNAL);
                continue;
            }
            struct pollfd state = {.fd = fds[i], .events = 0};
            bool over = poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR)) != 0;
            if (!reader)
                over = over || send(fds[i], "a", 1, MSG_NOSIGNAL) < 0 ||
                       recv(fds[i], bytes, sizeof bytes, MSG_DONTWAIT) > 0;
            if (over) {
                add(reader ? &shared->readers_ended : &shared->slow_ended, 1);
                close(fds[i]);
                fds[i] = -1;
            }
        }
        usleep(100000);
    }
    _exit(0);
}

// One request every few milliseconds over one connection.
static void honest(unsigned phase, unsigned number)
{
    char request[256], answer[4096], from[32];
    (void)snprintf(from, sizeof from, "127.0.4.%u", number + 1);
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", options.path);
    int fd = dial(from);
    while (!shared->stop && shared->n_samples[phase][number] < SAMPLES) {
        double begin = now_ms();
        if (fd < 0 || send(fd, request, (size_t)n, MSG_NOSIGNAL) != n ||
            recv(fd, answer, sizeof answer, 0) < 12 || memcmp(answer + 9, "200", 3) != 0) {
            add(&shared->failed[phase], 1);
            close(fd);
            fd = dial(from);
        }
        shared->samples[phase][number][shared->n_samples[phase][number]++] =
            (float)(now_ms() - begin);
        usleep(3000);
    }
    _exit(0);
}

// ---- the whole ---------------------------------------------------------------------------------

static pid_t start(void (*run)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run();
    }
    return pid;
}

static int by_size(const void *a, const void *b)
{
    return (*(const float *)a > *(const float *)b) - (*(const float *)a < *(const float *)b);
}

static float quantile(unsigned phase, double q)
{
    static float all[HONEST * SAMPLES];
    size_t n = 0;
    for (unsigned i = 0; i < HONEST; i++) {
        memcpy(all + n, shared->samples[phase][i], shared->n_samples[phase][i] * sizeof *all);
        n += shared->n_samples[phase][i];
    }
    qsort(all, n, sizeof *all, by_size);
    return n > 0 ? all[(size_t)((double)(n - 1) * q)] : 1e9f;
}

static long memory_kib(pid_t pid)
{
    char path[64], line[200];
    long kib = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = pid > 0 ? fopen(path, "r") : NULL;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "VmHWM: %ld", &kib);
    if (file != NULL)
        fclose(file);
    return kib;
}

static void begin_honest(unsigned phase, pid_t *pids)
{
    for (unsigned i = 0; i < HONEST; i++)
        if ((pids[i] = fork()) == 0)
            honest(phase, i);
}

static void wait_for(const pid_t *pids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)waitpid(pids[i], NULL, 0);
}

static void phase_honest(unsigned phase)
{
    pid_t pids[HONEST], beside[MUTATORS + 2]; // as many processes as the hostile ones
    begin_honest(phase, pids);
    for (unsigned i = 0; phase == 1 && i < MUTATORS + 2; i++)
        if ((beside[i] = fork()) == 0)
            neighbours(i);
    sleep(options.seconds);
    shared->stop = true;
    wait_for(pids, HONEST);
    if (phase == 1)
        wait_for(beside, MUTATORS + 2);
    shared->stop = false;
}

static void phase_attacked(void)
{
    pid_t pids[HONEST], others[2], mutating[MUTATORS];
    others[0] = start(classics);
    others[1] = start(slow_ones);
    begin_honest(2, pids);
    for (unsigned i = 0; i < MUTATORS; i++)
        if ((mutating[i] = fork()) == 0)
            mutators(i);
    double begin = now_ms();
    wait_for(mutating, MUTATORS);
    while (now_ms() - begin < options.seconds * 1e3)
        usleep(100000);
    shared->stop = true;
    wait_for(pids, HONEST);
    wait_for(others, 2);
}

static void options_read(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        unsigned value = (unsigned)strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--mutations") == 0)
            options.mutations = value;
        else if (strcmp(argv[i], "--seconds") == 0)
            options.seconds = value;
        else if (strcmp(argv[i], "--slow") == 0)
            options.slow = value;
        else if (strcmp(argv[i], "--seed") == 0)
            options.seed = value;
        else if (strcmp(argv[i], "--port") == 0)
            options.port = (int)value;
        else if (strcmp(argv[i], "--path") == 0)
            options.path = argv[i + 1];
    }
}

int main(int argc, char **argv)
{
    options_read(argc, argv);
    (void)signal(SIGPIPE, SIG_IGN);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared->port = options.port;
    pid_t server = options.port == 0 ? start(serve) : 0;
    for (int i = 0; i < 500 && shared->port == 0; i++)
        usleep(10000);
    phase_honest(0);
    phase_honest(1);
    phase_attacked();
    bool alive = exchange("127.0.0.1", seeds[0], strlen(seeds[0])) > 0 &&
                 (server == 0 || waitpid(server, NULL, WNOHANG) == 0);
    float beside = quantile(1, 0.99), during = quantile(2, 0.99);
    bool good = alive && shared->hung == 0 && shared->classic_accepted == 0 &&
                shared->failed[2] == 0 && (during <= 2 * beside || during <= 5);
    printf("{\"mutations\": %u, \"refused\": %u, \"served\": %u, \"dropped\": %u, \"hung\": %u, "
           "\"classic\": %u, \"classic_accepted\": %u, \"endless_headers\": %u, "
           "\"endless_bytes_max\": %u, \"slow_senders_ended\": %u, \"slow_readers_ended\": %u, "
           "\"honest_failed\": [%u, %u, %u], \"honest_p50_ms\": [%.2f, %.2f, %.2f], "
           "\"honest_p99_ms\": [%.2f, %.2f, %.2f], \"server_peak_kib\": %ld, \"good\": %s}\n",
           shared->mutations, shared->refused, shared->served, shared->dropped, shared->hung,
           shared->classic, shared->classic_accepted, shared->endless, shared->endless_bytes_max,
           shared->slow_ended, shared->readers_ended, shared->failed[0], shared->failed[1],
           shared->failed[2], quantile(0, 0.5), quantile(1, 0.5), quantile(2, 0.5),
           quantile(0, 0.99), beside, during, memory_kib(server), good ? "true" : "false");
    if (server > 0) {
        kill(server, SIGKILL);
        (void)waitpid(server, NULL, 0);
    }
    return good ? 0 : 1;
}
