// SPDX-License-Identifier: Apache-2.0
// The keyring in memory. A timer looks at the file's stamp every second and reads it anew when it
// changed; SIGHUP reads it in any case. A file that cannot be read or is malformed leaves the last
// good ring and is logged once for each new state of the file. Decides nothing about what a role
// may do: doors and feeds ask here for every message.
#include "runtime/identity.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/error.h"
#include "runtime/log.h"

#define LOOK_EVERY_MS 1000
#define LOOK_AGAIN_MS 100 // for strangers

// What tells one state of a file from another.
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed; // ctime: also moves when mtime is set back
};

struct wh_identity {
    uv_timer_t timer;
    char *path;
    struct wh_keyring *ring;
    struct stamp good; // of the file that `ring` was read from
    struct stamp bad;  // of the last one that could not be read
    int64_t read_at;   // ms UTC of the last good reading
    char broken[256];  // why; "" while the file is good
    uint64_t looked_at;
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// All zero where there is no file.
static struct stamp stamp_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return (struct stamp){0};
    return (struct stamp){st.st_dev, st.st_ino, st.st_size, st.st_ctim};
}

static bool stamp_same(const struct stamp *a, const struct stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

// The stamp is taken before reading: a change while reading is seen at the next look.
static int ring_read(struct wh_identity *identity, char *why, size_t why_n)
{
    struct stamp stamp = stamp_of(identity->path);
    struct wh_keyring *ring;
    int status = wh_keyring_read(identity->path, &ring, why, why_n);
    if (status != 0)
        return status;
    if (wh_keyring_count(ring) == 0) { // a slip, never a wish to have everybody out
        wh_keyring_free(ring);
        (void)snprintf(why, why_n, "%s: holds no key", identity->path);
        return WH_E_INVALID;
    }
    wh_keyring_free(identity->ring);
    identity->ring = ring;
    identity->good = stamp;
    identity->read_at = now_ms();
    return 0;
}

static void reload(struct wh_identity *identity, bool log_again)
{
    char why[256] = "";
    struct stamp stamp = stamp_of(identity->path);
    if (ring_read(identity, why, sizeof why) == 0) {
        identity->bad = (struct stamp){.size = -1};
        identity->broken[0] = '\0';
        wh_logf(WH_LOG_INFO, "keyring-read", "%zu keys", wh_keyring_count(identity->ring));
        return;
    }
    if (log_again || !stamp_same(&stamp, &identity->bad))
        wh_logf(WH_LOG_ERROR, "keyring-not-read", "%s; the last good one stays in force", why);
    identity->bad = stamp;
    (void)snprintf(identity->broken, sizeof identity->broken, "%s", why);
}

static void look(struct wh_identity *identity)
{
    struct stamp stamp = stamp_of(identity->path);
    identity->looked_at = uv_now(identity->timer.loop);
    if (!stamp_same(&stamp, &identity->good))
        reload(identity, false);
}

static void on_look(uv_timer_t *timer)
{
    look(timer->data);
}

int wh_identity_new(uv_loop_t *loop, const char *keyring_path, struct wh_identity **ret_identity,
                    char *why, size_t why_n)
{
    struct wh_identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL)
        return WH_E_NOMEM;
    identity->bad.size = -1;
    identity->path = strdup(keyring_path);
    int status = identity->path != NULL ? ring_read(identity, why, why_n) : WH_E_NOMEM;
    if (status != 0) {
        free(identity->path);
        free(identity);
        return status;
    }
    uv_timer_init(loop, &identity->timer);
    identity->timer.data = identity;
    uv_timer_start(&identity->timer, on_look, LOOK_EVERY_MS, LOOK_EVERY_MS);
    uv_unref((uv_handle_t *)&identity->timer);
    *ret_identity = identity;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct wh_identity *identity = handle->data;
    wh_keyring_free(identity->ring);
    free(identity->path);
    free(identity);
}

void wh_identity_free(struct wh_identity *identity)
{
    if (identity != NULL)
        uv_close((uv_handle_t *)&identity->timer, on_closed);
}

void wh_identity_reload(struct wh_identity *identity)
{
    reload(identity, true);
}

const struct wh_key_holder *wh_identity_find(const struct wh_identity *identity,
                                             const char *public_key)
{
    return wh_keyring_find(identity->ring, public_key, now_ms());
}

unsigned wh_identity_roles(const struct wh_identity *identity, const char *name)
{
    return wh_keyring_roles(identity->ring, name, now_ms());
}

struct wh_identity_figures wh_identity_figures(const struct wh_identity *identity,
                                               int64_t within_ms)
{
    int64_t now = now_ms();
    return (struct wh_identity_figures){
        .keys = wh_keyring_count(identity->ring),
        .bad = identity->bad.size != -1,
        .read_at = identity->read_at,
        .expiring = wh_keyring_expiring(identity->ring, now, now + within_ms),
    };
}

enum wh_rule wh_identity_why(const struct wh_identity *identity, const char *public_key)
{
    return wh_keyring_known(identity->ring, public_key) != NULL ? WH_RULE_AUTH_ENDED
                                                                : WH_RULE_AUTH_UNKNOWN;
}

const char *wh_identity_broken(const struct wh_identity *identity)
{
    return identity->broken[0] != '\0' ? identity->broken : NULL;
}

const struct wh_key_holder *wh_identity_zap(void *arg, const char *public_key)
{
    struct wh_identity *identity = arg;
    const struct wh_key_holder *holder = wh_identity_find(identity, public_key);
    if (holder != NULL || uv_now(identity->timer.loop) - identity->looked_at < LOOK_AGAIN_MS)
        return holder;
    look(identity);
    return wh_identity_find(identity, public_key);
}
