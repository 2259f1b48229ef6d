// SPDX-License-Identifier: Apache-2.0
// Pasts and ears; see feed_ear.h. A batch is checked against the past row by row: it must begin at
// the cursor, hold exactly the rows of (after, upto] that concern the ear, end with the past's
// hash, and stay within the credit that was given.
#include "support/feed_ear.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "whistle/v1/envelope.pb-c.h"

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "feed test: %s\n", what);
    abort();
}

// ---- the past --------------------------------------------------------------------------------

uint32_t past_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

static void insert(PGconn *conn, int64_t seq, const struct past_row *row)
{
    int64_t big = (int64_t)htobe64((uint64_t)seq);
    char subjects[64] = "{";
    for (size_t i = 0; i < row->n_subjects; i++)
        snprintf(subjects + strlen(subjects), sizeof subjects - strlen(subjects), "%s%d",
                 i > 0 ? "," : "", (int)row->subjects[i]);
    strcat(subjects, "}");
    const char *values[] = {(const char *)&big, subjects, (const char *)row->body,
                            (const char *)row->hash};
    int lengths[] = {8, 0, (int)row->body_n, WH_HASH_SIZE}, formats[] = {1, 0, 1, 1};
    PGresult *result = PQexecParams(conn,
                                    "INSERT INTO intake.journal VALUES ($1::int8, 1, 1, 1,"
                                    " $2::int4[], $3::bytea, $4::bytea)",
                                    4, NULL, values, lengths, formats, 0);
    must(PQresultStatus(result) == PGRES_COMMAND_OK, PQerrorMessage(conn));
    PQclear(result);
}

static struct past_row *row_add(struct past *past)
{
    if ((size_t)past->head == past->cap) {
        past->cap = past->cap * 2 + 1024;
        past->rows = realloc(past->rows, past->cap * sizeof *past->rows);
        must(past->rows != NULL, "memory");
    }
    struct past_row *row = &past->rows[past->head++];
    memset(row, 0, sizeof *row);
    return row;
}

static void row_finish(struct past *past, PGconn *conn, struct wh_tail *tail)
{
    static const uint8_t nothing[WH_HASH_SIZE];
    struct past_row *row = &past->rows[past->head - 1];
    wh_journal_hash(past->head > 1 ? row[-1].hash : nothing, row->body, row->body_n, row->hash);
    insert(conn, past->head, row);
    struct wh_journal_row tailed = {
        .seq = past->head,
        .subjects = row->subjects,
        .n_subjects = row->n_subjects,
        .body = row->body,
        .body_n = row->body_n,
    };
    memcpy(tailed.hash, row->hash, WH_HASH_SIZE);
    must(wh_tail_append(tail, &tailed) == 0, "tail");
}

static void transaction(PGconn *conn, const char *word)
{
    PQclear(PQexec(conn, word));
}

void past_grow(struct past *past, size_t n, uint64_t *random, PGconn *conn, struct wh_tail *tail)
{
    transaction(conn, "BEGIN");
    for (size_t i = 0; i < n; i++) {
        struct past_row *row = row_add(past);
        for (uint32_t k = past_random(random) % 4; k > 0; k--)
            row->subjects[row->n_subjects++] = 16 + (int32_t)(past_random(random) % 8);
        if (past_random(random) % 10 == 0)
            row->subjects[row->n_subjects++] = 1;
        row->body_n = past_random(random) % sizeof row->body;
        for (size_t k = 0; k < row->body_n; k++)
            row->body[k] = (uint8_t)past_random(random);
        row_finish(past, conn, tail);
    }
    transaction(conn, "COMMIT");
}

void past_quiet(struct past *past, size_t n, PGconn *conn, struct wh_tail *tail)
{
    transaction(conn, "BEGIN");
    for (size_t i = 0; i < n; i++) {
        row_add(past)->body_n = 4;
        past->rows[past->head - 1].subjects[0] = 9999;
        past->rows[past->head - 1].n_subjects = 1;
        row_finish(past, conn, tail);
    }
    transaction(conn, "COMMIT");
}

void past_done(struct past *past)
{
    free(past->rows);
}

// ---- hearing ---------------------------------------------------------------------------------

