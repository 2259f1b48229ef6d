// SPDX-License-Identifier: Apache-2.0
// The sheet as one HTML page that prints on A4: black on white, no script, nothing from outside.
// Rows are not broken over pages, table heads come again, pages are numbered, the unit and the time
// stand at the foot of each. Whatever others wrote is escaped.
#include <string.h>

#include "cli/sheet.h"
#include "cli/text.h"

// counter(pages) stands in the page's margin boxes; a browser without them numbers by itself.
static const char style[] =
    "@page{size:A4;margin:14mm 12mm 16mm}"
    "*{box-sizing:border-box}"
    "body{font:10pt/1.35 'Noto Sans CJK SC','Source Han Sans SC','Microsoft "
    "YaHei',SimSun,sans-serif;"
    "color:#000;background:#fff;margin:0 auto;max-width:186mm}"
    "h1{font-size:17pt;text-align:center;margin:0 0 2mm}"
    "h2{font-size:11.5pt;margin:5mm 0 1mm;break-after:avoid}"
    "dl{display:grid;grid-template-columns:auto 1fr;gap:.5mm 3mm;margin:0 0 2mm}"
    "dt{font-weight:bold}dd{margin:0}"
    ".fine{font-size:7.5pt;overflow-wrap:anywhere}"
    "p{margin:1mm 0}"
    "table{width:100%;border-collapse:collapse;table-layout:fixed}"
    "thead{display:table-header-group}"
    "tr{break-inside:avoid}"
    "th,td{border:.3mm solid #000;padding:.7mm 1.2mm;text-align:left;vertical-align:top;"
    "white-space:pre-line;overflow-wrap:anywhere;font-size:9pt}"
    "th{background:#eee}"
    "tr.bad td{font-weight:bold}"
    ".sign{break-inside:avoid;margin-top:6mm}"
    ".sign td{height:11mm;font-size:10pt}.sign td.note{height:44mm}";

static void escaped(const char *text, FILE *to)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        switch (*c) {
        case '&':
            (void)fputs("&amp;", to);
            break;
        case '<':
            (void)fputs("&lt;", to);
            break;
        case '>':
            (void)fputs("&gt;", to);
            break;
        case '"':
            (void)fputs("&quot;", to);
            break;
        default:
            (void)fputc(*c < 0x20 && *c != '\n' ? ' ' : *c, to);
        }
}

static void element(const char *name, const char *text, FILE *to)
{
    (void)fprintf(to, "<%s>", name);
    escaped(text, to);
    (void)fprintf(to, "</%s>", name);
}

// What stands in a CSS string: no quote, backslash, line or markup may end it.
static void css_string(const char *text, FILE *to)
{
    (void)fputc('"', to);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        (void)fputc(*c < 0x20 || strchr("\"\\<>&", *c) ? ' ' : *c, to);
    (void)fputc('"', to);
}

static void page_margins(const struct sheet_doc *doc, FILE *to)
{
    (void)fputs("@page{@bottom-left{font-size:8pt;content:", to);
    css_string(doc->unit, to);
    (void)fputs("\" · \"", to);
    css_string(doc->as_of, to);
    (void)fprintf(to, "}@bottom-right{font-size:8pt;content:%s}}",
                  T("\"第 \" counter(page) \" 页,共 \" counter(pages) \" 页\"",
                    "\"page \" counter(page) \" of \" counter(pages)"));
}

static void table(const struct sheet_table *table, FILE *to)
{
    int all = 0;
    element("h2", table->title, to);
    if (!table->rows) {
        element("p", table->empty, to);
        return;
    }
    for (size_t i = 0; i < table->n_columns; i++)
        all += table->columns[i].width;
    (void)fputs("<table><colgroup>", to);
    for (size_t i = 0; i < table->n_columns; i++)
        (void)fprintf(to, "<col style=\"width:%d%%\">", 100 * table->columns[i].width / all);
    (void)fputs("</colgroup><thead><tr>", to);
    for (size_t i = 0; i < table->n_columns; i++)
        element("th", table->columns[i].head, to);
    (void)fputs("</tr></thead><tbody>\n", to);
    for (size_t i = 0; i < table->rows; i++) {
        (void)fputs(table->bad[i] ? "<tr class=\"bad\">" : "<tr>", to);
        for (size_t k = 0; k < table->n_columns; k++)
            element("td", table->cells[i * table->n_columns + k], to);
        (void)fputs("</tr>\n", to);
    }
    (void)fputs("</tbody></table>\n", to);
}

static void signatures(FILE *to)
{
    (void)fprintf(to,
                  "<div class=\"sign\"><h2>%s</h2><table><tr><td>%s</td><td>%s</td></tr>"
                  "<tr><td>%s</td><td>%s</td></tr><tr><td class=\"note\" colspan=\"2\">%s</td></tr>"
                  "</table></div>\n",
                  T("六、交接", "6. Handover"), T("交班人(签名):", "Handed over by (signature):"),
                  T("接班人(签名):", "Taken over by (signature):"), T("交班时间:", "At:"),
                  T("接班时间:", "At:"),
                  T("备注(未尽事项、口头约定、手工记录):", "Remarks (what is left, what was agreed "
                                                           "by word, notes by hand):"));
}

void sheet_html(const struct sheet_doc *doc, FILE *to)
{
    (void)fprintf(to, "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><title>",
                  T("zh-CN", "en"));
    escaped(doc->title, to);
    (void)fputs(" · ", to);
    escaped(doc->unit, to);
    (void)fprintf(to, "</title><style>%s", style);
    page_margins(doc, to);
    (void)fputs("</style></head><body>\n", to);
    element("h1", doc->title, to);
    (void)fputs("<dl>", to);
    element("dt", T("单位", "Unit"), to);
    element("dd", doc->unit, to);
    element("dt", T("截至", "As of"), to);
    (void)fputs("<dd>", to);
    escaped(doc->as_of, to);
    (void)fputs(" (", to);
    escaped(doc->zone, to);
    (void)fputs(")</dd></dl>\n", to);
    for (size_t i = 0; i < doc->n_summary; i++)
        element("p", doc->summary[i], to);
    if (doc->next)
        element("p", doc->next, to);
    for (size_t i = 0; i < SHEET_TABLES; i++)
        table(&doc->tables[i], to);
    signatures(to);
    for (size_t i = 0; i < doc->n_journals; i++) {
        (void)fputs("<p class=\"fine\">", to);
        escaped(doc->journals[i], to);
        (void)fputs("</p>\n", to);
    }
    (void)fputs("</body></html>\n", to);
}
