// SPDX-License-Identifier: Apache-2.0
// Making and driving the counting service; see tiny.h.
#include "support/tiny.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "whistle/v1/intake.pb-c.h"

static const char *const services[] = {"intake", "dispatch", NULL};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "tiny: %s\n", what);
    abort();
}

int64_t tiny_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- files and tables ------------------------------------------------------------------------

static void make_keys(struct tiny *tiny)
{
    char path[128], doors[128];
    struct wh_key key;
    snprintf(path, sizeof path, "%s/keyring", tiny->dir);
    snprintf(doors, sizeof doors, "%s/doors", tiny->dir);
    FILE *ring = fopen(path, "w"), *file = fopen(doors, "w");
    must(ring && file, "files");
    for (size_t i = 0; services[i]; i++) {
        wh_key_generate(services[i], WH_ROLE_SERVICE, &key);
        snprintf(path, sizeof path, "%s/%s.key", tiny->dir, services[i]);
        must(wh_key_write(path, &key) == 0, path);
        fprintf(ring, "%s %s service - -\n", key.public_key, services[i]);
        for (size_t kind = 0; kind < 2; kind++)
            fprintf(file, "%s %s ipc://%s/%s0.%s,ipc://%s/%s1.%s %s\n", kind ? "feed" : "door",
                    services[i], tiny->dir, services[i], kind ? "feed" : "door", tiny->dir,
                    services[i], kind ? "feed" : "door", key.public_key);
        if (i == 0)
            fprintf(file, "feed p1 ipc://%s/%s0.feed,ipc://%s/%s1.feed %s\n", tiny->dir,
                    services[i], tiny->dir, services[i], key.public_key);
    }
    wh_key_generate("990101001", WH_ROLE_STREET, &tiny->key);
    fprintf(ring, "%s 990101001 street - -\n", tiny->key.public_key);
    must(fclose(ring) == 0 && fclose(file) == 0, "files");
}

static void make_tables(struct tiny *tiny)
{
    char sql[512];
    for (size_t i = 0; services[i]; i++) {
        snprintf(sql, sizeof sql,
                 "SET ROLE whistle_%s; CREATE TABLE %s.counter (id int8 PRIMARY KEY, "
                 "n int8 NOT NULL, word text NOT NULL, due int8 NOT NULL);"
                 "CREATE TABLE %s.word (word text CHECK (word <> '%s')); RESET ROLE",
                 services[i], services[i], services[i], i ? "poison later" : "poison");
        pg_run(tiny->pg, sql);
    }
}

struct tiny *tiny_new(void)
{
    struct tiny *tiny = calloc(1, sizeof *tiny);
    must(tiny && sodium_init() >= 0, "memory");
    strcpy(tiny->dir, "/tmp/wh-tiny-XXXXXX");
    must(mkdtemp(tiny->dir) != NULL, "mkdtemp");
    tiny->pg = pg_new();
    pg_migrate(tiny->pg, services);
    make_keys(tiny);
    make_tables(tiny);
    must(uv_loop_init(&tiny->loop) == 0 && wh_bus_new(&tiny->loop, &tiny->bus) == 0, "bus");
    return tiny;
}

void tiny_free(struct tiny *tiny)
{
    char command[128];
    wh_caller_free(tiny->caller);
    wh_caller_free(tiny->twin);
    uv_run(&tiny->loop, UV_RUN_DEFAULT);
    wh_bus_free(tiny->bus);
    must(uv_loop_close(&tiny->loop) == 0, "handles left open");
    pg_free(tiny->pg);
    snprintf(command, sizeof command, "rm -rf '%s'", tiny->dir);
    must(system(command) == 0, "rm");
    free(tiny);
}

// ---- processes -------------------------------------------------------------------------------

// NAME = prefix + the tiny's folder + rest.
static void put(const struct tiny *tiny, const char *name, const char *prefix, const char *rest)
{
    char text[256];
    snprintf(text, sizeof text, "%s%s%s", prefix, tiny->dir, rest);
    setenv(name, text, 1);
}

static void become(struct tiny *tiny, const char *service, int instance, const char *more,
                   const char *migration)
{
    char log[128], *copy = more ? strdup(more) : NULL;
    char user[64];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(log, sizeof log, "%s/%s%d.log", tiny->dir, service, instance);
    must(freopen(log, "a", stderr) != NULL, log);
    snprintf(user, sizeof user, "whistle_%s", service);
    setenv("TINY_MIGRATION", migration, 1);
    setenv("WHISTLE_DATABASE", pg_conninfo(tiny->pg, user), 1);
    snprintf(log, sizeof log, "/%s%d.door", service, instance);
    put(tiny, "WHISTLE_DOOR", "ipc://", log);
    snprintf(log, sizeof log, "/%s%d.feed", service, instance);
    put(tiny, "WHISTLE_FEED", "ipc://", log);
    snprintf(log, sizeof log, "/%s.key", service);
    put(tiny, "WHISTLE_KEY", "", log);
    put(tiny, "WHISTLE_KEYRING", "", "/keyring");
    put(tiny, "WHISTLE_DOORS", "", "/doors");
    put(tiny, "WHISTLE_SECRETS", "", "");
    setenv("WHISTLE_TIMERS_GRACE_MS", "0", 1);
    setenv("WHISTLE_ASK_MS", "0", 1); // the less travelled way: decided before it is looked up
    if (copy)
        putenv(copy);
    execl("/proc/self/exe", "tiny", "--tiny", service, (char *)NULL);
    _exit(127);
}

