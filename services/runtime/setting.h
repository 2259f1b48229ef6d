// SPDX-License-Identifier: Apache-2.0
// Settings: one table a service, environment WHISTLE_<NAME> over a file over defaults; <NAME>_FILE
// reads a secret from a file. Every value has a type, bounds and a help text in both languages.
#ifndef WH_RUNTIME_SETTING_H
#define WH_RUNTIME_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wh_setting_type { WH_SETTING_INT, WH_SETTING_TEXT, WH_SETTING_BOOL };

struct wh_setting {
    const char *name; // lower_case; environment: WHISTLE_ + upper case
    enum wh_setting_type type;
    const char *fallback; // default as text
    int64_t min, max;     // INT: bounds; TEXT: bytes
    bool secret;          // never printed
    const char *help_zh, *help_en;
};

struct wh_settings;

// Reads all; why names setting, value and rule. 0, WH_E_INVALID, WH_E_IO.
int wh_settings_read(const struct wh_setting *const *tables, const size_t *counts, size_t n_tables,
                     const char *file, struct wh_settings **ret_settings, char *why, size_t why_n);
void wh_settings_free(struct wh_settings *settings);
int64_t wh_settings_int(const struct wh_settings *settings, const char *name);
const char *wh_settings_text(const struct wh_settings *settings, const char *name);
bool wh_settings_bool(const struct wh_settings *settings, const char *name);
// One line a setting: name, value, where from, bounds, help (locale). To stdout.
void wh_settings_print(const struct wh_settings *settings);

#endif
