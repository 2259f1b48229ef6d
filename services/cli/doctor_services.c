// SPDX-License-Identifier: Apache-2.0
// What the services say of themselves, as far as our role may know it: database, clocks, disk,
// keyring, feeds, followers, dead letters, holes in the routing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"
#include "whistle/v1/dispatch.pb-c.h"

#define CLOCK_MS 2000
#define LAG_EVENTS 1000

// What a service's word means: what to do about it.
static const struct {
    const char *what, *zh, *en;
} cures[] = {
    {"busy.database", "看 PostgreSQL 的日志和磁盘;恢复后服务自己继续",
     "see PostgreSQL's log and its disk; the service goes on by itself"},
    {"busy.disk", "腾出数据库所在的磁盘", "make room on the database's disk"},
    {"disk.full", "腾出数据库所在的磁盘", "make room on the database's disk"},
    {"disk.scarce", "腾出数据库所在的磁盘", "make room on the database's disk"},
    {"keyring.broken", "改好钥匙环;在此之前用最后一份好的",
     "mend the keyring; the last good one is in force until then"},
    {"feed.lost", "它跟随的服务没有运行或连不到",
     "the service it follows does not run or cannot be reached"},
    {"feed.rewound", "数据库曾恢复到更早的状态:见 services/runtime/README.md 的 Turns",
     "the database was restored to an older state: see services/runtime/README.md, Turns"},
    {"clock.back", "机器时钟往回跳过;服务的时间稍慢地走到两者相合,不必处理,先查时间同步",
     "the machine's clock jumped back; the service's time runs a little slower until both meet: "
     "look at the time service, nothing else"},
    {"busy.starting", "正在启动,稍后再看", "it is starting, look again"},
    {"auth.unknown", "请运维人员发新密钥", "ask an operator for a new key"},
    {"auth.ended", "请运维人员发新密钥", "ask an operator for a new key"},
};

static const char *cure(const char *what)
{
    for (size_t i = 0; i < sizeof cures / sizeof *cures; i++)
        if (strcmp(cures[i].what, what) == 0)
            return T(cures[i].zh, cures[i].en);
    return NULL;
}

static void tell_fault(struct doctor *doctor, const char *check, const struct fault *fault)
{
    char why[1024];
    fault_line(fault, why, sizeof why);
    finding(doctor, check, *fault->rule ? fault->rule : "refused", cure(fault->rule), "%s", why);
}

// False: no answer worth reading; it was told unless the role may not ask.
static bool ask(struct doctor *doctor, enum door door, const char *command, struct reply *reply)
{
    json_t *body = must(json_object());
    reply_init(reply);
    int r = session_ask_json(doctor->cli, door, command, body, reply);
    json_decref(body);
    if (r == 0)
        return reply->body != NULL;
    if (strcmp(reply->fault.rule, "district.missing") == 0)
        finding(doctor, "district", "district.missing", "whistle import FILE --apply", "%s",
                T("还没有区数据", "no district yet"));
    else if (reply->fault.status != 403)
        tell_fault(doctor, door_name(door), &reply->fault);
    return false;
}

static void check_clock(struct doctor *doctor, const char *name, int64_t apart, bool database)
{
    char span[64];
    bool good = apart > -CLOCK_MS && apart < CLOCK_MS;
    span_text(apart, span, sizeof span);
    finding(doctor, "clock",
            good       ? NULL
            : database ? "clock.database"
                       : "clock.apart",
            good ? NULL
                 : T("查这两台机器的时间同步 (chrony、ntp)",
                     "look at both machines' time service (chrony, ntp)"),
            database
                ? T("%s 与数据库主机的时钟相差 %s", "%s: the database host's clock is %s apart")
                : T("%s 与本机的时钟相差 %s", "%s: its clock is %s apart from this machine's"),
            name, span);
}

