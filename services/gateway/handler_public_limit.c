// SPDX-License-Identifier: Apache-2.0
// Who may how often, and the keys of codes and tickets. All in memory: after a restart everybody
// begins anew.
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/handler_public.h"
#include "gateway/handler_reply.h"
#include "gateway/limit.h"
#include "gateway/public_ticket.h"

#define SLOTS 65536
#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)
#define GUESSES_ADDRESS ((struct limit_rule){.burst = 20, .every_ms = MINUTE_MS})
#define GUESSES_NUMBER ((struct limit_rule){.burst = 60, .every_ms = MINUTE_MS / 2})
#define LOOKS ((struct limit_rule){.burst = 60, .every_ms = 1000})

struct publicity {
    struct limits *limits;
    uint8_t codes[PUBLIC_CODE_KEY], tickets[32];
};

int public_open(struct gateway *gateway)
{
    struct publicity *p = calloc(1, sizeof *p);
    uint64_t seed;
    randombytes_buf(&seed, sizeof seed);
    if (p != NULL)
        p->limits = limits_new(SLOTS, seed);
    if (p == NULL || p->limits == NULL) {
        free(p);
        return WH_E_NOMEM;
    }
    gateway_subkey(gateway, "public.code", p->codes);
    gateway_subkey(gateway, "public.ticket", p->tickets);
    gateway->publicity = p;
    return 0;
}

void public_close(struct gateway *gateway)
{
    struct publicity *p = gateway->publicity;
    if (p == NULL)
        return;
    limits_free(p->limits);
    sodium_memzero(p, sizeof *p);
    free(p);
    gateway->publicity = NULL;
}

// ---- limits -------------------------------------------------------------------------------------

// By the monotonic clock.
static int64_t now_of(const struct gateway *gateway)
{
    return (int64_t)uv_now(wh_runtime_loop(gateway->runtime));
}

static uint64_t address_key(const struct gateway_ask *ask, const char *word)
{
    char address[64];
    limit_address(ask->request->peer, address);
    return limit_key(ask->gateway->publicity->limits, word, address);
}

static struct limit_rule rule_of(const struct gateway *gateway, const char *setting, int64_t in_ms)
{
    int64_t n = wh_setting_int(gateway->runtime, setting);
    return (struct limit_rule){.burst = n, .every_ms = in_ms / n};
}

int64_t public_admit_report(struct gateway_ask *ask)
{
    struct limits *limits = ask->gateway->publicity->limits;
    struct limit_rule mine = rule_of(ask->gateway, "public_reports_hour", HOUR_MS);
    struct limit_rule all = rule_of(ask->gateway, "public_reports_minute", MINUTE_MS);
    uint64_t address = address_key(ask, "report"), everybody = limit_key(limits, "reports", "");
    int64_t now = now_of(ask->gateway);
    int64_t wait = limit_wait(limits, everybody, all, now);
    if (wait == 0)
        wait = limit_take(limits, address, mine, now);
    return wait > 0 ? wait : limit_take(limits, everybody, all, now);
}

int64_t public_admit_look(struct gateway_ask *ask)
{
    return limit_take(ask->gateway->publicity->limits, address_key(ask, "look"), LOOKS,
                      now_of(ask->gateway));
}

int64_t public_admit_guess(struct gateway_ask *ask, const char *number)
{
    struct limits *limits = ask->gateway->publicity->limits;
    int64_t now = now_of(ask->gateway);
    int64_t a = limit_wait(limits, address_key(ask, "guess"), GUESSES_ADDRESS, now);
    int64_t b = limit_wait(limits, limit_key(limits, "number", number), GUESSES_NUMBER, now);
    return a > b ? a : b;
}

void public_count_guess(struct gateway_ask *ask, const char *number)
{
    struct limits *limits = ask->gateway->publicity->limits;
    int64_t now = now_of(ask->gateway);
    (void)limit_take(limits, address_key(ask, "guess"), GUESSES_ADDRESS, now);
    (void)limit_take(limits, limit_key(limits, "number", number), GUESSES_NUMBER, now);
}

void public_refuse_often(struct gateway_ask *ask, int64_t wait_ms)
{
    Whistle__V1__Error error = WHISTLE__V1__ERROR__INIT;
    const struct wh_rule_info *info = wh_rule_info(WH_RULE_PUBLIC_OFTEN);
    error.status = info->status;
    error.code = (char *)(uintptr_t)info->code;
    error.rule = (char *)(uintptr_t)info->name;
    error.retry_after_ms = wait_ms;
    reply_error(ask, &error, NULL);
}

// ---- codes and tickets --------------------------------------------------------------------------

void public_code_of(const struct gateway *gateway, int64_t number,
                    char ret_code[PUBLIC_CODE_CHARS + 1])
{
    public_code_make(gateway->publicity->codes, number, ret_code);
}

bool public_code_right(const struct gateway *gateway, int64_t number, const char *code)
{
    return public_code_is(gateway->publicity->codes, number, code);
}

void public_new_ticket(const struct gateway *gateway, char *ret_ticket)
{
    public_ticket_make(gateway->publicity->tickets, wh_wall_now(), ret_ticket);
}

bool public_ticket_is_good(const struct gateway *gateway, const char *ticket)
{
    return public_ticket_good(gateway->publicity->tickets, ticket, wh_wall_now());
}
