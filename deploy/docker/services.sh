# SPDX-License-Identifier: Apache-2.0
# What runs in the containers of the services image: setup | migrate | serve NAME | health NAME |
# health-pair NAME | district PATH | notify | sheets | hand CODE… | whistle [--as CODE] VERB…
# and of the tools image: demo | backup | drill | restore's steps prepare, give, restored.
# Every service has a volume of its own with its key, its role's password and its secrets, and sees
# nobody else's; only setup and the command line see all keys.
set -euo pipefail
source /opt/whistle/shared.sh

HOME_DIR=/srv/whistle
KEYS=$HOME_DIR/keys
PUBLIC=$HOME_DIR/public
# WHISTLE_SERVERS: database servers elsewhere (deploy/ha), as a connection string without names.
DATABASE="${WHISTLE_SERVERS:-host=$HOME_DIR/socket} dbname=whistle"
export WHISTLE_KEYRING=$PUBLIC/keyring WHISTLE_DOORS=$PUBLIC/doors
! mountpoint -q "$HOME_DIR/sheets" || export WHISTLE_SHEETS=$HOME_DIR/sheets

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }
as_user() { "$@"; }

# ---- setup ---------------------------------------------------------------------------------------

# Endpoints of a service, with those of its second instance where there is one (WHISTLE_SECOND=1).
inside() {
    printf 'ipc://%s/doors/%s.%s' "$HOME_DIR" "$1" "$2"
    [ -z "${WHISTLE_SECOND:-}" ] || printf ',ipc://%s/doors/%s-b.%s' "$HOME_DIR" "$1" "$2"
}

outside() {
    local port=WHISTLE_${1^^}_${2^^}_PORT second=WHISTLE_${1^^}_B_${2^^}_PORT
    printf 'tcp://%s:%s' "$WHISTLE_HOST" "${!port}"
    [ -z "${WHISTLE_SECOND:-}" ] || printf ',tcp://%s:%s' "$WHISTLE_HOST" "${!second}"
}

# put FILE MODE: standard input into the file, whole or not at all.
put() {
    cat >"$1.new"
    chmod "$2" "$1.new"
    mv "$1.new" "$1"
}

role_password() {
    [ -s "$1" ] || od -An -N32 -tx1 /dev/urandom | tr -d ' \n' | put "$1" 0640
    cat "$1"
}

setup() {
    local name own
    umask 077
    key_files "$KEYS" "$PUBLIC/keyring"
    for name in $SERVICES; do
        own=$HOME_DIR/$name
        put "$own/$name.key" 0600 <"$KEYS/$name.key"
        printf '%s user=whistle_%s password=%s\n' "$DATABASE" "$name" \
            "$(role_password "$HOME_DIR/roles/whistle_$name")" | put "$own/database" 0600
        mkdir -p "$own/secrets"
    done
    if [ -n "${WHISTLE_SERVERS:-}" ]; then
        for name in superuser replicator restapi; do role_password "$HOME_DIR/roles/$name" >/dev/null; done
    fi
    for name in vault reporter; do secret_file "$HOME_DIR/intake/secrets/$name.key"; done
    secret_file "$HOME_DIR/gateway/secrets/gateway.key"
    printf '*:*:*:whistle_backup:%s\n' "$(role_password "$HOME_DIR/roles/whistle_backup")" |
        put "$KEYS/backup.pgpass" 0600
    ln -sfn ../public/keyring "$KEYS/keyring"
    ln -sfn ../public/doors "$KEYS/doors"
    mkdir -p "$HOME_DIR/notify/outbox"
    put "$HOME_DIR/notify/NOTIFIER.key" 0600 <"$KEYS/NOTIFIER.key"
    ! mountpoint -q "$HOME_DIR/handover" || put "$HOME_DIR/handover/SHEETS.key" 0600 <"$KEYS/SHEETS.key"
    doors_file "$KEYS" inside | put "$PUBLIC/doors" 0644
    doors_file "$KEYS" outside | put "$PUBLIC/doors.outside" 0644
}

# ---- services ------------------------------------------------------------------------------------

