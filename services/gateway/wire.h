// SPDX-License-Identifier: Apache-2.0
// Every field of every command at the gateway's door is checked here and nowhere else. What a
// command may do is for the handlers' rules.
#ifndef WH_GATEWAY_WIRE_H
#define WH_GATEWAY_WIRE_H

#include "base/error.h"
#include "gateway/directory.h"
#include "gateway/link.h"
#include "whistle/v1/gateway.pb-c.h"

struct wire_fault {
    enum wh_rule rule;
    const char *field;
};

struct wire_page {
    int64_t after;
    int32_t limit;
};

// All: 0, or WH_E_INVALID with the first broken rule. What is returned is whole then.
int wire_page(const char *cursor, int32_t limit, struct wire_page *ret_page,
              struct wire_fault *fault);
int wire_code(const char *code, const char *field, struct wire_fault *fault);
int wire_name(const char *name, const char *field, struct wire_fault *fault);
int wire_hash(const char *hash, const char *field, struct wire_fault *fault);
// Code, login, name, hash; no post.
int wire_person(const Whistle__V1__AddPerson *message, int64_t now, struct person *ret_person,
                struct wire_fault *fault);
// from_at 0 becomes now.
int wire_post(const Whistle__V1__GivePost *message, int64_t now, struct post *ret_post,
              struct wire_fault *fault);
int wire_role(const char *name, const char *field, enum gateway_role *ret_role,
              struct wire_fault *fault);
int wire_session(const Whistle__V1__OpenSession *message, int64_t now, struct session *ret_session,
                 struct wire_fault *fault);
int wire_api_key(const Whistle__V1__AddApiKey *message, int64_t now, struct api_key *ret_key,
                 struct wire_fault *fault);
// made_at is now; until_at at most 72 hours later.
int wire_link(const Whistle__V1__MakeLink *message, int64_t now, struct link_claim *ret_claim,
              char ret_department[WH_DEPARTMENT_MAX + 1], struct wire_fault *fault);
int wire_task(const char *task, const char *field, char ret_department[WH_DEPARTMENT_MAX + 1],
              struct wire_fault *fault);

#endif
