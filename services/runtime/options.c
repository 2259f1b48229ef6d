// SPDX-License-Identifier: Apache-2.0
// What every service can be told: the settings that the runtime itself has, and the few options on
// the command line.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"

#define REQUIRED "" // out of the bounds of a text of at least one byte

static const struct wh_setting settings[] = {
    {"database", WH_SETTING_TEXT, REQUIRED, 1, 4000, true, "PostgreSQL 连接串(libpq)",
     "PostgreSQL connection string (libpq)"},
    {"door", WH_SETTING_TEXT, REQUIRED, 1, 600, false,
     "命令入口绑定的地址(ipc://… 或 tcp://…,可用逗号列出几个)",
     "endpoints to bind for commands (ipc://… or tcp://…, several with commas between)"},
    {"feed", WH_SETTING_TEXT, REQUIRED, 1, 600, false, "事件流绑定的地址(同上)",
     "endpoints to bind for the feed (likewise)"},
    {"key", WH_SETTING_TEXT, REQUIRED, 1, 4000, false, "本服务的密钥文件",
     "this service's own key file"},
    {"keyring", WH_SETTING_TEXT, REQUIRED, 1, 4000, false, "登记各方公钥的文件",
     "file of everybody's public keys"},
    {"doors", WH_SETTING_TEXT, REQUIRED, 1, 4000, false, "其他服务入口与事件流的地址文件",
     "file of the other services' doors and feeds"},
    {"secrets", WH_SETTING_TEXT, REQUIRED, 1, 4000, false, "存放数据库之外密钥的目录",
     "folder of the keys that live outside the database"},
    {"metrics_address", WH_SETTING_TEXT, "127.0.0.1", 1, 64, false, "监控接口监听的地址",
     "address of metrics and health"},
    {"metrics_port", WH_SETTING_INT, "0", 0, 65535, false, "监控接口端口;0 为不开",
     "port of metrics and health; 0: none"},
    {"log_level", WH_SETTING_TEXT, "info", 4, 5, false, "日志级别:debug info warn error",
     "least level logged: debug info warn error"},
    {"instance", WH_SETTING_TEXT, "", 0, 64, false, "本实例的名称(日志用)",
     "this instance's name (for the log)"},
    {"release", WH_SETTING_TEXT, WH_VERSION, 1, 64, false, "本程序的发布版本(日志与归属登记用)",
     "release of the programs (for the log and the register of owners)"},
    {"turn_items", WH_SETTING_INT, "128", 1, 512, false, "每轮最多处理的条数",
     "items one turn takes at most"},
    {"timers_grace_ms", WH_SETTING_INT, "5000", 0, 600000, false,
     "启动后多少毫秒内暂不处理到期事项", "timers wait so long after a start (ms)"},
    {"ask_ms", WH_SETTING_INT, "10000", 0, 600000, false,
     "启动后多少毫秒内,每条命令先查是否已答复过",
     "so long after a start every command is first looked up among the kept answers (ms)"},
    {"follow_from", WH_SETTING_TEXT, "", 0, 64, false,
     "对方数据库恢复到旧状态后从何处继续跟随:事件流名:序号(对方日志 journal.older 所示)",
     "where to go on when a publisher's database was restored to an older state: FEED:SEQ (as its "
     "log says at journal.older)"},
    {"shelf_bytes", WH_SETTING_INT, "12582912", 65536, INT64_C(1) << 36, false,
     "内存中保留对象的上限(字节)", "bytes of objects kept in memory"},
    {"data_dir", WH_SETTING_TEXT, "", 0, 4000, false, "数据库所在目录,用于查看剩余空间;空则不看",
     "the database's folder, to see its free space; empty: not looked at"},
    {"min_free_mb", WH_SETTING_INT, "512", 1, 1 << 20, false,
     "剩余空间低于此值(MiB)时暂缓新哨(特急除外),已有事项照办",
     "below this free space (MiB) new whistles wait (never P1), work in hand goes on"},
    {"stop_free_mb", WH_SETTING_INT, "64", 1, 1 << 20, false,
     "剩余空间低于此值(MiB)时凡需写入的一律暂缓",
     "below this free space (MiB) nothing that writes is taken"},
    {"tail_mb", WH_SETTING_INT, "12", 1, 4096, false, "内存中保留的最新事件(MiB)",
     "MiB of the newest events kept in memory"},
};

static enum wh_log_level level_of(const char *text)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < 4; i++)
        if (strcmp(text, names[i]) == 0)
            return (enum wh_log_level)i;
    wh_fatal("settings", "log_level: %s is not one of debug info warn error", text);
}

static void usage(const char *name)
{
    printf("whistle-%s [--config FILE] [--print-settings] [--help]\n"
           "配置:环境变量 WHISTLE_<NAME> 优先于文件,文件优先于默认值。\n"
           "Settings: environment WHISTLE_<NAME> over the file over defaults.\n",
           name);
}

bool wh_options_read(struct wh_runtime *runtime, int argc, char **argv)
{
    const struct wh_service *service = runtime->service;
    const struct wh_setting *const tables[] = {settings, service->settings};
    const size_t counts[] = {sizeof settings / sizeof *settings, service->n_settings};
    const char *file = getenv("WHISTLE_CONFIG");
    char why[512] = "";
    bool print = false;
    wh_log_init(service->name, WH_LOG_INFO);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--print-settings") == 0) {
            print = true;
        } else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            file = argv[++i];
        } else {
            usage(service->name);
            runtime->exit_code = strcmp(argv[i], "--help") == 0 ? 0 : 2;
            return true;
        }
    }
    if (wh_settings_read(tables, counts, 2, file, &runtime->settings, why, sizeof why) != 0)
        wh_fatal("settings", "%s", why);
    wh_log_init(service->name, level_of(wh_settings_text(runtime->settings, "log_level")));
    if (print) {
        wh_settings_print(runtime->settings);
        wh_settings_free(runtime->settings);
    }
    return print;
}
