// SPDX-License-Identifier: Apache-2.0
// Keyring files of tests; see ring.h.
#include "support/ring.h"

#include <stdio.h>
#include <stdlib.h>

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "ring: %s\n", what);
    abort();
}

const char *ring_write(const struct net *net, const struct ring_key *keys, size_t n)
{
    static char path[96];
    char draft[112], roles[128];
    snprintf(path, sizeof path, "%s/keyring", net->dir);
    snprintf(draft, sizeof draft, "%s.new", path);
    FILE *file = fopen(draft, "w");
    must(file != NULL, draft);
    for (size_t i = 0; i < n; i++) {
        wh_roles_format(keys[i].roles, roles, sizeof roles);
        fprintf(file, "%s %s %s - -\n", net->keys[keys[i].key].public_key, keys[i].identity, roles);
    }
    must(fclose(file) == 0 && rename(draft, path) == 0, path);
    return path;
}

struct wh_identity *ring_identity(struct net *net, const struct ring_key *keys, size_t n)
{
    struct wh_identity *identity = NULL;
    char why[256] = "";
    int status = wh_identity_new(&net->loop, ring_write(net, keys, n), &identity, why, sizeof why);
    must(status == 0, why);
    return identity;
}
