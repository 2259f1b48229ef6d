// SPDX-License-Identifier: Apache-2.0
// Checking a journal's hash chain, row by row: hash = BLAKE2b-256(previous hash ‖ body), seq
// without gaps, the seq inside the body the row's own. Pure: rows in, verdict out.
#ifndef CLI_CHAIN_H
#define CLI_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAIN_HASH 32

enum chain_fault {
    CHAIN_GOOD,
    CHAIN_UNREADABLE, // the body is no event
    CHAIN_GAP,        // a row is missing
    CHAIN_SEQ,        // the body says another seq
    CHAIN_HASH_WRONG,
    CHAIN_OTHER_PAST, // the head noted earlier is not this journal's
    CHAIN_CUT,        // the journal ends before the head noted earlier
};

struct chain {
    int64_t seq; // of the last good row
    uint8_t hash[CHAIN_HASH];
    int64_t rows;
    // the head noted earlier; has_since: false none
    bool has_since;
    int64_t since_seq;
    uint8_t since_hash[CHAIN_HASH];
    // of the first bad row
    enum chain_fault fault;
    int64_t bad_seq;
};

// An empty journal: seq 0, 32 zero bytes.
void chain_init(struct chain *chain);
// "SEQ:HASH" with 64 hexadecimal digits. 0, -1.
int chain_since(struct chain *chain, const char *text);
void chain_format(const struct chain *chain, char *ret_text, size_t n); // "SEQ:HASH"
// The next row in order. seq_inside: what its body says, 0 where it cannot be read. Returns the
// chain's fault; after the first one nothing changes any more.
enum chain_fault chain_row(struct chain *chain, int64_t seq_inside, const uint8_t *body, size_t n,
                           const uint8_t *hash, size_t hash_n);
// The journal ends here.
enum chain_fault chain_end(struct chain *chain);

#endif
