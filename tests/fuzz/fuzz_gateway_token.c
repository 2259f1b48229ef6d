// SPDX-License-Identifier: Apache-2.0
// What a stranger may hand the gateway as a secret: any text as a Cookie header, as Authorization,
// as a link's token. Nothing may crash or read outside; what is read as a good link must have been
// signed, so none is; what is taken as a cookie is exactly one whole token.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/link.h"
#include "gateway/password.h"
#include "gateway/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const uint8_t key[LINK_KEY] = {1, 2, 3};
    uint8_t token[TOKEN_BYTES], hash[TOKEN_HASH];
    char prefix[API_KEY_PREFIX + 1];
    struct link_claim claim;
    char *text = malloc(n + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, n);
    text[n] = '\0';
    if (cookie_token(text, token) && strstr(text, COOKIE_NAME "=") == NULL)
        abort();
    if (api_key_read(text, prefix, hash) && !api_key_prefix_good(prefix))
        abort();
    if (link_read(text, key, &claim) == 0)
        abort();
    (void)password_check(text, "login", "name");
    (void)password_hash_good(text);
    free(text);
    return 0;
}
