// SPDX-License-Identifier: Apache-2.0
// What followers say: Follow (may it hear that, is its past our past) and Credit. Everything
// refused is told with field and rule. Decides who may hear what: everything of a feed for the
// roles that its name grants, else only what concerns the follower's own identity.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "runtime/feed_internal.h"
#include "whistle/v1/envelope.pb-c.h"

#define RETRY_MS 250
#define CREDIT_EVENTS_MAX (1 << 20)
#define CREDIT_BYTES_MAX (64 << 20)

// ---- Follow ----------------------------------------------------------------------------------

struct refusal {
    enum wh_rule rule;
    const char *field;
};

static struct refusal refusal(enum wh_rule rule, const char *field)
{
    return (struct refusal){rule, field};
}

static int by_number(const void *a, const void *b)
{
    return (*(const int32_t *)a > *(const int32_t *)b) -
           (*(const int32_t *)a < *(const int32_t *)b);
}

static int32_t subject_of(const struct wh_feed *feed, const char *code)
{
    const struct wh_service *service = feed->options.service;
    return service->subject != NULL ? service->subject(feed->options.state, code) : 0;
}

// Which subjects it will hear; none: everything.
static struct refusal check_subjects(const struct wh_feed *feed, const struct wh_feed_name *channel,
                                     const struct wh_key_holder *holder,
                                     const Whistle__V1__Follow *follow, int32_t *ret_subjects,
                                     size_t *ret_n)
{
    bool wide = (channel->roles & holder->roles) != 0;
    *ret_n = 0;
    if (channel->subject != 0) {
        ret_subjects[(*ret_n)++] = channel->subject;
        if (follow->n_subjects > 0)
            return refusal(WH_RULE_FIELD_COUNT, "subjects");
        return refusal(wide ? WH_RULE_NONE : WH_RULE_ROLE_NOT_ALLOWED, "feed");
    }
    if (follow->n_subjects > FEED_SUBJECTS_MAX)
        return refusal(WH_RULE_FIELD_COUNT, "subjects");
    if (follow->n_subjects == 0 && wide)
        return refusal(WH_RULE_NONE, NULL);
    if (follow->n_subjects == 0) {
        ret_subjects[0] = subject_of(feed, holder->identity);
        *ret_n = 1;
        return refusal(ret_subjects[0] != 0 ? WH_RULE_NONE : WH_RULE_ROLE_NOT_ALLOWED, "feed");
    }
    for (size_t i = 0; i < follow->n_subjects; i++) {
        if (!wide && strcmp(follow->subjects[i], holder->identity) != 0)
            return refusal(WH_RULE_SCOPE_FOREIGN, "subjects");
        ret_subjects[i] = subject_of(feed, follow->subjects[i]);
        if (ret_subjects[i] == 0)
            return refusal(WH_RULE_FIELD_UNKNOWN, "subjects");
    }
    *ret_n = follow->n_subjects;
    qsort(ret_subjects, *ret_n, sizeof *ret_subjects, by_number);
    return refusal(WH_RULE_NONE, NULL);
}

static struct refusal check_follow(const struct wh_key_holder *holder,
                                   const struct wh_feed_name *channel,
                                   const Whistle__V1__Follow *follow)
{
    enum wh_rule rule;
    const unsigned verifiers = WH_ROLE_AUDITOR | WH_ROLE_OPERATOR | WH_ROLE_SERVICE;
    if (channel == NULL)
        return refusal(WH_RULE_FIELD_UNKNOWN, "feed");
    if (follow->name[0] != '\0' &&
        wh_ident_check(follow->name, strlen(follow->name), FEED_NAME_MAX, &rule) != 0)
        return refusal(rule, "name");
    if (follow->stored && follow->name[0] == '\0')
        return refusal(WH_RULE_FIELD_MISSING, "name");
    if (follow->hash.len != 0 && follow->hash.len != WH_HASH_SIZE)
        return refusal(WH_RULE_FIELD_LENGTH, "hash");
    if (follow->after < 0 || follow->newest < 0)
        return refusal(WH_RULE_FIELD_RANGE, follow->after < 0 ? "after" : "newest");
    if (follow->credit_events < 0 || follow->credit_bytes < 0)
        return refusal(WH_RULE_FIELD_RANGE, "credit_events");
    if (follow->hashes && (holder->roles & verifiers) == 0)
        return refusal(WH_RULE_ROLE_NOT_ALLOWED, "hashes");
    return refusal(WH_RULE_NONE, NULL);
}

