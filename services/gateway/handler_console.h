// SPDX-License-Identifier: Apache-2.0
// The web console's files, as they were built: read once at the start, held in memory, answered
// from there. Files below assets/ have their hash in the name and never change; every other address
// of the console is its one page, which a browser asks for anew each time.
#ifndef WH_GATEWAY_HANDLER_CONSOLE_H
#define WH_GATEWAY_HANDLER_CONSOLE_H

#include <stdbool.h>

#include "http/http.h"

struct console;

// Reads index.html and assets/ with their .gz from folder (borrowed). 0 with a console to free;
// WH_E_IO: no such folder, unreadable, or no index.html; WH_E_NOMEM; WH_E_RANGE: more than 400
// files or 16 MiB.
int console_load(const char *folder, struct console **ret_console);
void console_free(struct console *console);

// Answers a GET or HEAD of a file or a page of the console; true: answered, the request is gone.
// false: not the console's (other methods, the API's paths, files it has not). console NULL: false.
bool console_serve(const struct console *console, struct http_request *request);

#endif
