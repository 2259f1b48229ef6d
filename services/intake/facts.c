// SPDX-License-Identifier: Apache-2.0
// Masking, sealing, and the message itself.
#include "intake/facts.h"

#include <sodium.h>
#include <string.h>

#include "base/mask.h"
#include "intake/answer.h"

#define SPANS_MAX 32

// The masked text, or the text itself where nothing is personal.
static int mask_text(struct wh_arena *arena, const char *text, const char **ret_text, bool *ret_cut)
{
    struct wh_mask_span spans[SPANS_MAX];
    size_t len = strlen(text), masked_len = 0;
    size_t n = wh_mask_find(text, len, spans, SPANS_MAX);
    *ret_text = text;
    *ret_cut = n > 0;
    if (n == 0)
        return 0;
    return wh_mask_apply(arena, text, len, spans, n, WH_MASK_ALL, ret_text, &masked_len);
}

static int mask_field(struct wh_arena *arena, const char *text, const char **ret_masked,
                      char **ret_full, struct masked *masked)
{
    bool cut = false;
    if (text == NULL)
        text = "";
    int rc = mask_text(arena, text, ret_masked, &cut);
    if (rc != 0 || !cut)
        return rc;
    *ret_full = wh_arena_strdup(arena, text);
    masked->cut = true;
    return *ret_full != NULL ? 0 : WH_E_NOMEM;
}

static int keep_answer(struct wh_arena *arena, const struct raise_answer *answer,
                       struct masked *masked)
{
    Whistle__V1__QuestionAnswer *full = wh_arena_alloc(arena, sizeof(*full));
    if (full == NULL)
        return WH_E_NOMEM;
    whistle__v1__question_answer__init(full);
    full->code = wh_arena_strdup(arena, answer->code);
    full->value = wh_arena_strdup(arena, answer->value);
    if (full->code == NULL || full->value == NULL)
        return WH_E_NOMEM;
    if (masked->full.answers == NULL)
        masked->full.answers =
            wh_arena_calloc(arena, RAISE_ANSWERS_MAX, sizeof(Whistle__V1__QuestionAnswer *));
    if (masked->full.answers == NULL)
        return WH_E_NOMEM;
    masked->full.answers[masked->full.n_answers++] = full;
    masked->cut = true;
    return 0;
}

static int mask_answers(struct wh_arena *arena, const struct wh_category *category,
                        const struct raise *ask, struct masked *masked)
{
    for (size_t i = 0; i < ask->n_answers; i++) {
        const Whistle__V1__Question *question = answer_question(category, ask->answers[i].code);
        bool cut = false;
        masked->values[i] = ask->answers[i].value;
        if (question == NULL || question->type != WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_TEXT)
            continue;
        int rc = mask_text(arena, ask->answers[i].value, &masked->values[i], &cut);
        if (rc == 0 && cut)
            rc = keep_answer(arena, &ask->answers[i], masked);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int facts_mask(struct wh_arena *arena, const struct wh_category *category, const struct raise *ask,
               struct masked *ret_masked)
{
    struct masked *m = ret_masked;
    memset(m, 0, sizeof(*m));
    whistle__v1__unmasked_text__init(&m->full);
    int rc = mask_field(arena, ask->title, &m->title, &m->full.title, m);
    if (rc == 0)
        rc = mask_field(arena, ask->text, &m->text, &m->full.text, m);
    if (rc == 0)
        rc = mask_field(arena, ask->place.address, &m->address, &m->full.address, m);
    return rc != 0 ? rc : mask_answers(arena, category, ask, m);
}

bool facts_names_reporter(const struct raise *ask)
{
    return ask->reporter_name[0] != 0 || ask->reporter_phone[0] != 0 || ask->reporter_email[0] != 0;
}

bool facts_needs_sealing(const struct raise *ask, const struct masked *masked)
{
    return masked->cut || facts_names_reporter(ask);
}

Whistle__V1__Sealed *facts_seal(struct wh_arena *arena, const struct person *person,
                                const uint8_t nonce[SEAL_NONCE], const ProtobufCMessage *message)
{
    size_t n = protobuf_c_message_get_packed_size(message);
    uint8_t *plain = wh_arena_alloc(arena, n + 1);
    uint8_t *box = wh_arena_alloc(arena, n + SEAL_MAC);
    uint8_t *own_nonce = wh_arena_dup(arena, nonce, SEAL_NONCE);
    Whistle__V1__Sealed *sealed = wh_arena_alloc(arena, sizeof(*sealed));
    if (plain == NULL || box == NULL || own_nonce == NULL || sealed == NULL)
        return NULL;
    protobuf_c_message_pack(message, plain);
    seal_box(person, nonce, plain, n, box);
    sodium_memzero(plain, n);
    whistle__v1__sealed__init(sealed);
    sealed->person = person->id;
    sealed->nonce = (ProtobufCBinaryData){.data = own_nonce, .len = SEAL_NONCE};
    sealed->box = (ProtobufCBinaryData){.data = box, .len = n + SEAL_MAC};
    return sealed;
}

static void *arena_alloc(void *arena, size_t n)
{
    return wh_arena_alloc(arena, n);
}

static void arena_free(void *arena, void *data)
{
    (void)arena;
    (void)data;
}

ProtobufCMessage *facts_unseal(struct wh_arena *arena, const struct person *person,
                               const Whistle__V1__Sealed *sealed,
                               const ProtobufCMessageDescriptor *type)
{
    ProtobufCAllocator allocator = {
        .alloc = arena_alloc, .free = arena_free, .allocator_data = arena};
    if (sealed->box.len < SEAL_MAC)
        return NULL;
    size_t n = sealed->box.len - SEAL_MAC;
    uint8_t *plain = wh_arena_alloc(arena, n + 1);
    if (plain == NULL || seal_open(person, sealed->nonce.data, sealed->nonce.len, sealed->box.data,
                                   sealed->box.len, plain) != 0)
        return NULL;
    return protobuf_c_message_unpack(type, &allocator, n, plain);
}

Whistle__V1__QuestionAnswer **facts_answers(struct wh_arena *arena,
                                            const struct raise_answer *answers,
                                            const char *const *values, size_t n)
{
    Whistle__V1__QuestionAnswer **all =
        wh_arena_calloc(arena, n + 1, sizeof(Whistle__V1__QuestionAnswer *));
    Whistle__V1__QuestionAnswer *rows = wh_arena_calloc(arena, n + 1, sizeof(*rows));
    if (all == NULL || rows == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        whistle__v1__question_answer__init(&rows[i]);
        rows[i].code = (char *)(uintptr_t)answers[i].code;
        rows[i].value = (char *)(uintptr_t)values[i];
        all[i] = &rows[i];
    }
    return all;
}