static void credit_add(struct listener *listener, int64_t events, int64_t bytes)
{
    listener->credit_events += events;
    listener->credit_bytes += bytes;
    if (listener->credit_events > CREDIT_EVENTS_MAX)
        listener->credit_events = CREDIT_EVENTS_MAX;
    if (listener->credit_bytes > CREDIT_BYTES_MAX)
        listener->credit_bytes = CREDIT_BYTES_MAX;
}

// Is its past our past? Answered at once where the tail or the very beginning tells, else by a
// read.
static void check_past(struct listener *listener)
{
    static const uint8_t beginning[WH_HASH_SIZE];
    struct wh_feed *feed = listener->feed;
    uint8_t hash[WH_HASH_SIZE] = {0};
    if (listener->at > feed_head(feed))
        feed_rewound(listener, "the cursor lies beyond the journal's head");
    else if (listener->at > 0 && !wh_tail_hash(feed->options.tail, listener->at, hash))
        feed_read_want(listener);
    else if (listener->claims &&
             memcmp(listener->hash, listener->at > 0 ? hash : beginning, WH_HASH_SIZE) != 0)
        feed_rewound(listener, "the journal has another hash at the cursor");
    else
        listener_begin(listener, hash);
}

static void begin(struct wh_feed *feed, struct listener *listener,
                  const struct wh_key_holder *holder, const Whistle__V1__Follow *follow)
{
    (void)snprintf(listener->identity, sizeof listener->identity, "%s", holder->identity);
    listener->roles = holder->roles;
    listener->hashes = follow->hashes;
    listener->seen = seen_of(feed, listener->channel, holder->identity, follow->name);
    if (listener->seen == NULL) {
        feed_refuse(feed, &listener->peer, WH_RULE_FIELD_COUNT, "name", 0);
        listener_drop(listener);
        return;
    }
    listener->seen->listeners++;
    listener->state = LISTENER_HASH;
    listener->at = follow->stored ? listener->seen->seen : follow->after;
    if (follow->newest > 0)
        listener->at = feed_head(feed) > follow->newest ? feed_head(feed) - follow->newest : 0;
    listener->claims = !follow->stored && follow->newest == 0 && follow->hash.len == WH_HASH_SIZE;
    if (listener->claims)
        memcpy(listener->hash, follow->hash.data, WH_HASH_SIZE);
    credit_add(listener, follow->credit_events, follow->credit_bytes);
    check_past(listener);
}

static struct refusal find_room(struct wh_feed *feed, const struct wh_packet *packet)
{
    if (feed->n_listeners >= FEED_LISTENERS_MAX ||
        listeners_of_key(feed, packet->user) >= FEED_LISTENERS_PER_KEY)
        return refusal(WH_RULE_BUSY_WINDOW, "");
    return refusal(WH_RULE_NONE, NULL);
}

