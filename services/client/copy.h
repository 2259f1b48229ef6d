// SPDX-License-Identifier: Apache-2.0
// Copying text into a field whose size was checked before, or where cutting is meant.
#ifndef WH_CLIENT_COPY_H
#define WH_CLIENT_COPY_H

#include <stddef.h>
#include <string.h>

// Always ends with NUL; what does not fit is cut. n: size of `to`, at least 1.
static inline void copy_text(char *to, size_t n, const char *from)
{
    size_t length = strnlen(from, n - 1);

    memcpy(to, from, length);
    to[length] = '\0';
}

#endif
