// SPDX-License-Identifier: Apache-2.0
// Whose the journal is, in words: for the log, for /readyz of a standby. From the row of ownership
// that belongs to the epoch; a program that knows no such table leaves none.
#include <stdio.h>

#include "base/time.h"
#include "runtime/owner_internal.h"
#include "runtime/row.h"

static void text_of(const struct wh_row *row, int column, char *ret_text, size_t n)
{
    size_t length;
    const uint8_t *bytes = wh_row_bytes(row, column, &length);
    (void)snprintf(ret_text, n, "%.*s", (int)length, (const char *)bytes);
}

void wh_owner_name(const struct wh_row *row, char ret_text[WH_OWNER_TEXT])
{
    char instance[65], release[65], host[65], since[WH_RFC3339_MAX] = "";
    (void)snprintf(ret_text, WH_OWNER_TEXT, "a program that left no name");
    if (wh_row_null(row, 3))
        return;
    text_of(row, 3, instance, sizeof instance);
    text_of(row, 4, release, sizeof release);
    text_of(row, 5, host, sizeof host);
    (void)wh_rfc3339_format(wh_row_int(row, 7), 0, since);
    (void)snprintf(ret_text, WH_OWNER_TEXT, "%s%srelease %s, pid %lld on %s, since %s", instance,
                   instance[0] != '\0' ? ", " : "", release, (long long)wh_row_int(row, 6), host,
                   since);
}

const char *wh_owner_text(const struct wh_runtime *runtime)
{
    return runtime->owner->text;
}
