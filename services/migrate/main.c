// SPDX-License-Identifier: Apache-2.0
// whistle-migrate: brings the database's schemas to the state of the migration files. Prints one
// line for each file it applies, or with --check would apply; exit 0 done (also when nothing was to
// do), 1 refused or failed, 2 wrong usage, 3 no answer of the database, 4 not now. What it does
// stands in runtime/migrate.h.
#include <getopt.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/migrate.h"

#define SERVICES_MAX 32

static const char help_zh[] =
    "用法: whistle-migrate [--database 连接串] [--dir 目录] [--service 名称]… [--check]\n"
    "把每个服务的数据库模式升级到目录中脚本的状态;可重复执行。\n"
    "  --database  PostgreSQL 连接串(有权建角色和模式);默认取环境变量 WHISTLE_DATABASE\n"
    "  --dir       迁移脚本目录;默认取 WHISTLE_MIGRATIONS,再默认 deploy/migrations\n"
    "  --service   只升级所列服务;默认目录中的全部服务\n"
    "  --check     只检查,不改动:列出将执行的脚本,并判断正在运行的程序能否继续运行\n"
    "退出码: 0 完成;1 被拒绝或失败;2 用法错误;3 数据库无应答;4 现在不行\n"
    "(有程序须先停下、表被锁住或另一迁移正在进行)\n";
static const char help_en[] =
    "Usage: whistle-migrate [--database CONNINFO] [--dir DIR] [--service NAME]… [--check]\n"
    "Brings each service's schema to the state of the files in DIR; safe to repeat.\n"
    "  --database  PostgreSQL connection string of a role that may create roles and schemas;\n"
    "              default: environment WHISTLE_DATABASE\n"
    "  --dir       folder of the migrations; default: WHISTLE_MIGRATIONS, else deploy/migrations\n"
    "  --service   only the services named; default: all that have a folder\n"
    "  --check     changes nothing: tells what would be applied, and whether the programs that "
    "run\n"
    "              now go on working\n"
    "Exit: 0 done; 1 refused or failed; 2 wrong usage; 3 no answer of the database; 4 not now\n"
    "(a program must end first, a table is locked, another migrator is at work)\n";

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

// arg: NULL, or that this is only a check.
static void on_file(void *arg, const char *schema, const char *set, const struct wh_migration *file)
{
    (void)printf("%s: %s/%s", schema, set, file->name);
    if (arg != NULL && file->keeps < file->version)
        (void)printf(" (keeps programs that know %04d and newer)", file->keeps);
    else if (arg != NULL)
        (void)printf(" (keeps no older program)");
    (void)printf("\n");
    (void)fflush(stdout);
}

static int code_of(int status)
{
    return status == 0 ? 0 : status == WH_E_BUSY ? 4 : status == WH_E_TIMEOUT ? 3 : 1;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"database", required_argument, NULL, 'd'}, {"dir", required_argument, NULL, 'D'},
        {"service", required_argument, NULL, 's'},  {"check", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
    const char *services[SERVICES_MAX];
    struct wh_migrate_options migrate = {
        .conninfo = environment("WHISTLE_DATABASE", ""),
        .dir = environment("WHISTLE_MIGRATIONS", "deploy/migrations"),
        .services = services,
        .file = on_file,
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
        } else if (c == 'c') {
            migrate.check = true;
            migrate.arg = &migrate;
        } else {
            (void)fputs(help, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    if (optind < argc || sodium_init() < 0) {
        (void)fputs(help, stderr);
        return 2;
    }
    int status = wh_migrate(&migrate, why, sizeof why);
    if (status != 0)
        (void)fprintf(stderr, "whistle-migrate: %s\n", why);
    return code_of(status);
}
