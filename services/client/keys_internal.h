// SPDX-License-Identifier: Apache-2.0
// What keys.c and keyring.c share.
#ifndef WH_CLIENT_KEYS_INTERNAL_H
#define WH_CLIENT_KEYS_INTERNAL_H

#include <stdbool.h>

bool wh_z85_valid(const char *text);
bool wh_identity_valid(const char *text);

#endif
