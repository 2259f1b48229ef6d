// SPDX-License-Identifier: Apache-2.0
// Every field of every command is checked here and nowhere else.
#include "gateway/wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define PAGE_MAX 200
#define NAME_CHARS 40
#define KEY_LIFE_MS (INT64_C(400) * 86400 * 1000)
#define FAR_MS (INT64_C(3660) * 86400 * 1000) // a post's end
#define HASH(bytes) ((bytes).len == TOKEN_HASH)

static int fault_set(struct wire_fault *fault, enum wh_rule rule, const char *field)
{
    *fault = (struct wire_fault){.rule = rule, .field = field};
    return WH_E_INVALID;
}

int wire_page(const char *cursor, int32_t limit, struct wire_page *ret_page,
              struct wire_fault *fault)
{
    char *end = NULL;
    int64_t after = strtoll(cursor, &end, 10);
    if (*end != 0 || after < 0)
        return fault_set(fault, WH_RULE_FIELD_FORMAT, "cursor");
    ret_page->after = after;
    ret_page->limit = limit <= 0 || limit > PAGE_MAX ? PAGE_MAX : limit;
    return 0;
}

int wire_code(const char *code, const char *field, struct wire_fault *fault)
{
    enum wh_rule rule;
    if (wh_ident_check(code, strlen(code), PERSON_CODE_MAX, &rule) != 0)
        return fault_set(fault, rule, field);
    return 0;
}

static int wire_identity(const char *identity, struct wire_fault *fault)
{
    enum wh_rule rule;
    if (wh_ident_check(identity, strlen(identity), WH_IDENTITY_MAX, &rule) != 0)
        return fault_set(fault, rule, "identity");
    return 0;
}

static int text(const char *value, size_t chars, size_t bytes, const char *field,
                struct wire_fault *fault)
{
    enum wh_rule rule;
    if (wh_text_check(value, strlen(value), chars, &rule) != 0)
        return fault_set(fault, rule, field);
    if (strlen(value) > bytes)
        return fault_set(fault, WH_RULE_FIELD_LENGTH, field);
    return strpbrk(value, "\n\t") != NULL ? fault_set(fault, WH_RULE_FIELD_FORMAT, field) : 0;
}

int wire_name(const char *name, const char *field, struct wire_fault *fault)
{
    if (name[0] == '\0')
        return fault_set(fault, WH_RULE_FIELD_MISSING, field);
    return text(name, NAME_CHARS, PERSON_NAME_MAX, field, fault);
}

int wire_hash(const char *hash, const char *field, struct wire_fault *fault)
{
    return password_hash_good(hash) ? 0 : fault_set(fault, WH_RULE_PASSWORD_HASH, field);
}

int wire_person(const Whistle__V1__AddPerson *message, int64_t now, struct person *ret_person,
                struct wire_fault *fault)
{
    if (wire_code(message->code, "code", fault) != 0 ||
        wire_code(message->login, "login", fault) != 0 ||
        wire_name(message->name, "name", fault) != 0 ||
        wire_hash(message->password_hash, "password_hash", fault) != 0)
        return WH_E_INVALID;
    *ret_person = (struct person){.temporary = message->temporary, .added_at = now};
    strcpy(ret_person->code, message->code);
    strcpy(ret_person->login, message->login);
    strcpy(ret_person->name, message->name);
    strcpy(ret_person->hash, message->password_hash);
    return 0;
}

int wire_role(const char *name, const char *field, enum gateway_role *ret_role,
              struct wire_fault *fault)
{
    return gateway_role_by_name(name, ret_role) == 0 ? 0
                                                     : fault_set(fault, WH_RULE_FIELD_ENUM, field);
}

int wire_post(const Whistle__V1__GivePost *message, int64_t now, struct post *ret_post,
              struct wire_fault *fault)
{
    struct post post = {.from_at = message->from_at != 0 ? message->from_at : now,
                        .until_at = message->until_at};
    if (wire_identity(message->identity, fault) != 0 ||
        wire_role(message->role, "role", &post.role, fault) != 0)
        return WH_E_INVALID;
    if (post.from_at < 0 || post.from_at > now + FAR_MS)
        return fault_set(fault, WH_RULE_FIELD_RANGE, "from_at");
    if (post.until_at != 0 && (post.until_at <= post.from_at || post.until_at > now + FAR_MS))
        return fault_set(fault, WH_RULE_FIELD_RANGE, "until_at");
    if (message->standing_in_for[0] != '\0') {
        if (wire_code(message->standing_in_for, "standing_in_for", fault) != 0)
            return WH_E_INVALID;
        if (post.until_at == 0)
            return fault_set(fault, WH_RULE_POST_DEPUTY, "until_at");
    }
    strcpy(post.identity, message->identity);
    strcpy(post.standing_in_for, message->standing_in_for);
    *ret_post = post;
    return 0;
}

