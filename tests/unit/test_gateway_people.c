// SPDX-License-Identifier: Apache-2.0
// The rules people stand on, by properties: tokens and links come back as they were made and no
// other text is one; passwords that everybody tries are refused; memory undone is memory as it was;
// when posts, sessions and keys are in force.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/secrets.h"
#include "gateway/directory.h"
#include "gateway/link.h"
#include "gateway/password.h"
#include "gateway/token.h"

#define HOUR INT64_C(3600000)
#define NOW INT64_C(1795500000000)

static void test_a_cookie_comes_back(void **state)
{
    uint8_t token[TOKEN_BYTES], back[TOKEN_BYTES];
    char set[160], header[400];
    (void)state;
    for (int i = 0; i < 200; i++) {
        randombytes_buf(token, sizeof token);
        cookie_set(token, set);
        *strchr(set, ';') = '\0';
        (void)snprintf(header, sizeof header, "a=b; %s; c=d", set);
        assert_true(cookie_token(header, back));
        assert_memory_equal(token, back, sizeof token);
        (void)snprintf(header, sizeof header, "%s; %s", set, set);
        assert_false(cookie_token(header, back)); // twice is none
        set[strlen(set) - 1] = '\0';
        assert_false(cookie_token(set, back));
    }
    cookie_set(NULL, set);
    assert_non_null(strstr(set, "Max-Age=0"));
}

static void test_a_key_comes_back(void **state)
{
    char key[WH_API_KEY_MAX], prefix[WH_API_KEY_PREFIX + 1], header[100], read[9];
    uint8_t hash[WH_API_KEY_HASH], again[TOKEN_HASH];
    (void)state;
    for (int i = 0; i < 200; i++) {
        wh_api_key_make(key, prefix, hash);
        assert_true(api_key_prefix_good(prefix));
        (void)snprintf(header, sizeof header, "Bearer %s", key);
        assert_true(api_key_read(header, read, again));
        assert_string_equal(read, prefix);
        assert_true(token_equal(hash, again));
        size_t at = 7 + randombytes_uniform((uint32_t)strlen(key));
        header[at] = header[at] == '_' ? '-' : '_';
        if (api_key_read(header, read, again)) // still one in shape: another one
            assert_false(token_equal(hash, again));
    }
}

static struct link_claim claim_of(int i)
{
    struct link_claim claim = {.purposes = 1u + (unsigned)i % LINK_ALL,
                               .made_at = NOW / 1000 * 1000,
                               .until_at = NOW / 1000 * 1000 + (1 + i % 72) * HOUR};
    (void)snprintf(claim.task, sizeof claim.task, "AL-20261123-%04d-GASCO", i + 1);
    if (i % 2 == 0)
        (void)snprintf(claim.officer, sizeof claim.officer, "p%d", i);
    return claim;
}

static void test_a_link_comes_back_and_no_bent_one(void **state)
{
    uint8_t key[LINK_KEY], other[LINK_KEY];
    char token[LINK_TOKEN_MAX];
    (void)state;
    randombytes_buf(key, sizeof key);
    randombytes_buf(other, sizeof other);
    for (int i = 0; i < 500; i++) {
        struct link_claim claim = claim_of(i), back;
        assert_int_equal(link_make(&claim, key, token), 0);
        assert_int_equal(link_read(token, key, &back), 0);
        assert_string_equal(back.task, claim.task);
        assert_string_equal(back.officer, claim.officer);
        assert_int_equal(back.purposes, claim.purposes);
        assert_int_equal(back.until_at, claim.until_at);
        assert_true(link_live(&back, 0, NOW));
        assert_false(link_live(&back, 0, back.until_at));
        assert_false(link_live(&back, back.made_at, NOW));
        assert_int_equal(link_read(token, other, &back), WH_E_INVALID);
        size_t at = randombytes_uniform((uint32_t)strlen(token));
        token[at] = token[at] == 'A' ? 'B' : 'A';
        assert_int_equal(link_read(token, key, &back), WH_E_INVALID);
    }
    struct link_claim bad = claim_of(1);
    bad.purposes = 16;
    assert_int_equal(link_make(&bad, key, token), WH_E_INVALID);
    bad = claim_of(1);
    strcpy(bad.task, "nothing");
    assert_int_equal(link_make(&bad, key, token), WH_E_INVALID);
}

static void test_passwords(void **state)
{
    static const char *const guessed[] = {"1234567890",   "aaaaaaaaaaaa", "abcdefghijkl",
                                          "password123!", "abcabcabcabc", "zhangsan-2026",
                                          "qwertyuiop"};
    char made[WH_PASSWORD_MADE], hash[WH_PASSWORD_HASH];
    (void)state;
    for (size_t i = 0; i < sizeof guessed / sizeof *guessed; i++)
        assert_int_equal(password_check(guessed[i], "zhangsan", "张三"), WH_RULE_PASSWORD_GUESSED);
    assert_int_equal(password_check("short", "x", "y"), WH_RULE_PASSWORD_SHORT);
    assert_int_equal(password_check("绿杨城郭是扬州二〇", "x", "y"), WH_RULE_PASSWORD_SHORT);
    assert_int_equal(password_check("绿杨城郭是扬州二〇二六", "x", "y"), WH_RULE_NONE);
    for (int i = 0; i < 100; i++) {
        wh_password_make(made);
        assert_int_equal(password_check(made, "zhangsan", "张三"), WH_RULE_NONE);
    }
    assert_int_equal(wh_password_hash(made, hash), 0);
    assert_true(password_hash_good(hash));
    hash[20]++;
    assert_false(password_hash_good(hash));
    assert_false(password_hash_good("$argon2id$v=19$m=19456,t=2,p=1$"));
}

