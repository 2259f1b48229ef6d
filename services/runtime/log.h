// SPDX-License-Identifier: Apache-2.0
// One JSON line an entry on standard error: ts, level, service, event, then key/value pairs. Never
// personal data. Only services log; libraries return.
#ifndef WH_RUNTIME_LOG_H
#define WH_RUNTIME_LOG_H

enum wh_log_level { WH_LOG_DEBUG, WH_LOG_INFO, WH_LOG_WARN, WH_LOG_ERROR };

void wh_log_init(const char *service, enum wh_log_level least);
// pairs: "key", "value", …, NULL. Values are escaped.
void wh_log(enum wh_log_level level, const char *event, ...) __attribute__((sentinel));
// As wh_log with printf text under "detail".
void wh_logf(enum wh_log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// One clear line, then _exit(code): for what the process cannot live with.
void wh_fatal(const char *event, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

#endif