pid_t tiny_start(struct tiny *tiny, const char *service, int instance, const char *environment)
{
    char sql[128];
    static char *migrations[2]; // as the tables were when the first one started
    char **migration = &migrations[service[0] == 'd'];
    snprintf(sql, sizeof sql, "SELECT max(name) FROM %s.schema_version WHERE set = '%s'", service,
             service);
    if (*migration == NULL)
        *migration = pg_text(tiny->pg, sql);
    pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0)
        become(tiny, service, instance, environment, *migration);
    return pid;
}

int tiny_wait(pid_t pid, int ms)
{
    int status;
    for (int64_t end = tiny_now() + ms; tiny_now() < end;) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return 1000;
}

void tiny_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

int tiny_stop(pid_t pid)
{
    kill(pid, SIGTERM);
    return tiny_wait(pid, 25000);
}

void tiny_retry(pid_t pid)
{
    kill(pid, SIGUSR1);
}

bool tiny_bound(struct tiny *tiny, const char *service, int instance)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s%d.door", tiny->dir, service,
             instance);
    int file = socket(AF_UNIX, SOCK_STREAM, 0);
    bool bound = connect(file, (struct sockaddr *)&address, sizeof address) == 0;
    close(file);
    return bound;
}

bool tiny_until(struct tiny *tiny, const char *sql, int64_t value, int ms)
{
    for (int64_t end = tiny_now() + ms; tiny_now() < end;) {
        if (pg_int(tiny->pg, sql) == value)
            return true;
        tiny_run(tiny, 20);
    }
    fprintf(stderr, "%s: %lld, not %lld\n", sql, (long long)pg_int(tiny->pg, sql),
            (long long)value);
    return false;
}

// ---- the client ------------------------------------------------------------------------------

void tiny_client(struct tiny *tiny, int give_up_ms)
{
    char path[128], why[256] = "";
    struct wh_caller_options options = {.key = tiny->key, .give_up_ms = give_up_ms};
    snprintf(path, sizeof path, "%s/doors", tiny->dir);
    must(wh_doors_find(path, "door", "intake", &options.door, why, sizeof why) == 0, why);
    wh_caller_free(tiny->caller);
    wh_caller_free(tiny->twin);
    must(wh_caller_new(tiny->bus, &options, &tiny->caller) == 0 &&
             wh_caller_new(tiny->bus, &options, &tiny->twin) == 0,
         "caller");
}

void tiny_twin(struct tiny *tiny)
{
    struct wh_caller *caller = tiny->caller;
    tiny->caller = tiny->twin;
    tiny->twin = caller;
}

struct wh_uuid tiny_id(struct tiny *tiny)
{
    struct timespec now;
    uint8_t random[10];
    clock_gettime(CLOCK_REALTIME, &now);
    randombytes_buf(random, sizeof random);
    return wh_uuid7_next(&tiny->ids, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, random);
}

struct waiting {
    struct tiny *tiny;
    size_t index;
};

static void on_answer(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct waiting *waiting = arg;
    struct tiny_answer *out = &waiting->tiny->answers[waiting->index];
    out->heard = true;
    out->status = status;
    waiting->tiny->heard++;
    free(waiting);
    if (status != 0)
        return;
    if (answer->error) {
        out->error = answer->error->status;
        snprintf(out->rule, sizeof out->rule, "%s", answer->error->rule);
    } else if (answer->done) {
        out->seq = answer->done->seq;
        out->at = answer->done->at;
        snprintf(out->ref, sizeof out->ref, "%s", answer->done->ref);
        snprintf(out->state, sizeof out->state, "%s", answer->done->state);
    }
}

size_t tiny_ask(struct tiny *tiny, int64_t counter, const char *text, const struct wh_uuid *id)
{
    uint8_t body[256];
    char number[WH_NUMBER_MAX];
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;
    Whistle__V1__SupplementWhistle inner = WHISTLE__V1__SUPPLEMENT_WHISTLE__INIT;
    struct waiting *waiting = malloc(sizeof *waiting);
    must(waiting && tiny->asked < TINY_ANSWERS, "too many questions");
    *waiting = (struct waiting){tiny, tiny->asked++};
    must(wh_number_format("AL", wh_object_make(20261123, (int32_t)counter), number) == 0, "number");
    inner.number = number;
    inner.text = (char *)text;
    command.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_SUPPLEMENT;
    command.supplement = &inner;
    struct wh_call call = {
        .request_id = id ? *id : tiny_id(tiny),
        .officer = "",
        .acting_for = "",
        .body = body,
        .body_n = whistle__v1__intake_command__pack(&command, body),
        .on_answer = on_answer,
        .arg = waiting,
    };
    tiny->answers[waiting->index] = (struct tiny_answer){0};
    must(wh_caller_call(tiny->caller, &call) == 0, "call");
    return tiny->asked - 1;
}

static void on_time(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static bool run_until(struct tiny *tiny, bool answers, int ms)
{
    uv_timer_t timer;
    bool late = false;
    uv_timer_init(&tiny->loop, &timer);
    timer.data = &late;
    uv_update_time(&tiny->loop);
    uv_timer_start(&timer, on_time, (uint64_t)ms, 0);
    while (!late && !(answers && tiny->heard == tiny->asked))
        uv_run(&tiny->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&tiny->loop, UV_RUN_NOWAIT);
    return tiny->heard == tiny->asked;
}

bool tiny_answered(struct tiny *tiny, int ms)
{
    return run_until(tiny, true, ms);
}

void tiny_run(struct tiny *tiny, int ms)
{
    run_until(tiny, false, ms);
}

const struct tiny_answer *tiny_say(struct tiny *tiny, int64_t counter, const char *text,
                                   const struct wh_uuid *id)
{
    size_t index = tiny_ask(tiny, counter, text, id);
    tiny_answered(tiny, 40000);
    return &tiny->answers[index];
}
