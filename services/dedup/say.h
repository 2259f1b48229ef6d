// SPDX-License-Identifier: Apache-2.0
// Decisions as messages of the vocabulary, made in an arena. Texts are borrowed. Pure.
#ifndef WH_DEDUP_SAY_H
#define WH_DEDUP_SAY_H

#include "base/arena.h"
#include "dedup/decide.h"
#include "dedup/raised.h"
#include "whistle/v1/dedup.pb-c.h"

// failed: the arena was full; what was made then is not to be used.
struct say {
    struct wh_arena *arena;
    const char *prefix; // of numbers
    const struct match_model *model;
    bool failed;
};

char *say_number(struct say *say, int64_t id); // "" for 0
char *say_text(const char *text);              // for fields that protobuf-c does not call const
// words: as match_shared_words gives them, copied. offer and resolved_at as the resemblance says.
Whistle__V1__Likeness *say_likeness(struct say *say, const struct resemblance *like,
                                    const char *words);
// A list with room for n pointers; NULL only when failed.
void *say_list(struct say *say, size_t n);
char *say_copy(struct say *say, const char *text);
// The joined whistles between this one and its root, nearest first.
void say_through(struct say *say, const struct matters *matters, int64_t id, size_t *ret_n,
                 char ***ret_numbers);
// Words of danger that the branch of root `into` does not have.
void say_new_danger(struct say *say, const struct matters *matters, int64_t into,
                    const struct danger *danger, size_t *ret_n, char ***ret_words);

#endif
