// SPDX-License-Identifier: Apache-2.0
// The CSV files of a district: which there are, their columns, what may stand in a cell. One table
// for reading, writing, the templates and their page of columns. What the values must be is the
// district's own check's to say, not this table's.
#ifndef CLI_TABLES_H
#define CLI_TABLES_H

#include <stdbool.h>
#include <stddef.h>

enum cell_kind {
    CELL_TEXT, // as it stands
    CELL_CODE, // without blanks around it
    CELL_WORD, // one of the column's words
    CELL_BOOL, // 是 否, yes no …
    CELL_INT,
    CELL_REAL,
    CELL_LIST,  // codes and texts between ; or 、
    CELL_WORDS, // a list of the column's words
    CELL_INTS,  // a list of numbers
};

// A word as the data has it, and how people write it, between '|'. The first is written in Chinese.
struct cell_word {
    const char *value;
    const char *names;
};

struct column {
    const char *field; // in the data's JSON; also the header in English
    const char *names; // headers between '|'; the first is written in Chinese
    enum cell_kind kind;
    bool required; // the column must be there
    const struct cell_word *words;
    const char *zh, *en; // what stands in it
    const char *example;
};

enum district_table {
    TABLE_DISTRICT,
    TABLE_UNITS,
    TABLE_DEPARTMENTS,
    TABLE_DESKS,
    TABLE_CATEGORIES,
    TABLE_QUESTIONS,
    TABLE_ROUTING,
    TABLE_CALENDAR,
    TABLE_TIMES,
    TABLE_DANGER,
    TABLES
};

struct csv_table {
    const char *file;
    const char *zh, *en; // what it holds, one line
    bool required;
    const struct column *columns;
    size_t n;
    const char *filled; // rows a template begins with, in CSV; NULL none
};

extern const struct csv_table csv_tables[TABLES];

// The column under this header (any of its names, blanks and case aside), or of this field; NULL.
const struct column *column_by_header(const struct csv_table *table, const char *header);
const struct column *column_by_field(const struct csv_table *table, const char *field);
// A column's header, and a word, in the language of the run, into ret_text.
void column_header(const struct column *column, char *ret_text, size_t n);
// The data's word for what somebody wrote; NULL where it is none.
const char *word_value(const struct cell_word *words, const char *text);
// How the data's word is written in the language of the run: into ret_text; itself where unknown.
void word_name(const struct cell_word *words, const char *value, char *ret_text, size_t n);
// Is `text` one of the names between '|' (blanks and ASCII case aside)?
bool name_among(const char *names, const char *text);

extern const struct cell_word bool_words[];
extern const struct cell_word weekday_words[];

#endif
