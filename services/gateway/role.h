// SPDX-License-Identifier: Apache-2.0
// What a person can be (role.def), as numbers, bits and names; what an API key may be used for.
// Decides no right by itself: the route table says which of these may use a route.
#ifndef WH_GATEWAY_ROLE_H
#define WH_GATEWAY_ROLE_H

#include <stdint.h>

#include "client/keys.h"

enum gateway_role {
#define GATEWAY_ROLE(ident, kinds, zh, en) GATEWAY_ROLE_##ident,
#include "gateway/role.def"
#undef GATEWAY_ROLE
    GATEWAY_ROLES // how many; not a role
};
_Static_assert(GATEWAY_ROLES <= 32, "a set of roles is 32 bits");

// The bit of a role in a set of roles.
enum gateway_role_bit {
#define GATEWAY_ROLE(ident, kinds, zh, en) ROLE_##ident = 1u << GATEWAY_ROLE_##ident,
#include "gateway/role.def"
#undef GATEWAY_ROLE
    ROLE_EVERYBODY = (int)((INT64_C(1) << GATEWAY_ROLES) - 1)
};

// name: as seen outside. kinds: WH_ROLE_… of the units and bodies whose posts may have it.
struct gateway_role_info {
    const char *name;
    unsigned kinds;
    const char *zh, *en;
};

// NULL where there is no such role.
const struct gateway_role_info *gateway_role_info(enum gateway_role role);
// 0, WH_E_NOTFOUND.
int gateway_role_by_name(const char *name, enum gateway_role *ret_role);

// What an API key may be used for.
enum gateway_scope {
    SCOPE_READ = 1 << 0,
    SCOPE_WRITE = 1 << 1,
    SCOPE_FEED = 1 << 2,
    SCOPE_WEBHOOKS = 1 << 3,
    SCOPE_OPEN311 = 1 << 4,
    SCOPE_OPEN311_ALL = 1 << 5,
    SCOPE_METRICS = 1 << 6,
};
#define GATEWAY_SCOPES 7

// Name of scope number i ("read", "open311.all"); NULL from GATEWAY_SCOPES on.
const char *gateway_scope_name(unsigned i);
// The bit of a scope's name, 0 where there is none.
unsigned gateway_scope_by_name(const char *name);

#endif
