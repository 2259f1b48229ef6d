// SPDX-License-Identifier: Apache-2.0
// A ring of pointers, the oldest first; each event is one block: itself, its subjects, its text.
#include "gateway/hub.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct entry {
    struct hub_event event; // points into the same block
    size_t size;
};

struct hub {
    struct entry **ring;
    size_t max_bytes, max_events, first, n, bytes;
    int64_t floor, head;
};

struct hub *hub_new(size_t max_bytes, size_t max_events)
{
    struct hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL)
        return NULL;
    hub->max_bytes = max_bytes;
    hub->max_events = max_events;
    hub->ring = calloc(max_events, sizeof(struct entry *));
    if (hub->ring == NULL) {
        free(hub);
        return NULL;
    }
    return hub;
}

static struct entry *at(const struct hub *hub, size_t i)
{
    return hub->ring[(hub->first + i) % hub->max_events];
}

static void drop_oldest(struct hub *hub)
{
    struct entry *entry = at(hub, 0);
    hub->floor = entry->event.seq;
    hub->bytes -= entry->size;
    hub->first = (hub->first + 1) % hub->max_events;
    hub->n--;
    free(entry);
}

void hub_reset(struct hub *hub, int64_t head)
{
    while (hub->n > 0)
        drop_oldest(hub);
    hub->floor = hub->head = head;
}

void hub_free(struct hub *hub)
{
    if (hub == NULL)
        return;
    hub_reset(hub, 0);
    free(hub->ring);
    free(hub);
}

static struct entry *entry_new(const struct hub_event *event)
{
    size_t subjects = event->n_subjects * sizeof(int32_t);
    size_t size = sizeof(struct entry) + subjects + event->n + 1;
    struct entry *entry = malloc(size);
    if (entry == NULL)
        return NULL;
    int32_t *list = (int32_t *)(entry + 1);
    char *json = (char *)(list + event->n_subjects);
    if (subjects > 0)
        memcpy(list, event->subjects, subjects);
    memcpy(json, event->json, event->n);
    json[event->n] = '\0';
    *entry = (struct entry){.event = *event, .size = size};
    entry->event.subjects = list;
    entry->event.json = json;
    return entry;
}

int hub_add(struct hub *hub, const struct hub_event *event)
{
    if (event->seq <= hub->head)
        return WH_E_INVALID;
    struct entry *entry = entry_new(event);
    if (entry == NULL)
        return WH_E_NOMEM;
    while (hub->n > 0 && (hub->n == hub->max_events || hub->bytes + entry->size > hub->max_bytes))
        drop_oldest(hub);
    hub->ring[(hub->first + hub->n++) % hub->max_events] = entry;
    hub->bytes += entry->size;
    hub->head = event->seq;
    return 0;
}

void hub_moved(struct hub *hub, int64_t upto)
{
    if (upto > hub->head)
        hub->head = upto;
}

int64_t hub_floor(const struct hub *hub)
{
    return hub->floor;
}

int64_t hub_head(const struct hub *hub)
{
    return hub->head;
}

size_t hub_count(const struct hub *hub)
{
    return hub->n;
}

size_t hub_bytes(const struct hub *hub)
{
    return hub->bytes;
}

bool hub_concerns(const struct hub_event *event, int32_t subject)
{
    bool found = subject == HUB_ALL;
    for (size_t i = 0; i < event->n_subjects && !found; i++)
        found = event->subjects[i] == subject;
    return found;
}

// The first one whose seq is above.
static size_t after_seq(const struct hub *hub, int64_t seq)
{
    size_t low = 0, high = hub->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (at(hub, middle)->event.seq > seq)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int hub_read(const struct hub *hub, int32_t subject, int64_t after, size_t max, size_t max_bytes,
             struct hub_event *ret_events, int64_t *ret_upto)
{
    size_t n = 0, bytes = 0;
    if (after < hub->floor)
        return WH_E_RANGE;
    for (size_t i = after_seq(hub, after); i < hub->n; i++) {
        const struct hub_event *event = &at(hub, i)->event;
        if (!hub_concerns(event, subject))
            continue;
        if (n == max || (n > 0 && bytes + event->n > max_bytes)) {
            *ret_upto = ret_events[n - 1].seq;
            return (int)n;
        }
        bytes += event->n;
        ret_events[n++] = *event;
    }
    *ret_upto = hub->head > after ? hub->head : after;
    return (int)n;
}
