// SPDX-License-Identifier: Apache-2.0
// The live district as the gateway knows it: asked of intake at its door when it starts and
// whenever another version has been adopted. Its tables are shown from here; what they mean for a
// whistle is decided by the services.
#ifndef WH_GATEWAY_HANDLER_DISTRICT_H
#define WH_GATEWAY_HANDLER_DISTRICT_H

#include <jansson.h>

#include "base/time.h"
#include "district/district.h"
#include "gateway/gateway.h"

// Asks for it, and goes on looking for another version every second (`published` tells, see
// store_read.h). 0, WH_E_NOMEM.
int gateway_district_open(struct gateway *gateway);
void gateway_district_close(struct gateway *gateway);
// Another version was adopted: ask now.
void gateway_district_stale(struct gateway *gateway);

// NULL until it is known. Valid until the loop turns.
const struct wh_district *gateway_district(const struct gateway *gateway);
const struct wh_zone *gateway_zone(const struct gateway *gateway); // NULL: UTC
// A row's command that carries a district: `routes` alone is put into the live one; what is to be
// adopted names the version it replaces (or If-Match does). WH_RULE_NONE, or what is wrong.
enum wh_rule district_complete(struct gateway_ask *ask, json_t *command);
// The tables' routes (UNITS, DEPARTMENTS, CATEGORIES, SERVICE_TIMES, ROUTING).
void on_district_table(struct gateway_ask *ask);

#endif
