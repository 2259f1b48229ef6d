// SPDX-License-Identifier: Apache-2.0
// The list is gone through in its order, round and round, one address at a time. A look-up is one
// at a time for each connection, so that a silent name server holds at most three of libuv's
// threads; addresses found earlier serve where a later look-up finds none.
#include "runtime/db_host.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HOSTS_MAX 16
#define ADDRESSES_MAX 8
#define ADDRESS_SIZE 64

struct host {
    char *name, *address, *port;
    char known[ADDRESSES_MAX][ADDRESS_SIZE]; // of the name, as last looked up
    size_t n_known;
};

struct lookup {
    uv_getaddrinfo_t request;
    struct db_hosts *hosts; // NULL: they are gone
    size_t host;
    bool wanted; // the visit waits for it
};

struct db_hosts {
    uv_loop_t *loop;
    db_looked_fn looked;
    void *arg;
    struct host list[HOSTS_MAX];
    size_t n; // 0: the connection string names none
    size_t at, address, tried;
    struct lookup *lookup; // on its way
};

// ---- the list --------------------------------------------------------------------------------

// Element i of a list with commas; the last one stands for all behind it if `last` is set.
static char *element(const char *list, size_t i, bool last)
{
    for (; i > 0; i--) {
        const char *comma = strchr(list, ',');
        if (!comma && last)
            break;
        if (!comma)
            return NULL;
        list = comma + 1;
    }
    return strndup(list, strcspn(list, ","));
}

static size_t elements(const char *list)
{
    size_t n = 1;
    if (!list || !*list)
        return 0;
    for (; *list; list++)
        n += *list == ',';
    return n;
}

const char *db_told(const PQconninfoOption *options, const char *keyword)
{
    for (; options && options->keyword; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val && *options->val ? options->val : NULL;
    return NULL;
}

static void host_done(struct host *host)
{
    free(host->name);
    free(host->address);
    free(host->port);
    *host = (struct host){0};
}

// An element that is empty, or no memory, leaves the list to libpq.
static bool host_read(struct host *host, size_t i, const PQconninfoOption *options)
{
    const char *names = db_told(options, "host"), *addresses = db_told(options, "hostaddr");
    const char *ports = db_told(options, "port");
    host->name = names ? element(names, i, false) : NULL;
    host->address = addresses ? element(addresses, i, false) : NULL;
    host->port = ports ? element(ports, i, elements(ports) == 1) : NULL;
    return (!names || (host->name && *host->name)) &&
           (!addresses || (host->address && *host->address)) &&
           (!ports || (host->port && *host->port));
}

static void list_read(struct db_hosts *hosts, const PQconninfoOption *options)
{
    size_t names = elements(db_told(options, "host"));
    size_t addresses = elements(db_told(options, "hostaddr"));
    size_t ports = elements(db_told(options, "port"));
    size_t n = addresses > 0 ? addresses : names;
    if (n > HOSTS_MAX || (names > 0 && names != n) || (ports > 1 && ports != n))
        return;
    hosts->n = n;
    for (size_t i = 0; i < hosts->n; i++) {
        if (!host_read(&hosts->list[i], i, options)) {
            for (size_t k = 0; k <= i; k++)
                host_done(&hosts->list[k]);
            hosts->n = 0;
        }
    }
}

struct db_hosts *db_hosts_new(uv_loop_t *loop, const char *conninfo, db_looked_fn looked, void *arg)
{
    struct db_hosts *hosts = calloc(1, sizeof *hosts);
    if (!hosts)
        return NULL;
    hosts->loop = loop;
    hosts->looked = looked;
    hosts->arg = arg;
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    list_read(hosts, options);
    PQconninfoFree(options);
    return hosts;
}

void db_hosts_free(struct db_hosts *hosts)
{
    if (!hosts)
        return;
    if (hosts->lookup) {
        hosts->lookup->hosts = NULL;
        (void)uv_cancel((uv_req_t *)&hosts->lookup->request);
    }
    for (size_t i = 0; i < hosts->n; i++)
        host_done(&hosts->list[i]);
    free(hosts);
}

size_t db_hosts_count(const struct db_hosts *hosts)
{
    return hosts->n > 0 ? hosts->n : 1;
}

// ---- looking up ------------------------------------------------------------------------------

// A directory or an abstract socket is no name, and an address needs no look-up.
static bool is_name(const struct host *host)
{
    return !host->address && host->name[0] != '/' && host->name[0] != '@';
}

static void keep(struct host *host, const struct addrinfo *found)
{
    host->n_known = 0;
    for (; found && host->n_known < ADDRESSES_MAX; found = found->ai_next)
        if (getnameinfo(found->ai_addr, found->ai_addrlen, host->known[host->n_known], ADDRESS_SIZE,
                        NULL, 0, NI_NUMERICHOST) == 0)
            host->n_known++;
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct lookup *lookup = request->data;
    struct db_hosts *hosts = lookup->hosts;
    bool wanted = lookup->wanted;
    if (hosts) {
        hosts->lookup = NULL;
        if (status == 0)
            keep(&hosts->list[lookup->host], found);
    }
    uv_freeaddrinfo(found);
    free(lookup);
    if (hosts && wanted)
        hosts->looked(hosts->arg);
}

static struct lookup *look_up(struct db_hosts *hosts)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return NULL;
    lookup->hosts = hosts;
    lookup->host = hosts->at;
    lookup->request.data = lookup;
    if (uv_getaddrinfo(hosts->loop, &lookup->request, on_found, hosts->list[hosts->at].name, NULL,
                       &hints) < 0) {
        free(lookup);
        return NULL;
    }
    return lookup;
}

bool db_hosts_look(struct db_hosts *hosts)
{
    if (hosts->n == 0 || !is_name(&hosts->list[hosts->at]))
        return false;
    if (!hosts->lookup)
        hosts->lookup = look_up(hosts);
    if (!hosts->lookup || hosts->lookup->host != hosts->at)
        return false;
    hosts->lookup->wanted = true;
    return true;
}

void db_hosts_unlook(struct db_hosts *hosts)
{
    if (hosts->lookup)
        hosts->lookup->wanted = false;
}

// ---- going through ---------------------------------------------------------------------------

bool db_hosts_place(const struct db_hosts *hosts, struct db_place *ret_place)
{
    const struct host *host = &hosts->list[hosts->at];
    struct db_place place = {0};
    if (hosts->n > 0) {
        bool name = is_name(host);
        if (name && hosts->address >= host->n_known)
            return false;
        place = (struct db_place){host->name, name ? host->known[hosts->address] : host->address,
                                  host->port};
    }
    *ret_place = place;
    return true;
}

bool db_hosts_next(struct db_hosts *hosts, bool *ret_fresh)
{
    *ret_fresh = hosts->n == 0 || !is_name(&hosts->list[hosts->at]) ||
                 ++hosts->address >= hosts->list[hosts->at].n_known;
    if (!*ret_fresh)
        return true;
    hosts->address = 0;
    hosts->at = hosts->n > 0 ? (hosts->at + 1) % hosts->n : 0;
    if (++hosts->tried < db_hosts_count(hosts))
        return true;
    hosts->tried = 0;
    return false;
}

void db_hosts_met(struct db_hosts *hosts)
{
    hosts->tried = 0;
    hosts->address = ADDRESSES_MAX;
}
