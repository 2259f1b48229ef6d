// SPDX-License-Identifier: Apache-2.0
// The follower's side of a feed. Its whole memory is the cursor, the credit it has lent out and the
// batches not yet done; every trouble (gap, silence, lost connection, publisher restarted) has the
// same cure: Follow again after the cursor. Silence is counted in ticks of our own loop, so a
// program that was busy for long does not take its own deafness for the publisher's silence.
#include "client/follow.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "client/follow_credit.h"
#include "client/link.h"

#define TICK_MS 250
#define SILENT_TICKS 12  // 3 s: another connection
#define NUDGE_TICKS 6    // 1.5 s: Follow once more over this one, it may be a new one underneath
#define GAP_TICKS 4      // after a Follow: so long may batches of the one before still come
#define REFUSED_TICKS 20 // 5 s, then ask again
#define BATCH_MAX ((size_t)48 << 20)

enum state {
    ASKING,    // Follow to be sent, or sent and nothing taken yet
    FOLLOWING, // the last batch was taken
    REFUSED,   // an error came; asked again when `wait` has run down
    STOPPED,   // Rewound: until restarted
};

struct wh_follower {
    struct wh_follow_options options; // door and key are the link's
    char *feed, *name;
    char **subjects;
    struct wh_link link;
    enum state state;
    bool asked;  // Follow went out over this connection
    bool stored; // no batch taken yet: begin where the publisher says
    bool caught_up;
    bool paused;
    bool closing;
    unsigned quiet;   // ticks since anything was heard
    unsigned wait;    // ticks until a refused Follow is asked again
    unsigned gap;     // ticks for which wrong batches are put down to the Follow before
    uint64_t follows; // Follows sent
    struct wh_cursor cursor;
    struct wh_credit credit;
    uv_timer_t timer;
    struct wh_arena arena;
};

// ---- sending --------------------------------------------------------------------------------

static int send_frame(struct wh_follower *follower, const Whistle__V1__Frame *frame)
{
    uint8_t small[4096];
    size_t n = whistle__v1__frame__get_packed_size(frame);
    uint8_t *bytes = n <= sizeof(small) ? small : malloc(n);
    int rc;

    if (!bytes)
        return WH_E_NOMEM;
    whistle__v1__frame__pack(frame, bytes);
    rc = wh_socket_send(follower->link.socket, NULL, bytes, n);
    if (bytes != small)
        free(bytes);
    return rc;
}

static void ask(struct wh_follower *follower)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Follow follow = WHISTLE__V1__FOLLOW__INIT;

    if (follower->asked || follower->state == STOPPED || follower->state == REFUSED)
        return;
    follow.feed = follower->feed;
    follow.name = follower->name;
    follow.subjects = follower->subjects;
    follow.n_subjects = follower->options.n_subjects;
    follow.stored = follower->stored && follower->options.newest == 0;
    follow.newest = follower->stored ? follower->options.newest : 0;
    follow.hashes = follower->options.hashes;
    if (!follower->stored) {
        follow.after = follower->cursor.seq;
        if (follower->cursor.has_hash)
            follow.hash = (ProtobufCBinaryData){WH_HASH_SIZE, follower->cursor.hash};
    }
    wh_credit_free_now(&follower->credit, &follow.credit_events, &follow.credit_bytes);
    frame.what_case = WHISTLE__V1__FRAME__WHAT_FOLLOW;
    frame.follow = &follow;
    if (send_frame(follower, &frame) < 0)
        return; // not connected yet: on_writable
    wh_credit_told(&follower->credit);
    follower->asked = true;
    follower->follows++;
    follower->gap = GAP_TICKS;
}

static void follow_again(struct wh_follower *follower)
{
    follower->state = ASKING;
    follower->asked = false;
    ask(follower);
}

// Tells what is durable and gives credit back, as far as there is something to tell.
static void tell(struct wh_follower *follower)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Credit credit = WHISTLE__V1__CREDIT__INIT;

    if (!follower->asked || !follower->credit.untold)
        return;
    credit.feed = follower->feed;
    credit.seen = follower->credit.seen;
    if (!follower->paused) {
        credit.credit_events = follower->credit.back_events;
        credit.credit_bytes = follower->credit.back_bytes;
    }
    frame.what_case = WHISTLE__V1__FRAME__WHAT_CREDIT;
    frame.credit = &credit;
    if (send_frame(follower, &frame) < 0)
        return; // on_writable tries again
    follower->credit.untold = false;
    if (!follower->paused)
        wh_credit_told(&follower->credit);
}

