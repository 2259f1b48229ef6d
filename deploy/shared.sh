# SPDX-License-Identifier: Apache-2.0
# What deploy/up and the containers share: how a cluster, keys, secrets and the doors file are made, and
# how health is asked for. Sourced, never run. Whoever sources it defines as_user (runs a command as the
# user who owns what is made) and has the programs in PATH or in BIN and PGBIN.
# shellcheck shell=bash
SERVICES="intake dedup dispatch gateway"
# What lives outside the database, a file each: sealed data and residents' codes are worth nothing without.
SECRETS="vault reporter gateway"

# cluster_init FOLDER: an empty cluster; text is text in it (services refuse another encoding).
cluster_init() {
    as_user "${PGBIN:+$PGBIN/}initdb" -D "$1" --locale=C.UTF-8 --encoding=UTF8 --auth=peer -U whistle
}

# cluster_settings SOCKET_FOLDER MODE: lines for postgresql.conf. No network: a socket, MODE its bits.
cluster_settings() {
    cat <<CONF
listen_addresses = ''
unix_socket_directories = '$1'
unix_socket_permissions = $2
max_connections = 60
shared_buffers = 128MB
wal_compression = lz4
max_wal_size = 2GB
checkpoint_timeout = 10min
log_min_messages = warning
CONF
}

# key_files FOLDER KEYRING [DISTRICT]: the keys that are missing, for every system and for each unit
# and body of a district file. What is there stays.
key_files() {
    local which=(--base)
    [ -z "${3:-}" ] || which=(--for-district "$3")
    as_user "${BIN:+$BIN/}whistle" key new "${which[@]}" --keys "$1" --keyring "$2"
}

# secret_file FILE: 32 random bytes, unless it is there.
secret_file() {
    [ -f "$1" ] || as_user sh -c "umask 077; head -c 32 /dev/urandom > '$1.new' && mv '$1.new' '$1'"
}

# live_keys KEYS NAME: public keys of a service, the newest first, then older ones that `key rotate` keeps
# (their files are called NAME.key.until-TIME).
live_keys() {
    local file now
    now=$(date -u +%Y%m%dT%H%M%S)
    as_user sed -n 's/^public //p' "$1/$2.key"
    as_user find "$1" -maxdepth 1 -name "$2.key.until-*" | sort -r | while read -r file; do
        [[ ! ${file##*.until-} > $now ]] || as_user sed -n 's/^public //p' "$file"
    done
}

# doors_file KEYS ENDPOINT: the doors file on standard output. KEYS: folder of the services' key files;
# ENDPOINT SERVICE door|feed prints where that is found.
doors_file() {
    local name public door feed
    for name in $SERVICES; do
        door=$("$2" "$name" door)
        feed=$("$2" "$name" feed)
        live_keys "$1" "$name" | while read -r public; do
            printf 'door %s %s %s\nfeed %s %s %s\n' "$name" "$door" "$public" "$name" "$feed" "$public"
            case $name in
            dedup) printf 'feed urgent %s %s\n' "$feed" "$public" ;;
            dispatch) printf 'feed notices %s %s\nfeed ends %s %s\n' "$feed" "$public" "$feed" "$public" ;;
            intake) printf 'feed p1 %s %s\n' "$feed" "$public" ;;
            esac
        done
    done
}

# roles_sql FOLDER: statements that give each service's role the password of its file, and whistle_backup
# what it needs to read all; each ends with an empty line.
roles_sql() {
    local file name password
    for file in "$1"/whistle_*; do
        name=${file##*/}
        password=$(cat "$file")
        [[ $name =~ ^whistle_[a-z]+$ && $password =~ ^[0-9a-f]{64}$ ]] || return 1
        printf "DO \$\$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%s')
            THEN CREATE ROLE %s LOGIN; END IF; END \$\$;\n\n" "$name" "$name"
        printf "ALTER ROLE %s PASSWORD '%s';\n\n" "$name" "$password"
        [ "$name" != whistle_backup ] ||
            printf 'ALTER ROLE %s REPLICATION;\n\nGRANT pg_read_all_data TO %s;\n\n' "$name" "$name"
    done
}

# known_upto CONNINFO: up to which of intake's events dispatch knows everything without dedup: what it had
# taken of that feed itself, before there was a dedup (0: there always was). To be asked while no such
# dispatch runs any more; dedup only learns from what came before.
known_upto() {
    as_user "${PGBIN:+$PGBIN/}psql" -qAtX -v ON_ERROR_STOP=1 -d "$1" -c \
        "SELECT coalesce(max(seq), 0) FROM dispatch.cursor WHERE feed = 'intake'"
}

# http_get PORT PATH: prints the status code, then the body.
http_get() {
    local line status
    exec 9<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&9
    IFS=' ' read -r -t 3 _ status _ <&9 || return 1
    printf '%s\n' "$status"
    while IFS= read -r -t 3 line <&9 && [ "$line" != $'\r' ]; do :; done
    timeout 3 cat <&9 || true
    exec 9>&-
}
