// SPDX-License-Identifier: Apache-2.0
// Roles and scopes by their names. See role.h.
#include "gateway/role.h"

#include <stddef.h>
#include <string.h>

#include "base/error.h"

static const struct gateway_role_info infos[GATEWAY_ROLES] = {
#define GATEWAY_ROLE(ident, kinds, zh, en) {#ident, kinds, zh, en},
#include "gateway/role.def"
#undef GATEWAY_ROLE
};

static const char *const scopes[GATEWAY_SCOPES] = {"read",    "write",       "feed",   "webhooks",
                                                   "open311", "open311.all", "metrics"};

const struct gateway_role_info *gateway_role_info(enum gateway_role role)
{
    return (unsigned)role < GATEWAY_ROLES ? &infos[role] : NULL;
}

int gateway_role_by_name(const char *name, enum gateway_role *ret_role)
{
    for (unsigned i = 0; name && i < GATEWAY_ROLES; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            *ret_role = (enum gateway_role)i;
            return 0;
        }
    }
    return WH_E_NOTFOUND;
}

const char *gateway_scope_name(unsigned i)
{
    return i < GATEWAY_SCOPES ? scopes[i] : NULL;
}

unsigned gateway_scope_by_name(const char *name)
{
    for (unsigned i = 0; name && i < GATEWAY_SCOPES; i++) {
        if (strcmp(scopes[i], name) == 0)
            return 1u << i;
    }
    return 0;
}
