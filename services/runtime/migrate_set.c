// SPDX-License-Identifier: Apache-2.0
// The files of one set: found, ordered, read, and their checksums made. Knows no database.
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/migrate.h"

#define FILE_MAX_BYTES (4 * 1024 * 1024)

static int by_version(const void *a, const void *b)
{
    const struct wh_migration *x = a, *y = b;
    return (x->version > y->version) - (x->version < y->version);
}

// "0001_foundation.sql" is 1; 0 where the name has another form.
static int version_of(const char *name)
{
    size_t n = strlen(name);
    int version = 0;
    if (n < 10 || n >= WH_MIGRATION_NAME_MAX || name[4] != '_' || strcmp(name + n - 4, ".sql") != 0)
        return 0;
    for (size_t i = 0; i < 4; i++) {
        if (name[i] < '0' || name[i] > '9')
            return 0;
        version = version * 10 + (name[i] - '0');
    }
    for (size_t i = 5; i < n - 4; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", name[i]) == NULL)
            return 0;
    return version;
}

static int file_read(const char *dir, const char *set, struct wh_migration *file, char *why,
                     size_t why_n)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s/%s", dir, set, file->name);
    FILE *stream = fopen(path, "re");
    file->sql = stream != NULL ? malloc(FILE_MAX_BYTES + 1) : NULL;
    if (file->sql == NULL) {
        (void)snprintf(why, why_n, "%s: %s", path, strerror(errno));
        if (stream != NULL)
            (void)fclose(stream);
        return WH_E_IO;
    }
    size_t n = fread(file->sql, 1, FILE_MAX_BYTES + 1, stream);
    int failed = ferror(stream);
    (void)fclose(stream);
    if (failed || n > FILE_MAX_BYTES || memchr(file->sql, '\0', n) != NULL) {
        (void)snprintf(why, why_n, "%s: not a text file of at most %d bytes", path, FILE_MAX_BYTES);
        return WH_E_INVALID;
    }
    file->sql[n] = '\0';
    crypto_generichash(file->checksum, sizeof file->checksum, (const unsigned char *)file->sql, n,
                       NULL, 0);
    char *fitting = realloc(file->sql, n + 1);
    if (fitting != NULL)
        file->sql = fitting;
    return 0;
}

// "-- keeps: N" among the comment lines that the file begins with. false: it stands there and is
// not 1 to the version before this one.
static bool keeps_read(struct wh_migration *file)
{
    file->keeps = file->version;
    for (const char *line = file->sql; strncmp(line, "--", 2) == 0; line++) {
        char *end;
        if (strncmp(line, "-- keeps:", 9) == 0) {
            long n = strtol(line + 9, &end, 10);
            file->keeps = (int)n;
            return end != line + 9 && (*end == '\n' || *end == '\0') && n >= 1 && n < file->version;
        }
        line = strchr(line, '\n');
        if (line == NULL)
            break;
    }
    return true;
}

static int names_read(DIR *folder, const char *set, struct wh_migration_set *ret_set, char *why,
                      size_t why_n)
{
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        int version = version_of(entry->d_name);
        if (version == 0) {
            (void)snprintf(why, why_n, "%s/%s: the name must be NNNN_name.sql (a-z, 0-9, _)", set,
                           entry->d_name);
            return WH_E_INVALID;
        }
        struct wh_migration *more =
            realloc(ret_set->files, (ret_set->n + 1) * sizeof *ret_set->files);
        if (more == NULL)
            return WH_E_NOMEM;
        ret_set->files = more;
        more[ret_set->n] = (struct wh_migration){.version = version};
        // version_of bounds its length.
        memcpy(more[ret_set->n++].name, entry->d_name, strlen(entry->d_name) + 1);
    }
    return 0;
}

static int order_check(struct wh_migration_set *set, const char *name, char *why, size_t why_n)
{
    if (set->n > 1)
        qsort(set->files, set->n, sizeof *set->files, by_version);
    for (size_t i = 0; i < set->n; i++)
        if (set->files[i].version != (int)i + 1) {
            (void)snprintf(why, why_n, "%s: version %04d is %s", name, (int)i + 1,
                           set->files[i].version > (int)i + 1 ? "missing" : "there twice");
            return WH_E_INVALID;
        }
    return 0;
}

int wh_migration_set_read(const char *dir, const char *set, struct wh_migration_set *ret_set,
                          char *why, size_t why_n)
{
    char path[1024];
    *ret_set = (struct wh_migration_set){0};
    (void)snprintf(path, sizeof path, "%s/%s", dir, set);
    DIR *folder = opendir(path);
    if (folder == NULL && errno == ENOENT)
        return 0;
    if (folder == NULL) {
        (void)snprintf(why, why_n, "%s: %s", path, strerror(errno));
        return WH_E_IO;
    }
    int status = names_read(folder, set, ret_set, why, why_n);
    closedir(folder);
    if (status == 0)
        status = order_check(ret_set, set, why, why_n);
    for (size_t i = 0; i < ret_set->n && status == 0; i++) {
        status = file_read(dir, set, &ret_set->files[i], why, why_n);
        if (status == 0 && !keeps_read(&ret_set->files[i])) {
            (void)snprintf(why, why_n, "%s/%s: \"-- keeps: N\" must be 1 to %d", set,
                           ret_set->files[i].name, ret_set->files[i].version - 1);
            status = WH_E_INVALID;
        }
    }
    if (status != 0)
        wh_migration_set_done(ret_set);
    return status;
}

void wh_migration_set_done(struct wh_migration_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        free(set->files[i].sql);
    free(set->files);
    *set = (struct wh_migration_set){0};
}
