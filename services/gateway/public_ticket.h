// SPDX-License-Identifier: Apache-2.0
// The ticket that goes out with the public form and comes back with the report: when the form was
// fetched, with a keyed hash. Programs that post without fetching have none; people need longer
// than a moment. Pure.
#ifndef WH_GATEWAY_PUBLIC_TICKET_H
#define WH_GATEWAY_PUBLIC_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#define PUBLIC_TICKET_MAX 48 // with NUL
#define PUBLIC_TICKET_LEAST_MS 2000
#define PUBLIC_TICKET_MOST_MS INT64_C(86400000)

void public_ticket_make(const uint8_t key[32], int64_t now, char ret_ticket[PUBLIC_TICKET_MAX]);
// Is it ours, and of the right age?
bool public_ticket_good(const uint8_t key[32], const char *ticket, int64_t now);

#endif
