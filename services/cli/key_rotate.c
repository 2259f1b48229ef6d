// SPDX-License-Identifier: Apache-2.0
// `key rotate`: a new key in the place of the old one without a stop. In this order, each step
// durable before the next: keyring (the new key may come, the old one ends after --keep), doors (a
// service's new key beside its old one), key file (the old one stays under another name). Whoever
// reads at any moment finds a whole file with a key that is let in. `key tidy` clears away what has
// ended.
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/key.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/text.h"
#include "client/keys.h"

#define KEEP_MS WH_MS_DAY
#define KEEP_MAX_MS (366 * WH_MS_DAY)
#define OLD_MARK ".key.until-"

struct rotation {
    struct keys *keys;
    char path[768], old_path[832], doors[768];
    struct wh_key old, fresh;
    int64_t keep_ms;
    char until[WH_RFC3339_MAX];
    int doors_lines;
};

static int wrong(struct keys *keys, const char *field, const char *what, const char *why)
{
    fault_usage(&keys->fault, field, "%s: %s", what, why);
    return -1;
}

static void stamp_of(const char *until, char *ret_text, size_t n)
{
    size_t used = 0;
    for (; *until && used + 1 < n; until++)
        if (*until != '-' && *until != ':')
            ret_text[used++] = *until;
    ret_text[used] = '\0';
}

static int begin(struct rotation *rotation)
{
    struct keys *keys = rotation->keys;
    const struct args *args = &keys->cli->args;
    const char *who = args_text(args, "WHO"), *folder = args_text(args, "keys");
    const char *keep = args_text(args, "keep"), *out = args_text(args, "out");
    const char *slash = strrchr(keys->ring_path, '/');
    char why[256] = "", stamp[WH_RFC3339_MAX];
    int n = slash ? (int)(slash - keys->ring_path) : 1;
    if (!who)
        return wrong(keys, "WHO", "rotate", T("谁的密钥?", "whose key?"));
    rotation->keep_ms = keep ? span_read(keep) : KEEP_MS;
    if (rotation->keep_ms < 0 || rotation->keep_ms > KEEP_MAX_MS)
        return wrong(
            keys, "keep", keep,
            T("应如 24h、30m、7d、0,最长 366d", "must be like 24h, 30m, 7d, 0; at most 366d"));
    if (out)
        (void)snprintf(rotation->path, sizeof rotation->path, "%s", out);
    else if (folder)
        (void)snprintf(rotation->path, sizeof rotation->path, "%s/%s.key", folder, who);
    else
        (void)snprintf(rotation->path, sizeof rotation->path, "%.*s/%s.key", n,
                       slash ? keys->ring_path : ".", who);
    if (wh_key_read(rotation->path, &rotation->old, why, sizeof why) < 0)
        return wrong(keys, "keys", who, why);
    if (strcmp(rotation->old.identity, who) != 0)
        return wrong(keys, "WHO", rotation->path, T("不是此单位的密钥", "not a key of that body"));
    wh_rfc3339_format(cli_now() + rotation->keep_ms, 0, rotation->until);
    stamp_of(rotation->until, stamp, sizeof stamp);
    (void)snprintf(rotation->old_path, sizeof rotation->old_path, "%s.until-%s", rotation->path,
                   stamp);
    wh_key_generate(who, rotation->old.roles, &rotation->fresh);
    return 0;
}

static int change_ring(struct rotation *rotation)
{
    struct keys *keys = rotation->keys;
    char roles[160];
    struct keyring_line *old = keyring_file_find(&keys->ring, rotation->old.public_key);
    if (!old) {
        fault_set(
            &keys->fault, 404, "not_found",
            T("%s 的密钥不在钥匙环里:用 key new", "the key of %s is not in the keyring: key new"),
            rotation->path);
        return -1;
    }
    keyring_line_end(&keys->ring, old, rotation->until);
    (void)snprintf(roles, sizeof roles, "%s", old->roles);
    char *label = must(strdup(*keys->label ? keys->label : old->label));
    keyring_file_add(&keys->ring, &(struct keyring_line){.public_key = rotation->fresh.public_key,
                                                         .identity = rotation->fresh.identity,
                                                         .roles = roles,
                                                         .from = (char *)keys->from,
                                                         .until = (char *)keys->until,
                                                         .label = label});
    free(label);
    return keys_save(keys);
}

