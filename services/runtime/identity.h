// SPDX-License-Identifier: Apache-2.0
// Who is who: the keyring file held in memory, re-read on SIGHUP and whenever the file changes
// (looked at every second, so that a revocation acts within 5 s also on open connections: every
// message asks here). A file that cannot be read leaves the last good ring and logs an error.
#ifndef WH_RUNTIME_IDENTITY_H
#define WH_RUNTIME_IDENTITY_H

#include <uv.h>

#include "client/keys.h"
#include "runtime/zap.h"

struct wh_identity;

int wh_identity_new(uv_loop_t *loop, const char *keyring_path, struct wh_identity **ret_identity,
                    char *why, size_t why_n);
void wh_identity_free(struct wh_identity *identity);
void wh_identity_reload(struct wh_identity *identity); // SIGHUP
// Live now (clock of the loop's process)? NULL if not.
const struct wh_key_holder *wh_identity_find(const struct wh_identity *identity,
                                             const char *public_key);
unsigned wh_identity_roles(const struct wh_identity *identity, const char *name);
struct wh_identity_figures {
    size_t keys;
    bool bad;        // the file cannot be read, the last good one holds
    int64_t read_at; // ms UTC of the last good reading
    size_t expiring; // identities with a valid key now and none `within` from now
};
struct wh_identity_figures wh_identity_figures(const struct wh_identity *identity,
                                               int64_t within_ms);
// For wh_zap_new.
const struct wh_key_holder *wh_identity_zap(void *identity, const char *public_key);

#endif
