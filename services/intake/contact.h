// SPDX-License-Identifier: Apache-2.0
// A desk's channels "kind:address": which addresses are a person's (telephone, mail …), and how
// they stand in the journal: "kind:sealed.PERSON.BASE64", the same text for the same address and
// key, so that two contacts can be told apart without opening them. Pure.
#ifndef WH_INTAKE_CONTACT_H
#define WH_INTAKE_CONTACT_H

#include <stdbool.h>

#include "base/arena.h"
#include "intake/seal.h"

// Must this channel be sealed? By its kind (sms, tel, mail …) or because a telephone number or a
// mail address stands in it. A sealed one need not be.
bool contact_is_personal(const char *channel);
// Is it sealed, and under whose key?
bool contact_is_sealed(const char *channel, int64_t *ret_person);
// The name by which the person's key is found: a text to be hashed, never stored. NULL past the
// cap.
const char *contact_name(struct wh_arena *arena, const char *channel);
// 0, WH_E_NOMEM, WH_E_RANGE (an address of more than 256 bytes; channels have at most 200).
int contact_seal(struct wh_arena *arena, const struct person *person, const char *channel,
                 const char **ret_sealed);
// 0, WH_E_INVALID (another key, damage), WH_E_NOMEM.
int contact_open(struct wh_arena *arena, const struct person *person, const char *sealed,
                 const char **ret_channel);

#endif
