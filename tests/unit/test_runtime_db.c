// SPDX-License-Identifier: Apache-2.0
// One connection, several servers: one that never answers, one that is not there, one that only
// reads, one whose name is looked up slowly are passed over in time, and the loop never stands
// still meanwhile; a lost one is not the next one tried; what belongs beside a connection goes to
// its server.
#include <dlfcn.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/db.h"
#include "support/pg.h"

#define SLOW_S 4

// The resolver, with one name that takes its time.
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret_found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name && strcmp(name, "slow.test") == 0) {
        nanosleep(&(struct timespec){.tv_sec = SLOW_S}, NULL);
        name = "127.0.0.1";
    }
    return real(name, service, hints, ret_found);
}

static struct pg *one, *two;
static char silent[64];
static int silent_fd;

// A server that takes connections and says nothing.
static void silent_open(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(silent, "/tmp/wh-silent-XXXXXX");
    assert_non_null(mkdtemp(silent));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", silent);
    silent_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(silent_fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(silent_fd, 64), 0);
}

static int setup(void **state)
{
    (void)state;
    one = pg_new();
    two = pg_new();
    silent_open();
    return 0;
}

static int teardown(void **state)
{
    char path[96];
    (void)state;
    snprintf(path, sizeof path, "%s/.s.PGSQL.5432", silent);
    close(silent_fd);
    unlink(path);
    rmdir(silent);
    pg_free(one);
    pg_free(two);
    return 0;
}

// ---- a loop with connections, watched for standing still ----------------------------------------

struct watch {
    uv_loop_t loop;
    uv_timer_t timer;
    uint64_t last, gap;
    struct wh_db *writer, *reader;
    size_t lost;
};

static const char *const sql[] = {"SELECT 1"};

static void on_lost(void *arg, struct wh_db *db, const char *why)
{
    struct watch *watch = arg;
    (void)db;
    (void)why;
    watch->lost++;
}

static void on_timer(uv_timer_t *timer)
{
    struct watch *watch = timer->data;
    uint64_t now = uv_hrtime() / 1000000;
    if (now - watch->last > watch->gap)
        watch->gap = now - watch->last;
    watch->last = now;
}

static struct wh_db *open_db(struct watch *watch, const char *conninfo, struct wh_db *beside)
{
    struct wh_db *db;
    const struct wh_db_options options = {
        .conninfo = conninfo,
        .schema = "",
        .application = "test",
        .beside = beside,
        .sql = sql,
        .n_sql = 1,
        .on_lost = on_lost,
        .arg = watch,
    };
    assert_int_equal(wh_db_open(&watch->loop, &options, &db), 0);
    return db;
}

static void watch_begin(struct watch *watch, const char *conninfo)
{
    *watch = (struct watch){0};
    uv_loop_init(&watch->loop);
    uv_timer_init(&watch->loop, &watch->timer);
    watch->timer.data = watch;
    watch->last = uv_hrtime() / 1000000;
    uv_timer_start(&watch->timer, on_timer, 10, 10);
    watch->writer = open_db(watch, conninfo, NULL);
}

static void watch_end(struct watch *watch)
{
    wh_db_close(watch->writer);
    wh_db_close(watch->reader);
    uv_close((uv_handle_t *)&watch->timer, NULL);
    uv_run(&watch->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&watch->loop), 0);
}

// How long until it is ready; fails after ms.
static uint64_t ready(struct watch *watch, struct wh_db *db, uint64_t ms)
{
    uint64_t began = uv_hrtime() / 1000000;
    do {
        uv_run(&watch->loop, UV_RUN_ONCE);
    } while (!wh_db_ready(db) && uv_hrtime() / 1000000 - began < ms);
    assert_true(wh_db_ready(db));
    return uv_hrtime() / 1000000 - began;
}

static bool at(struct wh_db *db, struct pg *pg)
{
    char wanted[128];
    snprintf(wanted, sizeof wanted, "%s:5432", pg_dir(pg));
    return strcmp(wh_db_server(db), wanted) == 0;
}

static const char *servers(const char *first, const char *second, const char *more)
{
    static char text[512];
    snprintf(text, sizeof text, "host=%s,%s dbname=whistle user=whistle %s", first, second, more);
    return text;
}

// ---- tests --------------------------------------------------------------------------------------

