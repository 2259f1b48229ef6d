# SPDX-License-Identifier: Apache-2.0
# Releases beside each other and how one follows another without a stop. Sourced by up and restart.
# Every release has a folder of its own, app/RELEASE; app/current is the one that runs. A process keeps the
# release it was started with until it is rolled, so a crash in between never mixes anything.
# shellcheck shell=bash

# Who follows comes before whom it follows: an older program never hears a newer one's events.
ROLL_ORDER="sheets notify gateway dispatch dedup intake"

endpoint() { printf 'ipc://%s/run/%s.%s' "$DATA" "$1" "$2"; }

# Asked for at dedup's starts, the first of which comes after the new dispatch's; kept for a time when
# the database cannot be asked.
known_file() {
    local upto
    if upto=$(known_upto "host=$DATA/run dbname=whistle user=whistle" 2>/dev/null); then
        printf '%s\n' "$upto" | install -m 644 /dev/stdin "$DATA/known_upto"
    fi
    cat "$DATA/known_upto"
}

# start_named NAME FOLDER: the process with the programs of a release's folder.
start_named() {
    local name=$1 from=$2 known
    local client=("$from/bin/whistle" --doors "$DATA/keys/doors" --key)
    SUPERVISE=$from/libexec/supervise
    case $name in
    postgres) STOP_SIGNAL=INT start_process postgres "$PGBIN/postgres" -D "$DATA/pg" ;;
    notify)
        start_process notify "${client[@]}" "$DATA/keys/NOTIFIER.key" notify \
            --outbox "$DATA/outbox" --cursor "$DATA/cursors/notify"
        ;;
    sheets)
        start_process sheets "${client[@]}" "$DATA/keys/SHEETS.key" export \
            --sheets "$DATA/sheets" --phones "$DATA/phones.csv"
        ;;
    *)
        known=0
        if [ "$name" = dedup ]; then known=$(known_file); fi
        start_process "$name" env \
            WHISTLE_DATABASE="host=$DATA/run dbname=whistle user=whistle_$name" \
            WHISTLE_DOOR="$(endpoint "$name" door)" WHISTLE_FEED="$(endpoint "$name" feed)" \
            WHISTLE_KEY="$DATA/keys/$name.key" WHISTLE_KEYRING="$DATA/keys/keyring" \
            WHISTLE_DOORS="$DATA/keys/doors" WHISTLE_SECRETS="$DATA/secrets" \
            WHISTLE_METRICS_PORT="$(metrics_port "$name")" WHISTLE_DATA_DIR="$DATA/pg" \
            WHISTLE_NUMBER_AFTER="$(cat "$DATA/number_after" 2>/dev/null || printf 0)" \
            WHISTLE_KNOWN_UPTO="$known" WHISTLE_HTTP_PORT="$HTTP_PORT" \
            WHISTLE_CONSOLE_DIR="$from/share/whistle/console" \
            WHISTLE_RELEASE="$(basename "$from")" \
            "$from/bin/whistle-$name"
        ;;
    esac
}

# The folder whose programs a process runs; fails where it does not run.
folder_of() {
    local pid exe
    pid=$(process_pid "$1") || return 1
    exe=$(readlink "/proc/$pid/exe") || return 1
    printf '%s' "${exe%/bin/whistle*}"
}

# How often the supervisor has seen it end.
ends_of() { grep -c '"event":"process.ended"' "$DATA/log/$1.log" 2>/dev/null || true; }

# come_up NAME: until it serves (60 s at most); fails at once when it has ended twice meanwhile.
come_up() {
    local name=$1 i had
    had=$(ends_of "$name")
    for i in $(seq 1200); do
        case $name in
        postgres) postgres_up && return 0 ;;
        notify | sheets) [ "$i" -gt 10 ] && process_pid "$name" >/dev/null && return 0 ;;
        *) service_ready "$name" && return 0 ;;
        esac
        [ "$i" -lt 1200 ] && [ $(($(ends_of "$name") - had)) -lt 2 ] || return 1
        sleep 0.05
    done
}

