// SPDX-License-Identifier: Apache-2.0
// What the runtime itself costs: the counting service of the tests under 256 outstanding commands
// and one at a time, beside the disk's fsync rate. Prints one line each.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/tiny.h"

#define ROUNDS 10
#define SINGLES 2000

static int64_t micros(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static double fsyncs(const char *dir)
{
    char path[128], block[8192] = {0};
    snprintf(path, sizeof path, "%s/fsync", dir);
    int file = open(path, O_RDWR | O_CREAT, 0600), n = 0;
    int64_t begin = micros();
    while (micros() - begin < 1000000) {
        if (pwrite(file, block, sizeof block, 0) < 0 || fdatasync(file) != 0)
            break;
        n++;
    }
    close(file);
    return n;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void grouped(struct tiny *tiny)
{
    int64_t begin = micros();
    for (int round = 0; round < ROUNDS; round++) {
        tiny->asked = tiny->heard = 0;
        for (int i = 0; i < TINY_ANSWERS; i++)
            tiny_ask(tiny, i % 5000 + 1, "a word as long as it may be in a short remark", NULL);
        if (!tiny_answered(tiny, 60000))
            exit(1);
    }
    double seconds = (double)(micros() - begin) / 1e6;
    printf("256 outstanding: %.0f commands/s\n", ROUNDS * TINY_ANSWERS / seconds);
}

static void single(struct tiny *tiny)
{
    static int64_t took[SINGLES];
    tiny->asked = tiny->heard = 0;
    for (int i = 0; i < SINGLES; i++) {
        int64_t begin = micros();
        tiny_say(tiny, i + 1, "one", NULL);
        took[i] = micros() - begin;
    }
    qsort(took, SINGLES, sizeof *took, by_size);
    printf("one at a time: p50 %.2f ms, p99 %.2f ms\n", (double)took[SINGLES / 2] / 1000,
           (double)took[SINGLES * 99 / 100] / 1000);
}

int main(int argc, char **argv)
{
    int code;
    if (tiny_is_service(argc, argv, &code))
        return code;
    struct tiny *tiny = tiny_new();
    pid_t service = tiny_start(tiny, "intake", 0, "WHISTLE_METRICS_PORT=29511");
    tiny_client(tiny, 60000);
    tiny_say(tiny, 1, "ready", NULL);
    printf("fsync: %.0f/s\n", fsyncs(tiny->dir));
    single(tiny);
    grouped(tiny);
    if (argc > 1 && strcmp(argv[1], "--metrics") == 0)
        (void)!system("curl -s http://127.0.0.1:29511/metrics | grep -v '^#'");
    code = tiny_stop(service);
    tiny_free(tiny);
    return code;
}