static void silent_server_is_passed(void **state)
{
    struct watch watch;
    (void)state;
    watch_begin(&watch, servers(silent, pg_dir(one), ""));
    assert_in_range(ready(&watch, watch.writer, 4000), 1900, 4000);
    assert_true(at(watch.writer, one));
    watch_end(&watch);
    watch_begin(&watch, servers(silent, pg_dir(one), "connect_timeout=1"));
    assert_in_range(ready(&watch, watch.writer, 4000), 900, 1900);
    watch_end(&watch);
    assert_true(watch.gap < 500);
}

static void absent_server_is_passed_at_once(void **state)
{
    struct watch watch;
    (void)state;
    watch_begin(&watch, servers("/nowhere", pg_dir(one), ""));
    assert_true(ready(&watch, watch.writer, 2000) < 1000);
    assert_int_equal(watch.lost, 1);
    watch_end(&watch);
}

static void reading_server_is_passed(void **state)
{
    struct watch watch;
    (void)state;
    pg_run(one, "ALTER SYSTEM SET default_transaction_read_only = on");
    pg_run(one, "SELECT pg_reload_conf()");
    watch_begin(&watch, servers(pg_dir(one), pg_dir(two), "target_session_attrs=read-write"));
    ready(&watch, watch.writer, 4000);
    assert_true(at(watch.writer, two));
    watch_end(&watch);
    pg_run(one, "SET default_transaction_read_only = off");
    pg_run(one, "ALTER SYSTEM RESET default_transaction_read_only");
    pg_run(one, "SELECT pg_reload_conf()");
}

static void slow_name_does_not_stop_the_loop(void **state)
{
    struct watch watch;
    (void)state;
    watch_begin(&watch, servers("slow.test", pg_dir(one), ""));
    assert_in_range(ready(&watch, watch.writer, 4000), 1900, 3500);
    assert_true(at(watch.writer, one));
    watch_end(&watch); // with the look-up still on its way
    assert_true(watch.gap < 500);
}

static void lost_one_is_not_the_next(void **state)
{
    struct watch watch;
    (void)state;
    watch_begin(&watch, servers(pg_dir(one), pg_dir(two), ""));
    ready(&watch, watch.writer, 4000);
    assert_true(at(watch.writer, one));
    assert_int_equal(wh_db_servers(watch.writer), 2);
    for (int i = 0; i < 4; i++) {
        wh_db_drop(watch.writer, "test");
        ready(&watch, watch.writer, 4000);
        assert_true(at(watch.writer, i % 2 == 0 ? two : one));
    }
    pg_stop(one);
    ready(&watch, watch.writer, 4000);
    while (!at(watch.writer, two))
        uv_run(&watch.loop, UV_RUN_ONCE);
    ready(&watch, watch.writer, 4000);
    pg_start(one);
    watch_end(&watch);
}

static void reader_goes_where_the_writer_is(void **state)
{
    struct watch watch;
    (void)state;
    const char *conninfo = servers(pg_dir(one), pg_dir(two), "");
    watch_begin(&watch, conninfo);
    watch.reader = open_db(&watch, conninfo, watch.writer);
    ready(&watch, watch.reader, 4000);
    assert_true(at(watch.reader, one));
    for (int i = 0; i < 3; i++) {
        wh_db_drop(watch.writer, "test");
        wh_db_drop(watch.reader, "test");
        assert_false(wh_db_ready(watch.reader));
        ready(&watch, watch.reader, 4000);
        assert_string_equal(wh_db_server(watch.reader), wh_db_server(watch.writer));
        assert_true(at(watch.reader, i % 2 == 0 ? two : one));
    }
    watch_end(&watch);
}

static void one_server_as_ever(void **state)
{
    struct watch watch;
    (void)state;
    watch_begin(&watch, pg_conninfo(two, "whistle"));
    ready(&watch, watch.writer, 4000);
    assert_int_equal(wh_db_servers(watch.writer), 1);
    wh_db_drop(watch.writer, "test");
    ready(&watch, watch.writer, 4000);
    watch_end(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent_server_is_passed),
        cmocka_unit_test(absent_server_is_passed_at_once),
        cmocka_unit_test(reading_server_is_passed),
        cmocka_unit_test(slow_name_does_not_stop_the_loop),
        cmocka_unit_test(lost_one_is_not_the_next),
        cmocka_unit_test(reader_goes_where_the_writer_is),
        cmocka_unit_test(one_server_as_ever),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