// ---- receiving ------------------------------------------------------------------------------

static void take_batch(struct wh_follower *follower, const Whistle__V1__Events *events)
{
    bool fits = events->after == follower->cursor.seq && events->upto >= events->after;

    if (follower->stored && !follower->credit.n && events->upto >= events->after)
        fits = true;
    if (!fits) {
        // what the Follow before this one had sent out may still arrive: wait, then ask again
        if (follower->state == FOLLOWING || !follower->gap)
            follow_again(follower);
        return;
    }
    if (wh_credit_lend(&follower->credit, events) < 0)
        return; // no memory: the gap that follows asks again
    follower->state = FOLLOWING;
    follower->stored = false;
    follower->caught_up = events->live;
    follower->cursor.seq = events->upto;
    follower->cursor.has_hash = events->hash.len == WH_HASH_SIZE;
    if (follower->cursor.has_hash)
        memcpy(follower->cursor.hash, events->hash.data, WH_HASH_SIZE);
    follower->options.on_events(follower->options.arg, follower, events);
}

static void change_endpoint(struct wh_follower *follower)
{
    follower->quiet = 0;
    if (wh_link_next(&follower->link) == 0)
        follow_again(follower);
}

static void take_refusal(struct wh_follower *follower, const Whistle__V1__Error *error)
{
    bool busy = error->status == 429 || error->status == 503;
    int64_t wait = error->retry_after_ms / TICK_MS + 1;

    if (error->status == 401 && wh_link_renew(&follower->link)) {
        change_endpoint(follower); // the key was rotated meanwhile
        return;
    }
    follower->state = REFUSED;
    follower->asked = false;
    follower->wait = REFUSED_TICKS;
    if (busy && error->retry_after_ms >= 0 && wait < REFUSED_TICKS)
        follower->wait = (unsigned)wait;
    if (!busy && follower->options.on_refused)
        follower->options.on_refused(follower->options.arg, follower, error);
}

static void take_rewound(struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    follower->state = STOPPED;
    follower->asked = false;
    follower->caught_up = false;
    if (follower->options.on_rewound)
        follower->options.on_rewound(follower->options.arg, follower, rewound);
}

static void on_packet(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct wh_follower *follower = arg;
    const Whistle__V1__Frame *frame;

    (void)socket;
    follower->quiet = 0;
    wh_link_heard(&follower->link);
    if (!follower->asked) // of an earlier Follow
        return;
    wh_arena_reset(&follower->arena);
    frame = (const Whistle__V1__Frame *)wh_unpack(&whistle__v1__frame__descriptor, &follower->arena,
                                                  packet->data, packet->n, NULL);
    if (!frame)
        return;
    if (frame->what_case == WHISTLE__V1__FRAME__WHAT_EVENTS &&
        strcmp(frame->events->feed, follower->feed) == 0)
        take_batch(follower, frame->events);
    else if (frame->what_case == WHISTLE__V1__FRAME__WHAT_REWOUND)
        take_rewound(follower, frame->rewound);
    else if (frame->what_case == WHISTLE__V1__FRAME__WHAT_ANSWER && frame->answer->error)
        take_refusal(follower, frame->answer->error);
}

static void on_writable(void *arg, struct wh_socket *socket)
{
    struct wh_follower *follower = arg;

    (void)socket;
    ask(follower);
    tell(follower);
}

// ---- time -------------------------------------------------------------------------------------

// No endpoint takes our key: as if the publisher had said so.
static void deny(struct wh_follower *follower)
{
    Whistle__V1__Error error = WHISTLE__V1__ERROR__INIT;

    wh_link_denial(&error);
    take_refusal(follower, &error);
}

// A connection that never came about stays dead: another one.
static void again(struct wh_follower *follower)
{
    if (wh_link_unwell(&follower->link))
        change_endpoint(follower);
    else
        follow_again(follower);
}