# What the newest life of a process said last.
last_words() { tail -n 20 "$DATA/log/$1.log" | grep -v process.ended | tail -n 1; }

# roll NAME FOLDER: ends it in order (a service drains), starts the other programs. Where these do not come
# up, the ones from before are started again, and it fails.
roll() {
    local name=$1 to=$2 from words
    from=$(folder_of "$name") || from=$to
    [ "$name" != postgres ] || from=$to
    stop_process "$name"
    start_named "$name" "$to"
    come_up "$name" && return 0
    words=$(last_words "$name")
    stop_process "$name"
    [ "$from" != "$to" ] || die "$name 起不来 / does not come up: $words"
    start_named "$name" "$from"
    come_up "$name" || die "$name 新旧程序都起不来 / comes up neither with the new nor the old programs: $words"
    die "$name 用新程序起不来,已退回旧程序 / does not come up with the new programs, runs with the old ones again: $words"
}

# One of the commands that change what runs at a time.
alone() {
    exec 8>"$DATA/run/deploy.lock"
    flock -n 8 || die "另一个部署命令正在进行 / another deploy command is at work"
}

# ---- releases ------------------------------------------------------------------------------------

# release_stage FOLDER: programs (built, or those of WHISTLE_PROGRAMS), migrations, the supervisor.
release_stage() {
    local to=$1 name
    rm -rf "$to" "$to.root"
    if [ -n "${WHISTLE_PROGRAMS:-}" ]; then
        install -d "$to/bin"
        for name in whistle whistle-migrate whistle-intake whistle-dedup whistle-dispatch whistle-gateway; do
            install -m 755 "$WHISTLE_PROGRAMS/$name" "$to/bin/$name"
        done
    else
        DESTDIR=$to.root cmake --install "$BUILD" >"$to.log" || { cat "$to.log" >&2; return 1; }
        rm -f "$to.log"
        mv "$to.root$APP" "$to"
        rm -rf "$to.root"
    fi
    install -d "$to/libexec" "$to/share/whistle"
    install -m 755 "$TOP/deploy/supervise" "$to/libexec/supervise"
    cp -r "$TOP/deploy/migrations" "$to/share/whistle/migrations"
    chmod -R a+rX "$to"
}

# release_install: prints the folder of the release, made unless it is there. Its name: the version and
# what is in it, also how processes are started.
release_install() {
    local stage=$DATA/app/.stage version id
    release_stage "$stage" >&2
    version=$(sed -n 's/^project(whistle VERSION \([0-9.]*\).*/\1/p' "$TOP/CMakeLists.txt")
    id=$version-$(cd "$stage" && {
        find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum
        sha256sum <"$TOP/deploy/roll.sh"
    } | sha256sum | cut -c 1-10)
    [ -d "$DATA/app/$id" ] || mv "$stage" "$DATA/app/$id"
    rm -rf "$stage"
    printf '%s' "$DATA/app/$id"
}

# release_use FOLDER: from now on it is what runs. The one before stays, older ones go.
release_use() {
    local before
    before=$(readlink -f "$APP" 2>/dev/null) || before=""
    [ "$before" != "$1" ] || return 0
    ln -sfn "$1" "$APP.new"
    mv -T "$APP.new" "$APP"
    find "$DATA/app" -mindepth 1 -maxdepth 1 ! -path "$APP" ! -path "$1" ! -path "$before" -exec rm -rf {} +
}

# ---- migrations ----------------------------------------------------------------------------------

# migrate FOLDER [--check]
migrate() {
    local from=$1
    shift
    as_user "$from/bin/whistle-migrate" --database "host=$DATA/run dbname=whistle user=whistle" \
        --dir "$from/share/whistle/migrations" "$@"
}
