// SPDX-License-Identifier: Apache-2.0
// The health endpoint's request parser: any bytes, cut anywhere, end in a status or want more; a
// path is whole and bounded only when the request is complete.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int feed(const uint8_t *data, size_t n, size_t piece, struct wh_http_request *request)
{
    int status = 0;
    wh_http_request_init(request);
    for (size_t at = 0; at < n && status == 0; at += piece) {
        size_t part = n - at < piece ? n - at : piece;
        char *copy = malloc(part); // so that the sanitizer sees a step beyond the piece
        if (copy == NULL)
            abort();
        memcpy(copy, data + at, part);
        status = wh_http_request_feed(request, copy, part);
        free(copy);
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct wh_http_request whole, pieces;
    if (n == 0)
        return 0;
    int a = feed(data + 1, n - 1, n, &whole);
    int b = feed(data + 1, n - 1, (size_t)(data[0] % 7) + 1, &pieces);
    if ((a == 200) != (b == 200))
        abort(); // how the bytes are cut must not matter
    if (a == 200 && (strlen(whole.path) != whole.path_n || whole.path_n > 200 ||
                     strcmp(whole.path, pieces.path) != 0))
        abort();
    if (a != 0 && a != 200 && a != 400 && a != 405 && a != 413 && a != 414 && a != 431)
        abort();
    return 0;
}
