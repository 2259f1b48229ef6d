# SPDX-License-Identifier: Apache-2.0
# What backup, restore and drill share: what a backup's folder holds, the state of the journals as one
# line of JSON, what makes a restored state right, and how keys, secrets, numbers and the sender go with
# it. Sourced after lib.sh, and by the postgres container for a few of its functions (no jq there); never
# run. Whoever sources it defines as_user, say, die.
#
# BACKUP/pg             the cluster as pg_basebackup took it, with its WAL and checksummed manifest
# BACKUP/settings       keyring, doors, district.json, phones.csv: no private key, no secret
# BACKUP/manifest.json  what was there before and after, made last; without it a backup is none
# shellcheck shell=bash

STAMP=$(date -u +%Y%m%dT%H%M%SZ)
GROWING="journal whistle task district code membership apart person api_key webhook" # tables from which nothing is ever deleted

# sql CONNINFO TEXT: one value or one row.
sql() { as_user "${PGBIN:+$PGBIN/}psql" -qAtX -v ON_ERROR_STOP=1 -d "$1" -c "$2"; }

# state CONNINFO: heads and row counts of all schemas, of one snapshot, as JSON. full: count the
# journals' rows too (their seq says how many there must be).
state() {
    local skip="AND tablename <> 'journal'"
    [ "${2:-}" != full ] || skip=""
    as_user "${PGBIN:+$PGBIN/}psql" -qAtX -v ON_ERROR_STOP=1 -d "$1" <<SQL
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL search_path = pg_catalog;
WITH t AS (
    SELECT schemaname AS s, tablename AS t, (xpath('/row/c/text()', query_to_xml(
        format('SELECT count(*) AS c FROM %I.%I', schemaname, tablename), false, true, '')))[1]::text::int8 AS n
    FROM pg_tables WHERE schemaname IN ('intake', 'dedup', 'dispatch', 'gateway') $skip),
x AS (
    SELECT schemaname AS s, query_to_xml(format('SELECT epoch, seq, encode(hash, ''hex'') AS hash FROM %I.head',
        schemaname), false, true, '') AS row
    FROM pg_tables WHERE schemaname IN ('intake', 'dedup', 'dispatch', 'gateway') AND tablename = 'head'),
n AS (
    SELECT s, (xpath('/row/epoch/text()', row))[1]::text::int8 AS epoch,
        (xpath('/row/seq/text()', row))[1]::text::int8 AS seq, (xpath('/row/hash/text()', row))[1]::text AS hash FROM x),
h AS (SELECT s, epoch, seq, seq || ':' || hash AS head FROM n)
SELECT json_build_object('at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'lsn', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
    'newest_whistle', (SELECT json_build_object('id', w.id, 'at', j.at) FROM intake.whistle w
        JOIN intake.journal j ON j.seq = w.seq ORDER BY w.id DESC LIMIT 1),
    'schemas', (SELECT json_object_agg(h.s, json_build_object('epoch', h.epoch, 'seq', h.seq, 'head', h.head,
        'tables', (SELECT json_object_agg(t.t, t.n ORDER BY t.t) FROM t WHERE t.s = h.s))) FROM h));
COMMIT;
SQL
}

# folder_bytes FOLDER, free_bytes FOLDER.
folder_bytes() { du -sb "$1" | cut -f1; }
free_bytes() { df -B1 --output=avail "$1" | tail -n 1 | tr -d ' '; }

# need_room FOLDER BYTES: dies where they are not free, with a tenth and 256 MiB to spare.
need_room() {
    local need=$(($2 + $2 / 10 + 268435456)) free
    free=$(free_bytes "$1")
    [ "$free" -ge "$need" ] || die "空间不够 / not enough room in $1: 需要 need $((need >> 20)) MiB, 剩余 free $((free >> 20)) MiB"
}

fingerprint() { sha256sum "$1" 2>/dev/null | cut -d' ' -f1; }

# is_backup FOLDER: whole, by its name and its manifest.
is_backup() { [ -s "$1/manifest.json" ] && [ -f "$1/pg/backup_manifest" ]; }

# backups DIR: the whole ones, oldest first.
backups() {
    local each
    for each in "$1"/whistle-*/; do
        if is_backup "${each%/}"; then printf '%s\n' "${each%/}"; fi
    done
}

newest_backup() { backups "$1" | tail -n 1; }

# verify_files BACKUP: every file as it was taken (PostgreSQL's own checksums, ours for the rest).
verify_files() {
    nice -n 19 "${PGBIN:+$PGBIN/}pg_verifybackup" -q "$1/pg" &&
        { [ ! -s "$1/settings.sha256" ] || (cd "$1" && sha256sum --quiet -c settings.sha256); }
}

