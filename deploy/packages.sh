# SPDX-License-Identifier: Apache-2.0
# Debian packages, named once: for deploy/up, tests/run and the container images. Sourced, never run.
# shellcheck disable=SC2034
PACKAGES_BUILD="gcc libc6-dev cmake ninja-build pkg-config libzmq3-dev libuv1-dev libpq-dev
 libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libsodium-dev libjansson-dev libinih-dev
 libcurl4-openssl-dev libutf8proc-dev libxml2-dev opencc node-llhttp nodejs npm
 ca-certificates"
PACKAGES_DATABASE="postgresql-15"
PACKAGES_RUN="$PACKAGES_DATABASE jq python3 tzdata procps util-linux"
# What the programs alone need to run, where nothing was built.
PACKAGES_SERVICES="libzmq5 libuv1 libpq5 libprotobuf-c1 libsodium23 libjansson4 libinih1 libcurl4
 libutf8proc2 libxml2 ca-certificates tzdata"
# For tests/run alone. The last line is what Patroni stands on; itself and etcd are only unpacked, since
# their packages start services of their own.
PACKAGES_TEST="git chromium fonts-noto-cjk libfaketime libcmocka-dev clang libclang-rt-14-dev clang-format clang-tidy llvm-14 binutils python3-zmq
 python3-protobuf python3-jsonschema iproute2 iptables
 python3-yaml python3-psycopg2 python3-dateutil python3-psutil python3-prettytable python3-click python3-cdiff
 python3-urllib3 python3-pkg-resources python3-dnspython"
# For tests/run compose, where Docker is not there and root can install it.
PACKAGES_COMPOSE="docker.io docker-compose debootstrap iptables"
