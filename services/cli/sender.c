// SPDX-License-Identifier: Apache-2.0
// Handing one notice over: outbox and command. The webhook is in webhook.c.
#define _GNU_SOURCE // pipe2, F_SETPIPE_SZ
#include "cli/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/file.h"
#include "cli/output.h"
#include "cli/webhook.h"

#define NAME_MAX_BYTES 180

void sender_file_name(const char *id, char *ret_name, size_t n)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t at = 0;
    for (const char *c = id; *c && at < NAME_MAX_BYTES && at + 4 < n; c++) {
        if (strchr(safe, *c) && !(at == 0 && *c == '.'))
            ret_name[at++] = *c;
        else
            at += (size_t)snprintf(ret_name + at, n - at, "%%%02X", (unsigned char)*c);
    }
    ret_name[at] = '\0';
    if (at >= NAME_MAX_BYTES || at == 0) {
        unsigned char hash[16];
        char hex[33];
        crypto_generichash(hash, sizeof hash, (const unsigned char *)id, strlen(id), NULL, 0);
        sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
        (void)snprintf(ret_name + (at > 100 ? 100 : at), n - (at > 100 ? 100 : at), "~%s", hex);
    }
}

static int failed(char *ret_why, size_t n, const char *what)
{
    (void)snprintf(ret_why, n, "%s: %s", what, strerror(errno));
    return -1;
}

static int write_all(int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t wrote = write(fd, data, n);
        if (wrote < 0 && errno != EINTR)
            return -1;
        if (wrote > 0) {
            data += wrote;
            n -= (size_t)wrote;
        }
    }
    return 0;
}

static int send_outbox(const char *folder, const Whistle__V1__Notice *notice, const char *text,
                       char *ret_why, size_t n)
{
    char name[256], path[1024];
    sender_file_name(notice->id, name, sizeof name);
    (void)snprintf(path, sizeof path, "%s/%s.json", folder, name);
    return file_replace(path, text, strlen(text), 0640) < 0 ? failed(ret_why, n, path) : 0;
}

static void put_environment(const Whistle__V1__Notice *notice)
{
    const char *const pairs[][2] = {
        {"WHISTLE_NOTICE_ID", notice->id},
        {"WHISTLE_NOTICE_KIND", notice->kind},
        {"WHISTLE_NOTICE_RECEIVER", notice->receiver},
        {"WHISTLE_NOTICE_CONTACT", notice->contact},
        {"WHISTLE_NOTICE_CHANNEL", notice->channel},
        {"WHISTLE_NOTICE_TEXT_ZH", notice->text_zh},
        {"WHISTLE_NOTICE_TEXT_EN", notice->text_en},
        {"WHISTLE_NOTICE_ANSWER_ZH", notice->answer_zh},
        {"WHISTLE_NOTICE_ANSWER_EN", notice->answer_en},
        {"WHISTLE_NOTICE_TASK", notice->task},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        setenv(pairs[i][0], pairs[i][1], 1);
    unsetenv("WHISTLE_KEY"); // the command needs no key of ours
}

static void child(const char *command, const Whistle__V1__Notice *notice, int input)
{
    setpgid(0, 0);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    dup2(input, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO); // our standard output is our own
    put_environment(notice);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

// Waits for the command, looking often at first; ends its whole group when the time is over.
static int wait_for(pid_t pid, long timeout_s, int *ret_status)
{
    int64_t left = timeout_s * 1000000000;
    for (long nap = 100000; left > 0; nap = nap < 10000000 ? 2 * nap : nap) {
        const struct timespec pause = {.tv_nsec = nap};
        pid_t ended = waitpid(pid, ret_status, WNOHANG);
        if (ended == pid)
            return 0;
        if (ended < 0 && errno != EINTR)
            return -1;
        nanosleep(&pause, NULL);
        left -= nap;
    }
    kill(-pid, SIGKILL);
    waitpid(pid, ret_status, 0);
    errno = ETIMEDOUT;
    return -1;
}

static int send_exec(const struct sender *sender, const Whistle__V1__Notice *notice,
                     const char *text, char *ret_why, size_t n)
{
    int status = 0, ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return failed(ret_why, n, "pipe");
    pid_t pid = fork();
    if (pid == 0)
        child(sender->target, notice, ends[0]);
    close(ends[0]);
    if (pid < 0) {
        close(ends[1]);
        return failed(ret_why, n, "fork");
    }
    // A command that reads nothing must not stop us: what does not fit into the pipe is dropped.
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 18);
    write_all(ends[1], text, strlen(text));
    close(ends[1]);
    if (wait_for(pid, sender->timeout_s, &status) < 0)
        return failed(ret_why, n, "exec");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status))
        (void)snprintf(ret_why, n, "exec: exit %d", WEXITSTATUS(status));
    else
        (void)snprintf(ret_why, n, "exec: signal %d", WTERMSIG(status));
    return -1;
}

// The key says which notice of which moment: after the database was restored to an older state the
// same id may be issued once more, about something else, and must not be taken for the lost one.
static int send_webhook(const struct sender *sender, const Whistle__V1__Notice *notice,
                        const json_t *json, const char *text, char *ret_why, size_t n)
{
    const char *issued = json_string_value(json_object_get(json, "issued_at"));
    char key[320];
    (void)snprintf(key, sizeof key, "%s@%s", notice->id, issued ? issued : "");
    return webhook_post(sender->target, key, text, sender->timeout_s, ret_why, n);
}

int sender_send(const struct sender *sender, const Whistle__V1__Notice *notice, const json_t *json,
                char *ret_why, size_t n)
{
    char *text = must(json_dumps(json, JSON_LINE));
    int r = -1;
    switch (sender->kind) {
    case SENDER_OUTBOX:
        r = send_outbox(sender->target, notice, text, ret_why, n);
        break;
    case SENDER_EXEC:
        r = send_exec(sender, notice, text, ret_why, n);
        break;
    case SENDER_WEBHOOK:
        r = send_webhook(sender, notice, json, text, ret_why, n);
        break;
    }
    free(text);
    return r;
}

int sender_check(const struct sender *sender, char *ret_why, size_t n)
{
    struct stat stats;
    if (sender->kind == SENDER_OUTBOX) {
        if (mkdir(sender->target, 0750) < 0 && errno != EEXIST)
            return failed(ret_why, n, sender->target);
        if (stat(sender->target, &stats) < 0 || access(sender->target, W_OK | X_OK) < 0)
            return failed(ret_why, n, sender->target);
        errno = ENOTDIR;
        return S_ISDIR(stats.st_mode) ? 0 : failed(ret_why, n, sender->target);
    }
    if (sender->kind == SENDER_WEBHOOK && strncmp(sender->target, "http://", 7) != 0 &&
        strncmp(sender->target, "https://", 8) != 0) {
        (void)snprintf(ret_why, n, "%s: http:// or https://", sender->target);
        return -1;
    }
    return 0;
}
