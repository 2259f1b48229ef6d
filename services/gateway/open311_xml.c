// SPDX-License-Identifier: Apache-2.0
// A document's JSON as the standard's XML: members become elements, a list's rows elements of the
// list's own name in the singular, null an empty element. libxml2 writes and escapes; characters
// that XML 1.0 cannot hold become U+FFFD.
#include <libxml/xmlwriter.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "gateway/open311.h"

static const struct {
    const char *list, *row;
} singular[] = {
    {"services", "service"},   {"attributes", "attribute"}, {"values", "value"},
    {"endpoints", "endpoint"}, {"formats", "format"},       {"service_requests", "request"},
    {"errors", "error"},
};

static const char *const roots[] = {
    [OPEN311_SERVICES] = "services",         [OPEN311_DEFINITION] = "service_definition",
    [OPEN311_REQUESTS] = "service_requests", [OPEN311_ERRORS] = "errors",
    [OPEN311_DISCOVERY] = "discovery",
};

static const char *row_name(const char *list)
{
    for (size_t i = 0; i < sizeof singular / sizeof *singular; i++)
        if (strcmp(singular[i].list, list) == 0)
            return singular[i].row;
    return "item";
}

// XML 1.0, production 2.
static bool is_char(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xD7FF) ||
           (c >= 0xE000 && c <= 0xFFFD) || c >= 0x10000;
}

static int put_text(xmlTextWriterPtr to, const char *text)
{
    size_t n = strlen(text), from = 0, at = 0;
    int rc = 0;
    char *piece = malloc(n + 1);
    if (piece == NULL)
        return -1;
    while (at < n && rc >= 0) {
        uint32_t c = 0;
        size_t width = wh_utf8_decode(text + at, n - at, &c);
        bool fine = width > 0 && is_char(c);
        if (!fine) {
            memcpy(piece, text + from, at - from);
            piece[at - from] = 0;
            rc = xmlTextWriterWriteString(to, BAD_CAST piece);
            if (rc >= 0)
                rc = xmlTextWriterWriteString(to, BAD_CAST "\xEF\xBF\xBD");
            from = at + (width > 0 ? width : 1);
        }
        at += width > 0 ? width : 1;
    }
    if (rc >= 0)
        rc = xmlTextWriterWriteString(to, BAD_CAST(text + from));
    free(piece);
    return rc;
}

static int put_scalar(xmlTextWriterPtr to, const json_t *value)
{
    if (json_is_string(value))
        return put_text(to, json_string_value(value));
    if (json_is_boolean(value))
        return put_text(to, json_is_true(value) ? "true" : "false");
    if (json_is_integer(value))
        return xmlTextWriterWriteFormatString(to, "%lld", json_integer_value(value));
    if (json_is_real(value))
        return xmlTextWriterWriteFormatString(to, "%.9g", json_real_value(value));
    return 0;
}

// One level of what is being written: the rows of a list or the members of an object.
struct level {
    const json_t *value;
    const char *name;
    size_t at;
    void *member;
};

#define DEPTH_MAX 8

static bool is_nest(const json_t *value)
{
    return json_is_array(value) || json_is_object(value);
}

// The next child of a level and its element's name; NULL at the end.
static const json_t *next(struct level *level, const char **ret_name)
{
    if (json_is_array(level->value)) {
        *ret_name = row_name(level->name);
        return json_array_get(level->value, level->at++);
    }
    json_t *object = (json_t *)(uintptr_t)level->value;
    level->member =
        level->at++ == 0 ? json_object_iter(object) : json_object_iter_next(object, level->member);
    if (level->member == NULL)
        return NULL;
    *ret_name = json_object_iter_key(level->member);
    return json_object_iter_value(level->member);
}

static int put_document(xmlTextWriterPtr to, const json_t *document, const char *root)
{
    struct level levels[DEPTH_MAX] = {{.value = document, .name = root}};
    size_t depth = 1;
    int rc = xmlTextWriterStartElement(to, BAD_CAST root);
    while (depth > 0 && rc >= 0) {
        const char *name = NULL;
        const json_t *child = next(&levels[depth - 1], &name);
        if (child == NULL) {
            rc = xmlTextWriterEndElement(to);
            depth--;
            continue;
        }
        rc = xmlTextWriterStartElement(to, BAD_CAST name);
        if (rc >= 0 && is_nest(child) && depth < DEPTH_MAX) {
            levels[depth++] = (struct level){.value = child, .name = name};
            continue;
        }
        if (rc >= 0)
            rc = put_scalar(to, child);
        if (rc >= 0)
            rc = xmlTextWriterEndElement(to);
    }
    return rc;
}

static int write_all(xmlBufferPtr buffer, const json_t *document, const char *root)
{
    xmlTextWriterPtr to = xmlNewTextWriterMemory(buffer, 0);
    if (to == NULL)
        return WH_E_NOMEM;
    int rc = xmlTextWriterStartDocument(to, "1.0", "UTF-8", NULL);
    if (rc >= 0)
        rc = put_document(to, document, root);
    if (rc >= 0)
        rc = xmlTextWriterEndDocument(to);
    xmlFreeTextWriter(to);
    return rc >= 0 ? 0 : WH_E_NOMEM;
}

int open311_xml(const json_t *document, enum open311_kind kind, char **ret_text, size_t *ret_n)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    int rc = buffer == NULL ? WH_E_NOMEM : write_all(buffer, document, roots[kind]);
    if (rc == 0) {
        size_t n = (size_t)xmlBufferLength(buffer);
        char *text = malloc(n + 1);
        if (text == NULL) {
            rc = WH_E_NOMEM;
        } else {
            memcpy(text, xmlBufferContent(buffer), n);
            text[n] = 0;
            *ret_text = text;
            *ret_n = n;
        }
    }
    if (buffer != NULL)
        xmlBufferFree(buffer);
    return rc;
}
