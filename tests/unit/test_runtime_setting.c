// SPDX-License-Identifier: Apache-2.0
// Settings: which source wins, what is refused and how it is named, secrets that are not printed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "runtime/setting.h"

static const struct wh_setting common[] = {
    {"port", WH_SETTING_INT, "9000", 0, 65535, false, "端口", "port"},
    {"database", WH_SETTING_TEXT, "", 1, 200, false, "数据库", "database"},
    {"verbose", WH_SETTING_BOOL, "no", 0, 0, false, "详细", "verbose"},
};
static const struct wh_setting own[] = {
    {"token", WH_SETTING_TEXT, "", 0, 64, true, "令牌", "token"},
    {"least", WH_SETTING_INT, "-5", -10, -1, false, "最小", "least"},
};
static const struct wh_setting *const tables[] = {common, own};
static const size_t counts[] = {3, 2};

static const char *const variables[] = {
    "WHISTLE_PORT",      "WHISTLE_DATABASE",   "WHISTLE_VERBOSE",
    "WHISTLE_TOKEN",     "WHISTLE_TOKEN_FILE", "WHISTLE_DATABASE_FILE",
    "WHISTLE_PORT_FILE", "WHISTLE_LEAST",      "LC_ALL",
};

static char path[64];

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    strcpy(path, "/tmp/wh-setting-XXXXXX");
    close(mkstemp(path));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct wh_settings *read_good(const char *file)
{
    struct wh_settings *settings = NULL;
    char why[256] = "";
    int status = wh_settings_read(tables, counts, 2, file, &settings, why, sizeof why);
    if (status != 0)
        fail_msg("%s", why);
    return settings;
}

static void expect(const char *file, int status, const char *part, const char *other)
{
    struct wh_settings *settings = NULL;
    char why[256] = "";
    assert_int_equal(wh_settings_read(tables, counts, 2, file, &settings, why, sizeof why), status);
    assert_null(settings);
    if (strstr(why, part) == NULL || strstr(why, other) == NULL)
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", why, part, other);
}

static void environment_over_file_over_default(void **state)
{
    (void)state;
    write_file("; a note\nport = 81\ndatabase = dbname=file\nverbose = yes\n");
    setenv("WHISTLE_PORT", "82", 1);
    struct wh_settings *settings = read_good(path);
    assert_int_equal(wh_settings_int(settings, "port"), 82);
    assert_string_equal(wh_settings_text(settings, "database"), "dbname=file");
    assert_true(wh_settings_bool(settings, "verbose"));
    assert_int_equal(wh_settings_int(settings, "least"), -5);
    assert_string_equal(wh_settings_text(settings, "token"), "");
    wh_settings_free(settings);
}

static void what_has_no_default_must_be_set(void **state)
{
    (void)state;
    expect(NULL, WH_E_INVALID, "database", "1 to 200 bytes");
    setenv("WHISTLE_DATABASE", "dbname=w", 1);
    wh_settings_free(read_good(NULL));
}

static void bad_values_are_named(void **state)
{
    (void)state;
    setenv("WHISTLE_DATABASE", "x", 1);
    static const char *const ports[] = {
        "65536", "-1", "8o", "", "1e3", " 5", "5 ", "0x10", "99999999999999999999"};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        setenv("WHISTLE_PORT", ports[i], 1);
        expect(NULL, WH_E_INVALID, "port (environment)", "from 0 to 65535");
    }
    setenv("WHISTLE_PORT", "1", 1);
    setenv("WHISTLE_VERBOSE", "maybe", 1);
    expect(NULL, WH_E_INVALID, "verbose", "true or false");
    unsetenv("WHISTLE_VERBOSE");
    write_file("port = 1\nprot = 2\n");
    expect(path, WH_E_INVALID, "no setting is called", "prot");
    write_file("[intake]\nport = 1\n");
    expect(path, WH_E_INVALID, "sections", "intake");
    char longer[300] = "port = 1\ndatabase = ";
    memset(longer + strlen(longer), 'x', 200);
    write_file(longer);
    expect(path, WH_E_INVALID, ":2:", "190 bytes");
    write_file("port = 1\n 2\n");
    expect(path, WH_E_INVALID, ":2:", "space");
    write_file("port 1\n");
    expect(path, WH_E_INVALID, ":1:", "name = value");
    expect("/nonexistent/settings", WH_E_IO, "/nonexistent/settings", "read");
}

static void secrets_come_from_files_and_stay_secret(void **state)
{
    (void)state;
    setenv("WHISTLE_DATABASE", "x", 1);
    write_file("s3cret-of-a-file\n");
    setenv("WHISTLE_TOKEN_FILE", path, 1);
    struct wh_settings *settings = read_good(NULL);
    assert_string_equal(wh_settings_text(settings, "token"), "s3cret-of-a-file");
    char printed[64] = "/tmp/wh-print-XXXXXX", text[4096];
    int out = dup(1), fd = mkstemp(printed);
    fflush(stdout);
    dup2(fd, 1);
    wh_settings_print(settings);
    fflush(stdout);
    dup2(out, 1);
    close(out);
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    close(fd);
    unlink(printed);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "WHISTLE_TOKEN=***  (secret file; 0..64 bytes) token"));
    assert_non_null(strstr(text, "WHISTLE_PORT=9000  (default; 0..65535) port"));
    assert_null(strstr(text, "s3cret"));
    wh_settings_free(settings);
    setenv("WHISTLE_TOKEN", "both", 1);
    expect(NULL, WH_E_INVALID, "WHISTLE_TOKEN and WHISTLE_TOKEN_FILE", "both");
    unsetenv("WHISTLE_TOKEN");
    char longer[128];
    memset(longer, 'x', 100);
    strcpy(longer + 100, "\n");
    write_file(longer);
    expect(NULL, WH_E_INVALID, "token (secret file)", "***");
    setenv("WHISTLE_TOKEN_FILE", "/nonexistent/token", 1);
    expect(NULL, WH_E_IO, "token", "/nonexistent/token");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(environment_over_file_over_default),
        TEST(what_has_no_default_must_be_set),
        TEST(bad_values_are_named),
        TEST(secrets_come_from_files_and_stay_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
