// SPDX-License-Identifier: Apache-2.0
// Sealed channels. The nonce is made from the key and the address (BLAKE2b), so that equal
// addresses give equal texts; two different addresses never share one.
#include "intake/contact.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mask.h"

#define MARK ":sealed."
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define BOX_MAX (SEAL_NONCE + SEAL_MAC + 256)

static const char *address_of(const char *channel)
{
    const char *colon = strchr(channel, ':');
    return colon != NULL ? colon + 1 : "";
}

static bool personal_kind(const char *channel)
{
    static const char *const kinds[] = {"sms",  "tel",   "phone",  "voice",  "mobile",
                                        "mail", "email", "wechat", "weixin", "qq"};
    size_t n = strcspn(channel, ":");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strlen(kinds[i]) == n && strncmp(kinds[i], channel, n) == 0)
            return true;
    return false;
}

bool contact_is_sealed(const char *channel, int64_t *ret_person)
{
    const char *colon = strchr(channel, ':');
    if (colon == NULL || strncmp(colon, MARK, strlen(MARK)) != 0)
        return false;
    char *end = NULL;
    long long person = strtoll(colon + strlen(MARK), &end, 10);
    if (person <= 0 || *end != '.')
        return false;
    *ret_person = person;
    return true;
}

bool contact_is_personal(const char *channel)
{
    struct wh_mask_span spans[4];
    const char *address = address_of(channel);
    int64_t person = 0;
    if (address[0] == 0 || contact_is_sealed(channel, &person))
        return false;
    if (personal_kind(channel) || strchr(address, '@') != NULL)
        return true;
    size_t n = wh_mask_find(address, strlen(address), spans, 4);
    for (size_t i = 0; i < n; i++)
        if (spans[i].kind & (WH_MASK_ID | WH_MASK_PHONE))
            return true;
    return false;
}

const char *contact_name(struct wh_arena *arena, const char *channel)
{
    const char *address = address_of(channel);
    size_t size = strlen(address) + sizeof("contact ");
    char *name = wh_arena_alloc(arena, size);
    if (name != NULL)
        (void)snprintf(name, size, "contact %s", address);
    return name;
}

int contact_seal(struct wh_arena *arena, const struct person *person, const char *channel,
                 const char **ret_sealed)
{
    const char *address = address_of(channel);
    size_t n = strlen(address), kind = strcspn(channel, ":");
    uint8_t box[BOX_MAX];
    if (SEAL_NONCE + SEAL_MAC + n > sizeof(box))
        return WH_E_RANGE;
    crypto_generichash(box, SEAL_NONCE, (const uint8_t *)address, n, person->key, SEAL_KEY);
    seal_box(person, box, (const uint8_t *)address, n, box + SEAL_NONCE);
    size_t text_n = sodium_base64_encoded_len(SEAL_NONCE + SEAL_MAC + n, VARIANT);
    size_t size = kind + strlen(MARK) + 21 + text_n;
    char *text = wh_arena_alloc(arena, size);
    if (text == NULL)
        return WH_E_NOMEM;
    int head = snprintf(text, size, "%.*s" MARK "%" PRId64 ".", (int)kind, channel, person->id);
    sodium_bin2base64(text + head, text_n, box, SEAL_NONCE + SEAL_MAC + n, VARIANT);
    *ret_sealed = text;
    return 0;
}

int contact_open(struct wh_arena *arena, const struct person *person, const char *sealed,
                 const char **ret_channel)
{
    int64_t id = 0;
    uint8_t box[BOX_MAX];
    size_t n = 0, kind = strcspn(sealed, ":");
    if (!contact_is_sealed(sealed, &id) || id != person->id)
        return WH_E_INVALID;
    const char *text = strchr(sealed + kind + strlen(MARK), '.') + 1;
    if (sodium_base642bin(box, sizeof(box), text, strlen(text), NULL, &n, NULL, VARIANT) != 0 ||
        n < SEAL_NONCE + SEAL_MAC)
        return WH_E_INVALID;
    size_t address_n = n - SEAL_NONCE - SEAL_MAC;
    char *channel = wh_arena_calloc(arena, kind + 1 + address_n + 1, 1);
    if (channel == NULL)
        return WH_E_NOMEM;
    memcpy(channel, sealed, kind + 1);
    if (seal_open(person, box, SEAL_NONCE, box + SEAL_NONCE, n - SEAL_NONCE,
                  (uint8_t *)channel + kind + 1) != 0)
        return WH_E_INVALID;
    *ret_channel = channel;
    return 0;
}
