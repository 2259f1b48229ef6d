// SPDX-License-Identifier: Apache-2.0
// Answers: of what a turn decided, kept beside it, and found again when the same request comes
// back. A kept answer is only a reference to the event, described anew; a refusal by state (409) is
// kept as it was said. Invalid input and BUSY are not kept.
#include <string.h>

#include "runtime/engine.h"
#include "runtime/failpoint.h"
#include "runtime/row.h"

#define BUSY_RETRY_MS 500
#define ARENA_CAP ((size_t)16 << 20)

static int keep_row(struct wh_turn *turn, const struct wh_work *work, int64_t seq,
                    const ProtobufCMessage *said)
{
    const struct wh_door_item *item = work->door;
    struct wh_val text = WH_NULL('B');
    if (said) {
        size_t n;
        const uint8_t *bytes = wh_pack(said, &turn->arena, &n);
        if (!bytes)
            return WH_E_NOMEM;
        text = WH_B(bytes, n);
    }
    struct wh_val row[] = {
        WH_U(item->item.request_id.b),
        WH_T(item->principal),
        WH_B(item->digest, sizeof item->digest),
        WH_L(seq),
        text,
    };
    return wh_batch_add(&turn->answer, row, 5);
}

static Whistle__V1__Done done_of(struct wh_engine *engine, struct wh_work *work)
{
    Whistle__V1__Done done = WHISTLE__V1__DONE__INIT;
    done.feed = (char *)engine->runtime->service->name;
    done.seq = work->outcome == WH_OUT_EVENT ? work->seq : 0;
    done.at = engine->turn.now;
    done.ref = work->done.ref;
    done.state = work->done.state;
    return done;
}

int wh_answer_keep(struct wh_turn *turn, struct wh_work *work)
{
    switch (work->outcome) {
    case WH_OUT_EVENT:
        return keep_row(turn, work, work->seq, NULL);
    case WH_OUT_DONE: {
        Whistle__V1__Done done = done_of(turn->engine, work);
        return keep_row(turn, work, -1, &done.base);
    }
    case WH_OUT_REFUSED:
        return work->error->status == 409 ? keep_row(turn, work, 0, &work->error->base) : 0;
    case WH_OUT_PARKED:
        return keep_row(turn, work, 0, &work->error->base);
    default:
        return 0;
    }
}

// The same answer to the command and to all its repeats; then the work is free.
static void answer_all(struct wh_engine *engine, struct wh_work *work, Whistle__V1__Answer *answer)
{
    struct wh_door_socket *door = engine->runtime->door;
    wh_pending_remove(engine, work);
    struct wh_work *repeat = work->repeats;
    wh_door_answer(door, work->door, answer);
    while (repeat) {
        struct wh_work *next = repeat->next;
        wh_door_answer(door, repeat->door, answer);
        wh_work_free(engine, repeat);
        repeat = next;
    }
    wh_work_free(engine, work);
}

void wh_answer_send(struct wh_engine *engine, struct wh_work *work)
{
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;
    Whistle__V1__Done done = done_of(engine, work);
    if (work->outcome == WH_OUT_REFUSED || work->outcome == WH_OUT_PARKED) {
        answer.error = (Whistle__V1__Error *)work->error;
    } else {
        answer.done = &done;
    }
    answer_all(engine, work, &answer);
}

static bool describe(struct wh_engine *engine, const struct wh_row *row, struct wh_arena *arena,
                     Whistle__V1__Done *done, struct wh_done *ret_text)
{
    const struct wh_service *service = engine->runtime->service;
    size_t n;
    const uint8_t *body = wh_row_bytes(row, 5, &n);
    const Whistle__V1__Event *event = (const Whistle__V1__Event *)wh_unpack_ample(
        &whistle__v1__event__descriptor, arena, body, n, NULL);
    const ProtobufCMessage *payload =
        event
            ? wh_unpack_ample(service->event, arena, event->payload.data, event->payload.len, NULL)
            : NULL;
    if (!payload)
        return false;
    if (service->describe)
        service->describe(event, payload, ret_text);
    done->feed = (char *)service->name;
    done->seq = event->seq;
    done->at = event->at;
    done->ref = ret_text->ref;
    done->state = ret_text->state;
    return true;
}

static bool read_kept(struct wh_engine *engine, const struct wh_row *row, struct wh_arena *arena,
                      Whistle__V1__Answer *answer)
{
    static Whistle__V1__Done done;
    static struct wh_done text;
    int64_t seq = wh_row_int(row, 3);
    size_t n;
    const uint8_t *said = wh_row_bytes(row, 4, &n);
    done = (Whistle__V1__Done)WHISTLE__V1__DONE__INIT;
    text = (struct wh_done){0};
    if (seq > 0) {
        answer->done = &done;
        return describe(engine, row, arena, &done, &text);
    }
    if (seq < 0) {
        answer->done = (Whistle__V1__Done *)wh_unpack_ample(&whistle__v1__done__descriptor, arena,
                                                            said, n, NULL);
        return answer->done != NULL;
    }
    answer->error = (Whistle__V1__Error *)wh_unpack_ample(&whistle__v1__error__descriptor, arena,
                                                          said, n, NULL);
    return answer->error != NULL;
}

static void refuse_all(struct wh_engine *engine, struct wh_work *work, enum wh_rule rule,
                       const char *field, int64_t retry_ms)
{
    struct wh_door_socket *door = engine->runtime->door;
    wh_pending_remove(engine, work);
    for (struct wh_work *one = work; one;) {
        struct wh_work *next = one == work ? one->repeats : one->next;
        wh_door_refuse(door, one->door, rule, field, NULL, retry_ms);
        wh_work_free(engine, one);
        one = next;
    }
}

bool wh_answer_kept(struct wh_engine *engine, struct wh_work *work, const struct wh_row *row)
{
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;
    struct wh_arena arena;
    size_t n;
    const uint8_t *digest = wh_row_bytes(row, 2, &n);
    wh_metrics_add(engine->runtime->metrics, FIG_KEPT, NULL, 1);
    if (n != sizeof work->door->digest || memcmp(digest, work->door->digest, n) != 0) {
        refuse_all(engine, work, WH_RULE_REQUEST_ID_REUSED, "request_id", 0);
        return true;
    }
    wh_arena_init(&arena, ARENA_CAP);
    bool fine = read_kept(engine, row, &arena, &answer);
    if (fine)
        answer_all(engine, work, &answer);
    else
        refuse_all(engine, work, WH_RULE_INTERNAL, NULL, 0);
    wh_arena_done(&arena);
    return fine;
}

void wh_answer_busy(struct wh_engine *engine, struct wh_work *work, enum wh_rule rule)
{
    refuse_all(engine, work, rule, NULL, BUSY_RETRY_MS);
}

void wh_answer_drop(struct wh_engine *engine, struct wh_work *work)
{
    struct wh_door_socket *door = engine->runtime->door;
    wh_pending_remove(engine, work);
    for (struct wh_work *one = work; one;) {
        struct wh_work *next = one == work ? one->repeats : one->next;
        wh_door_drop(door, one->door);
        wh_work_free(engine, one);
        one = next;
    }
}