# lock_folder DIR: one backup at a time; what a broken one left goes.
lock_folder() {
    exec 7>"$1/.lock"
    flock -n 7 || die "另一个备份在进行 / another backup is under way: $1"
    rm -rf "$1"/.new-*
}

# take_backup DIR CONNINFO [OPTION…]: into DIR/whistle-STAMP, whole by its name at the very end. `extras`
# (of the caller) adds settings to the folder named, `secret_print NAME` tells a secret's fingerprint.
# Sets taken_path, taken_bytes, taken_seconds.
take_backup() {
    local dir=$1 connection=$2 name=whistle-$STAMP began=$SECONDS before after
    local new=$dir/.new-$name
    shift 2
    [ ! -e "$dir/$name" ] || die "已有 / exists: $dir/$name"
    before=$(state "$connection") || die "数据库不应答 / the database does not answer: $connection"
    need_room "$dir" "$(sql "$connection" "SELECT sum(pg_database_size(oid)) FROM pg_database")"
    as_user mkdir -m 700 "$new"
    # shellcheck disable=SC2064
    trap "rm -rf '$new'" EXIT
    as_user nice -n 19 "${PGBIN:+$PGBIN/}pg_basebackup" -d "$connection" -D "$new/pg" -X stream -c fast \
        --manifest-checksums=SHA256 --no-password "$@" -l "$name" || die "pg_basebackup 失败 / failed"
    after=$(state "$connection")
    extras "$new"
    verify_files "$new" || die "备份核验不过 / the backup does not verify"
    taken_bytes=$(folder_bytes "$new")
    taken_seconds=$((SECONDS - began))
    as_user tee "$new/manifest.json" >/dev/null <<JSON
{"whistle_backup": 1, "name": "$name", "host": "$(hostname)", "seconds": $taken_seconds, "bytes": $taken_bytes,
 "postgres": "$(sql "$connection" 'SHOW server_version')",
 "secrets": {"vault": "$(secret_print vault)", "reporter": "$(secret_print reporter)",
             "gateway": "$(secret_print gateway)"},
 "before": $before,
 "after": $after}
JSON
    sync -f "$new"
    mv "$new" "$dir/$name"
    trap - EXIT
    sync "$dir"
    taken_path=$dir/$name
}

# remove_old DIR KEEP: only whole backups are counted.
remove_old() {
    local each
    backups "$1" | head -n -"$2" | while read -r each; do rm -rf "${each:?}"; done
}

# next_number TODAY GREATEST LAST: after which number new ones begin. Numbers that were given after the
# backup are lost with their whistles but stand on paper and in departments' books: new ones of the day
# begin at the next million. GREATEST: the greatest restored one, LAST: what was told at the last restore.
next_number() {
    local day=$1 greatest=$2 n
    if [ "$3" -gt "$greatest" ]; then greatest=$3; fi
    if [ $((greatest / 10000000)) -gt "$day" ]; then day=$((greatest / 10000000)); fi
    n=1
    if [ $((greatest / 10000000)) = "$day" ]; then n=$(((greatest % 10000000) / 1000000 + 1)); fi
    [ "$n" -le 9 ] || die "今天已恢复过 9 次 / restored nine times today: no numbers are left for this day"
    printf '%s\n' $((day * 10000000 + n * 1000000))
}

# number_after CONNINFO FILE: that number, of a restored cluster that runs, into FILE for intake.
number_after() {
    local zone=Asia/Shanghai greatest last
    if [ -f "$DISTRICT" ]; then zone=$(jq -r '.district.timezone // "Asia/Shanghai"' "$DISTRICT"); fi
    greatest=$(sql "$1" "SELECT coalesce(max(id), 0) FROM intake.whistle")
    last=$(cat "$2" 2>/dev/null) || last=0
    next_number "$(TZ=$zone date +%Y%m%d)" "$greatest" "$last" | install -m 644 /dev/stdin "$2"
}

# secret_of BACKUP NAME: the fingerprint that the secret had; empty where it was not at hand (--connection).
secret_of() { jq -r ".secrets.$2 // \"\"" "$1/manifest.json"; }

# secret_fits BACKUP NAME: DATA's secret is that of the backup.
secret_fits() { [ "$(fingerprint "$DATA/secrets/$2.key")" = "$(secret_of "$1" "$2")" ]; }

