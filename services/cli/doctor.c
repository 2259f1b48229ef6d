// SPDX-License-Identifier: Apache-2.0
// `doctor`: what an operator would look at one after the other, with the cause where something is
// wrong: key, doors, services, database, clocks, followers, dead letters, routing.
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/names.h"
#include "cli/page.h"
#include "cli/sheet.h"
#include "cli/text.h"

#define PATIENCE_MS 5000
#define CLOCK_MS 2000
#define LAG_EVENTS 1000

struct doctor {
    struct cli *cli;
    json_t *checks;
    bool bad;
};

static void note(struct doctor *doctor, const char *name, bool good, const char *detail)
{
    doctor->bad |= !good;
    json_array_append_new(doctor->checks, must(json_pack("{s:s, s:b, s:s}", "check", name, "good",
                                                         good, "detail", detail)));
    if (doctor->cli->json)
        return;
    printf("%s%s%s %-10s ", colour_on(good ? TONE_GOOD : TONE_BAD), good ? "✓" : "✗",
           colour_off(TONE_GOOD), name);
    say_clean(stdout, detail, false);
    (void)fputc('\n', stdout);
}

static bool check_key(struct doctor *doctor)
{
    struct fault fault = {0};
    struct stat stats;
    char detail[900], roles[160];
    struct session *session = session_get(doctor->cli, &fault);
    if (!session) {
        note(doctor, "key", false, fault.detail);
        return false;
    }
    bool open = stat(doctor->cli->key_path, &stats) == 0 && (stats.st_mode & 077);
    wh_roles_format(session->key.roles, roles, sizeof roles);
    (void)snprintf(
        detail, sizeof detail, "%s: %s (%s)%s", doctor->cli->key_path, session->key.identity, roles,
        open ? T(";别人也能读这个文件,请 chmod 600", "; others can read it: chmod 600") : "");
    note(doctor, "key", !open, detail);
    return true;
}

// Whether somebody listens at all: 0 yes, else errno. Only to name the cause of a silence.
static int knock_ipc(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r = fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return r;
}

static int knock_tcp(const char *where)
{
    char host[sizeof(((struct wh_door *)0)->endpoints[0])];
    if (strlen(where) >= sizeof host)
        return ENAMETOOLONG;
    memcpy(host, where, strlen(where) + 1);
    char *colon = strrchr(host, ':');
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (!colon)
        return EINVAL;
    *colon = '\0';
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return EHOSTUNREACH;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval wait = {.tv_sec = 2};
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    int r = fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
    return r;
}

static void silence_cause(struct doctor *doctor, const char *name)
{
    struct wh_door door;
    struct fault fault = {0};
    char detail[512];
    if (session_door(doctor->cli, "door", name, &door, &fault) < 0) {
        note(doctor, name, false, fault.detail);
        return;
    }
    const char *endpoint = door.endpoints[0];
    int r = strncmp(endpoint, "ipc://", 6) == 0   ? knock_ipc(endpoint + 6)
            : strncmp(endpoint, "tcp://", 6) == 0 ? knock_tcp(endpoint + 6)
                                                  : EINVAL;
    if (r)
        (void)snprintf(detail, sizeof detail,
                       T("%s: 服务没有运行 (%s)", "%s: the service does not run (%s)"), endpoint,
                       strerror(r));
    else
        (void)snprintf(
            detail, sizeof detail,
            T("%s: 有人监听但不应答:服务卡住了,或钥匙环里没有这把密钥,或 doors 里的公钥不是它的",
              "%s: somebody listens but does not answer: it hangs, or the keyring does not know "
              "this key, or\n"
              "the doors file has another public key"),
            endpoint);
    note(doctor, name, false, detail);
}

// Asks one door; tells the cause where there is no good answer. The reply is the caller's to end.
static bool ask(struct doctor *doctor, enum door door, const char *command, struct reply *reply)
{
    json_t *body = must(json_object());
    int64_t began = cli_now();
    reply_init(reply);
    int r = session_ask_json(doctor->cli, door, command, body, reply);
    char detail[1200], why[1024];
    json_decref(body);
    if (r < 0 && strcmp(reply->fault.rule, "no_answer") == 0) {
        silence_cause(doctor, door_name(door));
        return false;
    }
    if (r < 0 && strcmp(reply->fault.rule, "district.missing") != 0) {
        fault_line(&reply->fault, why, sizeof why);
        note(doctor, door_name(door), false, why);
        return false;
    }
    (void)snprintf(
        detail, sizeof detail, T("应答 %lld 毫秒%s", "answers in %lld ms%s"),
        (long long)(cli_now() - began),
        r < 0 ? T(";还没有区数据,用 whistle import 载入", "; no district yet: whistle import")
              : "");
    note(doctor, door_name(door), true, detail);
    return r == 0;
}

