# SPDX-License-Identifier: Apache-2.0
# What the commands in this folder share: where things stand, packages, building, processes.
# Sourced, never run. One machine, no Docker: PostgreSQL, the services and the notice sender run as
# one unprivileged user below one data folder, each under a small supervisor that starts it again.
set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ "$(id -u)" = 0 ]; then
    DATA=${WHISTLE_DATA:-/var/lib/whistle}
    RUN_USER=${WHISTLE_USER:-whistle}
else
    DATA=${WHISTLE_DATA:-$TOP/.data}
    RUN_USER=$(id -un)
fi
BUILD=${WHISTLE_BUILD:-$TOP/build}
APP=$DATA/app/current
BIN=${WHISTLE_BIN:-$APP/bin}
PORT=${WHISTLE_PORT:-19401}
HTTP_PORT=${WHISTLE_HTTP_PORT:-8080}
PGBIN=/usr/lib/postgresql/15/bin
PROCESSES="postgres intake dedup dispatch gateway notify sheets"
# The district's own data: a JSON file, a folder of CSV tables, or none. What the first start was told stays.
DISTRICT=${WHISTLE_DISTRICT:-$(cat "$DATA/district" 2>/dev/null || printf '%s' "$TOP/deploy/demo/district.json")}

source "$TOP/deploy/packages.sh"
source "$TOP/deploy/shared.sh"

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# step "text" command…: shows that something long is running, and what it printed if it fails.
step() {
    local text=$1 log start
    shift
    log=$(mktemp)
    start=$SECONDS
    "$@" >"$log" 2>&1 &
    local pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        if [ -t 1 ]; then printf '\r  … %s (%ds)' "$text" $((SECONDS - start)); fi
        sleep 0.2
    done
    if wait "$pid"; then
        if [ -t 1 ]; then printf '\r'; fi
        printf '  ✓ %s (%ds)\n' "$text" $((SECONDS - start))
        rm -f "$log"
    else
        if [ -t 1 ]; then printf '\r'; fi
        printf '  ✗ %s\n' "$text" >&2
        tail -n 30 "$log" >&2
        die "失败,完整输出在 / failed, all of it in: $log"
    fi
}

missing_packages() {
    local name
    for name in "$@"; do
        # Node.js from elsewhere brings its own npm, which Debian's would throw out.
        [ "$name" != npm ] || ! command -v npm >/dev/null || continue
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || printf '%s ' "$name"
    done
}

install_packages() {
    local missing
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    local as_root=""
    [ "$(id -u)" = 0 ] || as_root=sudo
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update
    # The Debian package would start a cluster of its own; ours is private.
    $as_root mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        printf 'create_main_cluster = false\n' | $as_root tee /etc/postgresql-common/createcluster.conf
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing
}

build_all() {
    cmake -S "$TOP" -B "$BUILD" -G Ninja -DWHISTLE_TESTS=OFF -DCMAKE_INSTALL_PREFIX="$APP" &&
        ninja -C "$BUILD"
}

# Runs a command as the unprivileged user.
as_user() {
    if [ "$(id -u)" = 0 ]; then
        (cd "$DATA" && runuser -u "$RUN_USER" -- "$@")
    else
        (cd "$DATA" && "$@")
    fi
}

make_data_folder() {
    if [ "$(id -u)" = 0 ] && ! id "$RUN_USER" >/dev/null 2>&1; then
        useradd --system --home-dir "$DATA" --shell /usr/sbin/nologin "$RUN_USER"
    fi
    local socket=$DATA/run/dispatch-notices.feed
    [ ${#socket} -le 100 ] || die "WHISTLE_DATA: 路径太长 / path too long for a socket: $DATA"
    mkdir -p "$DATA"/{app,run,log,keys,secrets,outbox,cursors,sheets,backup}
    if [ "$(id -u)" = 0 ]; then
        chown "$RUN_USER" "$DATA" "$DATA"/{run,log,keys,secrets,outbox,cursors,sheets,backup}
    fi
    chmod 755 "$DATA"
    chmod 700 "$DATA/keys" "$DATA/secrets" "$DATA/backup"
    chmod 750 "$DATA/sheets"
}

# ---- processes: one supervisor each, pid files in run/, logs in log/ ------------------------------

supervisor_pid() {
    local pid
    pid=$(cat "$DATA/run/$1.supervisor" 2>/dev/null) || return 1
    kill -0 "$pid" 2>/dev/null && printf '%s' "$pid"
}

process_pid() {
    local pid
    pid=$(cat "$DATA/run/$1.pid" 2>/dev/null) || return 1
    kill -0 "$pid" 2>/dev/null && printf '%s' "$pid"
}

# start_process NAME COMMAND…, under the supervisor SUPERVISE; nothing where it runs.
start_process() {
    local name=$1
    shift
    supervisor_pid "$name" >/dev/null && return 0
    as_user setsid --fork "$SUPERVISE" "$DATA/run" "$name" "$DATA/log/$name.log" "$@" \
        </dev/null >/dev/null 2>&1 8>&-
    local i
    for i in $(seq 250); do
        supervisor_pid "$name" >/dev/null && return 0
        sleep 0.02
    done
    die "$name: 无法启动 / cannot start; see $DATA/log/$name.log"
}

stop_process() {
    local name=$1 pid i
    pid=$(supervisor_pid "$name") || return 0
    kill -TERM "$pid"
    for i in $(seq 1500); do
        # it takes its file away when all is done; its pid may linger until init has noticed
        supervisor_pid "$name" >/dev/null || return 0
        sleep 0.02
    done
    die "$name: 30 秒内没有停下 / did not stop within 30 s (pid $pid)"
}

postgres_up() { as_user "$PGBIN/pg_isready" -q -h "$DATA/run" -p 5432; }

metrics_port() {
    case $1 in
    intake) printf '%d' "$PORT" ;;
    dispatch) printf '%d' $((PORT + 1)) ;;
    dedup) printf '%d' $((PORT + 2)) ;;
    gateway) printf '%d' $((PORT + 3)) ;;
    esac
}

service_ready() { [ "$(http_get "$(metrics_port "$1")" /readyz 2>/dev/null | head -n 1)" = 200 ]; }

wait_for() {
    local seconds=$1 i
    shift
    for i in $(seq $((seconds * 10))); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}

wh() { as_user "$APP/bin/whistle" --doors "$DATA/keys/doors" --key "$@"; }
wh_as() {
    local who=$1
    shift
    wh "$DATA/keys/$who.key" "$@"
}
