// SPDX-License-Identifier: Apache-2.0
// What was handed over since the cursor last moved, beside the cursor file: id and verdict, durable
// before dispatch hears of it. After a kill such a notice is answered again and not sent again.
#ifndef CLI_SENTLOG_H
#define CLI_SENTLOG_H

#include <stdbool.h>
#include <stddef.h>

struct sentlog;

// path: the cursor's; the log is path + ".sent". Waits, up to a minute, for a hand-over of a killed
// sender that still runs. 0, WH_E_IO (errno tells), WH_E_BUSY (another sender has this cursor).
int sentlog_open(const char *path, struct sentlog **ret_log);
void sentlog_close(struct sentlog *log);
// Reads what another process (one that shares the log by fork) has added.
void sentlog_load(struct sentlog *log);
// Was it handed over before? why: "" where it was sent, else why it failed. Borrowed until the next
// call.
bool sentlog_find(const struct sentlog *log, const char *id, const char **ret_why);
// why: "" sent. durable: also after a power cut (a killed process loses nothing either way).
// 0 or WH_E_IO.
int sentlog_add(struct sentlog *log, const char *id, const char *why, bool durable);
// The cursor stands behind everything in the log: forget it. 0 or WH_E_IO.
int sentlog_clear(struct sentlog *log);

#endif
