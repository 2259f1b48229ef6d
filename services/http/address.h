// SPDX-License-Identifier: Apache-2.0
// Numeric addresses and networks: who is connected, which proxies are believed about whom they
// speak for. Pure but for reading a socket's address.
#ifndef WH_HTTP_ADDRESS_H
#define WH_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_ADDRESS_TEXT 48
#define HTTP_NETS_MAX 16

struct sockaddr;

struct http_address {
    uint8_t bytes[16]; // IPv4 as ::ffff:a.b.c.d
};

struct http_nets {
    struct {
        struct http_address address;
        unsigned bits;
    } nets[HTTP_NETS_MAX];
    size_t n;
};

// Reads "192.0.2.1", "2001:db8::1" or "[2001:db8::1]", with or without a port behind the bracket or
// the dotted quad. false where it is none.
bool http_address_read(const char *text, size_t n, struct http_address *ret_address);
void http_address_of(const struct sockaddr *socket, struct http_address *ret_address);
void http_address_write(const struct http_address *address, char ret_text[HTTP_ADDRESS_TEXT]);
// The same for all addresses that count as one party: IPv4 whole, IPv6 by its /64.
int64_t http_address_party(const struct http_address *address);
// "10.0.0.0/8, ::1"; NULL and "" are none. 0, WH_E_INVALID.
int http_nets_read(const char *text, struct http_nets *ret_nets);
bool http_nets_have(const struct http_nets *nets, const struct http_address *address);
// The last address of an X-Forwarded-For that is no trusted proxy; false where there is none.
bool http_forwarded_for(const char *value, const struct http_nets *trusted,
                        struct http_address *ret_address);

#endif
