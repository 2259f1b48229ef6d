// SPDX-License-Identifier: Apache-2.0
// Random joins and splits through dedup's door, each answer held against a model: a forest where a
// join hangs one whole tree under another's root and a split takes a branch off. What stands in a
// tree already is joined without effect, what stands in another one only after a split. Whistles
// are dealt into GROUPS that never meet; each group has one command on its way, so what must come
// of it is known when it is sent. At the end one line a whistle: "number parent root supporters"
// ("-": no parent), and one JSON object on standard output.
//   chaos_joins KEY DOORS NUMBERS OPERATIONS GROUPS SEED FILE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "whistle/whistle.h"

#define NONE SIZE_MAX

struct node {
    char number[32];
    size_t parent;
};

struct joins;

// DONE: it is so already. SAME: nothing changes, said either way.
enum outcome { EFFECT, DONE, REFUSED, SAME };

struct group {
    struct joins *joins;
    size_t first, n;
    size_t number, into; // of the command on its way; into NONE: a split
    uint64_t random;
    enum outcome expected;
};

struct joins {
    struct wh_session *session;
    struct node *nodes;
    struct group *groups;
    size_t n, n_groups, wanted, sent, answered, joined, split, refused, surprises;
    uint64_t begin;
};

static uint64_t next(uint64_t *state) // splitmix64 (S. Vigna)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "chaos_joins: %s: %s\n", what, why);
    exit(2);
}

static size_t root(const struct joins *joins, size_t i)
{
    while (joins->nodes[i].parent != NONE)
        i = joins->nodes[i].parent;
    return i;
}

static size_t supporters(const struct joins *joins, size_t top)
{
    size_t n = 0;
    for (size_t i = 0; i < joins->n; i++)
        for (size_t at = joins->nodes[i].parent; at != NONE; at = joins->nodes[at].parent)
            n += at == top;
    return n;
}

static void go(struct group *group);

static void settle(struct group *group)
{
    struct joins *joins = group->joins;
    if (group->into == NONE) {
        joins->nodes[group->number].parent = NONE;
        joins->split++;
    } else {
        joins->nodes[root(joins, group->number)].parent = root(joins, group->into);
        joins->joined++;
    }
}

static void on_reply(void *arg, const struct wh_reply *reply)
{
    struct group *group = arg;
    struct joins *joins = group->joins;
    bool done = reply->kind == WH_REPLY_DONE;
    bool refused = reply->kind == WH_REPLY_REFUSED && reply->error->status == 409;
    joins->answered++;
    if ((!done && !refused) || (done && group->expected == REFUSED) ||
        (refused && group->expected < REFUSED)) {
        joins->surprises++;
        fprintf(stderr, "chaos_joins: %s %s %s: %s\n", group->into == NONE ? "split" : "join",
                joins->nodes[group->number].number,
                group->into == NONE ? "" : joins->nodes[group->into].number,
                reply->error ? reply->error->rule
                : done       ? "done"
                             : "no answer");
    }
    if (done && group->expected == EFFECT)
        settle(group);
    joins->refused += refused;
    if (joins->sent < joins->wanted)
        go(group);
    else if (joins->answered == joins->sent)
        wh_session_stop(joins->session);
}

static enum outcome expected(const struct group *group)
{
    const struct joins *joins = group->joins;
    bool joined = joins->nodes[group->number].parent != NONE;
    if (group->into == NONE)
        return joined ? EFFECT : SAME;
    size_t own = root(joins, group->number), other = root(joins, group->into);
    if (joined)
        return own == other ? DONE : REFUSED;
    return own == other ? REFUSED : EFFECT;
}

static void go(struct group *group)
{
    struct joins *joins = group->joins;
    struct wh_request request = {.on_reply = on_reply, .arg = group};
    bool splits = next(&group->random) % 100 < 45;
    group->number = group->first + next(&group->random) % group->n;
    group->into = splits ? NONE : group->first + next(&group->random) % group->n;
    group->expected = expected(group);
    const char *number = joins->nodes[group->number].number;
    int r = splits ? wh_whistle_split(joins->session, number, "随机", &request)
                   : wh_whistle_join(joins->session, number, joins->nodes[group->into].number, 0,
                                     "随机", &request);
    if (r < 0)
        die("send", wh_strerror(r));
    joins->sent++;
}

static void read_numbers(struct joins *joins, const char *path)
{
    char line[64];
    FILE *file = fopen(path, "r");
    if (!file)
        die(path, "cannot be read");
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        joins->nodes = realloc(joins->nodes, (joins->n + 1) * sizeof *joins->nodes);
        snprintf(joins->nodes[joins->n].number, sizeof joins->nodes->number, "%.31s", line);
        joins->nodes[joins->n++].parent = NONE;
    }
    fclose(file);
}

static void write_forest(const struct joins *joins, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        die(path, "cannot be written");
    for (size_t i = 0; i < joins->n; i++) {
        size_t parent = joins->nodes[i].parent;
        fprintf(file, "%s %s %s %zu\n", joins->nodes[i].number,
                parent == NONE ? "-" : joins->nodes[parent].number,
                joins->nodes[root(joins, i)].number, supporters(joins, i));
    }
    if (fclose(file) != 0)
        die(path, "cannot be written");
}

static void deal(struct joins *joins, uint64_t seed)
{
    joins->groups = calloc(joins->n_groups, sizeof *joins->groups);
    for (size_t i = 0; i < joins->n_groups; i++) {
        size_t first = joins->n * i / joins->n_groups, end = joins->n * (i + 1) / joins->n_groups;
        joins->groups[i] = (struct group){
            .joins = joins, .first = first, .n = end - first, .random = seed * 1000003 + i};
        if (first == end)
            die("GROUPS", "more than whistles");
    }
}

int main(int argc, char **argv)
{
    char why[256] = "";
    if (argc != 8)
        die("usage", "KEY DOORS NUMBERS OPERATIONS GROUPS SEED FILE");
    struct wh_session_options options = {.key_file = argv[1], .doors_file = argv[2]};
    struct joins joins = {.wanted = strtoul(argv[4], NULL, 10),
                          .n_groups = strtoul(argv[5], NULL, 10)};
    read_numbers(&joins, argv[3]);
    deal(&joins, strtoull(argv[6], NULL, 10));
    if (wh_session_open(&options, &joins.session, why, sizeof why) < 0)
        die("session", why);
    joins.begin = uv_hrtime();
    for (size_t i = 0; i < joins.n_groups && joins.sent < joins.wanted; i++)
        go(&joins.groups[i]);
    wh_session_run(joins.session);
    double seconds = (double)(uv_hrtime() - joins.begin) / 1e9;
    write_forest(&joins, argv[7]);
    printf("{\"operations\":%zu,\"joined\":%zu,\"split\":%zu,\"refused\":%zu,\"surprises\":%zu,"
           "\"per_s\":%.0f}\n",
           joins.answered, joins.joined, joins.split, joins.refused, joins.surprises,
           (double)joins.answered / seconds);
    wh_session_close(joins.session);
    free(joins.nodes);
    free(joins.groups);
    return joins.surprises > 0;
}
