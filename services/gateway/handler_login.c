// SPDX-License-Identifier: Apache-2.0
// Logging in: limits first, then the password's hash in a thread, then a session of a new token.
// Unknown logins take the same way with a hash of nobody, so that neither answer nor time tells
// them. A wrong one counts against the login from this address, the login, and the address; a login
// that has come from this address before is not held up by what others try.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/secrets.h"
#include "gateway/handler_api.h"
#include "gateway/handler_people.h"
#include "gateway/limit.h"

#define QUEUE_MAX 64
#define SLOTS 65536
#define KNOWN_SLOTS 8192
#define AT_ONCE_OF_ONE 3

// What may go wrong before one waits, and how long for each next one. Two of each: the second makes
// a long row of tries slower still.
static const struct limit_rule of_pair[] = {{5, 30000}, {15, 300000}};
static const struct limit_rule of_login[] = {{30, 20000}, {100, 60000}};
static const struct limit_rule of_address[] = {{50, 5000}, {300, 30000}};

struct logins {
    struct gateway *gateway;
    struct limits *limits, *known;
    char nobody[WH_PASSWORD_HASH];
    struct password_job *first, **last; // waiting
    size_t waiting, running, most;
};

// ---- work ---------------------------------------------------------------------------------------

struct running {
    uv_work_t work;
    struct logins *logins;
    struct password_job *job;
};

static void job_free(struct password_job *job)
{
    sodium_memzero(job, sizeof *job);
    free(job);
}

static void work(uv_work_t *request)
{
    struct running *running = request->data;
    struct password_job *job = running->job;
    job->good =
        job->make ? wh_password_hash(job->password, job->hash) == 0
                  : crypto_pwhash_str_verify(job->hash, job->password, strlen(job->password)) == 0;
}

static void begin(struct logins *logins);

static void after(uv_work_t *request, int status)
{
    struct running *running = request->data;
    struct logins *logins = running->logins;
    struct password_job *job = running->job;
    free(running);
    logins->running--;
    if (status != 0)
        job->good = false;
    job->done(job->ask, job);
    job_free(job);
    begin(logins);
}

static void begin(struct logins *logins)
{
    while (logins->running < logins->most && logins->first != NULL) {
        struct running *running = malloc(sizeof *running);
        if (running == NULL)
            return; // the next one that ends tries again
        struct password_job *job = logins->first;
        logins->first = job->next;
        if (logins->first == NULL)
            logins->last = &logins->first;
        logins->waiting--;
        *running = (struct running){.logins = logins, .job = job};
        running->work.data = running;
        logins->running++;
        uv_queue_work(wh_runtime_loop(logins->gateway->runtime), &running->work, work, after);
    }
}

bool logins_run(struct logins *logins, const struct password_job *job)
{
    struct password_job *copy = logins->waiting < QUEUE_MAX ? malloc(sizeof *copy) : NULL;
    if (copy == NULL)
        return false;
    *copy = *job;
    copy->next = NULL;
    *logins->last = copy;
    logins->last = &copy->next;
    logins->waiting++;
    begin(logins);
    return true;
}

static void tell_n(struct gateway *gateway, const char *result, double n)
{
    wh_metric_add(gateway->runtime, "logins_total", "logins, by what became of them",
                  WH_LABELS({"result", result}), n);
}

static void tell(struct gateway *gateway, const char *result)
{
    tell_n(gateway, result, 1);
}

