// SPDX-License-Identifier: Apache-2.0
// Labels of a figure beside `service`, for who counts and for who shows. A label's value is a code
// or a word of ours: never a text that somebody wrote, never anything about a person.
#ifndef WH_RUNTIME_LABEL_H
#define WH_RUNTIME_LABEL_H

struct wh_label {
    const char *key, *value;
};

// WH_LABELS({"feed", name}, {"follower", code}): ended by a NULL key. NULL: no labels.
#define WH_LABELS(...) ((const struct wh_label[]){__VA_ARGS__, {0}})

#endif
