# SPDX-License-Identifier: Apache-2.0
# What the commands in this folder share: which Compose there is, and a container that sees all keys for
# as long as one command takes. Sourced, never run.
set -euo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Another Compose file than the plain one (deploy/ha).
FILE=${WHISTLE_COMPOSE:-$TOP/docker-compose.yml}

die() { printf '%s\n' "$*" >&2; exit 1; }

compose() {
    if docker compose version >/dev/null 2>&1; then
        docker compose --project-directory "$(dirname "$FILE")" -f "$FILE" "$@"
    else
        docker-compose --project-directory "$(dirname "$FILE")" -f "$FILE" "$@"
    fi
}

# run_tool WORD…: with the volumes of the container that loads districts, the image it was made from, and
# the folder one stands in as /here.
run_tool() {
    local made image tty=()
    made=$(compose ps -aq district 2>/dev/null | head -n 1)
    [ -n "$made" ] || die "还没有部署,先 docker-compose up -d / nothing here yet: docker-compose up -d"
    image=$(docker inspect -f '{{.Image}}' "$made")
    if [ -t 0 ] && [ -t 1 ]; then tty=(-t); fi
    exec docker run --rm -i "${tty[@]}" --network none --read-only --cap-drop ALL \
        --security-opt no-new-privileges --pids-limit 64 --memory 256m --tmpfs /tmp \
        -e LANG="${LC_ALL:-${LC_MESSAGES:-${LANG:-C.UTF-8}}}" -e NO_COLOR="${NO_COLOR:-}" \
        --volumes-from "$made" -v "$PWD:/here" -w /here "$image" "$@"
}

# own_folder FOLDER: its whole path; made for the containers' user where it is missing.
own_folder() {
    if [ ! -d "$1" ]; then
        mkdir -p "$1"
        chmod 700 "$1"
        if [ "$(id -u)" = 0 ]; then chown 10001:10001 "$1"; fi
    fi
    [ "$(stat -c %u "$1")" = 10001 ] || die "要归用户 10001 / must belong to user 10001: chown -R 10001:10001 $1"
    realpath "$1"
}

# As Compose reads it.
if [ -z "${WHISTLE_BACKUP:-}" ] && [ -f "$(dirname "$FILE")/.env" ]; then
    WHISTLE_BACKUP=$(sed -n 's/^WHISTLE_BACKUP=//p' "$(dirname "$FILE")/.env" | tail -n 1)
fi

# backups_in FOLDER: backups are in this folder of the machine.
backups_in() {
    WHISTLE_BACKUP=$(own_folder "$1")
    export WHISTLE_BACKUP
}

# name_backup BACKUP: a backup's folder, or its name where backups are; sets name.
name_backup() {
    name=$(basename "$1")
    [[ $1 = */* ]] || return 0
    [ -d "$1" ] || die "没有这个目录 / no such folder: $1"
    backups_in "$(dirname "$1")"
}

# with_backups [-v MOUNT] backup|restore WORD…: in a container that sees backups, the database and all keys.
with_backups() { compose --profile backup run --rm --no-deps -T "$@"; }

# as_here [SECRETS]: the words of what runs in the container, with this machine's paths and commands.
as_here() {
    sed -e "s|/srv/whistle/backup/|${WHISTLE_BACKUP:+$WHISTLE_BACKUP/}|g" -e "s|/srv/whistle/apart|${1:-}|g" \
        -e "s|deploy/backup --secrets|deploy/docker/backup --secrets|; s|deploy/drill |deploy/docker/drill |"
}