// Only from ourselves; what a browser says of itself is cut, never refused.
static void cut(char *to, size_t size, const char *value)
{
    size_t n = wh_utf8_cut(value, strlen(value), size - 1);
    if (wh_text_check(value, n, size, NULL) != 0)
        n = 0;
    memcpy(to, value, n);
    to[n] = '\0';
}

int wire_session(const Whistle__V1__OpenSession *message, int64_t now, struct session *ret_session,
                 struct wire_fault *fault)
{
    struct session session = {.started_at = now, .used_at = now, .stored_at = now};
    if (wire_code(message->person, "person", fault) != 0 ||
        wire_identity(message->identity, fault) != 0 ||
        wire_role(message->role, "role", &session.role, fault) != 0)
        return WH_E_INVALID;
    if (!HASH(message->token_hash))
        return fault_set(fault, WH_RULE_FIELD_LENGTH, "token_hash");
    memcpy(session.hash, message->token_hash.data, TOKEN_HASH);
    strcpy(session.person, message->person);
    strcpy(session.identity, message->identity);
    cut(session.address, sizeof session.address, message->address);
    cut(session.agent, sizeof session.agent, message->agent);
    *ret_session = session;
    return 0;
}

static int wire_scopes(const Whistle__V1__AddApiKey *message, unsigned *ret_scopes,
                       struct wire_fault *fault)
{
    unsigned scopes = 0;
    if (message->n_scopes == 0)
        return fault_set(fault, WH_RULE_FIELD_MISSING, "scopes");
    for (size_t i = 0; i < message->n_scopes; i++) {
        unsigned scope = gateway_scope_by_name(message->scopes[i]);
        if (scope == 0 || (scopes & scope) != 0)
            return fault_set(fault, scope == 0 ? WH_RULE_FIELD_ENUM : WH_RULE_FIELD_TWICE,
                             "scopes");
        scopes |= scope;
    }
    *ret_scopes = scopes;
    return 0;
}

int wire_api_key(const Whistle__V1__AddApiKey *message, int64_t now, struct api_key *ret_key,
                 struct wire_fault *fault)
{
    struct api_key key = {.added_at = now, .expires_at = message->expires_at};
    if (!api_key_prefix_good(message->prefix))
        return fault_set(fault, WH_RULE_FIELD_FORMAT, "prefix");
    if (!HASH(message->key_hash))
        return fault_set(fault, WH_RULE_FIELD_LENGTH, "key_hash");
    if (wire_identity(message->identity, fault) != 0 ||
        wire_scopes(message, &key.scopes, fault) != 0 ||
        wire_name(message->name, "name", fault) != 0)
        return WH_E_INVALID;
    if (key.expires_at <= now || key.expires_at > now + KEY_LIFE_MS)
        return fault_set(fault, WH_RULE_API_KEY_LIFE, "expires_at");
    memcpy(key.hash, message->key_hash.data, TOKEN_HASH);
    strcpy(key.prefix, message->prefix);
    strcpy(key.identity, message->identity);
    strcpy(key.name, message->name);
    *ret_key = key;
    return 0;
}

int wire_task(const char *task, const char *field, char ret_department[WH_DEPARTMENT_MAX + 1],
              struct wire_fault *fault)
{
    int64_t object;
    if (task[0] == '\0')
        return fault_set(fault, WH_RULE_FIELD_MISSING, field);
    if (wh_task_id_parse(task, NULL, &object, ret_department) != 0)
        return fault_set(fault, WH_RULE_FIELD_FORMAT, field);
    return 0;
}

int wire_link(const Whistle__V1__MakeLink *message, int64_t now, struct link_claim *ret_claim,
              char ret_department[WH_DEPARTMENT_MAX + 1], struct wire_fault *fault)
{
    struct link_claim claim = {.made_at = now, .until_at = message->until_at};
    if (wire_task(message->task, "task", ret_department, fault) != 0)
        return WH_E_INVALID;
    if (message->officer[0] != '\0' && wire_code(message->officer, "officer", fault) != 0)
        return WH_E_INVALID;
    for (size_t i = 0; i < message->n_purposes; i++) {
        unsigned bit = link_purpose_by_name(message->purposes[i]);
        if (bit == 0)
            return fault_set(fault, WH_RULE_FIELD_ENUM, "purposes");
        claim.purposes |= bit;
    }
    if (message->n_purposes == 0)
        claim.purposes = LINK_ALL;
    if (claim.until_at == 0)
        claim.until_at = now + LINK_LIFE_MS;
    if (claim.until_at <= now || claim.until_at > now + LINK_LIFE_MS)
        return fault_set(fault, WH_RULE_FIELD_RANGE, "until_at");
    strcpy(claim.task, message->task);
    strcpy(claim.officer, message->officer);
    *ret_claim = claim;
    return 0;
}