// A service's clients know it by its key: both are tried from now on.
static int change_doors(struct rotation *rotation)
{
    struct keys *keys = rotation->keys;
    const char *given = args_text(&keys->cli->args, "doors");
    const char *slash = strrchr(keys->ring_path, '/');
    if (given)
        (void)snprintf(rotation->doors, sizeof rotation->doors, "%s", given);
    else
        (void)snprintf(rotation->doors, sizeof rotation->doors, "%.*sdoors",
                       slash ? (int)(slash - keys->ring_path + 1) : 0, keys->ring_path);
    if (!given && access(rotation->doors, F_OK) != 0)
        return 0;
    rotation->doors_lines = doors_add_key(rotation->doors, rotation->old.public_key,
                                          rotation->fresh.public_key, rotation->keep_ms == 0);
    return rotation->doors_lines < 0 ? wrong(keys, "doors", rotation->doors, strerror(errno)) : 0;
}

// The path always names a whole key file: the new one takes the old one's name by rename.
static int change_file(struct rotation *rotation)
{
    char next[800];
    struct stat before;
    (void)snprintf(next, sizeof next, "%s.next", rotation->path);
    unlink(rotation->old_path);
    if (stat(rotation->path, &before) < 0 || wh_key_write(next, &rotation->fresh) < 0 ||
        (geteuid() == 0 && chown(next, before.st_uid, before.st_gid) < 0) ||
        link(rotation->path, rotation->old_path) < 0 || rename(next, rotation->path) < 0 ||
        wh_folder_sync(rotation->path) < 0)
        return wrong(rotation->keys, "keys", rotation->path, strerror(errno));
    return 0;
}

static void tell(const struct rotation *rotation)
{
    if (rotation->keys->cli->json) {
        json_t *line = must(
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "identity", rotation->fresh.identity,
                      "public", rotation->fresh.public_key, "old", rotation->old.public_key,
                      "until", rotation->until, "key_file", rotation->path, "old_file",
                      rotation->old_path, "doors", rotation->doors_lines));
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
        return;
    }
    printf(T("%s\n新公钥 %s\n旧密钥有效至 %s,留在 %s\n",
             "%s\nnew public key %s\nthe old one ends at %s and stays in %s\n"),
           rotation->path, rotation->fresh.public_key, rotation->until, rotation->old_path);
    if (rotation->doors_lines)
        printf(T("%s 增改 %d 行:分发给所有机器,再逐个重启 %s 的实例;到期后 whistle key tidy\n",
                 "%s has %d new lines: hand it to every machine, then restart the instances of %s\n"
                 "one by one; after the old key's end: whistle key tidy\n"),
               rotation->doors, rotation->doors_lines, rotation->fresh.identity);
}

int key_rotate(struct keys *keys)
{
    struct rotation rotation = {.keys = keys};
    int r = begin(&rotation);
    if (r == 0)
        r = change_ring(&rotation);
    if (r == 0)
        r = change_doors(&rotation);
    if (r == 0)
        r = change_file(&rotation);
    if (r == 0)
        tell(&rotation);
    explicit_bzero(&rotation.old, sizeof rotation.old);
    explicit_bzero(&rotation.fresh, sizeof rotation.fresh);
    return r;
}

// ---- tidy -------------------------------------------------------------------------------------

static bool has_ended(const void *arg, const char *key)
{
    const struct keys *keys = arg;
    const struct keyring_line *line = keyring_file_find(&keys->ring, key);
    int64_t until;
    return line && wh_rfc3339_parse(line->until, &until) == 0 && until <= cli_now();
}

// An old key file whose key has ended in the keyring.
static bool is_over(const struct keys *keys, const char *path)
{
    struct wh_key key;
    bool over = wh_key_read(path, &key, NULL, 0) == 0 && has_ended(keys, key.public_key);
    explicit_bzero(&key, sizeof key);
    return over;
}

static int drop_files(const struct keys *keys, const char *folder)
{
    DIR *dir = opendir(folder);
    int dropped = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[1100];
        if (!strstr(entry->d_name, OLD_MARK))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (is_over(keys, path) && unlink(path) == 0)
            dropped++;
    }
    if (dir)
        closedir(dir);
    return dropped;
}

int key_tidy(struct keys *keys)
{
    char folder[700], doors[768];
    const char *given = args_text(&keys->cli->args, "doors");
    const char *named = args_text(&keys->cli->args, "keys");
    const char *slash = strrchr(keys->ring_path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - keys->ring_path) : 1,
                   slash ? keys->ring_path : ".");
    (void)snprintf(doors, sizeof doors, "%s/doors", folder);
    int lines = doors_drop_keys(given ? given : doors, has_ended, keys);
    if (lines < 0)
        return wrong(keys, "doors", given ? given : doors, strerror(errno));
    int files = drop_files(keys, named ? named : folder);
    if (keys->cli->json)
        printf("{\"files\":%d,\"doors\":%d}\n", files, lines);
    else
        printf(T("清除旧密钥文件 %d 个,doors 行 %d 行\n",
                 "%d old key files and %d lines of doors are gone\n"),
               files, lines);
    return 0;
}
