// SPDX-License-Identifier: Apache-2.0
// Findings in a list, in the order of files and rows as they were found.
#include "cli/findings.h"

#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "cli/text.h"

void findings_init(struct findings *findings)
{
    *findings = (struct findings){.rows = must(json_array()), .seen = must(json_object())};
}

void findings_done(struct findings *findings)
{
    json_decref(findings->rows);
    json_decref(findings->seen);
    *findings = (struct findings){0};
}

static void key_of(const char *file, unsigned row, const char *field, char *ret_key, size_t n)
{
    (void)snprintf(ret_key, n, "%s\n%u\n%s", file, row, field);
}

bool findings_has(const struct findings *findings, const char *file, unsigned row,
                  const char *field)
{
    char key[640];
    key_of(file, row, field, key, sizeof key);
    return json_object_get(findings->seen, key) != NULL;
}

void findings_mark(struct findings *findings, const char *file, unsigned row, const char *field)
{
    char key[640];
    key_of(file, row, field, key, sizeof key);
    json_object_set_new(findings->seen, key, json_true());
}

static void put(json_t *row, const char *name, const char *text)
{
    if (text && *text)
        json_object_set_new(row, name, json_string(text));
}

void findings_add(struct findings *findings, const struct finding *finding)
{
    char key[640], more[1200];
    const char *field = finding->field ? finding->field : "";
    key_of(finding->file, finding->row, field, key, sizeof key);
    // Of a file as a whole there may be several: their details differ.
    (void)snprintf(more, sizeof more, "%s\n%s", key, finding->row ? "" : finding->detail);
    if (json_object_get(findings->seen, more))
        return;
    findings_mark(findings, finding->file, finding->row, field);
    json_object_set_new(findings->seen, more, json_true());
    if (findings->n++ >= FINDINGS_SHOWN)
        return;
    json_t *row = must(json_object());
    put(row, "file", finding->file);
    if (finding->row)
        json_object_set_new(row, "row", json_integer(finding->row));
    put(row, finding->row || finding->column ? "column" : "path", field);
    put(row, "header", finding->column);
    put(row, "rule", finding->rule);
    put(row, "detail", finding->detail);
    put(row, "value", finding->value);
    json_array_append_new(findings->rows, row);
}

static const char *get(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));
    return text ? text : "";
}

// "文件 units.csv 第 12 行 列 层级 (level): 取值不在规定的选项中 (field.enum): "streeet" —
// 街道、镇……"
static void line_print(const json_t *row)
{
    const struct wh_rule_info *info = wh_rule_info(wh_rule_by_name(get(row, "rule")));
    char text[1024], value[96];
    size_t used = (size_t)snprintf(text, sizeof text, T("文件 %s", "file %s"), get(row, "file"));
    json_int_t line = json_integer_value(json_object_get(row, "row"));
    const char *header = get(row, "header"), *field = get(row, "column");
    if (line && used < sizeof text)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, T(" 第 %d 行", " row %d"), (int)line);
    if (*field && used < sizeof text)
        used += (size_t)snprintf(text + used, sizeof text - used, T(" 列 %s", " column %s"),
                                 *header ? header : field);
    if (*header && strcmp(header, field) != 0 && *field && used < sizeof text)
        used += (size_t)snprintf(text + used, sizeof text - used, " (%s)", field);
    if (*get(row, "path") && used < sizeof text)
        used += (size_t)snprintf(text + used, sizeof text - used, " %s", get(row, "path"));
    if (used < sizeof text)
        used += (size_t)snprintf(text + used, sizeof text - used, ": %s (%s)",
                                 T(info->zh, info->en), get(row, "rule"));
    if (*get(row, "value") && used < sizeof text) {
        width_fit(get(row, "value"), 40, value, sizeof value);
        used += (size_t)snprintf(text + used, sizeof text - used, ": \"%s\"", value);
    }
    if (*get(row, "detail") && used < sizeof text)
        (void)snprintf(text + used, sizeof text - used, " — %s", get(row, "detail"));
    say_clean(stderr, text, false);
    (void)fputc('\n', stderr);
}

int findings_tell(const struct cli *cli, const struct findings *findings)
{
    size_t i;
    json_t *row;
    json_array_foreach(findings->rows, i, row)
    {
        if (!cli->json) {
            line_print(row);
            continue;
        }
        json_dumpf(row, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
    }
    if (cli->json)
        printf("{\"applied\":false,\"findings\":%zu}\n", findings->n);
    else if (findings->n > FINDINGS_SHOWN)
        (void)fprintf(stderr,
                      T("共 %zu 处错误,以上是前 %d 处\n", "%zu faults, the first %d above\n"),
                      findings->n, FINDINGS_SHOWN);
    else
        (void)fprintf(stderr,
                      T("共 %zu 处错误;什么也没有改变\n", "%zu faults; nothing was changed\n"),
                      findings->n);
    return EXIT_REFUSED;
}
