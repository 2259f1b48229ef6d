// SPDX-License-Identifier: Apache-2.0
// `key`: key files for those who act, and the keyring that tells the services who they are. `new`
// never writes over a key file that exists; replacing one is `rotate`'s (key_rotate.c).
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/district.h"
#include "cli/key.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"

#define FILE_BYTES (64u << 20)

// The folder of keys that was named, or the one of the key that acts: there the others stand, too.
static void key_folder(const struct cli *cli, char *ret_path, size_t n)
{
    const char *named = args_text(&cli->args, "keys"), *slash = strrchr(cli->key_path, '/');
    if (named || !slash)
        (void)snprintf(ret_path, n, "%s", named ? named : ".");
    else
        (void)snprintf(ret_path, n, "%.*s", (int)(slash - cli->key_path), cli->key_path);
}

// Named, or WHISTLE_KEYRING, or the one in the folder of keys.
static const char *ring_path(struct cli *cli, char *ret_path, size_t n)
{
    char folder[512];
    const char *path = args_text(&cli->args, "keyring");
    if (!path)
        path = getenv("WHISTLE_KEYRING");
    if (path || (!*cli->key_path && !args_text(&cli->args, "keys")))
        return path;
    key_folder(cli, folder, sizeof folder);
    (void)snprintf(ret_path, n, "%s/keyring", folder);
    return access(ret_path, F_OK) == 0 ? ret_path : NULL;
}

int keys_save(struct keys *keys)
{
    if (!keys->ring.changed || keyring_file_write(keys->ring_path, &keys->ring) == 0)
        return 0;
    fault_usage(&keys->fault, "keyring", "%s: %s", keys->ring_path, strerror(errno));
    return -1;
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
        keyring_file_add(&keys->ring, &(struct keyring_line){.public_key = key.public_key,
                                                             .identity = key.identity,
                                                             .roles = names,
                                                             .from = (char *)keys->from,
                                                             .until = (char *)keys->until,
                                                             .label = (char *)keys->label});
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
    {"DISTRICT", WH_ROLE_DISTRICT}, {"LEADER", WH_ROLE_LEADER},
    {"OPERATOR", WH_ROLE_OPERATOR}, {"AUDITOR", WH_ROLE_AUDITOR},
    {"NOTIFIER", WH_ROLE_NOTIFIER}, {"intake", WH_ROLE_SERVICE},
    {"dedup", WH_ROLE_SERVICE},     {"dispatch", WH_ROLE_SERVICE},
    {"SHEETS", WH_ROLE_SHEET},      {"gateway", WH_ROLE_GATEWAY | WH_ROLE_SERVICE},
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

// A file, a folder of tables, or "live": the adopted one.
static const Whistle__V1__District *district_of(struct keys *keys, const char *path,
                                                struct wh_arena *arena)
{
    if (strcmp(path, "live") != 0)
        return district_read(path, arena, &keys->fault);
    const Whistle__V1__District *district = names_district(keys->cli);
    if (!district)
        keys->fault = *names_fault(keys->cli);
    return district;
}

static int make_all(struct keys *keys, const char *path, const char *folder)
{
    struct wh_arena arena;
    wh_arena_init(&arena, FILE_BYTES);
    const Whistle__V1__District *district = district_of(keys, path, &arena);
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
    bool base = args_flag(&keys->cli->args, "base");
    char folder[512];
    key_folder(keys->cli, folder, sizeof folder);
    keys->single = !district && !base;
    int r = district ? make_all(keys, district, folder)
            : base   ? make_base(keys, folder)
                     : make_one(keys);
    if (r < 0)
        return -1;
    if (keys_save(keys) < 0)
        return -1;
    if (keys->cli->json)
        printf("{\"made\":%zu,\"added\":%zu}\n", keys->made, keys->added);
    else if (!keys->single)
        printf(
            T("新密钥 %zu 把,钥匙环新增 %zu 行\n", "%zu new keys, %zu new lines in the keyring\n"),
            keys->made, keys->added);
    return 0;
}

static json_t *line_json(const struct keyring_line *line, bool live)
{
    json_t *json = must(json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "identity", line->identity,
                                  "roles", line->roles, "from", line->from, "until", line->until,
                                  "public", line->public_key, "live", live));
    if (*line->label)
        json_object_set_new(json, "label", json_string(line->label));
    return json;
}

static int key_list(struct keys *keys)
{
    const char *who = args_text(&keys->cli->args, "WHO");
    const char *headers[] = {T("单位", "identity"),  T("角色", "roles"), T("起", "from"),
                             T("止", "until"),       T("有效", "live"),  T("谁在用", "label"),
                             T("公钥", "public key")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < keys->ring.n; i++) {
        const struct keyring_line *line = &keys->ring.lines[i];
        if (!line->public_key || (who && !keyring_line_means(line, who)))
            continue;
        bool live = keyring_line_live(line, cli_now());
        if (keys->cli->json) {
            json_t *json = line_json(line, live);
            json_dumpf(json, stdout, JSON_LINE);
            (void)fputc('\n', stdout);
            json_decref(json);
            continue;
        }
        const char *cells[] = {line->identity, line->roles, line->from, line->until};
        table_row(table);
        for (size_t k = 0; k < 4; k++)
            table_cell(table, TONE_PLAIN, cells[k]);
        table_cell(table, live ? TONE_GOOD : TONE_BAD, live ? T("是", "yes") : T("否", "no"));
        table_cell(table, TONE_PLAIN, line->label);
        table_cell(table, TONE_DIM, line->public_key);
    }
    table_print(table, stdout, 0);
    table_free(table);
    return 0;
}