static bool concerns(const struct ear *ear, const struct past_row *row)
{
    bool all = ear->n_subjects == 0 && ear->own_subject == 0;
    for (size_t i = 0; i < row->n_subjects && !all; i++) {
        all = ear->n_subjects == 0 && row->subjects[i] == ear->own_subject;
        for (size_t k = 0; k < ear->n_subjects && !all; k++)
            all = row->subjects[i] == 16 + ear->subjects[k][1] - '0';
    }
    return all;
}

static void check_row(struct ear *ear, const struct past_row *row,
                      const Whistle__V1__EventRow *heard)
{
    must(heard->body.len == row->body_n &&
             (row->body_n == 0 || memcmp(heard->body.data, row->body, row->body_n) == 0),
         "another row than the journal's");
    must(heard->hash.len == (ear->hashes ? WH_HASH_SIZE : 0), "a hash where none was asked for");
    if (ear->hashes) {
        must(memcmp(heard->hash.data, row->hash, WH_HASH_SIZE) == 0, "a row's hash");
        ear->hashed++;
    }
    ear->credit_bytes -= (int64_t)row->body_n;
}

static void check_range(struct ear *ear, const Whistle__V1__Events *events)
{
    size_t next = 0;
    int64_t bytes_before = ear->credit_bytes;
    for (int64_t seq = events->after + 1; seq <= events->upto; seq++) {
        const struct past_row *row = &ear->past->rows[seq - 1];
        if (!concerns(ear, row))
            continue;
        must(next < events->n_events, "a row is missing");
        check_row(ear, row, events->events[next++]);
    }
    must(next == events->n_events, "a row too many");
    ear->credit_events -= (int64_t)next;
    must(ear->credit_events >= 0, "more events than there was credit");
    must(next == 0 || bytes_before > 0, "bytes without credit");
    must(next < 2 || ear->credit_bytes >= 0, "more bytes than there was credit");
    ear->events += next;
}

static void on_events(struct ear *ear, const Whistle__V1__Events *events)
{
    if (ear->stopping)
        return;
    if (ear->fresh && (ear->stored || ear->newest > 0))
        ear->at = ear->began = events->after;
    must(events->after == ear->at, "a batch does not begin at the cursor");
    must(events->upto >= events->after && events->upto <= ear->past->head, "a batch's end");
    must(events->hash.len == WH_HASH_SIZE, "no hash");
    if (events->upto > 0)
        must(memcmp(events->hash.data, ear->past->rows[events->upto - 1].hash, WH_HASH_SIZE) == 0,
             "another hash than the journal's");
    must(!events->live || events->upto == ear->past->head, "live before the head");
    check_range(ear, events);
    ear->at = events->upto;
    ear->epoch = events->epoch;
    ear->live = events->live;
    ear->fresh = false;
    ear->batches++;
}

static void on_packet(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    (void)socket;
    struct ear *ear = arg;
    Whistle__V1__Frame *frame = whistle__v1__frame__unpack(NULL, packet->n, packet->data);
    must(frame != NULL, "not a frame");
    if (frame->what_case == WHISTLE__V1__FRAME__WHAT_EVENTS) {
        on_events(ear, frame->events);
    } else if (frame->what_case == WHISTLE__V1__FRAME__WHAT_REWOUND) {
        ear->rewound++;
        ear->rewound_head = frame->rewound->head;
    } else {
        must(frame->what_case == WHISTLE__V1__FRAME__WHAT_ANSWER, "an unknown word");
        ear->refusals++;
        snprintf(ear->rule, sizeof ear->rule, "%s", frame->answer->error->rule);
        snprintf(ear->field, sizeof ear->field, "%s", frame->answer->error->field);
    }
    whistle__v1__frame__free_unpacked(frame, NULL);
}

// ---- speaking --------------------------------------------------------------------------------

static void connect_ear(struct ear *ear)
{
    struct wh_socket_options options = {
        .endpoint = ear->where->endpoints[0],
        .server_key = ear->net->server.public_key,
        .public_key = ear->net->keys[ear->key].public_key,
        .secret_key = ear->net->keys[ear->key].secret_key,
        .on_packet = on_packet,
        .arg = ear,
    };
    must(wh_socket_open(ear->net->bus, &options, &ear->socket) == 0, "socket");
}

void ear_open(struct ear *ear, struct net *net, const struct wh_door *where, int key,
              const char *feed, const struct past *past)
{
    *ear = (struct ear){.net = net, .where = where, .key = key, .feed = feed, .past = past};
    ear->name = "";
    ear->own_subject = strcmp(feed, "p1") == 0 ? 1 : key >= 2 ? 14 + key : 0;
    connect_ear(ear);
}

