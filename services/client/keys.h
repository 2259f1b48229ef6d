// SPDX-License-Identifier: Apache-2.0
// Keys as files. Three kinds, all plain text, one fact a line, '#' comments:
//   key file (mode 0600): "identity 990101001", "role street", "public Z85", "secret Z85"
//   doors file: "door intake ENDPOINT[,ENDPOINT…] Z85", "feed intake ENDPOINT[,ENDPOINT…] Z85";
//     several lines of one kind and name are tried in turn (a service's old and new key)
//   keyring (the services'): "Z85 IDENTITY ROLE[,ROLE] FROM UNTIL" with RFC 3339 times or "-"
// Decides which identity and roles a public key has at a given time. Reads files, holds no socket.
#ifndef WH_CLIENT_KEYS_H
#define WH_CLIENT_KEYS_H

#include <stddef.h>
#include <stdint.h>

// What a key may do. A door's route names the roles that may call it.
enum wh_role {
    WH_ROLE_STREET = 1 << 0,     // street, town or township office
    WH_ROLE_COMMUNITY = 1 << 1,  // community or village
    WH_ROLE_DEPARTMENT = 1 << 2, // department, public-service company
    WH_ROLE_DISTRICT = 1 << 3,   // district dispatcher: arbitration, supervision
    WH_ROLE_LEADER = 1 << 4,     // reads
    WH_ROLE_OPERATOR = 1 << 5,   // deploys: adopts districts, sees health, no business data
    WH_ROLE_AUDITOR = 1 << 6,    // reads all events
    WH_ROLE_NOTIFIER = 1 << 7,   // sends notices
    WH_ROLE_GATEWAY = 1 << 8,    // speaks for others (acting_for)
    WH_ROLE_SERVICE = 1 << 9,    // one of our services
    WH_ROLE_SHEET = 1 << 10,     // reads shifts' sheets of everybody, nothing else
};

#define WH_KEY_Z85 41      // 40 characters and NUL
#define WH_IDENTITY_MAX 32 // characters, without NUL

struct wh_key {
    char identity[WH_IDENTITY_MAX + 1];
    unsigned roles;
    char public_key[WH_KEY_Z85];
    char secret_key[WH_KEY_Z85];
};

// Error texts name file, line and rule in `why` (size why_n). 0, WH_E_IO, WH_E_INVALID.
int wh_key_read(const char *path, struct wh_key *ret_key, char *why, size_t why_n);
int wh_key_write(const char *path, const struct wh_key *key);
// Makes a rename onto this path durable: fsync of its folder. 0, WH_E_IO.
int wh_folder_sync(const char *path);
void wh_key_generate(const char *identity, unsigned roles, struct wh_key *ret_key);

// role names as in the files, comma separated. 0 on an unknown name.
unsigned wh_roles_parse(const char *text);
void wh_roles_format(unsigned roles, char *ret_text, size_t n);

#define WH_ENDPOINTS_MAX 8

struct wh_door {
    char name[16];
    char endpoints[WH_ENDPOINTS_MAX][160];
    char server_keys[WH_ENDPOINTS_MAX][WH_KEY_Z85]; // of each endpoint
    size_t n_endpoints;
};

// kind: "door" or "feed". All lines of that kind and name, in the file's order. 0, WH_E_NOTFOUND,
// WH_E_IO, WH_E_INVALID (a line of the file is wrong, whichever).
int wh_doors_find(const char *path, const char *kind, const char *name, struct wh_door *ret_door,
                  char *why, size_t why_n);

struct wh_keyring;

struct wh_key_holder {
    char identity[WH_IDENTITY_MAX + 1];
    unsigned roles;
    int64_t from_at, until_at; // ms UTC; INT64_MIN, INT64_MAX where open
};

int wh_keyring_read(const char *path, struct wh_keyring **ret_ring, char *why, size_t why_n);
void wh_keyring_free(struct wh_keyring *ring);
// The holder of a key that is live at `now`, else NULL. O(1); called for every message.
const struct wh_key_holder *wh_keyring_find(const struct wh_keyring *ring, const char *public_key,
                                            int64_t now);
// The holder whether or not the key is live, else NULL: to tell who has ended from a stranger.
const struct wh_key_holder *wh_keyring_known(const struct wh_keyring *ring, const char *public_key);
// Roles of an identity by any live key; 0 where it has none.
unsigned wh_keyring_roles(const struct wh_keyring *ring, const char *identity, int64_t now);
size_t wh_keyring_count(const struct wh_keyring *ring);
// Identities that have a key live at `now` and none that is live at `then`.
size_t wh_keyring_expiring(const struct wh_keyring *ring, int64_t now, int64_t then);

#endif
