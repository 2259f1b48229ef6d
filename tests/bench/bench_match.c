// SPDX-License-Identifier: Apache-2.0
// The matcher on generated civic matters (support/matter_gen.h), one core, in one run: how well it
// joins, how fast it finds and inserts, what it holds in memory, how long it takes to be built anew
// from stored blobs; beside it PostgreSQL's pg_trgm on the same reports. --help.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "support/match_bench.h"

static const char help[] =
    "bench_match [--reports N] [--seed S] [--search N] [--steady N] [--trgm N] [--json] [--model "
    "FILE]\n"
    "            [--side KM] [--places N] [--write FILE]\n"
    "  --reports N  hot reports (100000); each is first searched for, then inserted\n"
    "  --search N   only the last N of them are searched for (0: all)\n"
    "  --steady N   then so many more, the oldest leaving for each (20000): the speed at full "
    "size\n"
    "  --trgm N     so many searches with pg_trgm on the same reports (0: none)\n"
    "  --model F    another model than the built-in one\n"
    "  --write F    only writes the reports as JSON lines for `whistle dedup evaluate`\n";

static uint64_t number(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end || end == text) {
        (void)fputs(help, stderr);
        exit(2);
    }
    return value;
}

static void option(struct match_bench_options *o, const char *name, const char *value)
{
    if (strcmp(name, "--reports") == 0)
        o->params.reports = (uint32_t)number(value);
    else if (strcmp(name, "--seed") == 0)
        o->params.seed = number(value);
    else if (strcmp(name, "--steady") == 0)
        o->steady = (uint32_t)number(value);
    else if (strcmp(name, "--search") == 0)
        o->search = (uint32_t)number(value);
    else if (strcmp(name, "--trgm") == 0)
        o->trgm = (uint32_t)number(value);
    else if (strcmp(name, "--side") == 0)
        o->params.side_km = (double)number(value);
    else if (strcmp(name, "--places") == 0)
        o->params.places = (uint32_t)number(value);
    else if (strcmp(name, "--model") == 0)
        o->model = value;
    else if (strcmp(name, "--write") == 0)
        o->write = value;
    else {
        (void)fputs(help, stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct match_bench_options o = {.params = {.reports = 100000}, .steady = 20000};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            o.json = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            (void)fputs(help, stdout);
            return 0;
        } else {
            option(&o, argv[i], i + 1 < argc ? argv[i + 1] : "");
            i++;
        }
    }
    if (o.write)
        return match_bench_write(&o);
    struct match_bench_result result;
    match_bench_run(&o, &result);
    match_bench_print(&o, &result, stdout);
    return 0;
}
