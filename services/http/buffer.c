// SPDX-License-Identifier: Apache-2.0
// Bytes with counted references, so that one event goes to thousands of streams without a copy.
// One thread only.
#include <stdlib.h>
#include <string.h>

#include "http/internal.h"

struct http_buffer {
    size_t references, n;
    char data[];
};

struct http_buffer *http_buffer_new(const void *data, size_t n)
{
    struct http_buffer *buffer = n < SIZE_MAX / 2 ? malloc(sizeof *buffer + n + 1) : NULL;
    if (buffer == NULL)
        return NULL;
    *buffer = (struct http_buffer){.references = 1, .n = n};
    if (data != NULL && n > 0)
        memcpy(buffer->data, data, n);
    buffer->data[n] = '\0';
    return buffer;
}

struct http_buffer *http_buffer_ref(struct http_buffer *buffer)
{
    buffer->references++;
    return buffer;
}

void http_buffer_unref(struct http_buffer *buffer)
{
    if (buffer != NULL && --buffer->references == 0)
        free(buffer);
}

char *http_buffer_data(struct http_buffer *buffer)
{
    return buffer->data;
}

size_t http_buffer_size(const struct http_buffer *buffer)
{
    return buffer->n;
}

void http_buffer_cut(struct http_buffer *buffer, size_t n)
{
    buffer->n = n;
    buffer->data[n] = '\0';
}
