// SPDX-License-Identifier: Apache-2.0
// Key files and doors files: reading them strictly, writing a key so that only its owner can read
// it. The keyring, which is the services' side of the same keys, is in keyring.c.
#include "client/keys.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "base/error.h"
#include "client/copy.h"
#include "client/keys_internal.h"
#include "client/lines.h"

static const struct {
    const char *name;
    unsigned role;
} role_names[] = {
    {"street", WH_ROLE_STREET},         {"community", WH_ROLE_COMMUNITY},
    {"department", WH_ROLE_DEPARTMENT}, {"district", WH_ROLE_DISTRICT},
    {"leader", WH_ROLE_LEADER},         {"operator", WH_ROLE_OPERATOR},
    {"auditor", WH_ROLE_AUDITOR},       {"notifier", WH_ROLE_NOTIFIER},
    {"gateway", WH_ROLE_GATEWAY},       {"service", WH_ROLE_SERVICE},
    {"sheet", WH_ROLE_SHEET},
};

#define N_ROLES (sizeof(role_names) / sizeof(role_names[0]))

// ---- roles, identities, keys ----------------------------------------------------------------

static unsigned role_of(const char *name, size_t n)
{
    for (size_t i = 0; i < N_ROLES; i++) {
        if (strlen(role_names[i].name) == n && memcmp(role_names[i].name, name, n) == 0)
            return role_names[i].role;
    }
    return 0;
}

unsigned wh_roles_parse(const char *text)
{
    unsigned roles = 0;

    for (;;) {
        size_t n = strcspn(text, ",");
        unsigned role = role_of(text, n);

        if (!role)
            return 0;
        roles |= role;
        if (!text[n])
            return roles;
        text += n + 1;
    }
}

void wh_roles_format(unsigned roles, char *ret_text, size_t n)
{
    size_t used = 0;

    if (n)
        ret_text[0] = '\0';
    for (size_t i = 0; i < N_ROLES && used < n; i++) {
        if (roles & role_names[i].role)
            used += (size_t)snprintf(ret_text + used, n - used, "%s%s", used ? "," : "",
                                     role_names[i].name);
    }
}

bool wh_z85_valid(const char *text)
{
    uint8_t key[32];
    bool valid = strlen(text) == WH_KEY_Z85 - 1 && zmq_z85_decode(key, text);

    sodium_memzero(key, sizeof(key));
    return valid;
}

bool wh_identity_valid(const char *text)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    return n > 0 && n <= WH_IDENTITY_MAX && text[n] == '\0';
}

void wh_key_generate(const char *identity, unsigned roles, struct wh_key *ret_key)
{
    memset(ret_key, 0, sizeof(*ret_key));
    copy_text(ret_key->identity, sizeof(ret_key->identity), identity);
    ret_key->roles = roles;
    do
        zmq_curve_keypair(ret_key->public_key, ret_key->secret_key);
    while (ret_key->public_key[0] == '#'); // it will stand first in a keyring's line
}

// ---- key files ------------------------------------------------------------------------------

static int take_key_line(struct wh_lines *lines, struct wh_key *key)
{
    const char *name = lines->words[0];
    const char *value = lines->words[1];

    if (lines->n_words != 2)
        return wh_lines_wrong(lines, "expected a name and a value");
    if (strcmp(name, "identity") == 0) {
        if (!wh_identity_valid(value))
            return wh_lines_wrong(lines, "an identity is 1 to 32 of A-Z a-z 0-9 _ . -");
        copy_text(key->identity, sizeof(key->identity), value);
    } else if (strcmp(name, "role") == 0) {
        key->roles = wh_roles_parse(value);
        if (!key->roles)
            return wh_lines_wrong(lines, "unknown role");
    } else if (strcmp(name, "public") == 0 || strcmp(name, "secret") == 0) {
        if (!wh_z85_valid(value))
            return wh_lines_wrong(lines, "a key is 40 characters of Z85");
        copy_text(name[0] == 'p' ? key->public_key : key->secret_key, WH_KEY_Z85, value);
    } else {
        return wh_lines_wrong(lines, "expected identity, role, public or secret");
    }
    return 0;
}

static int check_key(struct wh_lines *lines, const struct wh_key *key)
{
    char public_key[WH_KEY_Z85];
    struct stat st;

    if (!key->identity[0] || !key->roles || !key->public_key[0] || !key->secret_key[0])
        return wh_lines_wrong(lines, "identity, role, public and secret are all needed");
    if (zmq_curve_public(public_key, key->secret_key) < 0 ||
        strcmp(public_key, key->public_key) != 0)
        return wh_lines_wrong(lines, "the public key does not belong to the secret key");
    if (fstat(fileno(lines->file), &st) < 0 || (st.st_mode & 077))
        return wh_lines_wrong(lines, "others may read this secret: chmod 600");
    return 0;
}

