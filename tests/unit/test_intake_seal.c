// SPDX-License-Identifier: Apache-2.0
// Sealing: what was sealed opens with the person's key only; masked texts tell nothing, what the
// mask cut out comes back; an erased person stays closed for ever; who may unseal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "intake/contact.h"
#include "intake/facts.h"
#include "intake/unseal.h"
#include "intake/wire.h"
#include "support/demo_district.h"

#define S(text) ((char *)(uintptr_t)(text))
#define NOW INT64_C(1795400000000)
#define PHONE "13912345678"
#define CITIZEN "11010519491231002X"

static struct wh_district *district;
static struct wh_arena arena;
static uint8_t vault[SEAL_KEY], other_vault[SEAL_KEY], reporter_key[SEAL_KEY];

static int set_up(void **state)
{
    (void)state;
    district = demo_district(WH_SOURCE_DIR);
    wh_arena_init(&arena, (size_t)16 << 20);
    randombytes_buf(vault, SEAL_KEY);
    randombytes_buf(other_vault, SEAL_KEY);
    randombytes_buf(reporter_key, SEAL_KEY);
    return sodium_init() < 0;
}

static int tear_down(void **state)
{
    (void)state;
    wh_district_free(district);
    wh_arena_done(&arena);
    return 0;
}

static struct person new_person(int64_t id)
{
    struct person person = {.id = id};
    randombytes_buf(person.key, SEAL_KEY);
    return person;
}

static void a_key_opens_with_its_vault_and_id_only(void **state)
{
    (void)state;
    uint8_t nonce[SEAL_NONCE], wrapped[SEAL_WRAPPED];
    struct person person = new_person(42), back;
    randombytes_buf(nonce, sizeof(nonce));
    seal_wrap(vault, &person, nonce, wrapped);
    assert_int_equal(seal_unwrap(vault, 42, wrapped, SEAL_WRAPPED, &back), 0);
    assert_memory_equal(back.key, person.key, SEAL_KEY);
    assert_int_equal(seal_unwrap(vault, 43, wrapped, SEAL_WRAPPED, &back), WH_E_INVALID);
    assert_int_equal(seal_unwrap(other_vault, 42, wrapped, SEAL_WRAPPED, &back), WH_E_INVALID);
    assert_int_equal(seal_unwrap(vault, 42, wrapped, SEAL_WRAPPED - 1, &back), WH_E_INVALID);
    for (size_t i = 0; i < SEAL_WRAPPED; i++) {
        wrapped[i] ^= 1;
        assert_int_equal(seal_unwrap(vault, 42, wrapped, SEAL_WRAPPED, &back), WH_E_INVALID);
        wrapped[i] ^= 1;
    }
}

static void a_box_opens_with_its_key_only(void **state)
{
    (void)state;
    struct person a = new_person(1), b = new_person(2);
    uint8_t nonce[SEAL_NONCE], data[300], box[300 + SEAL_MAC], back[300];
    for (size_t n = 0; n < sizeof(data); n += 13) {
        randombytes_buf(nonce, sizeof(nonce));
        randombytes_buf(data, n);
        seal_box(&a, nonce, data, n, box);
        assert_int_equal(seal_open(&a, nonce, SEAL_NONCE, box, n + SEAL_MAC, back), 0);
        assert_memory_equal(back, data, n);
        assert_int_not_equal(seal_open(&b, nonce, SEAL_NONCE, box, n + SEAL_MAC, back), 0);
        assert_int_not_equal(seal_open(&a, nonce, SEAL_NONCE - 1, box, n + SEAL_MAC, back), 0);
        assert_int_not_equal(seal_open(&a, nonce, SEAL_NONCE, box, SEAL_MAC - 1, back), 0);
        box[n] ^= 0x80;
        assert_int_not_equal(seal_open(&a, nonce, SEAL_NONCE, box, n + SEAL_MAC, back), 0);
    }
}

static void one_phone_many_writings(void **state)
{
    (void)state;
    const char *same[] = {PHONE, "+86 139-1234-5678", "0086 13912345678", "139 1234 5678",
                          "86-139-1234-5678"};
    char normal[SEAL_PHONE];
    uint8_t first[SEAL_HASH], hash[SEAL_HASH];
    seal_phone_hash(reporter_key, PHONE, first);
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_true(seal_phone(same[i], normal));
        assert_string_equal(normal, PHONE);
        seal_phone_hash(reporter_key, normal, hash);
        assert_memory_equal(hash, first, SEAL_HASH);
    }
    assert_true(seal_phone("010-8888 8888", normal));
    assert_string_equal(normal, "01088888888");
    assert_false(seal_phone("", normal));
    assert_false(seal_phone("+- ", normal));
    seal_phone_hash(vault, PHONE, hash);
    assert_memory_not_equal(hash, first, SEAL_HASH);
}

