// SPDX-License-Identifier: Apache-2.0
// A whistle or a task by its name, as its asker may see it now: for showing it, and for comparing
// it with what the sender of a command saw.
#ifndef WH_GATEWAY_HANDLER_OBJECT_H
#define WH_GATEWAY_HANDLER_OBJECT_H

#include "gateway/handler_reply.h"

typedef void (*object_fn)(struct gateway_ask *ask, struct http_buffer *body, const char *etag);

// What the path's first capture names (a whistle's {number}, else a task). Calls fn, or, where it
// may not be seen, ended (may be NULL) and answers the request.
void object_read(struct gateway_ask *ask, object_fn fn, gateway_fn ended);
// Something happened to a whistle or task: what was just shown of it is shown no more. ref: a
// number or a task's id.
void object_changed(struct gateway *gateway, const char *ref);

#endif
