// SPDX-License-Identifier: Apache-2.0
// whistle-migrate: brings the database's schemas to the state of the migration files. Prints one
// line for each file it applies; exit 0 done (also when nothing was to do), 1 refused or failed, 2
// wrong usage. What it does stands in runtime/migrate.h.
#include <getopt.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/migrate.h"

#define SERVICES_MAX 32

static const char help_zh[] =
    "用法: whistle-migrate [--database 连接串] [--dir 目录] [--service 名称]…\n"
    "把每个服务的数据库模式升级到目录中脚本的状态;可重复执行。\n"
    "  --database  PostgreSQL 连接串(有权建角色和模式);默认取环境变量 WHISTLE_DATABASE\n"
    "  --dir       迁移脚本目录;默认取 WHISTLE_MIGRATIONS,再默认 deploy/migrations\n"
    "  --service   只升级所列服务;默认目录中的全部服务\n";
static const char help_en[] =
    "Usage: whistle-migrate [--database CONNINFO] [--dir DIR] [--service NAME]…\n"
    "Brings each service's schema to the state of the files in DIR; safe to repeat.\n"
    "  --database  PostgreSQL connection string of a role that may create roles and schemas;\n"
    "              default: environment WHISTLE_DATABASE\n"
    "  --dir       folder of the migrations; default: WHISTLE_MIGRATIONS, else deploy/migrations\n"
    "  --service   only the services named; default: all that have a folder\n";

static bool speaks_chinese(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < 3; i++) {
        const char *locale = getenv(names[i]);
        if (locale != NULL && locale[0] != '\0')
            return strncmp(locale, "zh", 2) == 0;
    }
    return false;
}

static const char *environment(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : fallback;
}

static void on_applied(void *arg, const char *schema, const char *set, const char *name)
{
    (void)arg;
    (void)printf("%s: %s/%s\n", schema, set, name);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"database", required_argument, NULL, 'd'},
                                            {"dir", required_argument, NULL, 'D'},
                                            {"service", required_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *services[SERVICES_MAX];
    struct wh_migrate_options migrate = {
        .conninfo = environment("WHISTLE_DATABASE", ""),
        .dir = environment("WHISTLE_MIGRATIONS", "deploy/migrations"),
        .services = services,
        .applied = on_applied,
    };
    char why[1024] = "";
    const char *help = speaks_chinese() ? help_zh : help_en;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c == 'd') {
            migrate.conninfo = optarg;
        } else if (c == 'D') {
            migrate.dir = optarg;
        } else if (c == 's' && migrate.n_services < SERVICES_MAX) {
            services[migrate.n_services++] = optarg;
        } else {
            (void)fputs(help, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    if (optind < argc || sodium_init() < 0) {
        (void)fputs(help, stderr);
        return 2;
    }
    if (wh_migrate(&migrate, why, sizeof why) == 0)
        return 0;
    (void)fprintf(stderr, "whistle-migrate: %s\n", why);
    return 1;
}
