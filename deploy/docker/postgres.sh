# SPDX-License-Identifier: Apache-2.0
# What runs in the postgres container: makes the cluster at the first start (all of it or nothing), gives
# each service's role its password, then is PostgreSQL. `health`: one query that must write to disk.
# `known`: what dispatch had taken of intake itself, into a file for dedup. `restore`: a step of
# deploy/docker/restore, while it stands still.
# Only this container's user may be the superuser, by who it is (peer); services come with passwords.
# No network: a socket in a volume.
set -euo pipefail
source /opt/whistle/shared.sh
source /opt/whistle/backups.sh

CLUSTER=/srv/whistle/database/15
SOCKET=/srv/whistle/socket
ROLES=/srv/whistle/roles

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
    printf 'local all,replication whistle peer map=owner
local whistle all scram-sha-256
local replication whistle_backup scram-sha-256\n' >"$1/pg_hba.conf"
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

# restore BYTES [--yes]: a backup's cluster, as a tar archive of BYTES on standard input, in the place of
# what is there, which stays beside it.
restore() {
    local new=$CLUSTER.new
    [ ! -d "$CLUSTER" ] || [ "${2:-}" = --yes ] ||
        die "已有数据库;加 --yes 才会移开并换上备份 / there is a cluster; with --yes it is moved aside"
    need_room "${CLUSTER%/*}" "$1"
    rm -rf "$new"
    mkdir -m 700 "$new"
    tar -x -C "$new" --no-same-owner
    [ -f "$new/PG_VERSION" ] || die "没有收到数据库 / no cluster came"
    write_settings "$new"
    # Also one that was taken of a machine without containers.
    [ "$(tail -n 1 "$new/postgresql.conf")" = "include 'whistle.conf'" ] ||
        printf "include 'whistle.conf'\n" >>"$new/postgresql.conf"
    rm -f "$new/roles.sha256"
    sync -f "$new"
    if [ -d "$CLUSTER" ]; then mv "$CLUSTER" "$CLUSTER.before-$STAMP"; fi
    mv "$new" "$CLUSTER"
    sync "${CLUSTER%/*}"
}

case ${1:-serve} in
known) known_upto "host=$SOCKET dbname=whistle user=whistle" >/srv/whistle/known/upto ;;
restore) shift; restore "$@" ;;
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