// After an erasure the same phone is another person: nothing in the journal links the two.
static void a_pseudonym_dies_with_its_key(void **state)
{
    (void)state;
    struct person before = new_person(1), after = new_person(2);
    uint8_t a[SEAL_HASH], b[SEAL_HASH], c[SEAL_HASH];
    seal_pseudonym(&before, PHONE, a);
    seal_pseudonym(&before, PHONE, b);
    seal_pseudonym(&after, PHONE, c);
    assert_memory_equal(a, b, SEAL_HASH);
    assert_memory_not_equal(a, c, SEAL_HASH);
}

// ---- a whole whistle ----------------------------------------------------------------------------

static Whistle__V1__WhistleFacts *raise_one(const struct person *person)
{
    struct raise ask;
    struct fault fault;
    struct admitted *admitted = wh_arena_alloc(&arena, sizeof(*admitted));
    struct masked *masked = wh_arena_alloc(&arena, sizeof(*masked));
    Whistle__V1__WhistleFacts *facts = NULL;
    Whistle__V1__RaiseWhistle message = WHISTLE__V1__RAISE_WHISTLE__INIT;
    Whistle__V1__Reporter reporter = WHISTLE__V1__REPORTER__INIT;
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    Whistle__V1__QuestionAnswer answer = WHISTLE__V1__QUESTION_ANSWER__INIT;
    Whistle__V1__QuestionAnswer *answers[] = {&answer};
    struct who who = {.identity = "990101002", .officer = ""};
    struct sealing sealing = {.person = *person};
    randombytes_buf(sealing.nonce_reporter, SEAL_NONCE);
    randombytes_buf(sealing.nonce_text, SEAL_NONCE);
    message.unit = S("990101002");
    message.category = S("ELDER_CARE");
    message.title = S("独居老人联系不上 " PHONE);
    message.text = S("老人身份证" CITIZEN ",住3号楼2单元502室,家属电话" PHONE "。");
    place.address = S("东堤路18号3号楼2单元502室");
    message.place = &place;
    answer.code = S("last_seen");
    answer.value = S("昨天用" PHONE "打过电话");
    message.answers = answers;
    message.n_answers = 1;
    reporter.name = S("示例居民甲");
    reporter.phone = S(PHONE);
    message.reporter = &reporter;
    assert_int_equal(wire_raise(&message, &ask, &fault), 0);
    assert_int_equal(admit(district, &who, &ask, NOW, admitted, &fault), 0);
    assert_int_equal(facts_mask(&arena, admitted->category, &ask, masked), 0);
    assert_true(masked->cut);
    assert_true(facts_needs_sealing(&ask, masked));
    struct facts_frame frame = {.district = district,
                                .admitted = admitted,
                                .ask = &ask,
                                .masked = masked,
                                .sealing = &sealing,
                                .number = "AL-20261123-0001",
                                .submitted_at = NOW};
    assert_int_equal(facts_build(&arena, &frame, &facts), 0);
    // As it would travel: packed and read again, so that nothing points outside.
    size_t n = whistle__v1__whistle_facts__get_packed_size(facts);
    uint8_t *bytes = wh_arena_alloc(&arena, n);
    whistle__v1__whistle_facts__pack(facts, bytes);
    const char *secrets[] = {PHONE, CITIZEN, "502室", "示例居民甲"};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        for (size_t at = 0; at + strlen(secrets[i]) <= n; at++)
            assert_memory_not_equal(bytes + at, secrets[i], strlen(secrets[i]));
    return whistle__v1__whistle_facts__unpack(NULL, n, bytes);
}

static void what_is_sealed_comes_back_until_erased(void **state)
{
    (void)state;
    struct person person = new_person(77), stranger = new_person(77);
    Whistle__V1__WhistleFacts *facts = raise_one(&person);
    struct unsealing unsealing = {.whistle = {.facts = facts}};
    Whistle__V1__Unsealed unsealed;
    assert_non_null(strstr(facts->text, "3号楼2单元"));
    assert_non_null(strstr(facts->place->address, "东堤路18号3号楼2单元"));
    assert_int_equal(facts->reporter_hash.len, SEAL_HASH);

    assert_int_equal(unseal_open(&unsealing, &person, 1, &arena, &unsealed), 0);
    assert_string_equal(unsealed.reporter->name, "示例居民甲");
    assert_string_equal(unsealed.reporter->phone, PHONE);
    assert_string_equal(unsealed.title, "独居老人联系不上 " PHONE);
    assert_non_null(strstr(unsealed.text, CITIZEN));
    assert_non_null(strstr(unsealed.text, "502室"));
    assert_string_equal(unsealed.address, "东堤路18号3号楼2单元502室");
    assert_int_equal(unsealed.n_answers, 1);
    assert_string_equal(unsealed.answers[0]->value, "昨天用" PHONE "打过电话");

    assert_int_equal(unseal_open(&unsealing, NULL, 0, &arena, &unsealed), WH_E_NOTFOUND);
    assert_null(unsealed.reporter);
    assert_null(strstr(unsealed.text, CITIZEN));
    assert_int_equal(unseal_open(&unsealing, &stranger, 1, &arena, &unsealed), WH_E_NOTFOUND);
    whistle__v1__whistle_facts__free_unpacked(facts, NULL);
}

