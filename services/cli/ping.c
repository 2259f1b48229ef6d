// SPDX-License-Identifier: Apache-2.0
// `ping`: does a service serve? One question through its door, under our key, that it can only
// answer with a read of its database. For health checks: a service that runs but has no database,
// or a door that does not let us in, does not pass.
#include <stdio.h>
#include <string.h>

#include "cli/names.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"

static int ping(struct cli *cli, enum door door)
{
    struct reply reply;
    json_t *body = must(json_pack("{s:i}", "limit", 1));
    int64_t began = cli_now();
    int code = EXIT_DONE;
    reply_init(&reply);
    if (session_ask_json(cli, door, "dead_letters", body, &reply) < 0)
        code = fault_tell(cli, &reply.fault);
    else if (cli->json)
        printf("{\"service\":\"%s\",\"ms\":%lld}\n", door_name(door),
               (long long)(cli_now() - began));
    else
        printf(T("%s: %lld 毫秒应答\n", "%s: answered in %lld ms\n"), door_name(door),
               (long long)(cli_now() - began));
    json_decref(body);
    reply_done(&reply);
    return code;
}

int run_ping(struct cli *cli)
{
    const char *service = args_text(&cli->args, "SERVICE");
    int worst = EXIT_DONE;
    bool known = false;
    for (enum door door = DOOR_INTAKE; door < DOOR_COUNT; door++) {
        if (service ? strcmp(service, door_name(door)) != 0 : !session_has_door(cli, door))
            continue;
        known = true;
        int code = ping(cli, door);
        worst = code > worst ? code : worst;
    }
    if (known)
        return worst;
    struct fault fault = {0};
    fault_usage(&fault, "SERVICE", "intake dedup dispatch gateway");
    return fault_tell(cli, &fault);
}