static void check_clock(struct doctor *doctor, int64_t theirs)
{
    char detail[160], span[64];
    if (!theirs)
        return;
    int64_t apart = cli_now() - theirs;
    span_text(apart, span, sizeof span);
    (void)snprintf(detail, sizeof detail,
                   T("与服务的时钟相差 %s", "differs from the service's by %s"), span);
    note(doctor, "clock", apart > -CLOCK_MS && apart < CLOCK_MS, detail);
}

static void check_status(struct doctor *doctor, const Whistle__V1__DispatchStatus *status)
{
    char detail[256];
    (void)snprintf(detail, sizeof detail,
                   T("未了结的哨 %lld、任务 %lld (超时 %lld),路由第 %d 版",
                     "%lld whistles and %lld tasks open (%lld late), routing version %d"),
                   (long long)status->open_whistles, (long long)status->open_tasks,
                   (long long)status->overdue_tasks, status->routing_version);
    note(doctor, "work", true, detail);
    (void)snprintf(
        detail, sizeof detail, T("死信 %lld%s", "%lld dead letters%s"),
        (long long)status->dead_letters,
        status->dead_letters ? T(";看 whistle dead-letters", "; see whistle dead-letters") : "");
    note(doctor, "letters", status->dead_letters == 0, detail);
    for (size_t i = 0; i < status->n_followers; i++) {
        const Whistle__V1__FollowerLag *lag = status->followers[i];
        (void)snprintf(detail, sizeof detail,
                       T("%s (%s) 落后 %lld 条%s", "%s (%s) is %lld events behind%s"),
                       *lag->name ? lag->name : "-", lag->identity, (long long)lag->lag,
                       lag->connected ? "" : T(",未连接", ", not connected"));
        note(doctor, "follower", lag->connected ? lag->lag < LAG_EVENTS : true, detail);
    }
    check_clock(doctor, status->now_at);
}

static void check_routing(struct doctor *doctor)
{
    struct reply reply;
    char detail[256], why[1024];
    json_t *body = must(json_object());
    reply_init(&reply);
    if (session_ask_json(doctor->cli, DOOR_DISPATCH, "check", body, &reply) < 0) {
        fault_line(&reply.fault, why, sizeof why);
        note(doctor, "routing", reply.fault.status == 403, why);
    } else if (reply.body->descriptor == &whistle__v1__routing_checked__descriptor) {
        const Whistle__V1__RoutingChecked *checked =
            (const Whistle__V1__RoutingChecked *)reply.body;
        (void)snprintf(detail, sizeof detail,
                       T("%d 对,%zu 处无人应,%zu 个警告%s", "%d pairs, %zu holes, %zu warnings%s"),
                       checked->pairs, checked->n_holes, checked->n_warnings,
                       checked->n_holes ? T(";看 whistle check", "; see whistle check") : "");
        note(doctor, "routing", checked->n_holes == 0, detail);
    }
    json_decref(body);
    reply_done(&reply);
}

// The hourly sheets are what a shift works by when nothing else answers: are they fresh?
static void check_sheets(struct doctor *doctor)
{
    char detail[1400], why[1024], span[64];
    const char *folder = sheets_folder(doctor->cli);
    if (!folder)
        return;
    int64_t age = sheets_age(folder, cli_now(), why, sizeof why);
    span_text(age, span, sizeof span);
    if (age < 0)
        (void)snprintf(detail, sizeof detail,
                       T("%s: 还没有写好的交接班单%s%s", "%s: no handover sheets yet%s%s"), folder,
                       *why ? ": " : "", why);
    else
        (void)snprintf(detail, sizeof detail,
                       T("%s: 最近一次全部写好在 %s前%s%s", "%s: all written %s ago%s%s"), folder,
                       span, *why ? ": " : "", why);
    note(doctor, "sheets", age >= 0 && age < SHEET_STALE_MS, detail);
}

static void check_services(struct doctor *doctor)
{
    struct reply reply;
    ask(doctor, DOOR_INTAKE, "get_district", &reply);
    reply_done(&reply);
    if (ask(doctor, DOOR_DISPATCH, "status", &reply)) {
        if (reply.body->descriptor == &whistle__v1__dispatch_status__descriptor)
            check_status(doctor, (const Whistle__V1__DispatchStatus *)reply.body);
        check_routing(doctor);
    }
    reply_done(&reply);
}

int run_doctor(struct cli *cli)
{
    struct doctor doctor = {.cli = cli, .checks = must(json_array())};
    struct fault fault = {0};
    struct wh_door door;
    if (cli->timeout_ms > PATIENCE_MS)
        cli->timeout_ms = PATIENCE_MS;
    if (check_key(&doctor)) {
        if (session_door(cli, "door", "intake", &door, &fault) < 0)
            note(&doctor, "doors", false, fault.detail);
        else
            note(&doctor, "doors", true, cli->doors_path);
        if (!*fault.code)
            check_services(&doctor);
    }
    check_sheets(&doctor);
    if (cli->json) {
        json_t *line = must(json_pack("{s:b, s:O}", "good", !doctor.bad, "checks", doctor.checks));
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
    }
    json_decref(doctor.checks);
    return doctor.bad ? EXIT_REFUSED : EXIT_DONE;
}
