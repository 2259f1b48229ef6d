// SPDX-License-Identifier: Apache-2.0
// The link's endpoints in turn, and its files.
#include "client/link.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define PAUSE_MS 250
#define DENIED_MS 1000 // a service that does not know a key reads its keyring anew at once

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

// ---- files ----------------------------------------------------------------------------------

// A file that cannot be read now, or holds another identity, changes nothing.
static bool renew_key(struct wh_link *link)
{
    struct wh_key key;
    bool changed;

    if (!link->options.key_file || wh_key_read(link->options.key_file, &key, NULL, 0) < 0)
        return false;
    changed = strcmp(key.identity, link->options.key.identity) == 0 &&
              strcmp(key.public_key, link->options.key.public_key) != 0;
    if (changed)
        link->options.key = key;
    sodium_memzero(&key, sizeof(key));
    return changed;
}

static bool same_door(const struct wh_door *a, const struct wh_door *b)
{
    bool same = a->n_endpoints == b->n_endpoints;

    for (size_t i = 0; same && i < a->n_endpoints; i++)
        same = strcmp(a->endpoints[i], b->endpoints[i]) == 0 &&
               strcmp(a->server_keys[i], b->server_keys[i]) == 0;
    return same;
}

static bool renew_door(struct wh_link *link)
{
    struct wh_door door;

    if (!link->options.doors_file ||
        wh_doors_find(link->options.doors_file, link->options.kind, link->options.door.name, &door,
                      NULL, 0) < 0 ||
        same_door(&door, &link->options.door))
        return false;
    link->options.door = door;
    link->endpoint = 0;
    return true;
}

bool wh_link_renew(struct wh_link *link)
{
    bool key = renew_key(link);

    return renew_door(link) || key;
}

// ---- the connection ---------------------------------------------------------------------------

static void on_handshake(void *arg, struct wh_socket *socket, enum wh_handshake event)
{
    struct wh_link *link = arg;

    if (socket != link->socket)
        return;
    // nobody there (any more) matters only where somebody else may be: ZeroMQ tries on by itself
    if (event == WH_HANDSHAKE_DENIED || event == WH_HANDSHAKE_BROKEN ||
        (event == WH_HANDSHAKE_ABSENT && link->options.door.n_endpoints > 1))
        link->unwell = true;
    if (event == WH_HANDSHAKE_DONE) {
        link->unwell = false;
        link->denials = 0;
    }
    if (event == WH_HANDSHAKE_DENIED && link->denials++ == 0)
        link->denied_at = now_ms();
}

static void on_packet(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct wh_link *link = arg;

    link->options.on_packet(link->options.arg, socket, packet);
}

static void on_writable(void *arg, struct wh_socket *socket)
{
    struct wh_link *link = arg;

    link->options.on_writable(link->options.arg, socket);
}

static int connect_next(struct wh_link *link)
{
    const struct wh_door *door = &link->options.door;
    struct wh_socket *old = link->socket;
    struct wh_socket_options options = {
        .endpoint = door->endpoints[link->endpoint],
        .server_key = door->server_keys[link->endpoint],
        .public_key = link->options.key.public_key,
        .secret_key = link->options.key.secret_key,
        .max_message = link->options.max_message,
        .on_packet = on_packet,
        .on_writable = on_writable,
        .on_handshake = on_handshake,
        .arg = link,
    };
    int rc = wh_socket_open(link->bus, &options, &link->socket);

    if (rc < 0) {
        link->socket = old;
        return rc;
    }
    link->endpoint = (link->endpoint + 1) % door->n_endpoints;
    link->unwell = false;
    link->opened_at = now_ms();
    wh_socket_close(old);
    return 0;
}

int wh_link_next(struct wh_link *link)
{
    wh_link_renew(link);
    return connect_next(link);
}

bool wh_link_unwell(const struct wh_link *link)
{
    return link->unwell && now_ms() - link->opened_at >= PAUSE_MS;
}

bool wh_link_denied(struct wh_link *link)
{
    if (link->denials < link->options.door.n_endpoints || now_ms() - link->denied_at < DENIED_MS)
        return false;
    link->denials = 0;
    return true;
}

void wh_link_heard(struct wh_link *link)
{
    link->denials = 0;
}

void wh_link_denial(Whistle__V1__Error *ret_error)
{
    const struct wh_rule_info *info = wh_rule_info(WH_RULE_AUTH_UNKNOWN);

    ret_error->status = info->status;
    ret_error->code = (char *)info->code;
    ret_error->rule = (char *)info->name;
    ret_error->detail = (char *)info->en;
}

// ---- life -----------------------------------------------------------------------------------

static void copy_path(const char **path)
{
    if (*path)
        *path = strdup(*path);
}

int wh_link_init(struct wh_link *link, struct wh_bus *bus, const struct wh_link_options *options)
{
    bool lost;
    int rc;

    if (!options->door.n_endpoints)
        return WH_E_INVALID;
    *link = (struct wh_link){.bus = bus, .options = *options};
    copy_path(&link->options.key_file);
    copy_path(&link->options.doors_file);
    lost = (options->key_file && !link->options.key_file) ||
           (options->doors_file && !link->options.doors_file);
    rc = lost ? WH_E_NOMEM : connect_next(link);
    if (rc < 0)
        wh_link_done(link);
    return rc;
}

void wh_link_done(struct wh_link *link)
{
    wh_socket_close(link->socket);
    free((char *)link->options.key_file);
    free((char *)link->options.doors_file);
    sodium_memzero(link, sizeof(*link));
}
