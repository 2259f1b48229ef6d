// SPDX-License-Identifier: Apache-2.0
// One shape for every fault, wherever it was found: here, on the way, or at the service.
#include "cli/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/text.h"

static void set_rule(struct fault *fault, enum wh_rule rule)
{
    const struct wh_rule_info *info = wh_rule_info(rule);
    fault->status = info->status;
    (void)snprintf(fault->code, sizeof fault->code, "%s", info->code);
    (void)snprintf(fault->rule, sizeof fault->rule, "%s", info->name);
}

void fault_of_error(struct fault *fault, const Whistle__V1__Error *error)
{
    fault->status = error->status ? error->status : 500;
    (void)snprintf(fault->code, sizeof fault->code, "%s", error->code);
    (void)snprintf(fault->field, sizeof fault->field, "%s", error->field);
    (void)snprintf(fault->rule, sizeof fault->rule, "%s", error->rule);
    (void)snprintf(fault->detail, sizeof fault->detail, "%s", error->detail);
    fault->retry_after_ms = error->retry_after_ms;
}

void fault_of_wire(struct fault *fault, const struct wh_wire_fault *wire)
{
    set_rule(fault, wire->rule);
    // The first part is the command itself: the caller knows it.
    const char *dot = strchr(wire->field, '.');
    (void)snprintf(fault->field, sizeof fault->field, "%s", dot ? dot + 1 : wire->field);
}

void fault_silence(struct fault *fault, const char *door)
{
    set_rule(fault, WH_RULE_NO_ANSWER);
    (void)snprintf(fault->detail, sizeof fault->detail, "%s", door);
}

void fault_usage(struct fault *fault, const char *field, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(fault->detail, sizeof fault->detail, format, list);
    va_end(list);
    set_rule(fault, WH_RULE_USAGE);
    (void)snprintf(fault->field, sizeof fault->field, "%s", field);
    fault->usage = true;
}

void fault_set(struct fault *fault, int status, const char *code, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(fault->detail, sizeof fault->detail, format, list);
    va_end(list);
    fault->status = status;
    (void)snprintf(fault->code, sizeof fault->code, "%s", code);
}

void fault_request(struct fault *fault, const struct wh_uuid *request_id)
{
    if (!wh_uuid_is_nil(*request_id))
        wh_uuid_format(*request_id, fault->request_id);
}

static const char *title_of(const struct fault *fault)
{
    const struct wh_rule_info *info = wh_rule_info(wh_rule_by_name(fault->rule));
    if (*info->name)
        return T(info->zh, info->en);
    return *fault->code ? fault->code : T("出错", "failed");
}

static void put_text(json_t *object, const char *name, const char *text)
{
    if (*text)
        json_object_set_new(object, name, json_string(text));
}

json_t *fault_json(const struct fault *fault)
{
    char type[80];
    if (*fault->rule)
        (void)snprintf(type, sizeof type, "urn:whistle:rule:%s", fault->rule);
    else
        (void)snprintf(type, sizeof type, "about:blank");
    json_t *object = must(json_object());
    put_text(object, "type", type);
    put_text(object, "title", title_of(fault));
    json_object_set_new(object, "status", json_integer(fault->status));
    put_text(object, "code", fault->code);
    put_text(object, "field", fault->field);
    put_text(object, "rule", fault->rule);
    put_text(object, "detail", fault->detail);
    put_text(object, "request_id", fault->request_id);
    if (fault->retry_after_ms > 0)
        json_object_set_new(object, "retry_after_s",
                            json_integer((fault->retry_after_ms + 999) / 1000));
    return object;
}

int fault_exit(const struct fault *fault)
{
    if (fault->usage)
        return EXIT_USAGE;
    if (fault->status == 429 || fault->status == 503 || fault->status == 504)
        return EXIT_SILENCE;
    return EXIT_REFUSED;
}

void fault_line(const struct fault *fault, char *ret_text, size_t n)
{
    const struct wh_rule_info *info = wh_rule_info(wh_rule_by_name(fault->rule));
    const char *title = title_of(fault);
    char where[128] = "", more[640] = "", later[64] = "";
    if (*fault->field)
        (void)snprintf(where, sizeof where, "%s: ", fault->field);
    if (*fault->detail && strcmp(fault->detail, info->zh) != 0 &&
        strcmp(fault->detail, info->en) != 0)
        (void)snprintf(more, sizeof more, " (%s)", fault->detail);
    if (fault->retry_after_ms > 0) {
        char span[48];
        span_text(fault->retry_after_ms, span, sizeof span);
        (void)snprintf(later, sizeof later, T(";%s后再试", "; try again in %s"), span);
    }
    (void)snprintf(ret_text, n, "%s%s%s%s", where, title, more, later);
}

int fault_tell(const struct cli *cli, const struct fault *fault)
{
    if (cli->json) {
        json_t *line = must(json_pack("{s:o}", "error", fault_json(fault)));
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
        return fault_exit(fault);
    }
    char text[1024];
    fault_line(fault, text, sizeof text);
    (void)fputs("whistle: ", stderr);
    say_clean(stderr, text, true);
    (void)fputc('\n', stderr);
    return fault_exit(fault);
}

void fault_hint(const struct fault *fault)
{
    if (fault_exit(fault) == EXIT_SILENCE && *fault->request_id)
        (void)fprintf(
            stderr,
            T("whistle: 不知道是否已办成。原样再发时加 --request-id %s,不会重复办理。\n",
              "whistle: whether it was done is unknown. Send it again with --request-id %s and\n"
              "it takes effect once.\n"),
            fault->request_id);
}