struct logins *logins_new(struct gateway *gateway)
{
    static const char *const results[] = {"good", "wrong", "waits", "busy", "no_post"};
    struct logins *logins = calloc(1, sizeof *logins);
    char guess[WH_PASSWORD_MADE];
    uint64_t seed;
    if (logins == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        tell_n(gateway, results[i], 0);
    randombytes_buf(&seed, sizeof seed);
    wh_password_make(guess);
    logins->gateway = gateway;
    logins->last = &logins->first;
    logins->most = (size_t)wh_setting_int(gateway->runtime, "password_at_once");
    logins->limits = limits_new(SLOTS, seed);
    logins->known = limits_new(KNOWN_SLOTS, seed);
    if (logins->limits == NULL || logins->known == NULL ||
        wh_password_hash(guess, logins->nobody) != 0) {
        logins_free(logins);
        return NULL;
    }
    return logins;
}

void logins_free(struct logins *logins)
{
    if (logins == NULL)
        return;
    while (logins->first != NULL) {
        struct password_job *job = logins->first;
        logins->first = job->next;
        job_free(job);
    }
    limits_free(logins->limits);
    limits_free(logins->known);
    free(logins);
}

// ---- limits -------------------------------------------------------------------------------------

struct tried {
    uint64_t pair, login, address;
};

static struct tried tried_of(const struct logins *logins, const struct gateway_ask *ask,
                             const char *login)
{
    char address[64], both[64 + PERSON_CODE_MAX + 2];
    limit_address(ask->request->peer, address);
    (void)snprintf(both, sizeof both, "%s %s", login, address);
    return (struct tried){limit_key(logins->limits, "pair", both),
                          limit_key(logins->limits, "login", login),
                          limit_key(logins->limits, "address", address)};
}

static int64_t wait_of(const struct logins *logins, uint64_t key, const struct limit_rule rules[2],
                       int64_t now)
{
    int64_t first = limit_wait(logins->limits, key, rules[0], now);
    int64_t second = limit_wait(logins->limits, key ^ 1, rules[1], now);
    return first > second ? first : second;
}

static void count(struct logins *logins, uint64_t key, const struct limit_rule rules[2],
                  int64_t now)
{
    (void)limit_take(logins->limits, key, rules[0], now);
    (void)limit_take(logins->limits, key ^ 1, rules[1], now);
}

// A pair is known while its mark in the second table is spent: 30 days.
static const struct limit_rule mark = {1, INT64_C(30) * 86400 * 1000};

static int64_t must_wait(const struct logins *logins, const struct tried *tried, int64_t now)
{
    int64_t waits[] = {wait_of(logins, tried->pair, of_pair, now),
                       wait_of(logins, tried->address, of_address, now),
                       limit_wait(logins->known, tried->pair, mark, now) > 0
                           ? 0
                           : wait_of(logins, tried->login, of_login, now)};
    int64_t most = 0;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        most = waits[i] > most ? waits[i] : most;
    return most;
}

static size_t in_hand(const struct logins *logins, const char *login)
{
    size_t n = 0;
    for (const struct password_job *job = logins->first; job != NULL; job = job->next)
        n += strcmp(job->arg != NULL ? job->arg : "", login) == 0;
    return n;
}

// ---- logging in ---------------------------------------------------------------------------------

struct login {
    struct tried tried;
    char code[PERSON_CODE_MAX + 1]; // "" of nobody
    char name[PERSON_CODE_MAX + 1];
    uint8_t token[TOKEN_BYTES];
};

static void on_opened(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    const struct login *login = ask->data;
    char *cookie = wh_arena_alloc(ask->arena, 160);
    if (status != 0 || answer->done == NULL || cookie == NULL) {
        if (status == 0 && answer->error != NULL)
            reply_error(ask, answer->error, NULL);
        else
            reply_rule(ask, WH_RULE_BUSY_DATABASE, NULL, NULL);
        return;
    }
    tell(ask->gateway, "good");
    cookie_set(login->token, cookie);
    reply_header(ask, "Set-Cookie", cookie);
    reply_session(ask, answer->done->seq, 200);
}

static void open_session(struct gateway_ask *ask, const struct person *person,
                         const struct post *post)
{
    struct login *login = ask->data;
    Whistle__V1__GatewayCommand command = WHISTLE__V1__GATEWAY_COMMAND__INIT;
    Whistle__V1__OpenSession open = WHISTLE__V1__OPEN_SESSION__INIT;
    uint8_t hash[TOKEN_HASH];
    const char *agent = http_header_get(ask->request, "User-Agent");
    randombytes_buf(login->token, sizeof login->token);
    token_hash(login->token, sizeof login->token, hash);
    open.person = (char *)(uintptr_t)person->code;
    open.token_hash = (ProtobufCBinaryData){sizeof hash, hash};
    open.identity = (char *)(uintptr_t)post->identity;
    open.role = (char *)(uintptr_t)gateway_role_info(post->role)->name;
    open.address = (char *)(uintptr_t)ask->request->peer;
    open.agent = (char *)(uintptr_t)(agent != NULL ? agent : "");
    command.what_case = WHISTLE__V1__GATEWAY_COMMAND__WHAT_OPEN_SESSION;
    command.open_session = &open;
    ask->caller.identity = post->identity;
    ask->caller.person = person->code;
    if (gateway_submit(ask, &command, (struct wh_uuid){{0}}, on_opened, ask) != 0)
        reply_rule(ask, WH_RULE_BUSY_DATABASE, NULL, NULL);
}

static void wrong(struct gateway_ask *ask, const struct tried *tried)
{
    struct logins *logins = ask->gateway->logins;
    int64_t now = wh_wall_now();
    count(logins, tried->pair, of_pair, now);
    count(logins, tried->login, of_login, now);
    count(logins, tried->address, of_address, now);
    tell(ask->gateway, "wrong");
    reply_rule(ask, WH_RULE_LOGIN_FAILED, NULL, NULL);
}

static void on_checked(struct gateway_ask *ask, struct password_job *job)
{
    struct logins *logins = ask->gateway->logins;
    const struct login *login = ask->data;
    int64_t now = wh_wall_now();
    const struct person *person =
        login->code[0] != '\0' ? directory_person(ask->gateway->directory, login->code) : NULL;
    if (!job->good || person == NULL || person->ended_at != 0) {
        wrong(ask, &login->tried);
        return;
    }
    (void)limit_take(logins->known, login->tried.pair, mark, now);
    const struct post *post = person_post(person, "", 0, now);
    if (post == NULL) {
        tell(ask->gateway, "no_post");
        reply_rule(ask, WH_RULE_POST_UNKNOWN, NULL, NULL);
        return;
    }
    open_session(ask, person, post);
}

static void refuse_for(struct gateway_ask *ask, int64_t wait_ms)
{
    Whistle__V1__Error error = WHISTLE__V1__ERROR__INIT;
    const struct wh_rule_info *rule = wh_rule_info(WH_RULE_LOGIN_WAIT);
    error.status = rule->status;
    error.code = (char *)(uintptr_t)rule->code;
    error.rule = (char *)(uintptr_t)rule->name;
    error.retry_after_ms = wait_ms;
    tell(ask->gateway, "waits");
    reply_error(ask, &error, NULL);
}

void login_check(struct gateway_ask *ask, const char *login, struct password_job *job)
{
    struct logins *logins = ask->gateway->logins;
    const struct tried tried = tried_of(logins, ask, login);
    int64_t wait = must_wait(logins, &tried, wh_wall_now());
    if (wait > 0)
        refuse_for(ask, wait);
    else if (!logins_run(logins, job))
        reply_rule(ask, WH_RULE_LOGIN_BUSY, NULL, NULL);
}

void login_wrong(struct gateway_ask *ask)
{
    const struct person *person = directory_person(ask->gateway->directory, ask->caller.person);
    const struct tried tried =
        tried_of(ask->gateway->logins, ask, person != NULL ? person->login : "");
    wrong(ask, &tried);
}

static void check_password(struct gateway_ask *ask, const Whistle__V1__Login *message,
                           struct login *login)
{
    struct logins *logins = ask->gateway->logins;
    const struct person *person = directory_login(ask->gateway->directory, message->login);
    struct password_job job = {.ask = ask, .done = on_checked, .arg = login->name};
    bool known = person != NULL && person->ended_at == 0;
    if (known)
        strcpy(login->code, person->code);
    strcpy(job.hash, known ? person->hash : logins->nobody);
    strcpy(job.password, message->password);
    if (in_hand(logins, login->name) >= AT_ONCE_OF_ONE || !logins_run(logins, &job)) {
        tell(ask->gateway, "busy");
        reply_rule(ask, WH_RULE_LOGIN_BUSY, NULL, NULL);
    }
    sodium_memzero(&job, sizeof job);
}

void on_session_open(struct gateway_ask *ask)
{
    struct wh_wire_fault fault;
    const struct wire_api wire = api_wire(ask);
    const Whistle__V1__Login *message = (const Whistle__V1__Login *)wire_api_body(&wire, &fault);
    struct login *login = wh_arena_calloc(ask->arena, 1, sizeof *login);
    if (message == NULL || login == NULL) {
        if (message == NULL)
            reply_fault(ask, &fault);
        else
            reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
        return;
    }
    if (!wh_serving(ask->gateway->runtime)) {
        reply_rule(ask, WH_RULE_BUSY_STARTING, NULL, NULL);
        return;
    }
    // what cannot be a login or a password is wrong as any other, and counts as much
    bool fits = strlen(message->password) < sizeof((struct password_job *)0)->password &&
                strlen(message->login) <= PERSON_CODE_MAX;
    if (fits)
        strcpy(login->name, message->login);
    login->tried = tried_of(ask->gateway->logins, ask, login->name);
    int64_t wait = must_wait(ask->gateway->logins, &login->tried, wh_wall_now());
    ask->data = login;
    if (wait > 0)
        refuse_for(ask, wait);
    else if (!fits)
        on_checked(ask, &(struct password_job){.good = false});
    else
        check_password(ask, message, login);
}
