// SPDX-License-Identifier: Apache-2.0
// `rewind`: a follower's cursor file goes back to the point to which the database was restored. Up
// to there both pasts are one, so a program that follows from there misses nothing and takes
// nothing twice that still holds. Never forwards: that would skip events.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/chain.h"
#include "cli/cli.h"
#include "cli/fault.h"
#include "cli/output.h"
#include "cli/text.h"
#include "client/follow.h"

static int tell(struct cli *cli, const char *path, int64_t from, int64_t to, bool moved)
{
    if (cli->json) {
        json_t *line = must(json_pack("{s:s, s:I, s:I, s:b}", "file", path, "from",
                                      (json_int_t)from, "to", (json_int_t)to, "moved", moved));
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
    } else if (moved) {
        printf(T("%s✓%s %s: 从 %lld 退回 %lld\n", "%s✓%s %s: from %lld back to %lld\n"),
               colour_on(TONE_GOOD), colour_off(TONE_GOOD), path, (long long)from, (long long)to);
    } else {
        printf(T("%s 在 %lld,没有越过恢复点,不用退\n", "%s stands at %lld, not beyond the point\n"),
               path, (long long)from);
    }
    return EXIT_DONE;
}

static int go_back(const char *path, const struct wh_cursor *to, struct fault *fault)
{
    char lost[4096];
    struct wh_cursor was;
    (void)snprintf(lost, sizeof lost, "%s.lost", path);
    int r = wh_cursor_read(path, &was);
    if (r == 0)
        r = wh_cursor_write(lost, &was);
    if (r == 0)
        r = wh_cursor_write(path, to);
    if (r < 0)
        fault_usage(fault, "FILE", "%s: %s", path, wh_strerror(r));
    return r;
}

int run_rewind(struct cli *cli)
{
    const char *path = args_text(&cli->args, "FILE");
    struct fault fault = {0};
    struct chain point;
    struct wh_cursor is, to = {.has_hash = true};
    chain_init(&point);
    if (chain_since(&point, args_text(&cli->args, "POINT")) < 0) {
        fault_usage(&fault, "POINT", "%s", T("应为 SEQ:HASH", "must be SEQ:HASH"));
        return fault_tell(cli, &fault);
    }
    int r = wh_cursor_read(path, &is);
    if (r < 0) {
        fault_usage(&fault, "FILE", "%s: %s", path, wh_strerror(r));
        return fault_tell(cli, &fault);
    }
    to.seq = point.since_seq;
    memcpy(to.hash, point.since_hash, sizeof to.hash);
    bool beyond = is.seq > to.seq || (is.seq == to.seq && is.has_hash &&
                                      memcmp(is.hash, to.hash, sizeof to.hash) != 0);
    if (beyond && go_back(path, &to, &fault) < 0)
        return fault_tell(cli, &fault);
    return tell(cli, path, is.seq, beyond ? to.seq : is.seq, beyond);
}
