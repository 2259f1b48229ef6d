// SPDX-License-Identifier: Apache-2.0
// Names and texts of the runtime's own figures, each as the two arguments that metrics.h takes. One
// home, so that a name is never written twice. deploy/config/README.md explains them to operators.
#ifndef WH_RUNTIME_FIGURES_H
#define WH_RUNTIME_FIGURES_H

// turns
#define FIG_TURNS "turns_total", "turns begun"
#define FIG_TURN_ITEMS "turn_items", "commands, events and timers of one turn"
#define FIG_TURN_TIME "turn_duration_seconds", "a turn from its beginning to its last answer"
#define FIG_LOAD_TIME "load_duration_seconds", "time of a turn's loads"
#define FIG_COMMIT_TIME "commit_duration_seconds", "time of a turn's transaction"
#define FIG_REFUSED_TURNS "turns_refused_total", "turns the database refused for one message"
#define FIG_REPEATED_TURNS "turns_repeated_total", "turns repeated after a serialization failure"
#define FIG_INBOX "inbox_items", "commands and events that wait for a turn"
#define FIG_OLDEST "oldest_item_seconds", "age of the oldest item that waits or is in a turn"
#define FIG_TIMERS "timers", "timers set"
#define FIG_TIMER_LATE "timer_late_seconds", "how long the earliest timer has been due"
#define FIG_KEPT "kept_answers_total", "requests that were answered before"
#define FIG_DEAD "dead_letters_total", "messages set aside because they could not be stored"
#define FIG_DEAD_OPEN "dead_letters_open", "events set aside and not yet through"
#define FIG_PARKED "parked_objects", "whistles whose events wait behind a dead letter"

// the door
#define FIG_DOOR_PENDING "door_pending", "commands and questions taken and not yet answered"
#define FIG_DOOR_TAKEN "door_taken_total", "commands and questions taken"
#define FIG_DOOR_ANSWERED "door_answered_total", "commands and questions answered"
#define FIG_DOOR_LOST "answers_lost_total", "answers that could not be sent"
#define FIG_SHAKEN "handshakes_total", "connections let in"
#define FIG_TURNED_AWAY "handshakes_refused_total", "connections refused: key unknown or ended"
#define FIG_REFUSED "refused_total", "commands and follows refused, by rule"
#define FIG_BUSY "busy_total", "commands and follows told to come back, by rule"

// who owns, the database
#define FIG_SERVING "serving", "1 while this process owns the journal and serves"
#define FIG_STANDBY "standby", "1 while another process owns the journal"
#define FIG_STANDBY_LAG "standby_lag_events", "events the standby's memory is behind the journal"
#define FIG_EPOCH "epoch", "epoch of the ownership"
#define FIG_SEQ "journal_seq", "last journal row"
#define FIG_VOID "void_total", "times that all memory became void"
#define FIG_DB_READY "database_connected", "1 while the connection is ready"
#define FIG_DB_MADE "database_connects_total", "connections made"
#define FIG_DB_LOST "database_lost_total", "connections lost or not made"
#define FIG_PROOF "database_silent_seconds", "time since the database last answered"
#define FIG_DISK "disk_free_bytes", "free space in the database's folder"

// feeds: ours and followed ones
#define FIG_LISTENERS "feed_listeners", "followers connected"
#define FIG_LENT "feed_lent_bytes", "sent to followers and not yet given back"
#define FIG_FEED_ROWS "feed_rows_total", "events sent to followers"
#define FIG_FEED_BYTES "feed_bytes_total", "bytes sent to followers"
#define FIG_FEED_READS "feed_reads_total", "reads of older events from the journal"
#define FIG_FEED_REWOUND "feed_rewound_total", "followers told that their past is not ours"
#define FIG_FEED_REVOKED "feed_revoked_total", "followers ended because their key ended"
#define FIG_FOLLOWER_UP "follower_connected", "1 while a program of this identity follows"
#define FIG_FOLLOWER_LAG "follower_lag_events", "journal rows this follower has not yet passed"
#define FIG_FOLLOWER_AGE "follower_lag_seconds", "how long the oldest of them has waited"
#define FIG_FOLLOWER_LENT "follower_lent_bytes", "sent to this follower and not yet given back"
#define FIG_FOLLOWED_UP "followed_connected", "1 while the followed feed speaks to us"
#define FIG_FOLLOWED_LIVE "followed_caught_up", "1 while we stand at the followed feed's end"
#define FIG_FOLLOWED_SEQ "followed_seq", "our place in the followed feed"
#define FIG_FOLLOWED_WAITING "followed_waiting", "its events taken and not yet committed"
#define FIG_FOLLOWED_HELD \
    "followed_held", "of them, those that wait for their time or a pause's end"
#define FIG_FOLLOWED_ASKED "followed_follows_total", "times we asked to follow: at first and anew"
#define FIG_PAUSED "follows_paused", "1 while events wait because our own followers are behind"
#define FIG_FOLLOWED_REWOUND "followed_rewound", "1: the followed feed's past is not ours any more"

// the process
#define FIG_MEMORY "memory_expected_bytes", "memory that a process of this kind and fill may take"
#define FIG_KEYS "keyring_keys", "keys in the keyring"
#define FIG_KEYS_READ "keyring_read_time_seconds", "when the keyring was last read well"
#define FIG_KEYS_BAD "keyring_bad", "1: the keyring file cannot be read, the last good one holds"
#define FIG_KEYS_EXPIRING "keys_expiring", "identities without a valid key 7 days from now"
#define FIG_CLOCK_JUMPED \
    "clock_jumps_total", "times that the wall clock moved by itself for 2 s or more"
#define FIG_CLOCK_AHEAD \
    "clock_ahead_seconds", "how far turns are ahead of a wall clock that jumped back"
#define FIG_CLOCK "clock_seconds", "what this process takes for the time"
#define FIG_SCHEMA "schema_version", "newest migration of the tables, by set"
#define FIG_SCHEMA_KNOWN "schema_known_version", "newest migration this program knows, by set"
#define FIG_BUILD "build_info", "1; what this program is"

struct wh_metrics;
// Counters that are known before they first happen, so that their first increase is seen.
void wh_figures_begin(struct wh_metrics *metrics);
// What /metrics shows and is not counted where it happens; arg: struct wh_runtime.
void wh_figures_refresh(void *arg);

#endif