static void nothing_personal_nothing_sealed(void **state)
{
    (void)state;
    struct raise ask = {.title = "染坊街下穿桥积水约60厘米",
                        .text = "每天15:30至17:00约20个摊位占满人行道,12号楼停放14辆。",
                        .place = {.address = "染坊街18号3号楼"},
                        .reporter_name = "",
                        .reporter_phone = "",
                        .reporter_email = ""};
    struct masked masked;
    const struct wh_category *category = wh_district_category(district, "FLOODING");
    assert_int_equal(facts_mask(&arena, category, &ask, &masked), 0);
    assert_false(masked.cut);
    assert_string_equal(masked.title, ask.title);
    assert_string_equal(masked.text, ask.text);
    assert_string_equal(masked.address, ask.place.address);
    assert_false(facts_needs_sealing(&ask, &masked));
}

static void who_may_unseal(void **state)
{
    (void)state;
    Whistle__V1__WhistleFacts facts = WHISTLE__V1__WHISTLE_FACTS__INIT;
    char *joint[] = {S("990101003")};
    facts.unit = S("990101002003");
    facts.street = S("990101002");
    facts.category = S("GAS_LEAK");
    facts.joint_units = joint;
    facts.n_joint_units = 1;
    static const struct {
        const char *identity;
        bool district, blown, may;
    } cases[] = {
        {"990101002", false, false, true}, {"990101003", false, true, true},
        {"990101004", false, true, false}, {"990101002003", false, true, false},
        {"DISTRICT", true, false, true},   {"DISTRICT", false, true, false},
        {"FIRE", false, true, true},       {"FIRE", false, false, false},
        {"URBAN", false, true, false},     {"TAPCO", false, true, false},
        {"NOTIFIER", false, true, false},  {"", false, true, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct whistle whistle = {
            .state = cases[i].blown ? WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_BLOWN
                                    : WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_SUBMITTED,
            .facts = &facts};
        struct who who = {
            .identity = cases[i].identity, .officer = "", .district = cases[i].district};
        if (unseal_may(district, &whistle, &who) != cases[i].may)
            fail_msg("case %zu: %s", i, cases[i].identity);
    }
}

static void contacts_are_sealed_the_same_way_each_time(void **state)
{
    (void)state;
    struct person person = new_person(5), other = new_person(5), stranger = new_person(6);
    const char *a = NULL, *b = NULL, *open = NULL;
    int64_t id = 0;
    const char *personal[] = {"sms:" PHONE, "mail:duty officer", "tel:010-88888888",
                              "exec:call " PHONE, "hook:duty@example.org"};
    const char *others[] = {"outbox:URBAN-0", "hook:https://desk.example/urban", "outbox:", "x"};
    for (size_t i = 0; i < sizeof(personal) / sizeof(personal[0]); i++) {
        assert_true(contact_is_personal(personal[i]));
        assert_int_equal(contact_seal(&arena, &person, personal[i], &a), 0);
        assert_int_equal(contact_seal(&arena, &person, personal[i], &b), 0);
        assert_string_equal(a, b);
        assert_true(contact_is_sealed(a, &id));
        assert_int_equal(id, 5);
        assert_false(contact_is_personal(a));
        assert_null(strstr(a, strchr(personal[i], ':') + 1));
        assert_int_equal(contact_open(&arena, &person, a, &open), 0);
        assert_string_equal(open, personal[i]);
        assert_int_equal(contact_open(&arena, &other, a, &open), WH_E_INVALID);
        assert_int_equal(contact_open(&arena, &stranger, a, &open), WH_E_INVALID);
        assert_int_equal(contact_open(&arena, &person, personal[i], &open), WH_E_INVALID);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(contact_is_personal(others[i]));
    assert_int_equal(contact_open(&arena, &person, "sms:sealed.5.", &open), WH_E_INVALID);
    assert_int_equal(contact_open(&arena, &person, "sms:sealed.5.%%%", &open), WH_E_INVALID);
    assert_false(contact_is_sealed("sms:sealed.x.y", &id));
    assert_false(contact_is_sealed("sms:sealed.-5.y", &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_opens_with_its_vault_and_id_only),
        cmocka_unit_test(a_box_opens_with_its_key_only),
        cmocka_unit_test(one_phone_many_writings),
        cmocka_unit_test(a_pseudonym_dies_with_its_key),
        cmocka_unit_test(what_is_sealed_comes_back_until_erased),
        cmocka_unit_test(nothing_personal_nothing_sealed),
        cmocka_unit_test(who_may_unseal),
        cmocka_unit_test(contacts_are_sealed_the_same_way_each_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
