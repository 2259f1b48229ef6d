// SPDX-License-Identifier: Apache-2.0
// The ring of batches a follower holds, and the sums over it; see follow_credit.h.
#include "client/follow_credit.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void wh_credit_init(struct wh_credit *credit, int32_t events, int64_t bytes)
{
    memset(credit, 0, sizeof(*credit));
    credit->all_events = events > 0 ? events : 1024;
    credit->all_bytes = bytes > 0 ? bytes : 4 << 20;
}

void wh_credit_done(struct wh_credit *credit)
{
    free(credit->ring);
    credit->ring = NULL;
}

static struct wh_credit_batch *at(const struct wh_credit *credit, size_t i)
{
    return &credit->ring[(credit->first + i) & (credit->room - 1)];
}

static int grow(struct wh_credit *credit)
{
    size_t room = credit->room ? 2 * credit->room : 64;
    struct wh_credit_batch *ring = malloc(room * sizeof(*ring));

    if (!ring)
        return WH_E_NOMEM;
    for (size_t i = 0; i < credit->n; i++)
        ring[i] = *at(credit, i);
    free(credit->ring);
    credit->ring = ring;
    credit->room = room;
    credit->first = 0;
    return 0;
}

int wh_credit_lend(struct wh_credit *credit, const Whistle__V1__Events *events)
{
    struct wh_credit_batch batch = {.upto = events->upto, .events = (int32_t)events->n_events};

    if (credit->n == credit->room && grow(credit) < 0)
        return WH_E_NOMEM;
    for (size_t i = 0; i < events->n_events; i++)
        batch.bytes += (int64_t)events->events[i]->body.len;
    credit->n++;
    *at(credit, credit->n - 1) = batch;
    credit->held_events += batch.events;
    credit->held_bytes += batch.bytes;
    return 0;
}

void wh_credit_return(struct wh_credit *credit, int64_t seq)
{
    while (credit->n && at(credit, 0)->upto <= seq) {
        const struct wh_credit_batch *batch = at(credit, 0);

        credit->held_events -= batch->events;
        credit->held_bytes -= batch->bytes;
        credit->back_events += batch->events;
        credit->back_bytes += batch->bytes;
        credit->first = (credit->first + 1) & (credit->room - 1);
        credit->n--;
        credit->untold = true;
    }
    if (seq > credit->seen) {
        credit->seen = seq;
        credit->untold = true;
    }
}

void wh_credit_free_now(const struct wh_credit *credit, int32_t *ret_events, int64_t *ret_bytes)
{
    int32_t events = credit->all_events - credit->held_events;
    int64_t bytes = credit->all_bytes - credit->held_bytes;

    *ret_events = events > 0 ? events : 0;
    *ret_bytes = bytes > 0 ? bytes : 0;
}

void wh_credit_told(struct wh_credit *credit)
{
    credit->back_events = 0;
    credit->back_bytes = 0;
}

void wh_credit_forget(struct wh_credit *credit, int64_t seq)
{
    credit->first = credit->n = 0;
    credit->held_events = credit->back_events = 0;
    credit->held_bytes = credit->back_bytes = 0;
    credit->seen = seq;
    credit->untold = false;
}
