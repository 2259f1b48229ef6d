// SPDX-License-Identifier: Apache-2.0
// Addresses are kept as 16 bytes, IPv4 mapped into IPv6, so that one comparison serves both.
#include "http/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_v4(const struct http_address *address)
{
    return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

// Cuts "[…]:port" and "a.b.c.d:port" down to the address.
static struct wh_str bare(struct wh_str text)
{
    const char *colon = memchr(text.p, ':', text.n);
    if (text.n > 0 && text.p[0] == '[') {
        const char *end = memchr(text.p, ']', text.n);
        return end != NULL ? wh_str_n(text.p + 1, (size_t)(end - text.p) - 1) : wh_str("");
    }
    if (colon != NULL && memchr(text.p, '.', (size_t)(colon - text.p)) != NULL)
        return wh_str_n(text.p, (size_t)(colon - text.p));
    return text;
}

bool http_address_read(const char *text, size_t n, struct http_address *ret_address)
{
    char copy[HTTP_ADDRESS_TEXT];
    struct wh_str address = bare(wh_str_trim(wh_str_n(text, n)));
    struct http_address found;
    if (address.n == 0 || address.n >= sizeof copy)
        return false;
    memcpy(copy, address.p, address.n);
    copy[address.n] = '\0';
    memcpy(found.bytes, mapped, sizeof mapped);
    if (inet_pton(AF_INET, copy, found.bytes + 12) != 1 &&
        inet_pton(AF_INET6, copy, found.bytes) != 1)
        return false;
    *ret_address = found;
    return true;
}

void http_address_of(const struct sockaddr *socket, struct http_address *ret_address)
{
    memset(ret_address, 0, sizeof *ret_address);
    if (socket->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)socket;
        memcpy(ret_address->bytes, mapped, sizeof mapped);
        memcpy(ret_address->bytes + 12, &in->sin_addr, 4);
    } else if (socket->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)socket;
        memcpy(ret_address->bytes, &in->sin6_addr, 16);
    }
}

void http_address_write(const struct http_address *address, char ret_text[HTTP_ADDRESS_TEXT])
{
    bool v4 = is_v4(address);
    if (inet_ntop(v4 ? AF_INET : AF_INET6, address->bytes + (v4 ? 12 : 0), ret_text,
                  HTTP_ADDRESS_TEXT) == NULL)
        ret_text[0] = '\0';
}

int64_t http_address_party(const struct http_address *address)
{
    int64_t party = 0;
    memcpy(&party, address->bytes + (is_v4(address) ? 8 : 0), sizeof party);
    return party;
}

static bool net_read(struct wh_str text, struct http_address *ret_address, unsigned *ret_bits)
{
    const char *slash = memchr(text.p, '/', text.n);
    size_t n = slash != NULL ? (size_t)(slash - text.p) : text.n;
    if (!http_address_read(text.p, n, ret_address))
        return false;
    unsigned widest = is_v4(ret_address) ? 32 : 128, bits = widest;
    if (slash != NULL) {
        char *end;
        bits = (unsigned)strtoul(slash + 1, &end, 10);
        if (end == slash + 1 || end != text.p + text.n || bits > widest)
            return false;
    }
    *ret_bits = bits + 128 - widest;
    return true;
}

int http_nets_read(const char *text, struct http_nets *ret_nets)
{
    struct http_nets nets = {.n = 0};
    struct wh_str rest = wh_str(text), piece;
    while (rest.n > 0 && wh_str_split(&rest, ',', &piece)) {
        piece = wh_str_trim(piece);
        if (piece.n == 0)
            continue;
        if (nets.n == HTTP_NETS_MAX ||
            !net_read(piece, &nets.nets[nets.n].address, &nets.nets[nets.n].bits))
            return WH_E_INVALID;
        nets.n++;
    }
    *ret_nets = nets;
    return 0;
}

bool http_nets_have(const struct http_nets *nets, const struct http_address *address)
{
    for (size_t i = 0; i < nets->n; i++) {
        unsigned bits = nets->nets[i].bits;
        const uint8_t *a = nets->nets[i].address.bytes, *b = address->bytes;
        uint8_t mask = (uint8_t)(0xff00 >> (bits % 8));
        if (memcmp(a, b, bits / 8) == 0 &&
            (bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0))
            return true;
    }
    return false;
}

bool http_forwarded_for(const char *value, const struct http_nets *trusted,
                        struct http_address *ret_address)
{
    size_t end = strlen(value);
    bool found = false;
    while (end > 0) {
        size_t from = end;
        while (from > 0 && value[from - 1] != ',')
            from--;
        struct http_address address;
        if (!http_address_read(value + from, end - from, &address))
            return found;
        *ret_address = address;
        found = true;
        if (!http_nets_have(trusted, &address))
            return true;
        end = from > 0 ? from - 1 : 0;
    }
    return found;
}
