# SPDX-License-Identifier: Apache-2.0
# What runs in the postgres container: makes the cluster at the first start (all of it or nothing), gives
# each service's role its password, then is PostgreSQL. `health`: one query that must write to disk.
# `backup [--keep N]` (while it runs) and `restore NAME` (while it stands still): deploy/README.md.
# Only this container's user may be the superuser, by who it is (peer); services come with passwords.
# No network: a socket in a volume.
set -euo pipefail
source /opt/whistle/shared.sh
source /opt/whistle/backups.sh

CLUSTER=/srv/whistle/database/15
SOCKET=/srv/whistle/socket
ROLES=/srv/whistle/roles

BACKUP=/srv/whistle/backup

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }
as_user() { "$@"; }

# single FOLDER: statements from standard input, each ended by a semicolon and an empty line; ends at the
# first error, and never writes a statement to the log.
single() {
    postgres --single -j -D "$1" -c exit_on_error=on -c log_min_error_statement=panic postgres >/dev/null
}

# Our settings; ALTER SYSTEM goes over them.
write_settings() {
    cluster_settings "$SOCKET" 0777 >"$1/whistle.conf"
    printf 'local all,replication whistle peer map=owner\nlocal whistle all scram-sha-256\n' >"$1/pg_hba.conf"
    printf 'owner postgres whistle\n' >"$1/pg_ident.conf"
}

make_cluster() {
    local new=$CLUSTER.new
    rm -rf "$new"
    cluster_init "$new"
    printf "include 'whistle.conf'\n" >>"$new/postgresql.conf"
    write_settings "$new"
    single "$new" <<<$'CREATE DATABASE whistle;\n'
    sync -f "$new"
    mv "$new" "$CLUSTER"
}

# Roles get their passwords again only where those changed.
give_passwords() {
    local now
    now=$(cat "$ROLES"/whistle_* | sha256sum)
    [ "$now" != "$(cat "$CLUSTER/roles.sha256" 2>/dev/null || true)" ] || return 0
    single "$CLUSTER" < <(roles_sql "$ROLES")
    printf '%s\n' "$now" >"$CLUSTER/roles.sha256"
}

# Keys, keyring and secrets are in volumes that this container does not see.
extras() { :; }
secret_print() { :; }

backup() {
    local keep=7
    if [ "${1:-}" = --keep ]; then keep=${2:?}; fi
    [[ $keep =~ ^[1-9][0-9]*$ ]] || { say "--keep: 应为 1 以上的整数 / must be 1 or more" >&2; exit 2; }
    lock_folder "$BACKUP"
    take_backup "$BACKUP" "host=$SOCKET dbname=whistle user=whistle"
    remove_old "$BACKUP" "$keep"
    say "✓ $taken_path ($((taken_bytes >> 20)) MiB, ${taken_seconds}s)"
}

# The greatest number that the backup may hold, from its manifest.
greatest_number() {
    grep -o '"newest_whistle" *: *{"id" *: *[0-9]*' "$1/manifest.json" | grep -o '[0-9]*$' | sort -n | tail -n 1
}

restore() {
    local from=$BACKUP/${1##*/} new=$CLUSTER.new greatest last
    if [ "${1:-}" = newest ]; then from=$(newest_backup "$BACKUP"); fi
    is_backup "$from" || die "没有这个完整的备份 / no such whole backup: $from"
    if psql -qAtX -h "$SOCKET" -U whistle -d whistle -c 'SELECT 1' >/dev/null 2>&1; then
        die "PostgreSQL 还在运行,先 docker-compose stop / still runs; docker-compose stop first"
    fi
    verify_files "$from" || die "备份损坏 / the backup is damaged"
    need_room "${CLUSTER%/*}" "$(folder_bytes "$from/pg")"
    rm -rf "$new"
    cp -a "$from/pg" "$new"
    write_settings "$new"
    # Also one that was taken of a machine without containers.
    [ "$(tail -n 1 "$new/postgresql.conf")" = "include 'whistle.conf'" ] ||
        printf "include 'whistle.conf'\n" >>"$new/postgresql.conf"
    rm -f "$new/roles.sha256"
    sync -f "$new"
    if [ -d "$CLUSTER" ]; then mv "$CLUSTER" "$CLUSTER.before-$STAMP"; fi
    mv "$new" "$CLUSTER"
    sync "${CLUSTER%/*}"
    greatest=$(greatest_number "$from")
    last=$(cat "$BACKUP/number_after" 2>/dev/null) || last=0
    next_number "$(TZ=${WHISTLE_TIMEZONE:-Asia/Shanghai} date +%Y%m%d)" "${greatest:-0}" "$last" >"$BACKUP/number_after"
    say "✓ 已恢复 / restored: ${from##*/}; 原来的 / as it was: $CLUSTER.before-$STAMP"
    say "接下来在 .env 写上 / next, put into .env: WHISTLE_NUMBER_AFTER=$(cat "$BACKUP/number_after")"
}

case ${1:-serve} in
backup) shift; backup "$@" ;;
restore) restore "${2:-}" ;;
serve)
    [ -f "$CLUSTER/PG_VERSION" ] || make_cluster
    write_settings "$CLUSTER"
    give_passwords
    exec postgres -D "$CLUSTER"
    ;;
health)
    psql -qAtX -h "$SOCKET" -U whistle -d whistle -c 'SELECT pg_current_xact_id()' >/dev/null
    ;;
*)
    exec "$@"
    ;;
esac
