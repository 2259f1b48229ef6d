// SPDX-License-Identifier: Apache-2.0
// Who is who: the keyring file held in memory, re-read on SIGHUP and whenever the file changes
// (looked at every second, so that a revocation acts within 5 s also on open connections: every
// message asks here). A handshake with a key that the ring does not know makes it look at once, so
// that a key works the moment it was added. A file that cannot be read, is wrong in any line or
// holds no key at all leaves the last good ring, logs an error and sets the figure keyring_bad.
#ifndef WH_RUNTIME_IDENTITY_H
#define WH_RUNTIME_IDENTITY_H

#include <uv.h>

#include "base/error.h"
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
// Why a key that is not found is refused: auth.ended (revoked, or not within its times) or
// auth.unknown.
enum wh_rule wh_identity_why(const struct wh_identity *identity, const char *public_key);
// NULL while the file is good, else what is wrong with it. Borrowed until the next look.
const char *wh_identity_broken(const struct wh_identity *identity);
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
