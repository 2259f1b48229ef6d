# SPDX-License-Identifier: Apache-2.0
# What runs in a database node's container: serve | health | roles | known | ctl WORD…
# (patronictl).
# Passwords come as files and are handed to Patroni in its environment; nobody else sees that.
set -euo pipefail
source /opt/whistle/shared.sh

ROLES=/srv/whistle/roles
SETTINGS=/opt/whistle/patroni.yml
SERVERS=${WHISTLE_SERVERS:-host=pg1,pg2 target_session_attrs=read-write connect_timeout=2}

as_user() { "$@"; }

# shellcheck disable=SC2155
passwords() {
    export PATRONI_SUPERUSER_USERNAME=whistle PATRONI_SUPERUSER_PASSWORD=$(cat "$ROLES/superuser")
    export PATRONI_REWIND_USERNAME=whistle PATRONI_REWIND_PASSWORD=$PATRONI_SUPERUSER_PASSWORD
    export PATRONI_REPLICATION_USERNAME=replicator PATRONI_REPLICATION_PASSWORD=$(cat "$ROLES/replicator")
    export PATRONI_RESTAPI_USERNAME=patroni PATRONI_RESTAPI_PASSWORD=$(cat "$ROLES/restapi")
}

# Waits for the primary, then makes the database and gives the services' roles their passwords.
roles() {
    export PGPASSWORD PGUSER=whistle
    PGPASSWORD=$(cat "$ROLES/superuser")
    local i
    for i in $(seq 90); do
        psql -qAtX -d "$SERVERS dbname=postgres" -c 'SELECT 1' >/dev/null 2>&1 && break
        [ "$i" != 90 ] || { printf '没有主库 / no primary: %s\n' "$SERVERS" >&2; exit 1; }
        sleep 2
    done
    [ "$(psql -qAtX -d "$SERVERS dbname=postgres" -c "SELECT count(*) FROM pg_database WHERE datname = 'whistle'")" = 1 ] ||
        psql -qX -d "$SERVERS dbname=postgres" -c 'CREATE DATABASE whistle'
    # log_statement and log_min_error_statement: a password never stands in the log.
    roles_sql "$ROLES" | PGOPTIONS='-c log_statement=none -c log_min_error_statement=panic' \
        psql -qX -v ON_ERROR_STOP=1 -d "$SERVERS dbname=whistle" >/dev/null
}

case ${1:-serve} in
serve)
    passwords
    umask 077
    exec patroni "$SETTINGS"
    ;;
# This node runs, as primary or as standby, whoever is which.
health) [ "$(http_get 8008 /health | head -n 1)" = 200 ] ;;
roles) roles ;;
known)
    PGPASSWORD=$(cat "$ROLES/superuser")
    export PGPASSWORD
    known_upto "$SERVERS dbname=whistle user=whistle" >/srv/whistle/known/upto
    ;;
ctl)
    shift
    passwords
    exec patronictl -c "$SETTINGS" "$@"
    ;;
*) exec "$@" ;;
esac