// Keys that may be meant: those that live, now or later. A name must not mean keys of two bodies.
static int revoke_lines(struct keys *keys, const char *who, const char *until, size_t *ret_ended,
                        size_t *ret_left)
{
    const char *identity = NULL;
    int64_t end = 0;
    wh_rfc3339_parse(until, &end);
    for (size_t i = 0; i < keys->ring.n; i++) {
        const struct keyring_line *line = &keys->ring.lines[i];
        if (!keyring_line_means(line, who))
            continue;
        if (identity && strcmp(identity, line->identity) != 0) {
            fault_set(&keys->fault, 409, "ambiguous",
                      T("%s 同时指 %s 和 %s 的密钥:请给公钥",
                        "%s means keys of %s and %s: give the "
                        "public key"),
                      who, identity, line->identity);
            return -1;
        }
        identity = line->identity;
    }
    for (size_t i = 0; identity && i < keys->ring.n; i++) {
        struct keyring_line *line = &keys->ring.lines[i];
        if (keyring_line_means(line, who))
            *ret_ended += keyring_line_end(&keys->ring, line, until);
        if (line->public_key && strcmp(line->identity, identity) == 0)
            *ret_left += keyring_line_live(line, end);
    }
    if (*ret_ended)
        return 0;
    fault_set(&keys->fault, 404, "not_found",
              T("%s: 没有这样的有效密钥", "%s: no live key of that name"), who);
    return -1;
}

static int key_revoke(struct keys *keys)
{
    char now[WH_RFC3339_MAX];
    const char *who = args_text(&keys->cli->args, "WHO");
    const char *until = args_text(&keys->cli->args, "until");
    size_t ended = 0, left = 0;
    if (!who) {
        fault_usage(&keys->fault, "WHO", "%s", T("谁的密钥?", "whose key?"));
        return -1;
    }
    wh_rfc3339_format(cli_now(), 0, now);
    if (revoke_lines(keys, who, until ? until : now, &ended, &left) < 0 || keys_save(keys) < 0)
        return -1;
    if (keys->cli->json)
        printf("{\"ended\":%zu,\"left\":%zu,\"until\":\"%s\"}\n", ended, left, until ? until : now);
    else
        printf(T("%zu 把密钥有效至 %s,该单位此后还有 %zu 把有效\n",
                 "%zu keys end at %s; %zu of this body live on\n"),
               ended, until ? until : now, left);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct keys *keys);
} actions[] = {{"new", key_new},
               {"list", key_list},
               {"rotate", key_rotate},
               {"revoke", key_revoke},
               {"tidy", key_tidy}};

static bool good_label(const char *label)
{
    for (const char *c = label; *c; c++)
        if ((unsigned char)*c < ' ')
            return false;
    return strlen(label) <= 120;
}

static int run(struct keys *keys, const char *action)
{
    bool makes = strcmp(action, "new") == 0, lists = strcmp(action, "list") == 0;
    size_t i = 0, n = sizeof actions / sizeof *actions;
    while (i < n && strcmp(action, actions[i].name) != 0)
        i++;
    if (i == n)
        fault_usage(&keys->fault, "ACTION", "key new | list | rotate | revoke | tidy");
    else if (!keys->ring_path && !makes)
        fault_usage(
            &keys->fault, "keyring", "%s",
            T("要有 --keyring FILE 或 --keys FOLDER", "--keyring FILE or --keys FOLDER is needed"));
    else if (!good_label(keys->label))
        fault_usage(&keys->fault, "label", "%s",
                    T("一行,最多 120 字节", "one line of at most 120 bytes"));
    else if (keys->ring_path && ((!lists && keyring_lock(keys->ring_path) < 0) ||
                                 keyring_file_read(keys->ring_path, &keys->ring) < 0))
        fault_usage(&keys->fault, "keyring", "%s: %s", keys->ring_path, strerror(errno));
    else
        return actions[i].run(keys);
    return -1;
}

int run_key(struct cli *cli)
{
    char beside[768];
    const char *action = args_text(&cli->args, "ACTION"), *label = args_text(&cli->args, "label");
    const char *from = args_text(&cli->args, "from"), *until = args_text(&cli->args, "until");
    struct keys keys = {.cli = cli,
                        .ring_path = ring_path(cli, beside, sizeof beside),
                        .from = from ? from : "-",
                        .until = until ? until : "-",
                        .label = label ? label : ""};
    int r = run(&keys, action);
    keyring_file_done(&keys.ring);
    return r < 0 ? fault_tell(cli, &keys.fault) : EXIT_DONE;
}