static void check_health(struct doctor *doctor, enum door door, const Whistle__V1__Health *health,
                         int64_t began, int64_t ended)
{
    const char *name = door_name(door);
    // their moment lies somewhere between asking and hearing
    int64_t apart = health->now_at < began   ? began - health->now_at
                    : health->now_at > ended ? ended - health->now_at
                                             : 0;
    finding(doctor, name, NULL, NULL, T("%s 应答 %lld 毫秒", "%s answers in %lld ms"),
            health->instance, (long long)(ended - began));
    check_clock(doctor, name, apart, false);
    check_clock(doctor, name, health->now_at - health->database_at, true);
    finding(doctor, "letters", health->dead_letters ? "letters.open" : NULL,
            health->dead_letters ? "whistle dead-letters list | show | retry" : NULL,
            T("%s 的死信 %lld", "%s: %lld dead letters"), name, (long long)health->dead_letters);
    for (size_t i = 0; i < health->n_troubles; i++)
        finding(doctor, name, health->troubles[i]->what, cure(health->troubles[i]->what), "%s",
                health->troubles[i]->text);
}

static bool check_service(struct doctor *doctor, enum door door)
{
    struct reply reply;
    int64_t began = cli_now();
    bool good = ask(doctor, door, "get_health", &reply);
    if (good && reply.body->descriptor == &whistle__v1__health__descriptor)
        check_health(doctor, door, (const Whistle__V1__Health *)reply.body, began, cli_now());
    bool may = !good && reply.fault.status == 403; // streets and departments: it lives, that is all
    if (may)
        finding(doctor, door_name(door), NULL, NULL, T("应答 %lld 毫秒", "answers in %lld ms"),
                (long long)(cli_now() - began));
    reply_done(&reply);
    return good;
}

static void check_district(struct doctor *doctor)
{
    struct reply reply;
    ask(doctor, DOOR_INTAKE, "get_district", &reply);
    reply_done(&reply);
}

static void check_followers(struct doctor *doctor, const Whistle__V1__DispatchStatus *status)
{
    for (size_t i = 0; i < status->n_followers; i++) {
        const Whistle__V1__FollowerLag *lag = status->followers[i];
        bool bad = lag->connected && lag->lag >= LAG_EVENTS;
        finding(doctor, "follower", bad ? "follower.behind" : NULL,
                bad ? T("它的程序太慢或卡住", "its program is too slow or hangs") : NULL,
                T("%s (%s) 落后 %lld 条%s", "%s (%s) is %lld events behind%s"),
                *lag->name ? lag->name : "-", lag->identity, (long long)lag->lag,
                lag->connected ? "" : T(",未连接", ", not connected"));
    }
}

static void check_work(struct doctor *doctor)
{
    struct reply reply;
    if (ask(doctor, DOOR_DISPATCH, "status", &reply) &&
        reply.body->descriptor == &whistle__v1__dispatch_status__descriptor) {
        const Whistle__V1__DispatchStatus *status = (const Whistle__V1__DispatchStatus *)reply.body;
        finding(doctor, "work", NULL, NULL,
                T("未了结的哨 %lld、任务 %lld (超时 %lld),路由第 %d 版",
                  "%lld whistles and %lld tasks open (%lld late), routing version %d"),
                (long long)status->open_whistles, (long long)status->open_tasks,
                (long long)status->overdue_tasks, status->routing_version);
        check_followers(doctor, status);
    }
    reply_done(&reply);
}

static void check_routing(struct doctor *doctor)
{
    struct reply reply;
    if (ask(doctor, DOOR_DISPATCH, "check", &reply) &&
        reply.body->descriptor == &whistle__v1__routing_checked__descriptor) {
        const Whistle__V1__RoutingChecked *checked =
            (const Whistle__V1__RoutingChecked *)reply.body;
        finding(doctor, "routing", checked->n_holes ? "routing.holes" : NULL,
                checked->n_holes ? T("看 whistle check,补上部门、值班或路由后 import",
                                     "see whistle check; import the mended district")
                                 : NULL,
                T("%d 对,%zu 处无人应,%zu 个警告", "%d pairs, %zu holes, %zu warnings"),
                checked->pairs, checked->n_holes, checked->n_warnings);
    }
    reply_done(&reply);
}

void doctor_services(struct doctor *doctor)
{
    if (doctor->serves[DOOR_INTAKE] && check_service(doctor, DOOR_INTAKE))
        check_district(doctor);
    if (doctor->serves[DOOR_DEDUP])
        check_service(doctor, DOOR_DEDUP);
    if (doctor->serves[DOOR_GATEWAY])
        check_service(doctor, DOOR_GATEWAY);
    if (!doctor->serves[DOOR_DISPATCH] || !check_service(doctor, DOOR_DISPATCH))
        return;
    check_work(doctor);
    check_routing(doctor);
}