serve() {
    local own=$HOME_DIR/$1
    # Numbers given after the backup that was restored stand on paper.
    [ ! -f "$own/number_after" ] || export WHISTLE_NUMBER_AFTER_FILE=$own/number_after
    [ "$1" != dedup ] || export WHISTLE_KNOWN_UPTO_FILE=$HOME_DIR/known/upto
    export WHISTLE_KEY=$own/$1.key WHISTLE_DATABASE_FILE=$own/database WHISTLE_SECRETS=$own/secrets
    exec "whistle-$1"
}

# An answer through the door that was read from the database, and ownership proven by writing.
health() {
    whistle --key "$HOME_DIR/$1/$1.key" ping "$1" --timeout 5 >/dev/null
    [ "$(http_get "$WHISTLE_METRICS_PORT" /readyz | head -n 1)" = 200 ]
}

# One of two instances: the service answers, whichever serves; this one lives.
health_pair() {
    whistle --key "$HOME_DIR/$1/$1.key" ping "$1" --timeout 5 >/dev/null
    [ "$(http_get "$WHISTLE_METRICS_PORT" /healthz | head -n 1)" = 200 ]
}

migrate() {
    [ ! -f "$HOME_DIR/roles/superuser" ] || PGPASSWORD=$(cat "$HOME_DIR/roles/superuser")
    export PGPASSWORD
    exec whistle-migrate --database "$DATABASE user=whistle" --dir /opt/whistle/migrations
}

# ---- the district's data -------------------------------------------------------------------------

operator() { whistle --key "$KEYS/OPERATOR.key" "$@"; }

# Loads PATH while no district is live; later changes are `whistle import`'s.
district() {
    local live
    if [ ! -f "$1" ] && [ ! -d "$1" ]; then
        say "没有给区数据,用 whistle import 载入 / no district given (WHISTLE_DISTRICT); load one with whistle import"
        return 0
    fi
    [ -r "$1" ] || die "区数据不可读(用户 10001)/ not readable for user 10001: WHISTLE_DISTRICT"
    live=$(operator export --json 2>&1) && { say "已有区数据 / a district is live"; return 0; }
    [[ $live == *district.missing* ]] || die "$live"
    key_files "$KEYS" "$PUBLIC/keyring" "$1"
    operator import "$1" --apply
}

demo() {
    local file=/opt/whistle/demo/district.json
    district "$file"
    exec python3 /opt/whistle/demo/journeys.py --whistle /opt/whistle/as --district "$file" \
        --once "$PUBLIC/demo.done" --show
}

# ---- the command line ----------------------------------------------------------------------------

need_key() {
    [[ $1 =~ ^[A-Za-z0-9_-]+$ && -f $KEYS/$1.key ]] ||
        die "没有这个单位的密钥 / no key of this unit or body: $1"
}

command_line() {
    local who=OPERATOR
    if [ "${1:-}" = --as ]; then
        who=${2:-}
        shift 2 || die "用法 / usage: whistle --as CODE VERB …"
    fi
    need_key "$who"
    # New keys belong to the others.
    if [ "${1:-}" = key ] && [[ " $* " != *" --keys "* ]]; then
        [[ " $* " == *" --for-district "* ]] || cd "$KEYS"
        set -- "$@" --keys "$KEYS"
    fi
    exec whistle --key "$KEYS/$who.key" "$@"
}

# What programs outside need, as a tar archive: the key files named and the doors file.
hand() {
    local name
    for name in "$@"; do need_key "$name"; done
    tar -c --owner=0 --group=0 --transform 's|^doors.outside$|doors|' \
        -C "$KEYS" "${@/%/.key}" -C "$PUBLIC" doors.outside
}

case ${1:-} in
setup) setup ;;
migrate) migrate ;;
serve) serve "$2" ;;
health) health "$2" ;;
health-pair) health_pair "$2" ;;
district) district "$2" ;;
notify) exec whistle --key "$HOME_DIR/notify/NOTIFIER.key" notify --outbox "$HOME_DIR/notify/outbox" \
    --cursor "$HOME_DIR/notify/cursor" ;;
sheets) exec whistle --key "$HOME_DIR/handover/SHEETS.key" export --sheets "$HOME_DIR/sheets" \
    --phones "$HOME_DIR/phones.csv" ;;
demo) demo ;;
hand) shift; hand "$@" ;;
backup | drill) exec /opt/whistle/deploy/"$@" ;;
prepare | give | restored) exec /bin/bash /opt/whistle/restore.sh "$@" ;;
whistle) shift; command_line "$@" ;;
*) exec "$@" ;;
esac
