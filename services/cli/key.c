// SPDX-License-Identifier: Apache-2.0
// `key`: key files for those who act, and the keyring that tells the services who they are. A key
// file that exists is never written over.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/district.h"
#include "cli/keyring.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"

#define FILE_BYTES (64u << 20)

struct keys {
    struct cli *cli;
    const char *ring_path;
    struct keyring_file ring;
    const char *from, *until; // "-" where open
    bool single;              // one key, told in full
    size_t made, added;
    struct fault fault;
};

static const char *ring_path(struct cli *cli)
{
    const char *path = args_text(&cli->args, "keyring");
    return path ? path : getenv("WHISTLE_KEYRING");
}

// Makes the key file unless it is there; adds its public key to the ring unless it is there.
static int key_make(struct keys *keys, const char *identity, unsigned roles, const char *path)
{
    struct wh_key key;
    char why[256] = "", names[160];
    if (access(path, F_OK) == 0) {
        if (wh_key_read(path, &key, why, sizeof why) < 0) {
            fault_usage(&keys->fault, "keys", "%s", why);
            return -1;
        }
    } else {
        wh_key_generate(identity, roles, &key);
        if (wh_key_write(path, &key) < 0) {
            fault_usage(&keys->fault, "out", "%s: %s", path, strerror(errno));
            return -1;
        }
        keys->made++;
    }
    wh_roles_format(key.roles, names, sizeof names);
    if (keys->ring_path && !keyring_file_has(&keys->ring, key.public_key)) {
        keyring_file_add(&keys->ring, key.public_key, key.identity, names, keys->from, keys->until);
        keys->added++;
    }
    if (keys->single && !keys->cli->json)
        printf("%s\n%s %s %s %s %s\n", path, key.public_key, key.identity, names, keys->from,
               keys->until);
    return 0;
}

static int make_in(struct keys *keys, const char *folder, const char *identity, unsigned roles)
{
    char path[768];
    (void)snprintf(path, sizeof path, "%s/%s.key", folder, identity);
    return key_make(keys, identity, roles, path);
}

static unsigned unit_roles(const Whistle__V1__Unit *unit)
{
    switch (unit->level) {
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_SUBDISTRICT:
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_TOWN:
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_TOWNSHIP:
        return WH_ROLE_STREET;
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_COMMUNITY:
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_VILLAGE:
        return WH_ROLE_COMMUNITY;
    default:
        return 0; // the district acts by its own key, grids by their community's
    }
}

static const struct {
    const char *identity;
    unsigned roles;
} fixed[] = {
    {"DISTRICT", WH_ROLE_DISTRICT}, {"LEADER", WH_ROLE_LEADER},     {"OPERATOR", WH_ROLE_OPERATOR},
    {"AUDITOR", WH_ROLE_AUDITOR},   {"NOTIFIER", WH_ROLE_NOTIFIER}, {"intake", WH_ROLE_SERVICE},
    {"dispatch", WH_ROLE_SERVICE},  {"SHEETS", WH_ROLE_SHEET},
};

static bool is_fixed(const char *identity)
{
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (strcmp(fixed[i].identity, identity) == 0)
            return true;
    return false;
}

// What every system has, whichever district it serves.
static int make_base(struct keys *keys, const char *folder)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof fixed / sizeof *fixed; i++)
        r = make_in(keys, folder, fixed[i].identity, fixed[i].roles);
    return r;
}

static int make_all(struct keys *keys, const char *path, const char *folder)
{
    struct wh_arena arena;
    wh_arena_init(&arena, FILE_BYTES);
    const Whistle__V1__District *district = district_read(path, &arena, &keys->fault);
    int r = district ? make_base(keys, folder) : -1;
    for (size_t i = 0; r == 0 && i < district->n_units; i++)
        if (unit_roles(district->units[i]))
            r = make_in(keys, folder, district->units[i]->code, unit_roles(district->units[i]));
    for (size_t i = 0; r == 0 && i < district->n_departments; i++)
        if (!is_fixed(district->departments[i]->code))
            r = make_in(keys, folder, district->departments[i]->code, WH_ROLE_DEPARTMENT);
    wh_arena_done(&arena);
    return r;
}

static int make_one(struct keys *keys)
{
    const struct args *args = &keys->cli->args;
    const char *who = args_text(args, "WHO"), *role = args_text(args, "role");
    const char *out = args_text(args, "out");
    char path[768];
    unsigned roles = role ? wh_roles_parse(role) : 0;
    (void)snprintf(path, sizeof path, "%s.key", who ? who : "");
    if (!who || !roles) {
        fault_usage(&keys->fault, who ? "role" : "WHO", "%s",
                    who ? T("--role:不认识的角色", "--role: no such role")
                        : T("谁的密钥?", "whose key?"));
        return -1;
    }
    if (access(out ? out : path, F_OK) == 0) {
        fault_usage(&keys->fault, "out", "%s: %s", out ? out : path, strerror(EEXIST));
        return -1;
    }
    return key_make(keys, who, roles, out ? out : path);
}

