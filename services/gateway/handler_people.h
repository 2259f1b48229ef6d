// SPDX-License-Identifier: Apache-2.0
// People over HTTP: who asks (handler_caller.c), logging in (handler_login.c), one's own session,
// people and keys (handler_account.c), one-time links (handler_link.c).
#ifndef WH_GATEWAY_HANDLER_PEOPLE_H
#define WH_GATEWAY_HANDLER_PEOPLE_H

#include "gateway/handler.h"

#define CSRF_CHARS 32
#define TOUCH_MS 60000 // a use is stored so long after the one before
#define TOUCH_MAX 512  // so many at a time

// Hex; "" where the session is gone.
void gateway_csrf_token(const struct gateway *gateway, int64_t id, char ret_text[CSRF_CHARS + 1]);
// Stores when sessions and keys were used; now and then.
void gateway_touch(struct gateway *gateway);

// ---- passwords (handler_login.c) ----------------------------------------------------------------
struct logins;
struct logins *logins_new(struct gateway *gateway); // NULL without memory
void logins_free(struct logins *logins);            // when the loop has run out

// Long work in a thread, a few at once, the others in a queue; then done(ask, job) in the loop.
struct password_job {
    struct gateway_ask *ask;
    char password[PASSWORD_MAX * 4 + 1];
    char hash[PASSWORD_HASH_MAX + 1]; // to check against; or to make, where `make`
    bool make, good;
    void (*done)(struct gateway_ask *ask, struct password_job *job);
    void *arg;
    struct password_job *next;
};
// false: the queue is full, or no memory. The job is copied and wiped afterwards.
bool logins_run(struct logins *logins, const struct password_job *job);
// Checks a password under the limits of logging in: the job runs, or the request is answered.
// login_wrong counts one more against them and answers LOGIN_FAILED.
void login_check(struct gateway_ask *ask, const char *login, struct password_job *job);
void login_wrong(struct gateway_ask *ask);
// The strings of a message's answer: who one is now.
void reply_session(struct gateway_ask *ask, int64_t id, int status);

void on_session_open(struct gateway_ask *ask); // handler_login.c
void on_session_show(struct gateway_ask *ask); // handler_account.c
void on_session_close(struct gateway_ask *ask);
void on_session_choose(struct gateway_ask *ask);
void on_session_password(struct gateway_ask *ask);
void on_sessions(struct gateway_ask *ask);
void on_sessions_end(struct gateway_ask *ask);
void on_people(struct gateway_ask *ask); // handler_keep.c
void on_people_add(struct gateway_ask *ask);
void on_people_post(struct gateway_ask *ask);
void on_people_post_end(struct gateway_ask *ask);
void on_people_end(struct gateway_ask *ask);
void on_people_password(struct gateway_ask *ask);
void on_api_keys(struct gateway_ask *ask);
void on_api_key_add(struct gateway_ask *ask);
void on_api_key_end(struct gateway_ask *ask);
void on_link_show(struct gateway_ask *ask); // handler_link.c
void on_link_act(struct gateway_ask *ask);
void on_task_link(struct gateway_ask *ask);

#endif