// ---- memory -------------------------------------------------------------------------------------

static struct person person_of(int i)
{
    struct person person = {.added_at = NOW};
    (void)snprintf(person.code, sizeof person.code, "p%d", i);
    (void)snprintf(person.login, sizeof person.login, "login%d", i);
    return person;
}

static size_t people_in(const struct directory *directory)
{
    size_t at = 0, n = 0;
    while (directory_next_person(directory, &at) != NULL)
        n++;
    return n;
}

static void test_undone_is_as_before(void **state)
{
    const uint8_t seed[16] = {7};
    struct directory *directory = directory_new(seed);
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct person person = person_of(i);
        assert_int_equal(directory_add_person(directory, &person), 0);
        assert_int_equal(directory_add_person(directory, &person), WH_E_EXISTS);
    }
    directory_keep(directory);
    struct person *known = directory_person(directory, "p7"), other = person_of(99);
    struct session session = {.id = 5, .person = "p7", .hash = {1}};
    assert_int_equal(directory_change_person(directory, known), 0);
    strcpy(known->name, "另一个");
    assert_int_equal(directory_add_person(directory, &other), 0);
    assert_int_equal(directory_add_session(directory, &session), 0);
    assert_int_equal(directory_end_link(directory, "AL-20261123-0001-GASCO", NOW), 0);
    directory_undo(directory);
    assert_string_equal(directory_person(directory, "p7")->name, "");
    assert_null(directory_person(directory, "p99"));
    assert_null(directory_login(directory, "login99"));
    assert_null(directory_session(directory, 5));
    assert_null(directory_token(directory, session.hash));
    assert_int_equal(directory_link_end(directory, "AL-20261123-0001-GASCO"), 0);
    assert_int_equal(people_in(directory), 50);
    assert_int_equal(directory_add_session(directory, &session), 0);
    directory_keep(directory);
    struct session *open = directory_token(directory, session.hash);
    assert_non_null(open);
    assert_int_equal(directory_change_session(directory, open), 0);
    open->ended = true;
    assert_null(directory_session(directory, 5));
    directory_keep(directory);
    assert_null(directory_token(directory, session.hash));
    directory_free(directory);
}

static void test_when_in_force(void **state)
{
    struct person person = person_of(1);
    struct session session = {.started_at = NOW, .used_at = NOW, .identity = "GASCO"};
    struct api_key key = {.expires_at = NOW + HOUR};
    (void)state;
    session.role = GATEWAY_ROLE_OFFICER;
    person.n_posts = 1;
    person.posts[0] = (struct post){.identity = "GASCO",
                                    .role = GATEWAY_ROLE_OFFICER,
                                    .from_at = NOW - HOUR,
                                    .until_at = NOW + 3 * HOUR};
    assert_true(session_live(&session, &person, HOUR, 4 * HOUR, NOW));
    assert_false(session_live(&session, &person, HOUR, 4 * HOUR, NOW + HOUR)); // unused
    session.used_at = NOW + 3 * HOUR;
    assert_false(session_live(&session, &person, HOUR, 9 * HOUR, NOW + 3 * HOUR)); // the post ended
    person.posts[0].until_at = 0;
    assert_true(session_live(&session, &person, HOUR, 9 * HOUR, NOW + 3 * HOUR));
    assert_false(session_live(&session, &person, HOUR, 3 * HOUR, NOW + 3 * HOUR)); // its life
    person.ended_at = NOW;
    assert_false(session_live(&session, &person, HOUR, 9 * HOUR, NOW + 3 * HOUR));
    assert_true(api_key_live(&key, NOW));
    assert_false(api_key_live(&key, NOW + HOUR));
    for (size_t i = 1; i < PERSON_POSTS; i++)
        assert_non_null(person_room(&person, NOW));
    for (size_t i = 0; i < PERSON_POSTS; i++)
        person.posts[i].until_at = 0;
    assert_null(person_room(&person, NOW));
    person.posts[3].until_at = NOW - 1;
    assert_ptr_equal(person_room(&person, NOW), &person.posts[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cookie_comes_back),
        cmocka_unit_test(test_a_key_comes_back),
        cmocka_unit_test(test_a_link_comes_back_and_no_bent_one),
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_undone_is_as_before),
        cmocka_unit_test(test_when_in_force),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("gateway people", tests, NULL, NULL);
}