static int key_new(struct keys *keys)
{
    const char *district = args_text(&keys->cli->args, "for-district");
    const char *folder = args_text(&keys->cli->args, "keys");
    bool base = args_flag(&keys->cli->args, "base");
    folder = folder ? folder : ".";
    keys->single = !district && !base;
    int r = district ? make_all(keys, district, folder)
            : base   ? make_base(keys, folder)
                     : make_one(keys);
    if (r < 0)
        return -1;
    if (keys->ring.changed && keyring_file_write(keys->ring_path, &keys->ring) < 0) {
        fault_usage(&keys->fault, "keyring", "%s: %s", keys->ring_path, strerror(errno));
        return -1;
    }
    if (keys->cli->json)
        printf("{\"made\":%zu,\"added\":%zu}\n", keys->made, keys->added);
    else if (!keys->single)
        printf(
            T("新密钥 %zu 把,钥匙环新增 %zu 行\n", "%zu new keys, %zu new lines in the keyring\n"),
            keys->made, keys->added);
    return 0;
}

static int key_list(struct keys *keys)
{
    const char *headers[] = {T("单位", "identity"), T("角色", "roles"), T("起", "from"),
                             T("止", "until"),      T("有效", "live"),  T("公钥", "public key")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < keys->ring.n; i++) {
        const struct keyring_line *line = &keys->ring.lines[i];
        if (!line->public_key)
            continue;
        bool live = keyring_line_live(line, cli_now());
        const char *cells[] = {line->identity, line->roles, line->from, line->until};
        if (keys->cli->json) {
            json_t *json =
                must(json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "identity", line->identity,
                               "roles", line->roles, "from", line->from, "until", line->until,
                               "public", line->public_key, "live", live));
            json_dumpf(json, stdout, JSON_LINE);
            (void)fputc('\n', stdout);
            json_decref(json);
            continue;
        }
        table_row(table);
        for (size_t k = 0; k < 4; k++)
            table_cell(table, TONE_PLAIN, cells[k]);
        table_cell(table, live ? TONE_GOOD : TONE_BAD, live ? T("是", "yes") : T("否", "no"));
        table_cell(table, TONE_DIM, line->public_key);
    }
    table_print(table, stdout, 0);
    table_free(table);
    return 0;
}

static int key_revoke(struct keys *keys)
{
    char now[WH_RFC3339_MAX];
    const char *who = args_text(&keys->cli->args, "WHO");
    const char *until = args_text(&keys->cli->args, "until");
    if (!who) {
        fault_usage(&keys->fault, "WHO", "%s", T("谁的密钥?", "whose key?"));
        return -1;
    }
    wh_rfc3339_format(cli_now(), 0, now);
    size_t ended = keyring_file_end(&keys->ring, who, until ? until : now);
    if (!ended) {
        fault_set(&keys->fault, 404, "not_found", "%s", who);
        return -1;
    }
    if (keyring_file_write(keys->ring_path, &keys->ring) < 0) {
        fault_usage(&keys->fault, "keyring", "%s: %s", keys->ring_path, strerror(errno));
        return -1;
    }
    if (keys->cli->json)
        printf("{\"ended\":%zu}\n", ended);
    else
        printf(T("%zu 把密钥有效至 %s\n", "%zu keys end at %s\n"), ended, until ? until : now);
    return 0;
}

int run_key(struct cli *cli)
{
    const char *action = args_text(&cli->args, "ACTION");
    const char *from = args_text(&cli->args, "from"), *until = args_text(&cli->args, "until");
    struct keys keys = {.cli = cli,
                        .ring_path = ring_path(cli),
                        .from = from ? from : "-",
                        .until = until ? until : "-"};
    bool makes = strcmp(action, "new") == 0, lists = strcmp(action, "list") == 0;
    int r = -1;
    if (!makes && !lists && strcmp(action, "revoke") != 0)
        fault_usage(&keys.fault, "ACTION", "key new | list | revoke");
    else if (!keys.ring_path && !makes)
        fault_usage(&keys.fault, "keyring", "%s",
                    T("要有 --keyring FILE", "--keyring FILE is needed"));
    else if (keys.ring_path && keyring_file_read(keys.ring_path, &keys.ring) < 0)
        fault_usage(&keys.fault, "keyring", "%s: %s", keys.ring_path, strerror(errno));
    else
        r = makes ? key_new(&keys) : lists ? key_list(&keys) : key_revoke(&keys);
    keyring_file_done(&keys.ring);
    return r < 0 ? fault_tell(cli, &keys.fault) : EXIT_DONE;
}
