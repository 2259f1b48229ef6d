// SPDX-License-Identifier: Apache-2.0
// Thousands of listeners of /api/v1/feed in one thread. Reads groups "KEY COUNT" from the file
// named first, opens their streams at the port named second, prints "open N" when all have heard
// where they stand; then reads a line with the seq after which events count, and counts until its
// input ends. Prints one JSON object: per group how many events each stream heard and their sum
// (streams that differ from their group's first one are `odd`), and how long events took from their
// `at` to here.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/time.h"

#define GROUPS 256
#define LINE_MAX_BYTES 4096
#define SLOWEST_MS 20000

struct stream {
    int fd;
    unsigned group;
    bool live;
    long long id, last, count, sum;
    size_t n;
    char line[LINE_MAX_BYTES]; // the last one, not yet whole
};

static struct {
    char key[100];
    unsigned streams, odd;
    long long count, sum;
    bool told;
} groups[GROUPS];
static unsigned n_groups, n_streams, n_live, n_ended, disorder;
static struct stream *streams;
static long long from = -1;
static unsigned long long waits[SLOWEST_MS + 1], n_waits;

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void event(struct stream *stream, const char *json)
{
    const char *at = strstr(json, "\"at\":\"");
    char text[40];
    int64_t ms;
    if (stream->id <= from || from < 0)
        return;
    stream->count++;
    stream->sum += stream->id;
    disorder += stream->id <= stream->last;
    stream->last = stream->id;
    if (at == NULL)
        return;
    size_t n = strcspn(at + 6, "\"");
    if (n >= sizeof text)
        return;
    memcpy(text, at + 6, n);
    text[n] = '\0';
    if (wh_rfc3339_parse(text, &ms) != 0)
        return;
    long long wait = now_ms() - ms;
    waits[wait < 0 ? 0 : wait > SLOWEST_MS ? SLOWEST_MS : wait]++;
    n_waits++;
}

static void line(struct stream *stream, char *text)
{
    if (strncmp(text, "id: ", 4) == 0) {
        stream->id = atoll(text + 4);
        if (!stream->live) {
            stream->live = true;
            n_live++;
        }
    } else if (strncmp(text, "data: ", 6) == 0) {
        event(stream, text + 6);
    } else if (strncmp(text, "HTTP/1.1 ", 9) == 0 && strncmp(text + 9, "200", 3) != 0) {
        fprintf(stderr, "%s\n", text);
    }
}

static void readable(struct stream *stream)
{
    static char chunk[65536];
    ssize_t n = recv(stream->fd, chunk, sizeof chunk, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) {
            n_ended++;
            close(stream->fd);
            stream->fd = -1;
        }
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (chunk[i] == '\n') {
            stream->line[stream->n] = '\0';
            line(stream, stream->line);
            stream->n = 0;
        } else if (stream->n < LINE_MAX_BYTES - 1) {
            stream->line[stream->n++] = chunk[i];
        }
    }
}

static void open_one(struct stream *stream, int port, int epoll)
{
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)port)};
    char request[300];
    stream->fd = socket(AF_INET, SOCK_STREAM, 0);
    int n = snprintf(request, sizeof request,
                     "GET /api/v1/feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
                     groups[stream->group].key);
    if (connect(stream->fd, (struct sockaddr *)&where, sizeof where) != 0 ||
        send(stream->fd, request, (size_t)n, MSG_NOSIGNAL) != n) {
        perror("connect");
        exit(1);
    }
    fcntl(stream->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
    epoll_ctl(epoll, EPOLL_CTL_ADD, stream->fd, &event);
}

// false: the input has ended.
static bool turn(int epoll, int ms)
{
    struct epoll_event events[512];
    int n = epoll_wait(epoll, events, 512, ms);
    for (int i = 0; i < n; i++) {
        struct stream *stream = events[i].data.ptr;
        if (stream != NULL) {
            readable(stream);
            continue;
        }
        char text[64];
        ssize_t got = read(0, text, sizeof text - 1);
        if (got <= 0)
            return false;
        text[got] = '\0';
        from = atoll(text);
    }
    return true;
}

static void read_groups(const char *path)
{
    FILE *file = fopen(path, "r");
    while (file != NULL && n_groups < GROUPS &&
           fscanf(file, "%99s %u", groups[n_groups].key, &groups[n_groups].streams) == 2)
        n_streams += groups[n_groups++].streams;
    if (file != NULL)
        fclose(file);
    streams = calloc(n_streams, sizeof *streams);
}

static long quantile(double q)
{
    if (n_waits == 0)
        return -1;
    unsigned long long seen = 0, want = (unsigned long long)((double)(n_waits - 1) * q);
    for (long i = 0; i <= SLOWEST_MS; i++)
        if ((seen += waits[i]) > want)
            return i;
    return SLOWEST_MS;
}

static void tell(void)
{
    for (unsigned i = 0; i < n_streams; i++) {
        unsigned g = streams[i].group;
        if (!groups[g].told) {
            groups[g].told = true;
            groups[g].count = streams[i].count;
            groups[g].sum = streams[i].sum;
        }
        groups[g].odd += groups[g].count != streams[i].count || groups[g].sum != streams[i].sum;
    }
    printf("{\"streams\": %u, \"ended\": %u, \"disorder\": %u, \"heard\": %llu, \"p50_ms\": %ld, "
           "\"p99_ms\": %ld, \"max_ms\": %ld, \"groups\": [",
           n_streams, n_ended, disorder, n_waits, quantile(0.5), quantile(0.99), quantile(1.0));
    for (unsigned g = 0; g < n_groups; g++)
        printf("%s{\"streams\": %u, \"count\": %lld, \"sum\": %lld, \"odd\": %u}", g ? ", " : "",
               groups[g].streams, groups[g].count, groups[g].sum, groups[g].odd);
    printf("]}\n");
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int epoll = epoll_create1(0), port = atoi(argv[2]);
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    read_groups(argv[1]);
    for (unsigned i = 0, g = 0, k = 0; i < n_streams; i++, k++) {
        for (; k >= groups[g].streams; g++)
            k = 0;
        streams[i].group = g;
        open_one(&streams[i], port, epoll);
        if (i % 50 == 49)
            (void)turn(epoll, 1);
    }
    for (int i = 0; i < 3000 && n_live < n_streams && n_ended == 0; i++)
        (void)turn(epoll, 10);
    printf("open %u\n", n_live);
    fflush(stdout);
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &input);
    while (turn(epoll, 1000))
        ;
    tell();
    return 0;
}
