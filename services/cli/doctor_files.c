// SPDX-License-Identifier: Apache-2.0
// What lies on this machine: our key, and, where this is the services' machine and we may look, the
// other key files, the keyring and the secrets. What cannot be read is passed over: a department's
// computer has its key and the doors file only.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/names.h"
#include "cli/session.h"
#include "cli/text.h"

#define SECRET_BYTES 32

static const char *ring_path(const struct doctor *doctor, char ret_path[700])
{
    const char *path = getenv("WHISTLE_KEYRING");
    (void)snprintf(ret_path, 700, "%skeyring", doctor->folder);
    if (!path)
        path = ret_path;
    return access(path, R_OK) == 0 ? path : NULL;
}

static bool others_may_read(const char *path)
{
    struct stat stats;
    return stat(path, &stats) == 0 && (stats.st_mode & 077) != 0;
}

bool doctor_key(struct doctor *doctor)
{
    struct fault fault = {0};
    char roles[160];
    struct session *session = session_get(doctor->cli, &fault);
    if (!session) {
        bool open = others_may_read(doctor->cli->key_path);
        finding(doctor, "key", open ? "key.open" : "key.unreadable",
                open ? "chmod 600" : T("换一把好的密钥文件", "use a good key file"), "%s",
                fault.detail);
        return false;
    }
    wh_roles_format(session->key.roles, roles, sizeof roles);
    const char *wrong = doctor_own_key(doctor);
    finding(doctor, "key", wrong ? "key.refused" : NULL,
            wrong ? T("请运维人员发新密钥 (key rotate、key new)",
                      "ask an operator for a new key (key rotate, key new)")
                  : NULL,
            "%s: %s (%s)%s%s", doctor->cli->key_path, session->key.identity, roles,
            wrong ? T(";", "; ") : "", wrong ? wrong : "");
    return true;
}

const char *doctor_own_key(const struct doctor *doctor)
{
    char beside[700];
    const char *path = ring_path(doctor, beside), *wrong = NULL;
    const struct wh_key *key = &doctor->cli->session->key;
    struct wh_keyring *ring;
    if (!path || wh_keyring_read(path, &ring, NULL, 0) < 0)
        return NULL;
    const struct wh_key_holder *known = wh_keyring_known(ring, key->public_key);
    if (!known)
        wrong = T("钥匙环里没有这把密钥", "the keyring does not know this key");
    else if (strcmp(known->identity, key->identity) != 0)
        wrong = T("钥匙环里这把密钥是别人的", "in the keyring this key is another body's");
    else if (known->until_at <= cli_now())
        wrong = T("这把密钥已停用或到期", "this key was revoked or has expired");
    else if (known->from_at > cli_now())
        wrong = T("这把密钥还没到生效时间", "this key is not valid yet");
    wh_keyring_free(ring);
    return wrong;
}

static void check_ring(struct doctor *doctor)
{
    char beside[700], why[300] = "";
    const char *path = ring_path(doctor, beside);
    const char *remedy = T("改好这一行;在此之前服务用最后一份好的钥匙环",
                           "mend that line; until then the services keep the last good keyring");
    struct wh_keyring *ring;
    if (!path)
        return;
    if (wh_keyring_read(path, &ring, why, sizeof why) < 0) {
        finding(doctor, "keyring", "keyring.broken", remedy, "%s", why);
        return;
    }
    size_t n = wh_keyring_count(ring);
    finding(doctor, "keyring", n ? NULL : "keyring.broken", n ? NULL : remedy,
            T("%s: %zu 把密钥", "%s: %zu keys"), path, n);
    wh_keyring_free(ring);
}

// Files of secrets in a folder that others may read; the first one is named.
static size_t count_open(const char *folder, const char *part, char *ret_first, size_t n)
{
    DIR *dir = opendir(folder);
    size_t open = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[1100];
        (void)snprintf(path, sizeof path, "%s%s", folder, entry->d_name);
        if (strstr(entry->d_name, part) && others_may_read(path) && open++ == 0)
            (void)snprintf(ret_first, n, "%s", path);
    }
    if (dir)
        closedir(dir);
    return open;
}

static void check_open(struct doctor *doctor, const char *folder)
{
    char first[1100] = "";
    size_t open = *folder ? count_open(folder, ".key", first, sizeof first) : 0;
    if (open)
        finding(doctor, "files", "key.open", "chmod 600",
                T("%zu 个密钥文件别人也能读,如 %s", "others can read %zu key files, such as %s"),
                open, first);
}

static void check_secret(struct doctor *doctor, const char *folder, const char *name)
{
    char path[800];
    struct stat stats;
    (void)snprintf(path, sizeof path, "%s%s.key", folder, name);
    bool there = stat(path, &stats) == 0;
    if (there && stats.st_size == SECRET_BYTES)
        return;
    finding(doctor, "secrets", there ? "secret.damaged" : "secret.missing",
            T("从备份取回;没有它,封存的个人信息再也打不开",
              "bring it back from the backup; without it sealed personal data are lost"),
            "%s: %s", path, there ? T("长度不对", "has a wrong length") : strerror(errno));
}

void doctor_files(struct doctor *doctor)
{
    static const char *const secrets[] = {"vault", "reporter"};
    char folder[700], ring[700];
    bool here = ring_path(doctor, ring) != NULL;
    check_ring(doctor);
    check_open(doctor, doctor->folder);
    (void)snprintf(folder, sizeof folder, "%s../secrets/", doctor->folder);
    if (!here || access(folder, R_OK | X_OK) != 0)
        return;
    check_open(doctor, folder);
    for (size_t i = 0; i < 2; i++)
        check_secret(doctor, folder, secrets[i]);
}
