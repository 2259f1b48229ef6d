// SPDX-License-Identifier: Apache-2.0
// Key files, doors files and keyrings: what is written is read back, every slip is refused with
// file, line and reason, and a key is live exactly from its first to its last moment.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "client/keys.h"

static char dir[64], path[128], why[256];

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/wh-keys-XXXXXX");
    snprintf(path, sizeof(path), "%s/file", mkdtemp(dir));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, 0600);
}

static void key_comes_back(void **state)
{
    struct wh_key key, back;
    struct stat st;

    (void)state;
    wh_key_generate("990101002", WH_ROLE_STREET | WH_ROLE_OPERATOR, &key);
    assert_int_not_equal(key.public_key[0], '#');
    assert_int_equal(wh_key_write(path, &key), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777U, 0600U);
    assert_int_equal(wh_key_read(path, &back, why, sizeof(why)), 0);
    assert_memory_equal(&key, &back, sizeof(key));
    chmod(path, 0640);
    assert_int_equal(wh_key_read(path, &back, why, sizeof(why)), WH_E_INVALID);
    assert_non_null(strstr(why, "chmod 600"));
    key.identity[0] = '\0';
    assert_int_equal(wh_key_write(path, &key), WH_E_INVALID);
}

static void wrong_key_files(void **state)
{
    struct wh_key one, other, back;
    char text[512];

    (void)state;
    wh_key_generate("A", WH_ROLE_STREET, &one);
    wh_key_generate("A", WH_ROLE_STREET, &other);
    assert_int_equal(wh_key_read(path, &back, why, sizeof(why)), WH_E_IO);
    write_file("identity A\nrole street\n");
    assert_int_equal(wh_key_read(path, &back, why, sizeof(why)), WH_E_INVALID);
    write_file("# x\nidentity A B\n");
    assert_int_equal(wh_key_read(path, &back, why, sizeof(why)), WH_E_INVALID);
    assert_non_null(strstr(why, "file:2: "));
    write_file("identity ../A\n");
    assert_int_equal(wh_key_read(path, &back, why, sizeof(why)), WH_E_INVALID);
    write_file("role king\n");
    assert_int_equal(wh_key_read(path, &back, why, sizeof(why)), WH_E_INVALID);
    snprintf(text, sizeof(text), "identity A\nrole street\npublic %s\nsecret %s\n", one.public_key,
             other.secret_key);
    write_file(text);
    assert_int_equal(wh_key_read(path, &back, NULL, 0), WH_E_INVALID);
}

static void doors_are_found(void **state)
{
    struct wh_key key, next;
    struct wh_door door;
    char text[1024];

    (void)state;
    wh_key_generate("S", WH_ROLE_SERVICE, &key);
    wh_key_generate("S", WH_ROLE_SERVICE, &next);
    snprintf(text, sizeof(text),
             "# doors of this place\n\ndoor intake ipc:///run/i %s\n"
             "feed intake ipc:///run/a,tcp://10.0.0.2:7001 %s\nfeed intake ipc:///run/a %s\n",
             key.public_key, key.public_key, next.public_key);
    write_file(text);
    assert_int_equal(wh_doors_find(path, "feed", "intake", &door, why, sizeof(why)), 0);
    assert_int_equal(door.n_endpoints, 3);
    assert_string_equal(door.endpoints[1], "tcp://10.0.0.2:7001");
    assert_string_equal(door.endpoints[2], "ipc:///run/a");
    assert_string_equal(door.server_keys[1], key.public_key);
    assert_string_equal(door.server_keys[2], next.public_key);
    assert_int_equal(wh_doors_find(path, "door", "intake", &door, why, sizeof(why)), 0);
    assert_int_equal(door.n_endpoints, 1);
    assert_int_equal(wh_doors_find(path, "door", "none", &door, why, sizeof(why)), WH_E_NOTFOUND);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "door bad http://x %s\n",
             key.public_key);
    write_file(text);
    assert_int_equal(wh_doors_find(path, "door", "intake", &door, why, sizeof(why)), WH_E_INVALID);
    assert_non_null(strstr(why, "file:6: "));
}

