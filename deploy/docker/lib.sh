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
