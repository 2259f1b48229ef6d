// SPDX-License-Identifier: Apache-2.0
// Fail points of test builds; in a product build this file is empty but for its header.
#include "runtime/failpoint.h"

#ifdef WHISTLE_FAILPOINTS
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct failpoint {
    char name[64];
    char action[8];
    long skip;
    bool read;
};

static void point_read(struct failpoint *point)
{
    point->read = true;
    const char *text = getenv("WHISTLE_FAILPOINT");
    if (!text)
        return;
    (void)snprintf(point->action, sizeof point->action, "kill");
    size_t name = strcspn(text, ":=");
    (void)snprintf(point->name, sizeof point->name, "%.*s", (int)name, text);
    const char *rest = text + name;
    if (*rest == ':')
        point->skip = strtol(rest + 1, NULL, 10);
    rest = strchr(rest, '=');
    if (rest)
        (void)snprintf(point->action, sizeof point->action, "%s", rest + 1);
}

bool wh_failpoint_hit(const char *name)
{
    static struct failpoint point;
    if (!point.read)
        point_read(&point);
    if (!point.name[0] || strcmp(point.name, name) != 0 || point.skip-- > 0)
        return false;
    point.name[0] = 0; // once
    if (strcmp(point.action, "error") == 0)
        return true;
    kill(getpid(), strcmp(point.action, "stop") == 0 ? SIGSTOP : SIGKILL);
    return false;
}
#else
typedef int wh_failpoint_nothing;
#endif