static void keyring_knows_who_and_when(void **state)
{
    struct wh_key a, b, c;
    struct wh_keyring *ring;
    const struct wh_key_holder *holder;
    char text[1024];

    (void)state;
    wh_key_generate("A", 0, &a);
    wh_key_generate("B", 0, &b);
    wh_key_generate("C", 0, &c);
    snprintf(text, sizeof(text),
             "# who may\n%s GASCO department - -\n"
             "%s GASCO department,notifier 1970-01-01T00:00:01Z 1970-01-01T08:00:02+08:00\n",
             a.public_key, b.public_key);
    write_file(text);
    assert_int_equal(wh_keyring_read(path, &ring, why, sizeof(why)), 0);
    assert_int_equal(wh_keyring_count(ring), 2);
    holder = wh_keyring_find(ring, a.public_key, INT64_MAX - 1);
    assert_non_null(holder);
    assert_string_equal(holder->identity, "GASCO");
    assert_null(wh_keyring_find(ring, b.public_key, 999));
    assert_non_null(wh_keyring_find(ring, b.public_key, 1000));
    assert_non_null(wh_keyring_find(ring, b.public_key, 1999));
    assert_null(wh_keyring_find(ring, b.public_key, 2000));
    assert_null(wh_keyring_find(ring, c.public_key, 1500));
    assert_null(wh_keyring_find(ring, "", 1500));
    assert_int_equal(wh_keyring_roles(ring, "GASCO", 1500), WH_ROLE_DEPARTMENT | WH_ROLE_NOTIFIER);
    assert_int_equal(wh_keyring_roles(ring, "GASCO", 2500), WH_ROLE_DEPARTMENT);
    assert_int_equal(wh_keyring_roles(ring, "GAS", 1500), 0);
    wh_keyring_free(ring);
    wh_keyring_free(NULL);
}

static void refuse_ring(const char *text, const char *part)
{
    struct wh_keyring *ring = NULL;

    write_file(text);
    assert_int_equal(wh_keyring_read(path, &ring, why, sizeof(why)), WH_E_INVALID);
    assert_null(ring);
    if (!strstr(why, part))
        fail_msg("\"%s\" without \"%s\"", why, part);
}

static void wrong_keyrings_are_refused_whole(void **state)
{
    struct wh_key a;
    char text[1024];

    (void)state;
    wh_key_generate("A", 0, &a);
    snprintf(text, sizeof(text), "%s A street - -\n%s B street - -\n", a.public_key, a.public_key);
    refuse_ring(text, "twice");
    snprintf(text, sizeof(text), "%s A street - -\n%s B\n", a.public_key, a.public_key);
    refuse_ring(text, "file:2: ");
    snprintf(text, sizeof(text), "%s A street yesterday -\n", a.public_key);
    refuse_ring(text, "RFC 3339");
    snprintf(text, sizeof(text), "#%s A street - -\n", a.public_key + 1);
    refuse_ring(text, "begins with '#'");
    refuse_ring("abc A street - -\n", "Z85");
    snprintf(text, sizeof(text), "%s A street - - x y z w v\n", a.public_key);
    refuse_ring(text, "too many");
}

// 5,000 identities with two keys each: every one is found, none is confused.
static void large_keyring(void **state)
{
    enum { N = 5000 };
    struct wh_keyring *ring;
    static struct wh_key keys[2 * N];
    FILE *file = fopen(path, "w");
    char name[16];

    (void)state;
    for (int i = 0; i < 2 * N; i++) {
        snprintf(name, sizeof(name), "U%05d", i % N);
        wh_key_generate(name, 0, &keys[i]);
        fprintf(file, "%s %s %s - -\n", keys[i].public_key, name, i < N ? "street" : "leader");
    }
    fclose(file);
    assert_int_equal(wh_keyring_read(path, &ring, why, sizeof(why)), 0);
    for (int i = 0; i < 2 * N; i++) {
        assert_string_equal(wh_keyring_find(ring, keys[i].public_key, 0)->identity,
                            keys[i].identity);
        assert_int_equal(wh_keyring_roles(ring, keys[i].identity, 0),
                         WH_ROLE_STREET | WH_ROLE_LEADER);
    }
    wh_keyring_free(ring);
}

static void roles_as_text(void **state)
{
    char text[160];

    (void)state;
    assert_int_equal(wh_roles_parse("street,gateway"), WH_ROLE_STREET | WH_ROLE_GATEWAY);
    assert_int_equal(wh_roles_parse(""), 0);
    assert_int_equal(wh_roles_parse("street,"), 0);
    assert_int_equal(wh_roles_parse("Street"), 0);
    wh_roles_format(WH_ROLE_SERVICE | WH_ROLE_COMMUNITY, text, sizeof(text));
    assert_string_equal(text, "community,service");
    wh_roles_format(~0U, text, sizeof(text));
    assert_int_equal(wh_roles_parse(text), (WH_ROLE_SHEET << 1) - 1); // the last one
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(key_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_key_files, setup, teardown),
        cmocka_unit_test_setup_teardown(doors_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(keyring_knows_who_and_when, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_keyrings_are_refused_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(large_keyring, setup, teardown),
        cmocka_unit_test(roles_as_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
