// SPDX-License-Identifier: Apache-2.0
// What a service knows to be wrong with itself: its keyring, the feeds it follows, its disk. Told
// to operators who ask (whistle doctor); figures and the log say the same in their way.
#include <stdio.h>

#include "runtime/disk.h"
#include "runtime/follows.h"
#include "runtime/runtime.h"
#include "runtime/turn.h"

#define TROUBLES_MAX 16
#define CLOCK_AHEAD_MS 2000

// Also part of the wire: statement of every service, answered by database_at and dead_letters.
const char wh_health_sql[] =
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::int8, "
    "(SELECT count(*) FROM dead_letter WHERE retried_at IS NULL AND feed <> '')";

struct health {
    Whistle__V1__Health *message;
    struct wh_arena *arena;
};

static void trouble(struct health *health, const char *what, const char *text)
{
    Whistle__V1__Health *message = health->message;
    Whistle__V1__Trouble *one = wh_arena_alloc(health->arena, sizeof *one);
    char *copy = wh_arena_strdup(health->arena, text);
    if (one == NULL || copy == NULL || message->n_troubles == TROUBLES_MAX)
        return;
    *one = (Whistle__V1__Trouble)WHISTLE__V1__TROUBLE__INIT;
    one->what = (char *)what;
    one->text = copy;
    message->troubles[message->n_troubles++] = one;
}

static void followed(void *arg, const struct wh_following_figures *figures)
{
    char text[160];
    (void)snprintf(text, sizeof text, "feed %s, seq %lld", figures->feed, (long long)figures->seq);
    if (figures->rewound)
        trouble(arg, "feed.rewound", text);
    else if (!figures->connected)
        trouble(arg, "feed.lost", text);
}

void wh_health(struct wh_runtime *runtime, const struct wh_row *row, struct wh_arena *arena,
               Whistle__V1__Health *ret_health)
{
    struct health health = {ret_health, arena};
    const char *broken = wh_identity_broken(runtime->identity);
    enum wh_disk_state disk = wh_disk_look(runtime);
    *ret_health = (Whistle__V1__Health)WHISTLE__V1__HEALTH__INIT;
    ret_health->now_at = wh_wall_ms();
    ret_health->database_at = wh_row_int(row, 0);
    ret_health->dead_letters = wh_row_int(row, 1);
    ret_health->instance = (char *)wh_settings_text(runtime->settings, "instance");
    ret_health->troubles = wh_arena_calloc(arena, TROUBLES_MAX, sizeof(void *));
    if (ret_health->troubles == NULL)
        return;
    if (broken != NULL)
        trouble(&health, "keyring.broken", broken);
    int64_t ahead = wh_engine_ahead(runtime->engine);
    if (ahead > CLOCK_AHEAD_MS) {
        char text[128];
        (void)snprintf(text, sizeof text, "turns are %lld s ahead of this machine's clock",
                       (long long)(ahead / 1000));
        trouble(&health, "clock.back", text);
    }
    if (disk != WH_DISK_AMPLE)
        trouble(&health, disk == WH_DISK_FULL ? "disk.full" : "disk.scarce",
                wh_settings_text(runtime->settings, "data_dir"));
    wh_followings_each(runtime->followings, followed, &health);
}