int wh_key_read(const char *path, struct wh_key *ret_key, char *why, size_t why_n)
{
    struct wh_lines lines;
    struct wh_key key = {0};
    int rc = wh_lines_open(&lines, path, why, why_n);

    if (rc < 0)
        return rc;
    while ((rc = wh_lines_next(&lines)) > 0) {
        rc = take_key_line(&lines, &key);
        if (rc < 0)
            break;
    }
    if (rc == 0)
        rc = check_key(&lines, &key);
    if (rc == 0)
        *ret_key = key;
    sodium_memzero(&key, sizeof(key));
    wh_lines_close(&lines);
    return rc;
}

static bool write_key_to(int fd, const struct wh_key *key)
{
    char roles[160];
    bool good;
    FILE *file = fdopen(fd, "w");

    if (!file) {
        close(fd);
        return false;
    }
    wh_roles_format(key->roles, roles, sizeof(roles));
    good =
        fprintf(file, "# keep this file to yourself: who has it speaks as %s\n", key->identity) > 0;
    good = good && fprintf(file, "identity %s\nrole %s\npublic %s\nsecret %s\n", key->identity,
                           roles, key->public_key, key->secret_key) > 0;
    good = good && fflush(file) == 0 && fsync(fd) == 0;
    return fclose(file) == 0 && good;
}

int wh_folder_sync(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    int length = slash ? snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path)
                       : snprintf(folder, sizeof(folder), ".");
    int fd = length > 0 && length < (int)sizeof(folder)
                 ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                 : -1;
    int rc = fd >= 0 && fsync(fd) == 0 ? 0 : WH_E_IO;

    if (fd >= 0)
        close(fd);
    return rc;
}

int wh_key_write(const char *path, const struct wh_key *key)
{
    char temporary[4096];
    int fd;

    if (!wh_identity_valid(key->identity) || !key->roles ||
        snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
        return WH_E_INVALID;
    unlink(temporary);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return WH_E_IO;
    if (!write_key_to(fd, key) || rename(temporary, path) < 0) {
        unlink(temporary);
        return WH_E_IO;
    }
    return wh_folder_sync(path);
}

// ---- doors files ----------------------------------------------------------------------------

// Adds the line's endpoints, each with the line's key.
static int take_endpoints(struct wh_lines *lines, struct wh_door *door)
{
    char *save = NULL;
    size_t before = door->n_endpoints;

    for (char *one = strtok_r(lines->words[2], ",", &save); one; one = strtok_r(NULL, ",", &save)) {
        if (door->n_endpoints == WH_ENDPOINTS_MAX)
            return wh_lines_wrong(lines, "at most 8 endpoints");
        if (strlen(one) >= sizeof(door->endpoints[0]))
            return wh_lines_wrong(lines, "endpoint too long");
        if (strncmp(one, "ipc://", 6) != 0 && strncmp(one, "tcp://", 6) != 0)
            return wh_lines_wrong(lines, "an endpoint begins with ipc:// or tcp://");
        copy_text(door->server_keys[door->n_endpoints], WH_KEY_Z85, lines->words[3]);
        copy_text(door->endpoints[door->n_endpoints++], sizeof(door->endpoints[0]), one);
    }
    return door->n_endpoints > before ? 0 : wh_lines_wrong(lines, "no endpoint");
}

// Checks the line; adds to the door where it is of its kind and name.
static int take_door_line(struct wh_lines *lines, const char *kind, struct wh_door *door)
{
    struct wh_door other = {0};
    bool ours;

    if (lines->n_words != 4 ||
        (strcmp(lines->words[0], "door") != 0 && strcmp(lines->words[0], "feed") != 0))
        return wh_lines_wrong(lines, "expected: door|feed NAME ENDPOINT[,ENDPOINT…] KEY");
    if (strlen(lines->words[1]) >= sizeof(door->name))
        return wh_lines_wrong(lines, "name too long");
    if (!wh_z85_valid(lines->words[3]))
        return wh_lines_wrong(lines, "a key is 40 characters of Z85");
    ours = strcmp(lines->words[0], kind) == 0 && strcmp(lines->words[1], door->name) == 0;
    return take_endpoints(lines, ours ? door : &other);
}

int wh_doors_find(const char *path, const char *kind, const char *name, struct wh_door *ret_door,
                  char *why, size_t why_n)
{
    struct wh_lines lines;
    struct wh_door door = {0};
    int rc = wh_lines_open(&lines, path, why, why_n);

    if (rc < 0)
        return rc;
    copy_text(door.name, sizeof(door.name), name);
    while ((rc = wh_lines_next(&lines)) > 0) {
        rc = take_door_line(&lines, kind, &door);
        if (rc < 0)
            break;
    }
    wh_lines_close(&lines);
    if (rc < 0)
        return rc;
    if (!door.n_endpoints) {
        if (why)
            (void)snprintf(why, why_n, "%s: no line \"%s %s\"", path, kind, name);
        return WH_E_NOTFOUND;
    }
    *ret_door = door;
    return 0;
}
