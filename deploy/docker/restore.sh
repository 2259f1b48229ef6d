# SPDX-License-Identifier: Apache-2.0
# Steps of deploy/docker/restore that run in the tools image: `prepare BACKUP|newest [SECRETS]` verifies a
# backup, takes keys, secrets and keyring where needed, and prints its name and bytes; `give BACKUP` writes its
# cluster as a tar archive; `restored BACKUP` compares the cluster that has started with the backup, sets
# where numbers go on, sends the sender back, and prints the points and that number.
set -euo pipefail
source /opt/whistle/deploy/lib.sh
source /opt/whistle/deploy/backups.sh
DISTRICT=none
connection="host=$DATA/run dbname=whistle user=whistle_backup"

prepare() {
    mkdir -p -m 700 /srv/whistle/intake/secrets /srv/whistle/gateway/secrets
    ln -sfn ../public/keyring "$DATA/keys/keyring"
    verify_files "$backup" || die "文件与清单不符 / files are not as they were taken: $backup"
    take_secrets "$backup" "${1:-}"
    take_keyring "$backup"
    say "${backup##*/} $(folder_bytes "$backup/pg")"
}

give() { tar -C "$backup/pg" -c .; }

restored() {
    local found faults
    found=$(state "$connection" full)
    faults=$(compare "$backup" "$found" "$connection")
    number_after "$connection" /srv/whistle/intake/number_after
    sender_back /srv/whistle/notify/cursor
    [ -z "$faults" ] || die "✗ 恢复出来的与备份清单不符 / what was restored is not what was backed up:
$faults"
    say "$(jq -r '"\(.schemas.dispatch.head) \(.schemas.dedup.head // "-") \(.schemas.intake.head)"' <<<"$found") $(cat /srv/whistle/intake/number_after)"
}

step=$1 backup=$DATA/backup/$2
shift 2
if [ "${backup##*/}" = newest ]; then backup=$(newest_backup "$DATA/backup"); fi
is_backup "$backup" || die "不是完整的备份 / no whole backup: ${backup:-newest}"
"$step" "$@"