static void on_tick(uv_timer_t *timer)
{
    struct wh_follower *follower = timer->data;

    if (follower->gap)
        follower->gap--;
    if (follower->state == STOPPED)
        return;
    if (follower->state == REFUSED) {
        if (follower->wait-- <= 1)
            again(follower);
        return;
    }
    if (wh_link_denied(&follower->link))
        deny(follower);
    else if (++follower->quiet >= SILENT_TICKS || wh_link_unwell(&follower->link))
        change_endpoint(follower);
    else if (follower->quiet == NUDGE_TICKS && follower->asked)
        follow_again(follower);
}

// ---- public -----------------------------------------------------------------------------------

static void release(struct wh_follower *follower)
{
    for (size_t i = 0; follower->subjects && i < follower->options.n_subjects; i++)
        free(follower->subjects[i]);
    free(follower->subjects);
    free(follower->feed);
    free(follower->name);
    wh_credit_done(&follower->credit);
    wh_arena_done(&follower->arena);
    free(follower);
}

static bool copy_texts(struct wh_follower *follower, const struct wh_follow_options *options)
{
    follower->feed = strdup(options->feed);
    follower->name = strdup(options->name ? options->name : "");
    follower->subjects = calloc(options->n_subjects + 1, sizeof(*follower->subjects));
    if (!follower->feed || !follower->name || !follower->subjects)
        return false;
    for (size_t i = 0; i < options->n_subjects; i++) {
        follower->subjects[i] = strdup(options->subjects[i]);
        if (!follower->subjects[i])
            return false;
    }
    return true;
}

static int connect_first(struct wh_follower *follower, struct wh_bus *bus)
{
    const struct wh_follow_options *options = &follower->options;

    return wh_link_init(&follower->link, bus,
                        &(struct wh_link_options){.kind = "feed",
                                                  .door = options->door,
                                                  .key = options->key,
                                                  .key_file = options->key_file,
                                                  .doors_file = options->doors_file,
                                                  .max_message = BATCH_MAX / 2,
                                                  .on_packet = on_packet,
                                                  .on_writable = on_writable,
                                                  .arg = follower});
}

int wh_follower_new(struct wh_bus *bus, const struct wh_follow_options *options,
                    struct wh_follower **ret_follower)
{
    struct wh_follower *follower;
    int rc;

    if (!options->feed || !options->on_events)
        return WH_E_INVALID;
    follower = calloc(1, sizeof(*follower));
    if (!follower)
        return WH_E_NOMEM;
    follower->options = *options;
    follower->cursor = options->cursor;
    follower->stored = options->stored || options->newest > 0;
    wh_arena_init(&follower->arena, BATCH_MAX);
    wh_credit_init(&follower->credit, options->credit_events, options->credit_bytes);
    rc = copy_texts(follower, options) ? connect_first(follower, bus) : WH_E_NOMEM;
    sodium_memzero(&follower->options.key, sizeof(follower->options.key));
    if (rc < 0) {
        release(follower);
        return rc;
    }
    uv_timer_init(wh_bus_loop(bus), &follower->timer);
    follower->timer.data = follower;
    uv_timer_start(&follower->timer, on_tick, TICK_MS, TICK_MS);
    ask(follower);
    *ret_follower = follower;
    return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void wh_follower_free(struct wh_follower *follower)
{
    if (!follower || follower->closing)
        return;
    follower->closing = true;
    wh_link_done(&follower->link);
    uv_close((uv_handle_t *)&follower->timer, on_timer_closed);
}

void wh_follower_done(struct wh_follower *follower, int64_t seq)
{
    if (follower->closing)
        return;
    wh_credit_return(&follower->credit, seq);
    tell(follower);
}

void wh_follower_pause(struct wh_follower *follower, bool paused)
{
    follower->paused = paused;
    if (paused || follower->closing)
        return;
    follower->credit.untold |= follower->credit.back_events || follower->credit.back_bytes;
    tell(follower);
}

void wh_follower_restart(struct wh_follower *follower, const struct wh_cursor *cursor)
{
    if (follower->closing)
        return;
    follower->cursor = *cursor;
    follower->stored = false;
    follower->caught_up = false;
    wh_credit_forget(&follower->credit, cursor->seq);
    follow_again(follower);
}

uint64_t wh_follower_asked(const struct wh_follower *follower)
{
    return follower->follows;
}

bool wh_follower_connected(const struct wh_follower *follower)
{
    return follower->state == FOLLOWING && follower->asked;
}

bool wh_follower_caught_up(const struct wh_follower *follower)
{
    return follower->caught_up && follower->state == FOLLOWING;
}
