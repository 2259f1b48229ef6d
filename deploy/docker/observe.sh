# SPDX-License-Identifier: Apache-2.0
# What runs in the observe container: Prometheus over all services' figures, with our alarm rules.
# `health`: it has read its rules and figures of all three are there.
set -euo pipefail

get() {
    exec 9<>/dev/tcp/127.0.0.1/9090
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$1" >&9
    timeout 5 cat <&9
}

case ${1:-serve} in
serve)
    exec prometheus --config.file=/opt/whistle/prometheus.yml --storage.tsdb.path=/srv/whistle/figures \
        --storage.tsdb.retention.time="${KEEP:-30d}" --web.listen-address=0.0.0.0:9090
    ;;
health)
    [[ $(get '/api/v1/query?query=count(up==1)') == *'"value":'*',"3"'* ]]
    ;;
*) exec "$@" ;;
esac