void ear_close(struct ear *ear)
{
    wh_socket_close(ear->socket);
    ear->socket = NULL;
}

void ear_reconnect(struct ear *ear)
{
    ear_close(ear);
    ear->following = false;
    connect_ear(ear);
}

static void send_frame(struct ear *ear, const Whistle__V1__Frame *frame)
{
    uint8_t bytes[2048];
    size_t n = whistle__v1__frame__pack(frame, bytes);
    int status = WH_E_BUSY;
    for (int i = 0; i < 1000 && status == WH_E_BUSY; i++) { // not connected yet
        status = wh_socket_send(ear->socket, NULL, bytes, n);
        if (status == WH_E_BUSY)
            net_run(ear->net, 2);
    }
    must(status == 0, "send");
}

// A Follow that is refused ends the one before it: what comes until the refusal was sent before.
static void stop(struct ear *ear)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Follow follow = WHISTLE__V1__FOLLOW__INIT;
    unsigned refusals = ear->refusals;
    int64_t at = ear->at;
    follow.feed = (char *)ear->feed;
    follow.after = -1;
    frame.what_case = WHISTLE__V1__FRAME__WHAT_FOLLOW;
    frame.follow = &follow;
    ear->stopping = true;
    send_frame(ear, &frame);
    for (int i = 0; i < 1000 && ear->refusals == refusals; i++)
        net_run(ear->net, 2);
    must(ear->refusals == refusals + 1, "no refusal");
    ear->stopping = false;
    ear->refusals = refusals;
    ear->at = at;
}

void ear_follow(struct ear *ear, int32_t credit_events, int64_t credit_bytes, bool with_hash)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Follow follow = WHISTLE__V1__FOLLOW__INIT;
    if (ear->following)
        stop(ear);
    ear->following = true;
    ear->live = false;
    ear->fresh = true;
    follow.feed = (char *)ear->feed;
    follow.name = (char *)ear->name;
    follow.subjects = (char **)ear->subjects;
    follow.n_subjects = ear->n_subjects;
    follow.hashes = ear->hashes;
    follow.stored = ear->stored;
    follow.newest = ear->newest;
    if (!ear->stored)
        follow.after = ear->at;
    if (ear->claim != NULL)
        follow.hash = (ProtobufCBinaryData){WH_HASH_SIZE, (uint8_t *)ear->claim};
    else if (with_hash && !ear->stored && !ear->forget_hash && ear->at > 0 &&
             ear->at <= ear->past->head)
        follow.hash =
            (ProtobufCBinaryData){WH_HASH_SIZE, (uint8_t *)ear->past->rows[ear->at - 1].hash};
    ear->credit_events = follow.credit_events = credit_events;
    ear->credit_bytes = follow.credit_bytes = credit_bytes;
    frame.what_case = WHISTLE__V1__FRAME__WHAT_FOLLOW;
    frame.follow = &follow;
    send_frame(ear, &frame);
}

static void send_credit(struct ear *ear, int64_t seen, int32_t events, int64_t bytes)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Credit credit = WHISTLE__V1__CREDIT__INIT;
    credit.feed = (char *)ear->feed;
    credit.seen = seen;
    credit.credit_events = events;
    credit.credit_bytes = bytes;
    ear->credit_events += events;
    ear->credit_bytes += bytes;
    frame.what_case = WHISTLE__V1__FRAME__WHAT_CREDIT;
    frame.credit = &credit;
    send_frame(ear, &frame);
}

void ear_credit(struct ear *ear, int32_t events, int64_t bytes)
{
    send_credit(ear, ear->at, events, bytes);
}

void ear_tell(struct ear *ear, int64_t seen)
{
    send_credit(ear, seen, 0, 0);
}

void ear_expect(struct ear *ear, const char *rule, const char *field)
{
    for (int i = 0; i < 400 && ear->refusals == 0; i++)
        net_run(ear->net, 5);
    if (ear->refusals != 1 || strcmp(ear->rule, rule) != 0 || strcmp(ear->field, field) != 0) {
        fprintf(stderr, "%u refusals, %s of %s; wanted %s of %s\n", ear->refusals, ear->rule,
                ear->field, rule, field);
        abort();
    }
    ear->refusals = 0;
}
