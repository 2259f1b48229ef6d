// SPDX-License-Identifier: Apache-2.0
// JSON lines on standard error: ts, level, service, event, then pairs. A line is built in a buffer
// on the stack and written with one write, so lines of several threads or processes do not mix. A
// line that would be longer is cut at a value's end, still valid JSON. Bytes that are not UTF-8
// become U+FFFD. What must not be logged (personal data) is the caller's duty.
#include "runtime/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define LINE_END_BYTES 8 // room kept for `"}` and the line's end

struct line {
    char text[LINE_MAX_BYTES];
    size_t n;
};

static struct {
    char service[32];
    enum wh_log_level least;
} log_state = {.service = "whistle", .least = WH_LOG_INFO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void wh_log_init(const char *service, enum wh_log_level least)
{
    (void)snprintf(log_state.service, sizeof log_state.service, "%s", service);
    log_state.least = least;
}

// False where it does not fit; then nothing is written.
static bool put_bytes(struct line *line, const char *bytes, size_t n)
{
    if (line->n + n > sizeof line->text - LINE_END_BYTES)
        return false;
    memcpy(line->text + line->n, bytes, n);
    line->n += n;
    return true;
}

static bool put_text(struct line *line, const char *text)
{
    return put_bytes(line, text, strlen(text));
}

// Length of the well-formed UTF-8 sequence at p, 0 if there is none.
static size_t utf8_length(const unsigned char *p)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    if (n <= 1)
        return n;
    if (p[0] > 0xf4)
        return 0;
    uint32_t point = p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (p[i] & 0x3f);
    }
    bool good = point >= least[n] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    return good ? n : 0;
}

static bool put_char(struct line *line, const unsigned char **p)
{
    char escape[8];
    unsigned char c = **p;
    size_t n = utf8_length(*p);
    *p += n > 0 ? n : 1;
    if (n == 0)
        return put_text(line, "\xef\xbf\xbd");
    if (c == '"' || c == '\\') {
        (void)snprintf(escape, sizeof escape, "\\%c", c);
        return put_text(line, escape);
    }
    if (c < 0x20 || c == 0x7f) {
        (void)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
        return put_text(line, escape);
    }
    return put_bytes(line, (const char *)*p - n, n);
}

// A string with its quotes; cut where the line is full.
static void put_string(struct line *line, const char *text)
{
    const unsigned char *p = (const unsigned char *)(text != NULL ? text : "");
    if (!put_text(line, "\""))
        return;
    while (*p != '\0' && put_char(line, &p))
        continue;
    line->text[line->n++] = '"'; // LINE_END_BYTES leaves room for it
}

static void put_pair(struct line *line, const char *key, const char *value)
{
    if (line->n + strlen(key) + 16 > sizeof line->text - LINE_END_BYTES)
        return;
    if (line->text[line->n - 1] != '{')
        put_text(line, ",");
    put_string(line, key);
    put_text(line, ":");
    put_string(line, value);
}

static void begin_line(struct line *line, enum wh_log_level level, const char *event)
{
    struct timespec now;
    struct tm utc;
    char date[32], ts[48];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(ts, sizeof ts, "%s.%03ldZ", date, now.tv_nsec / 1000000);
    line->n = 0;
    put_text(line, "{");
    put_pair(line, "ts", ts);
    put_pair(line, "level", level_names[level]);
    put_pair(line, "service", log_state.service);
    put_pair(line, "event", event);
}

static void end_line(struct line *line)
{
    line->text[line->n++] = '}';
    line->text[line->n++] = '\n';
    size_t done = 0;
    while (done < line->n) {
        ssize_t n = write(STDERR_FILENO, line->text + done, line->n - done);
        if (n < 0 && errno != EINTR)
            return; // nobody reads; a service does not stop for that
        if (n > 0)
            done += (size_t)n;
    }
}

static void write_detail(enum wh_log_level level, const char *event, const char *format,
                         va_list args)
{
    char detail[2048];
    struct line line;
    (void)vsnprintf(detail, sizeof detail, format, args);
    begin_line(&line, level, event);
    put_pair(&line, "detail", detail);
    end_line(&line);
}

void wh_log(enum wh_log_level level, const char *event, ...)
{
    if (level < log_state.least)
        return;
    struct line line;
    begin_line(&line, level, event);
    va_list args;
    va_start(args, event);
    for (const char *key = va_arg(args, const char *); key != NULL;
         key = va_arg(args, const char *))
        put_pair(&line, key, va_arg(args, const char *));
    va_end(args);
    end_line(&line);
}

void wh_logf(enum wh_log_level level, const char *event, const char *format, ...)
{
    if (level < log_state.least)
        return;
    va_list args;
    va_start(args, format);
    write_detail(level, event, format, args);
    va_end(args);
}

void wh_fatal(const char *event, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_detail(WH_LOG_ERROR, event, format, args);
    va_end(args);
    _exit(1);
}