# take_secrets BACKUP [FOLDER]: keys and secrets from FOLDER (of deploy/backup --secrets); dies where the
# secrets are not those of the backup: what is sealed would stay closed for ever.
take_secrets() {
    local name file
    if [ -n "${2:-}" ]; then
        [ -d "$2/secrets" ] && [ -d "$2/keys" ] || die "--secrets: 不是 backup --secrets 的目录 / no such folder: $2"
        for file in "$2"/secrets/*.key; do install_key "$file" "$DATA/secrets"; done
        for file in "$2"/keys/*.key; do install_key "$file" "$DATA/keys"; done
    fi
    for name in $SECRETS; do
        [ -z "$(secret_of "$1" "$name")" ] || secret_fits "$1" "$name" ||
            die "$DATA/secrets/$name.key 不是这份备份的,已封存的个人信息会打不开;用 --secrets FOLDER / is missing or not this backup's: sealed data would be lost"
    done
}

# install_key FILE FOLDER: a key that is there and another one stays beside the one that takes its place.
install_key() {
    local to
    to=$(realpath -m "$2/${1##*/}") # in a container each secret lies in its service's volume
    if cmp -s "$1" "$to"; then return 0; fi
    if [ -f "$to" ]; then as_user mv "$to" "$to.before-$STAMP"; fi
    install -m 600 "$1" "$to"
    if [ "$(id -u)" = 0 ]; then chown "$RUN_USER" "$to"; fi
}

keys_of() { grep -oE '^[^ ]{40} ' "$1" || true; }

# take_keyring BACKUP: only where DATA's keyring knows none of the backup's keys (a new machine): an older
# one would let revoked keys in again.
take_keyring() {
    local from=$1/settings/keyring to=$DATA/keys/keyring
    [ -f "$from" ] || return 0
    if [ -f "$to" ] && keys_of "$to" | grep -qxFf <(keys_of "$from"); then return 0; fi
    as_user sh -c "cat >'$to'" <"$from"
}

# sender_back CURSORS: the sender's cursors (all that begin so) go aside. It goes on after what the
# restored database knows as sent; what may be unsent is sent again.
sender_back() {
    local file
    for file in "$1"*; do
        case $file in *.lost-*) continue ;; esac
        if [ -f "$file" ]; then mv "$file" "$file.lost-$STAMP"; fi
    done
}

# private_access FOLDER: who reaches a cluster of this machine: this system user, over its socket.
private_access() {
    as_user sh -c "printf 'local all,replication all trust\n' >'$1/pg_hba.conf'"
}

# compare BACKUP STATE CONNINFO: every way in which a restored cluster is not what was backed up, a line each.
compare() {
    local manifest=$1/manifest.json state=$2 schema seq hash found
    jq -rn --argjson m "$(cat "$manifest")" --argjson s "$state" --arg growing "$GROWING" '
        ($m.before.schemas | keys[]) as $n
        | $m.before.schemas[$n] as $b | $m.after.schemas[$n] as $a | $s.schemas[$n] as $r
        | if $r == null then "\($n): 没有 / missing" else
          (if $r.seq < $b.seq then "\($n): 流水少了 / journal shorter than at the backup: \($r.seq) < \($b.seq)" else empty end),
          (if $r.seq > $a.seq then "\($n): 流水多了 / journal longer than at the backup: \($r.seq) > \($a.seq)" else empty end),
          (if $r.tables.journal != null and $r.tables.journal != $r.seq
           then "\($n): 流水缺行 / journal has \($r.tables.journal) rows, head is \($r.seq)" else empty end),
          (($growing / " ")[] as $t | select($r.tables[$t] != null and $b.tables[$t] != null)
           | select($r.tables[$t] < $b.tables[$t] or $r.tables[$t] > $a.tables[$t])
           | "\($n).\($t): 行数不符 / \($r.tables[$t]) rows, expected \($b.tables[$t]) to \($a.tables[$t])")
          end'
    for schema in $(jq -r '.before.schemas | keys[]' "$manifest"); do
        IFS=: read -r seq hash <<<"$(jq -r ".before.schemas.$schema.head" "$manifest")"
        [ "$seq" != 0 ] || continue
        found=$(sql "$3" "SELECT encode(hash, 'hex') FROM $schema.journal WHERE seq = $seq") || found=""
        [ "$found" = "$hash" ] ||
            printf '%s: 第 %s 行的哈希不是备份时的 / the hash at %s is not the one at the backup\n' "$schema" "$seq" "$seq"
    done
    found=$(sql "$3" "SELECT (SELECT count(*) FROM dispatch.whistle) -
        (SELECT count(DISTINCT object) FROM dispatch.journal WHERE object > 0)") || found=unknown
    [ "$found" = 0 ] || printf 'dispatch: 哨与流水不符 / whistles without journal, or the other way: %s\n' "$found"
}
