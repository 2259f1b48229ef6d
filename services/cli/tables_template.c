// SPDX-License-Identifier: Apache-2.0
// What is in the empty tables, and the page about their columns: both made of the table that the
// reader uses.
#include "cli/tables_template.h"

#include <string.h>

#include "base/csv.h"
#include "cli/text.h"

void template_rows(FILE *to, const struct csv_table *table)
{
    struct wh_arena arena;
    struct wh_csv csv;
    wh_arena_init(&arena, 1u << 20);
    wh_csv_init(&csv, table->filled, strlen(table->filled));
    while (wh_csv_next(&csv, &arena) > 0) {
        for (size_t i = 0; i < csv.n && i < table->n; i++) {
            char text[128];
            const struct cell_word *words = table->columns[i].words;
            if (!words && word_value(weekday_words, csv.cells[i]))
                words = weekday_words;
            word_name(words, csv.cells[i], text, sizeof text);
            if (i)
                (void)fputc(',', to);
            wh_csv_put(to, text, false);
        }
        (void)fputs("\r\n", to);
    }
    wh_arena_done(&arena);
}

void template_page(FILE *to)
{
    (void)fprintf(to, "%s\n\n%s\n", T("# 区数据的表和列", "# Tables and columns of a district"),
                  T("表头可用中文或英文;列的顺序随意;没有的列可以省去(除必需的);空行不读。UTF-8 或 "
                    "GB18030。\n"
                    "一格多项用 ; 或 、 分开;其中的 ; 、 \\ 前加 \\。",
                    "Headers in Chinese or English, in any order; columns that are not needed may "
                    "be left out;\n"
                    "empty rows are skipped. UTF-8 or GB18030. Several items in a cell stand "
                    "between ; or 、, with \\\n"
                    "before a ; 、 or \\ of their own."));
    for (size_t i = 0; i < TABLES; i++) {
        const struct csv_table *table = &csv_tables[i];
        (void)fprintf(to, "\n## %s\n\n%s%s\n\n| %s | %s | | %s | %s |\n|---|---|---|---|---|\n",
                      table->file, T(table->zh, table->en),
                      table->required ? T(" (必需)", " (required)") : "", T("列", "column"),
                      T("英文", "field"), T("内容", "what"), T("例", "example"));
        for (size_t k = 0; k < table->n; k++) {
            const struct column *column = &table->columns[k];
            char header[64], example[128];
            column_header(column, header, sizeof header);
            word_name(column->words, column->example ? column->example : "", example,
                      sizeof example);
            (void)fprintf(to, "| %s | `%s` | %s | %s | %s |\n", header, column->field,
                          column->required ? T("必需", "required") : "", T(column->zh, column->en),
                          example);
        }
    }
}
