// SPDX-License-Identifier: Apache-2.0
// What a link's token holds: version, purposes, two times, task and officer, and a keyed BLAKE2b of
// it all (16 bytes). Read back only in exactly the form in which it was written.
#include "gateway/link.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "gateway/token.h"

#define VERSION 1
#define MAC 16
#define HEAD 11 // version, purposes, made, until, length of the task's id
#define RAW_MAX (HEAD + WH_TASK_ID_MAX + LINK_OFFICER_MAX + MAC)
_Static_assert((RAW_MAX * 4 + 2) / 3 + 1 <= LINK_TOKEN_MAX, "a token's room");

static const struct {
    unsigned bit;
    const char *name;
} purposes[] = {
    {LINK_SIGN, "SIGN"},
    {LINK_CHECK_IN, "CHECK_IN"},
    {LINK_REPORT, "REPORT"},
    {LINK_REFUSE, "REFUSE"},
};

const char *link_purpose_name(unsigned bit)
{
    for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++)
        if (purposes[i].bit == bit)
            return purposes[i].name;
    return NULL;
}

unsigned link_purpose_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++)
        if (strcmp(purposes[i].name, name) == 0)
            return purposes[i].bit;
    return 0;
}

static bool claim_good(const struct link_claim *claim)
{
    int64_t object;
    char department[WH_DEPARTMENT_MAX + 1];
    return wh_task_id_parse(claim->task, NULL, &object, department) == 0 &&
           (claim->officer[0] == '\0' ||
            wh_ident_check(claim->officer, strlen(claim->officer), LINK_OFFICER_MAX, NULL) == 0) &&
           claim->purposes > 0 && claim->purposes <= LINK_ALL && claim->made_at >= 0 &&
           claim->until_at > claim->made_at && claim->until_at / 1000 <= UINT32_MAX;
}

static void put32(uint8_t *at, int64_t seconds)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(seconds >> (24 - 8 * i));
}

static int64_t get32(const uint8_t *at)
{
    return (int64_t)at[0] << 24 | (int64_t)at[1] << 16 | (int64_t)at[2] << 8 | (int64_t)at[3];
}

int link_make(const struct link_claim *claim, const uint8_t key[LINK_KEY],
              char ret_token[LINK_TOKEN_MAX])
{
    uint8_t raw[RAW_MAX] = {VERSION, (uint8_t)claim->purposes};
    if (!claim_good(claim))
        return WH_E_INVALID;
    size_t task = strlen(claim->task), officer = strlen(claim->officer), n = HEAD + task + officer;
    put32(raw + 2, claim->made_at / 1000);
    put32(raw + 6, claim->until_at / 1000);
    raw[10] = (uint8_t)task;
    memcpy(raw + HEAD, claim->task, task);
    memcpy(raw + HEAD + task, claim->officer, officer);
    crypto_generichash(raw + n, MAC, raw, n, key, LINK_KEY);
    token_text(raw, n + MAC, ret_token);
    return 0;
}

int link_read(const char *token, const uint8_t key[LINK_KEY], struct link_claim *ret_claim)
{
    uint8_t raw[RAW_MAX], mac[MAC];
    struct link_claim claim = {0};
    size_t chars = strnlen(token, LINK_TOKEN_MAX);
    size_t n = chars < LINK_TOKEN_MAX ? token_bytes(token, chars, raw, sizeof raw) : 0;
    if (n < HEAD + MAC || raw[0] != VERSION)
        return WH_E_INVALID;
    n -= MAC;
    crypto_generichash(mac, MAC, raw, n, key, LINK_KEY);
    if (sodium_memcmp(mac, raw + n, MAC) != 0)
        return WH_E_INVALID;
    size_t task = raw[10];
    if (HEAD + task > n || task >= sizeof claim.task || n - HEAD - task >= sizeof claim.officer)
        return WH_E_INVALID;
    claim.purposes = raw[1];
    claim.made_at = get32(raw + 2) * 1000;
    claim.until_at = get32(raw + 6) * 1000;
    memcpy(claim.task, raw + HEAD, task);
    memcpy(claim.officer, raw + HEAD + task, n - HEAD - task);
    if (!claim_good(&claim))
        return WH_E_INVALID;
    *ret_claim = claim;
    return 0;
}

bool link_live(const struct link_claim *claim, int64_t ended_at, int64_t now)
{
    return now < claim->until_at && claim->until_at - claim->made_at <= LINK_LIFE_MS &&
           claim->made_at > ended_at;
}