static void on_follow(struct wh_feed *feed, const struct wh_packet *packet,
                      const struct wh_key_holder *holder, const Whistle__V1__Follow *follow)
{
    int32_t subjects[FEED_SUBJECTS_MAX];
    size_t n = 0;
    const struct wh_feed_name *channel = feed_channel(feed, follow->feed);
    struct listener *old = channel != NULL ? listener_find(feed, &packet->peer, channel) : NULL;
    if (old != NULL)
        listener_drop(old);
    struct refusal bad = check_follow(holder, channel, follow);
    if (bad.rule == WH_RULE_NONE && channel != NULL)
        bad = check_subjects(feed, channel, holder, follow, subjects, &n);
    if (bad.rule == WH_RULE_NONE && !feed->loaded && follow->stored)
        bad = refusal(WH_RULE_BUSY_STARTING, "");
    if (bad.rule == WH_RULE_NONE)
        bad = find_room(feed, packet);
    if (bad.rule != WH_RULE_NONE) {
        int status = wh_rule_info(bad.rule)->status;
        feed_refuse(feed, &packet->peer, bad.rule, bad.field,
                    status == 429 || status == 503 ? RETRY_MS : 0);
        return;
    }
    int32_t *copy = n > 0 ? malloc(n * sizeof *copy) : NULL;
    if (copy != NULL)
        memcpy(copy, subjects, n * sizeof *copy);
    struct listener *listener =
        n == 0 || copy != NULL ? listener_add(feed, channel, packet, copy, n) : NULL;
    if (listener == NULL)
        feed_refuse(feed, &packet->peer, WH_RULE_BUSY_WINDOW, "", RETRY_MS);
    else
        begin(feed, listener, holder, follow);
}

// ---- Credit ----------------------------------------------------------------------------------

static void on_credit(struct wh_feed *feed, const struct wh_packet *packet,
                      const Whistle__V1__Credit *credit)
{
    const struct wh_feed_name *channel = feed_channel(feed, credit->feed);
    struct listener *listener =
        channel != NULL ? listener_find(feed, &packet->peer, channel) : NULL;
    if (listener == NULL) { // of a life before: it should follow again, soon
        feed_refuse(feed, &packet->peer, WH_RULE_BUSY_STARTING, "", 1);
        return;
    }
    if (credit->credit_events < 0 || credit->credit_bytes < 0) {
        feed_refuse(feed, &packet->peer, WH_RULE_FIELD_RANGE, "credit", 0);
        listener_drop(listener);
        return;
    }
    if (credit->seen > 0 && credit->seen <= listener->at)
        seen_set(feed, listener->seen, credit->seen);
    int64_t back =
        credit->credit_bytes < listener->lent_bytes ? credit->credit_bytes : listener->lent_bytes;
    listener->lent_bytes -= back;
    feed->lent_bytes -= back;
    credit_add(listener, credit->credit_events, credit->credit_bytes);
    listener_pump(listener);
}

static void drop_connection(struct wh_feed *feed, const struct wh_peer *peer)
{
    const struct wh_service *service = feed->options.service;
    for (size_t i = 0; i < service->n_feeds; i++) {
        struct listener *listener = listener_find(feed, peer, &service->feeds[i]);
        if (listener != NULL)
            listener_drop(listener);
    }
}

void feed_on_packet(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    (void)socket;
    struct wh_feed *feed = arg;
    const struct wh_key_holder *holder = wh_identity_find(feed->options.identity, packet->user);
    if (feed->suspended)
        return;
    if (holder == NULL) {
        feed_refuse(feed, &packet->peer, wh_identity_why(feed->options.identity, packet->user), "",
                    0);
        drop_connection(feed, &packet->peer);
        return;
    }
    wh_arena_reset(&feed->arena);
    const Whistle__V1__Frame *frame = (const Whistle__V1__Frame *)wh_unpack(
        &whistle__v1__frame__descriptor, &feed->arena, packet->data, packet->n, NULL);
    if (frame != NULL && frame->what_case == WHISTLE__V1__FRAME__WHAT_FOLLOW)
        on_follow(feed, packet, holder, frame->follow);
    else if (frame != NULL && frame->what_case == WHISTLE__V1__FRAME__WHAT_CREDIT)
        on_credit(feed, packet, frame->credit);
    else
        feed_refuse(feed, &packet->peer, WH_RULE_MESSAGE_MALFORMED, "what", 0);
}
