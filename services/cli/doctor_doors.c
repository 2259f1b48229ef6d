// SPDX-License-Identifier: Apache-2.0
// Every endpoint of the doors file is greeted: the handshake alone tells whether somebody listens,
// whether it has the key that the file says, and whether it lets our key in. A service with several
// endpoints or keys is well when one of them takes us; the others are told.
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"

#define GREET_MS 2500
#define LOG_TAIL 65536

struct greeting {
    struct wh_socket *socket;
    enum wh_handshake heard;
    bool any; // an event came
};

static void on_packet(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    (void)arg;
    (void)socket;
    (void)packet;
}

static void on_handshake(void *arg, struct wh_socket *socket, enum wh_handshake event)
{
    struct greeting *greeting = arg;
    (void)socket;
    if (greeting->any && event == WH_HANDSHAKE_ABSENT)
        return; // what ended it was told; this is ZeroMQ trying again
    greeting->any = true;
    greeting->heard = event;
}

static void greet_all(struct session *session, const struct wh_door *door,
                      struct greeting *greetings)
{
    for (size_t i = 0; i < door->n_endpoints; i++) {
        struct wh_socket_options options = {.endpoint = door->endpoints[i],
                                            .server_key = door->server_keys[i],
                                            .public_key = session->key.public_key,
                                            .secret_key = session->key.secret_key,
                                            .on_packet = on_packet,
                                            .on_handshake = on_handshake,
                                            .arg = &greetings[i]};
        (void)wh_socket_open(session->bus, &options, &greetings[i].socket);
    }
    for (int waited = 0; waited < GREET_MS; waited += 50) {
        bool all = true;
        session_pause(session, 50);
        for (size_t i = 0; i < door->n_endpoints; i++)
            all &= greetings[i].any;
        if (all)
            break;
    }
    for (size_t i = 0; i < door->n_endpoints; i++)
        wh_socket_close(greetings[i].socket);
    session_pause(session, 1);
}

// ---- why nobody is there ------------------------------------------------------------------------

// 0: somebody takes the connection, else errno.
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
    (void)snprintf(host, sizeof host, "%s", where);
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
    return r == EINPROGRESS ? ETIMEDOUT : r;
}

static int knock(const char *endpoint)
{
    return strncmp(endpoint, "ipc://", 6) == 0 ? knock_ipc(endpoint + 6) : knock_tcp(endpoint + 6);
}

// The service's last error in the log beside the data, when this is its machine: why it ended.
static void last_words(const struct doctor *doctor, const char *name, char *ret_text, size_t n)
{
    static char tail[LOG_TAIL + 1];
    char path[700];
    ret_text[0] = '\0';
    (void)snprintf(path, sizeof path, "%s../log/%s.log", doctor->folder, name);
    FILE *log = fopen(path, "re");
    if (!log)
        return;
    if (fseek(log, -LOG_TAIL, SEEK_END) < 0)
        rewind(log);
    tail[fread(tail, 1, LOG_TAIL, log)] = '\0';
    (void)fclose(log);
    char *rest = tail, *line;
    while ((line = strsep(&rest, "\n"))) {
        json_t *words = json_loads(line, 0, NULL);
        const char *level = json_string_value(json_object_get(words, "level"));
        const char *event = json_string_value(json_object_get(words, "event"));
        const char *detail = json_string_value(json_object_get(words, "detail"));
        if (level && event && strcmp(level, "error") == 0)
            (void)snprintf(ret_text, n, "%s: %s", event, detail ? detail : "");
        json_decref(words);
    }
}

// ---- judging ------------------------------------------------------------------------------------

static void tell_refused(struct doctor *doctor, const char *check, const char *endpoint)
{
    const char *why = doctor_own_key(doctor);
    finding(doctor, check, "key.refused",
            T("请运维人员发新密钥 (key rotate、key new)",
              "ask an operator for a new key (key rotate, key new)"),
            T("%s 不认这把密钥%s%s", "%s does not let this key in%s%s"), endpoint,
            why ? T(":", ": ") : "", why ? why : "");
}

static void tell_silent(struct doctor *doctor, const char *check, const char *endpoint)
{
    int error = knock(endpoint);
    if (error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH)
        finding(doctor, check, "peer.unreachable",
                T("查网络和防火墙", "look at network and firewalls"),
                T("%s: 连不到 (%s)", "%s: cannot be reached (%s)"), endpoint, strerror(error));
    else
        finding(doctor, check, "peer.frozen",
                T("进程被冻结或卡住:重启它;有备用实例的,10 秒内接管",
                  "the process is frozen or hangs: restart it; a standby takes over within 10 s"),
                T("%s: 有人监听,但不应答", "%s: somebody listens but does not answer"), endpoint);
}

