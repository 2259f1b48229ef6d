// SPDX-License-Identifier: Apache-2.0
// Addresses of people come sealed; intake opens them for this program's key only. The open address
// is handed to the sender and stands nowhere else: not in the log of what was sent, not on the
// screen.
#include <stdlib.h>
#include <string.h>

#include "cli/notify.h"
#include "cli/output.h"
#include "cli/text.h"
#include "whistle/v1/intake.pb-c.h"

bool notify_is_sealed(const Whistle__V1__Notice *notice)
{
    const char *colon = strchr(notice->channel, ':');
    return colon && strncmp(colon, ":sealed.", 8) == 0;
}

static void on_open(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct item *item = arg;
    struct notify *notify = item->notify;
    const char *channel = NULL;
    struct reply reply;
    reply_init(&reply);
    if (reply_take(&reply, DOOR_INTAKE, status, answer) == 0 && reply.body &&
        reply.body->descriptor == &whistle__v1__open_contact__descriptor)
        channel = ((const Whistle__V1__OpenContact *)reply.body)->channel;
    if (channel || reply.fault.status == 409) {
        item->then(item, channel);
    } else if (!notify->done) {
        notify->fault = reply.fault; // nothing is acknowledged: the next run asks again
        notify->done = true;
    }
    reply_done(&reply);
}

static int open_vault(struct notify *notify)
{
    struct wh_caller_options options = {.give_up_ms = -1};
    if (notify->vault)
        return 0;
    if (session_door(notify->cli, "door", "intake", &options.door, &notify->fault) < 0)
        return -1;
    options.key = notify->cli->session->key;
    options.key_file = notify->cli->key_path;
    options.doors_file = notify->cli->doors_path;
    if (wh_caller_new(notify->cli->session->bus, &options, &notify->vault) == 0)
        return 0;
    fault_set(&notify->fault, 500, "internal", "intake");
    return -1;
}

int notify_open(struct item *item, notify_opened_fn then)
{
    struct notify *notify = item->notify;
    struct fault fault = {0};
    struct wh_call call = {.officer = "", .acting_for = "", .on_answer = on_open, .arg = item};
    if (open_vault(notify) < 0 || session_request_id(notify->cli, &call.request_id, &fault) < 0)
        return -1;
    json_t *body = must(json_pack("{s:s}", "channel", item->sealed->channel));
    void *bytes = session_pack(DOOR_INTAKE, "get_contact", body, &call.body_n, &fault);
    json_decref(body);
    item->then = then;
    call.body = bytes;
    if (bytes && wh_caller_call(notify->vault, &call) == 0) {
        free(bytes);
        return 0;
    }
    free(bytes);
    fault_set(&notify->fault, 500, "internal", "%s", item->id);
    return -1;
}
