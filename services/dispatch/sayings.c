// SPDX-License-Identifier: Apache-2.0
// The record is a WhistleSupported whose list grows at its end (packed messages in a row are one
// message). One that left stands there as a saying without words: it takes back all that was said
// in its name before it.
#include "dispatch/sayings.h"

#include <string.h>

#include "dispatch/words.h"

#define SAYING_OVERHEAD 32 // tags and lengths

struct recording {
    struct wh_arena *arena;
    Whistle__V1__WhistleSupported record;
    size_t cap;
    bool failed;
};

static void add(struct recording *r, char *from, char *title, char *text)
{
    Whistle__V1__Saying *saying = wh_arena_alloc(r->arena, sizeof *saying);
    r->failed = r->failed || saying == NULL || r->record.n_along == r->cap;
    if (r->failed)
        return;
    *saying = (Whistle__V1__Saying)WHISTLE__V1__SAYING__INIT;
    saying->from = from;
    saying->title = title;
    saying->text = text;
    r->record.along[r->record.n_along++] = saying;
}

static void begin(struct recording *r, struct wh_arena *arena, size_t room)
{
    *r = (struct recording){
        .arena = arena, .record = WHISTLE__V1__WHISTLE_SUPPORTED__INIT, .cap = room};
    r->record.along = wh_arena_calloc(arena, room, sizeof *r->record.along);
    r->failed = r->record.along == NULL;
}

static char *no_words(void)
{
    return (char *)protobuf_c_empty_string;
}

static void take_supported(struct recording *r, const Whistle__V1__WhistleSupported *said)
{
    if (said->title[0] != '\0' || said->text[0] != '\0')
        add(r, said->from, said->title, said->text);
    for (size_t i = 0; i < said->n_along && !r->failed; i++)
        add(r, said->along[i]->from, said->along[i]->title, said->along[i]->text);
}

static void take_lost(struct recording *r, const Whistle__V1__SupportLost *lost)
{
    add(r, lost->from, no_words(), no_words());
    for (size_t i = 0; i < lost->n_along && !r->failed; i++)
        add(r, lost->along[i], no_words(), no_words());
}

const void *sayings_record(const Whistle__V1__DispatchEvent *event, struct wh_arena *arena,
                           size_t *ret_n)
{
    struct recording r;
    *ret_n = 0;
    if (event->what_case == EVENT(SUPPORTED)) {
        begin(&r, arena, event->supported->n_along + 1);
        take_supported(&r, event->supported);
    } else if (event->what_case == EVENT(SUPPORT_LOST)) {
        begin(&r, arena, event->support_lost->n_along + 1);
        take_lost(&r, event->support_lost);
    } else if (event->what_case == EVENT(SUPPLEMENTED) && event->supplemented->text[0] != '\0') {
        begin(&r, arena, 1);
        add(&r, event->supplemented->number, no_words(), event->supplemented->text);
    } else {
        return protobuf_c_empty_string;
    }
    size_t n = whistle__v1__whistle_supported__get_packed_size(&r.record);
    uint8_t *bytes = r.failed ? NULL : wh_arena_alloc(arena, n + 1);
    if (bytes == NULL)
        return NULL;
    *ret_n = whistle__v1__whistle_supported__pack(&r.record, bytes);
    return bytes;
}

static void forget(struct sayings *s, const char *from)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->list[i]->from, from) != 0)
            s->list[kept++] = s->list[i];
    s->n = kept;
}

void sayings_read(Whistle__V1__WhistleSupported *record, struct sayings *ret)
{
    *ret = (struct sayings){.list = record->along};
    for (size_t i = 0; i < record->n_along; i++) {
        Whistle__V1__Saying *saying = record->along[i];
        if (saying->title[0] == '\0' && saying->text[0] == '\0')
            forget(ret, saying->from);
        else
            ret->list[ret->n++] = saying;
    }
}

size_t sayings_bytes(const Whistle__V1__Saying *saying)
{
    return strlen(saying->from) + strlen(saying->title) + strlen(saying->text) + SAYING_OVERHEAD;
}

bool sayings_is_first(const struct sayings *sayings, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(sayings->list[k]->from, sayings->list[i]->from) == 0)
            return false;
    return true;
}

size_t sayings_speakers(const struct sayings *sayings, const char *without)
{
    size_t n = 0;
    for (size_t i = 0; i < sayings->n; i++)
        n += strcmp(sayings->list[i]->from, without) != 0 && sayings_is_first(sayings, i);
    return n;
}
