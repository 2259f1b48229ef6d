// SPDX-License-Identifier: Apache-2.0
// Serves the web console from memory: hashed assets for ever, the page with its ETag, gzip where
// the browser takes it. Names come from the folder that was read, never from a request.
#include "gateway/handler_console.h"

#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

#define FILES_MAX 400
#define BYTES_MAX ((size_t)16 << 20)
#define TAG_BYTES 16

struct file {
    char path[128];                   // as it is asked for, "/assets/console-AB12.js"
    struct http_buffer *plain, *gzip; // gzip NULL: none
    const char *type;
    char etag[2 * TAG_BYTES + 3]; // with its quotes
    bool constant;
};

struct console {
    struct file files[FILES_MAX];
    size_t n_files, bytes;
    const struct file *page;
};

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
    };
    const char *end = strrchr(name, '.');
    for (size_t i = 0; end != NULL && i < sizeof types / sizeof *types; i++)
        if (strcmp(end, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

// The whole file as a buffer, counted against BYTES_MAX.
static int read_file(struct console *console, const char *path, struct http_buffer **ret_buffer)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return WH_E_NOTFOUND;
    int status = WH_E_IO;
    struct http_buffer *buffer = NULL;
    if (fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode)) {
        size_t n = (size_t)about.st_size;
        status = console->bytes + n > BYTES_MAX ? WH_E_RANGE : WH_E_NOMEM;
        buffer = status == WH_E_RANGE ? NULL : http_buffer_new(NULL, n);
        if (buffer != NULL)
            status = fread(http_buffer_data(buffer), 1, n, file) == n ? 0 : WH_E_IO;
        console->bytes += n;
    }
    (void)fclose(file);
    if (status == 0)
        *ret_buffer = buffer;
    else
        http_buffer_unref(buffer);
    return status;
}

static void set_etag(struct file *file)
{
    unsigned char hash[TAG_BYTES];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)http_buffer_data(file->plain),
                       http_buffer_size(file->plain), NULL, 0);
    file->etag[0] = '"';
    sodium_bin2hex(file->etag + 1, sizeof file->etag - 1, hash, sizeof hash);
    memcpy(file->etag + 1 + 2 * TAG_BYTES, "\"", 2);
}

// One file below folder by its name in it, with its gzip where there is one.
static int add(struct console *console, const char *folder, const char *name)
{
    char path[4200];
    if (console->n_files == FILES_MAX || strlen(name) + 2 > sizeof console->files[0].path)
        return WH_E_RANGE;
    struct file *file = &console->files[console->n_files];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path - 4)
        return WH_E_RANGE;
    int status = read_file(console, path, &file->plain);
    if (status != 0)
        return status == WH_E_NOTFOUND ? WH_E_IO : status;
    (void)snprintf(file->path, sizeof file->path, "/%s", name);
    file->type = type_of(name);
    file->constant = strncmp(name, "assets/", 7) == 0;
    set_etag(file);
    console->n_files++;
    memcpy(path + strlen(path), ".gz", 4);
    status = read_file(console, path, &file->gzip);
    return status == WH_E_NOTFOUND ? 0 : status;
}

static bool is_asset(const char *name)
{
    size_t n = strlen(name);
    return name[0] != '.' && n < 100 && (n < 3 || strcmp(name + n - 3, ".gz") != 0);
}

static int add_assets(struct console *console, const char *folder)
{
    char name[128];
    char path[4200];
    if (snprintf(path, sizeof path, "%s/assets", folder) >= (int)sizeof path)
        return WH_E_RANGE;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return WH_E_IO;
    int status = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL && status == 0; entry = readdir(dir))
        if (is_asset(entry->d_name)) {
            (void)snprintf(name, sizeof name, "assets/%.100s", entry->d_name);
            status = add(console, folder, name);
        }
    closedir(dir);
    return status;
}

int console_load(const char *folder, struct console **ret_console)
{
    struct console *console = calloc(1, sizeof *console);
    if (console == NULL)
        return WH_E_NOMEM;
    int status = add(console, folder, "index.html");
    if (status == 0) {
        console->page = &console->files[0];
        status = add_assets(console, folder);
    }
    if (status != 0) {
        console_free(console);
        return status;
    }
    *ret_console = console;
    return 0;
}

void console_free(struct console *console)
{
    for (size_t i = 0; console != NULL && i < console->n_files; i++) {
        http_buffer_unref(console->files[i].plain);
        http_buffer_unref(console->files[i].gzip);
    }
    free(console);
}

// Paths that are never a page, so that a program with a typing error gets a refusal it can read.
static bool is_interface(struct wh_str path)
{
    static const char *const names[] = {"/api",    "/open311", "/openapi.json", "/healthz",
                                        "/readyz", "/metrics", "/assets"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct wh_str name = wh_str(names[i]);
        if (wh_str_starts(path, name) && (path.n == name.n || path.p[name.n] == '/'))
            return true;
    }
    return false;
}

// The file of that name; where none has it, the page, unless it looks like a file.
static const struct file *find(const struct console *console, struct wh_str path)
{
    for (size_t i = 0; i < console->n_files; i++)
        if (wh_str_eq(wh_str(console->files[i].path), path))
            return &console->files[i];
    const char *last = strrchr(path.p, '/');
    bool token = wh_str_starts(path, wh_str("/l/"));
    if (is_interface(path) || (last != NULL && strchr(last, '.') != NULL && !token))
        return NULL;
    return console->page;
}

bool console_serve(const struct console *console, struct http_request *request)
{
    if (console == NULL ||
        (request->method != HTTP_METHOD_GET && request->method != HTTP_METHOD_HEAD))
        return false;
    const struct file *file = find(console, request->path);
    if (file == NULL)
        return false;
    const char *takes = http_header_get(request, "Accept-Encoding");
    const char *knows = http_header_get(request, "If-None-Match");
    bool gzip = file->gzip != NULL && takes != NULL && strstr(takes, "gzip") != NULL;
    struct http_header headers[] = {
        {"Cache-Control", file->constant ? "public, max-age=31536000, immutable" : "no-cache"},
        {"ETag", file->etag},
        {"Vary", "Accept-Encoding"},
        {"Content-Encoding", "gzip"},
    };
    bool same = knows != NULL && strstr(knows, file->etag) != NULL;
    struct http_reply reply = {
        .status = same ? 304 : 200,
        .type = same ? NULL : file->type,
        .headers = headers,
        .n_headers = gzip && !same ? 4 : 3,
        .shared = same   ? NULL
                  : gzip ? file->gzip
                         : file->plain,
    };
    http_respond(request, &reply);
    return true;
}