static void tell_absent(struct doctor *doctor, const char *check, const char *name,
                        const char *endpoint)
{
    char words[600];
    last_words(doctor, name, words, sizeof words);
    finding(doctor, check, "peer.absent",
            T("看日志 (deploy/logs),启动服务 (deploy/up)",
              "see the log (deploy/logs), start the service (deploy/up)"),
            T("%s: 服务没有运行 (%s)%s%s", "%s: the service does not run (%s)%s%s"), endpoint,
            strerror(knock(endpoint)), *words ? T(";它最后的话: ", "; its last words: ") : "",
            words);
}

static void tell_bad(struct doctor *doctor, const char *check, const char *name,
                     const char *endpoint, const struct greeting *greeting)
{
    if (!greeting->any)
        tell_silent(doctor, check, endpoint);
    else if (greeting->heard == WH_HANDSHAKE_DENIED)
        tell_refused(doctor, check, endpoint);
    else if (greeting->heard == WH_HANDSHAKE_BROKEN)
        finding(doctor, check, "door.key",
                T("换上服务机器上现在的 doors 文件", "take the present doors file of the services"),
                T("%s: 服务的公钥不是 doors 文件里的", "%s: the service has another key than doors "
                                                       "says"),
                endpoint);
    else
        tell_absent(doctor, check, name, endpoint);
}

// Beside one that takes us: a standby does not listen, an old key is not the service's any more.
static void tell_other(struct doctor *doctor, const char *check, const struct wh_door *door,
                       const struct greeting *greetings, size_t i)
{
    const struct greeting *greeting = &greetings[i];
    bool elsewhere = false;
    for (size_t k = 0; k < door->n_endpoints; k++)
        elsewhere |= greetings[k].any && greetings[k].heard == WH_HANDSHAKE_DONE &&
                     strcmp(door->endpoints[k], door->endpoints[i]) == 0;
    if (elsewhere)
        finding(doctor, check, NULL, NULL,
                T("%s 的另一行是轮换的另一把公钥;期满后 key tidy",
                  "another line of %s is its rotation's other key; key tidy when that is over"),
                door->endpoints[i]);
    else if (greeting->any && greeting->heard == WH_HANDSHAKE_ABSENT)
        finding(doctor, check, NULL, NULL,
                T("%s 现在没有服务:备用实例,或没有运行",
                  "%s serves nobody now: a standby, or it does not run"),
                door->endpoints[i]);
    else if (greeting->any && greeting->heard == WH_HANDSHAKE_BROKEN)
        finding(doctor, check, NULL, NULL,
                T("%s 现在不用这把公钥", "%s does not have this key now"), door->endpoints[i]);
    else
        tell_bad(doctor, check, "", door->endpoints[i], greeting);
}

// Which failure says most: who answers wrongly before who is silent before who is not there.
static size_t worst(const struct greeting *greetings, size_t n)
{
    static const int weight[] = {[WH_HANDSHAKE_DONE] = 0,
                                 [WH_HANDSHAKE_ABSENT] = 1,
                                 [WH_HANDSHAKE_BROKEN] = 3,
                                 [WH_HANDSHAKE_DENIED] = 4};
    size_t at = 0;
    int most = -1;
    for (size_t i = 0; i < n; i++) {
        int w = greetings[i].any ? weight[greetings[i].heard] : 2;
        if (w > most) {
            most = w;
            at = i;
        }
    }
    return at;
}

static bool check_one(struct doctor *doctor, const char *kind, const char *name,
                      const char *service)
{
    struct wh_door door;
    struct fault fault = {0};
    struct greeting greetings[WH_ENDPOINTS_MAX] = {0};
    char check[32];
    bool taken = false;
    (void)snprintf(check, sizeof check, "%s %s", name, kind);
    if (session_door(doctor->cli, kind, name, &door, &fault) < 0) {
        finding(doctor, check, "doors.wrong",
                T("换上服务机器上现在的 doors 文件", "take the present doors file of the services"),
                "%s", fault.detail);
        return false;
    }
    greet_all(doctor->cli->session, &door, greetings);
    for (size_t i = 0; i < door.n_endpoints && !taken; i++) {
        taken = greetings[i].any && greetings[i].heard == WH_HANDSHAKE_DONE;
        if (taken)
            finding(doctor, check, NULL, NULL, "%s", door.endpoints[i]);
    }
    if (!taken) {
        size_t i = worst(greetings, door.n_endpoints);
        tell_bad(doctor, check, service, door.endpoints[i], &greetings[i]);
        return false;
    }
    for (size_t i = 0; i < door.n_endpoints; i++)
        if (!greetings[i].any || greetings[i].heard != WH_HANDSHAKE_DONE)
            tell_other(doctor, check, &door, greetings, i);
    return true;
}

void doctor_doors(struct doctor *doctor)
{
    for (enum door door = DOOR_INTAKE; door < DOOR_COUNT; door++) {
        const char *name = door_name(door);
        if (door == DOOR_GATEWAY && !session_has_door(doctor->cli, door))
            continue; // a system may run without a web console
        doctor->serves[door] = check_one(doctor, "door", name, name);
        if (doctor->serves[door])
            check_one(doctor, "feed", name, name);
    }
}
