// SPDX-License-Identifier: Apache-2.0
// PostgreSQL under tests; see pg.h. Its processes are children of the test and die with it.
#include "support/pg.h"

#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/migrate.h"

#define PGBIN "/usr/lib/postgresql/15/bin"

struct pg {
    char dir[64], data[80], conninfo[256];
    pid_t pid;
    uid_t uid;
    gid_t gid;
    PGconn *conn;
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "pg: %s\n", what);
    abort();
}

static void be_user(const struct pg *pg)
{
    // The checkout may stand where this user cannot look.
    must(chdir(pg->dir) == 0, "chdir");
    if (geteuid() == 0)
        must(setgid(pg->gid) == 0 && setuid(pg->uid) == 0, "setuid");
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
}

static void silence(const struct pg *pg)
{
    char log[96];
    snprintf(log, sizeof log, "%s/log", pg->dir);
    must(freopen(log, "a", stdout) != NULL && dup2(1, 2) == 2, log);
}

static void initdb(struct pg *pg)
{
    pid_t child = fork();
    int status;
    must(child >= 0, "fork");
    if (child == 0) {
        be_user(pg);
        silence(pg);
        execl(PGBIN "/initdb", PGBIN "/initdb", "-D", pg->data, "--locale=C.UTF-8",
              "--encoding=UTF8", "--auth=trust", "-U", "whistle", "--no-sync", "--no-instructions",
              (char *)NULL);
        _exit(127);
    }
    must(waitpid(child, &status, 0) == child && status == 0, "initdb failed");
}

static void connect_again(struct pg *pg, const char *database)
{
    char conninfo[192];
    snprintf(conninfo, sizeof conninfo,
             "host=%s user=whistle dbname=%s options='-c client_min_messages=warning'", pg->dir,
             database);
    for (int i = 0; i < 600; i++) {
        PQfinish(pg->conn);
        pg->conn = PQconnectdb(conninfo);
        if (PQstatus(pg->conn) == CONNECTION_OK)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    must(false, PQerrorMessage(pg->conn));
}

static void launch(struct pg *pg)
{
    pg->pid = fork();
    must(pg->pid >= 0, "fork");
    if (pg->pid != 0)
        return;
    be_user(pg);
    silence(pg);
    execl(PGBIN "/postgres", PGBIN "/postgres", "-D", pg->data, "-k", pg->dir, "-c",
          "listen_addresses=", "-c", "shared_buffers=64MB", "-c", "max_connections=60",
          (char *)NULL);
    _exit(127);
}

void pg_start(struct pg *pg)
{
    launch(pg);
    connect_again(pg, "whistle");
}

struct pg *pg_new(void)
{
    struct pg *pg = calloc(1, sizeof *pg);
    const struct passwd *user = getpwnam("postgres");
    must(pg != NULL && user != NULL, "no user postgres");
    pg->uid = user->pw_uid;
    pg->gid = user->pw_gid;
    strcpy(pg->dir, "/tmp/wh-pg-XXXXXX");
    must(mkdtemp(pg->dir) != NULL, "mkdtemp");
    snprintf(pg->data, sizeof pg->data, "%s/data", pg->dir);
    must(geteuid() != 0 || chown(pg->dir, pg->uid, pg->gid) == 0, "chown");
    must(chmod(pg->dir, 0711) == 0, "chmod");
    initdb(pg);
    launch(pg);
    connect_again(pg, "postgres");
    pg_run(pg, "CREATE DATABASE whistle");
    connect_again(pg, "whistle");
    return pg;
}

static void end(struct pg *pg, int sig)
{
    int status;
    PQfinish(pg->conn);
    pg->conn = NULL;
    if (pg->pid > 0)
        must(kill(pg->pid, sig) == 0 && waitpid(pg->pid, &status, 0) == pg->pid, "stop");
    pg->pid = 0;
}

void pg_kill(struct pg *pg)
{
    end(pg, SIGQUIT);
}

void pg_stop(struct pg *pg)
{
    end(pg, SIGINT);
}

void pg_free(struct pg *pg)
{
    char command[96];
    if (pg == NULL)
        return;
    end(pg, SIGQUIT);
    snprintf(command, sizeof command, "rm -rf '%s'", pg->dir);
    must(system(command) == 0, "rm");
    free(pg);
}

const char *pg_conninfo(struct pg *pg, const char *role)
{
    snprintf(pg->conninfo, sizeof pg->conninfo, "host=%s dbname=whistle user=%s", pg->dir, role);
    return pg->conninfo;
}

const char *pg_dir(const struct pg *pg)
{
    return pg->dir;
}

PGconn *pg_conn(struct pg *pg)
{
    return pg->conn;
}

void pg_migrate(struct pg *pg, const char *const *services)
{
    char why[1024] = "";
    struct wh_migrate_options options = {
        .conninfo = pg_conninfo(pg, "whistle"),
        .dir = WH_SOURCE_DIR "/deploy/migrations",
        .services = services,
    };
    while (services[options.n_services] != NULL)
        options.n_services++;
    must(wh_migrate(&options, why, sizeof why) == 0, why);
}

void pg_run(struct pg *pg, const char *sql)
{
    PGresult *result = PQexec(pg->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    must(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, PQerrorMessage(pg->conn));
    PQclear(result);
}

char *pg_text(struct pg *pg, const char *sql)
{
    PGresult *result = PQexec(pg->conn, sql);
    must(PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0,
         PQerrorMessage(pg->conn));
    char *text = strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    return text;
}

int64_t pg_int(struct pg *pg, const char *sql)
{
    char *text = pg_text(pg, sql);
    int64_t value = strtoll(text, NULL, 10);
    free(text);
    return value;
}
