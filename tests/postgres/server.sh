#!/usr/bin/env bash
# A private PostgreSQL for tests, from Debian's `postgresql` package: a new cluster in a temporary folder, on a socket
# in that folder and on a loopback port that offers TLS. It is stopped and its folder removed when this script ends.
#
#   server.sh                  prints NAME=VALUE lines and then `ready`; stops when its standard input closes, so the
#                              server cannot outlive whoever started it with a pipe
#   server.sh COMMAND [ARG…]   runs a command with those names in its environment, stops when it ends, exits as it did
#
# What it says:
#   PGHOST PGPORT PGUSER PGDATABASE   the socket and a superuser without a password: `psql` and every client find it
#   FOLDLINE_PG_PORT                  the same number as PGPORT: on 127.0.0.1 a password is asked for (scram-sha-256)
#   FOLDLINE_PG_PASSWORD              the superuser's password there; it has signs that an address must escape
#   FOLDLINE_PG_CA                    the authority of the server's certificate, made out to localhost and 127.0.0.1,
#                                     where 127.0.0.2 is the same server under a name that it does not bear
#   FOLDLINE_PG_FOLDER                the folder; the server's log is `log` in it
#   FOLDLINE_PG_BIN                   the folder of psql, pg_dump and the others
#
# Make a database for each test (`CREATE DATABASE`), so that none sees another's tables. Nothing is synced to disk.
set -euo pipefail

fail() {
    echo "tests/postgres/server.sh: $*" >&2
    exit 1
}

bin=
for found in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V); do
    if [ -x "$found/initdb" ] && [ -x "$found/postgres" ]; then bin=$found; fi
done
if [ -z "$bin" ] && command -v initdb postgres >/dev/null; then bin=$(dirname "$(command -v initdb)"); fi
[ -n "$bin" ] || fail "PostgreSQL's server is not installed; install Debian's package \`postgresql\`"
command -v openssl >/dev/null || fail "openssl is missing; install Debian's package \`openssl\`"

# Short, because a socket's path may not be longer than 107 bytes.
folder=$(mktemp -d "${TMPDIR:-/tmp}/foldline-pg.XXXXXX")
[ ${#folder} -lt 80 ] || fail "the temporary folder's name is too long for a socket: $folder"
data=$folder/data

# PostgreSQL refuses to run as root.
as_owner=()
if [ "$(id -u)" = 0 ]; then
    owner=postgres
    id -u "$owner" >/dev/null 2>&1 || owner=nobody
    as_owner=(setpriv "--reuid=$owner" "--regid=$(id -g "$owner")" --clear-groups --)
    chown "$owner" "$folder"
fi

stop() {
    trap - EXIT
    if [ -f "$data/postmaster.pid" ]; then
        "${as_owner[@]}" "$bin/pg_ctl" -D "$data" -m immediate -w stop >/dev/null 2>&1 || true
    fi
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

certificate() {
    cd "$folder"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=Foldline tests" \
        -keyout ca.key -out ca.crt
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=localhost" \
        -keyout server.key -out server.csr
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >server.ext
    openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile server.ext \
        -out server.crt
    chmod 600 server.key
    chmod 644 ca.crt
    [ "$(id -u)" != 0 ] || chown "$owner" server.key server.crt
}
(certificate) >"$folder/openssl.log" 2>&1 || fail "openssl made no certificate: $(cat "$folder/openssl.log")"

password='fold:line @/%?#한'
printf '%s\n' "$password" >"$folder/password"
[ "$(id -u)" != 0 ] || chown "$owner" "$folder/password"
(
    cd /
    "${as_owner[@]}" "$bin/initdb" -D "$data" -U foldline --encoding=UTF8 --locale=C.UTF-8 --no-sync \
        --pwfile="$folder/password" --auth-local=trust --auth-host=scram-sha-256
) >"$folder/initdb.log" 2>&1 || fail "initdb failed: $(cat "$folder/initdb.log")"

cat >>"$data/postgresql.conf" <<SETTINGS
listen_addresses = '127.0.0.1,127.0.0.2'
unix_socket_directories = '$folder'
unix_socket_permissions = 0777
ssl = on
ssl_cert_file = '$folder/server.crt'
ssl_key_file = '$folder/server.key'
max_connections = 400
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
timezone = 'Asia/Seoul'
SETTINGS

# A free port cannot be reserved, so a taken one is tried anew. Below the ports that outgoing connections get.
port=
for _ in 1 2 3 4 5 6 7 8 9 10; do
    try=$((20000 + RANDOM % 12000))
    if (cd / && "${as_owner[@]}" "$bin/pg_ctl" -D "$data" -l "$folder/log" -o "-p $try" -w -t 60 start) \
        >/dev/null 2>&1 </dev/null; then
        port=$try
        break
    fi
    grep -q "could not bind\|could not create any TCP" "$folder/log" 2>/dev/null || break
done
[ -n "$port" ] || fail "the server did not start: $(tail -n 20 "$folder/log" 2>/dev/null)"

chmod 755 "$folder"
settings=(
    "PGHOST=$folder" "PGPORT=$port" PGUSER=foldline PGDATABASE=postgres
    "FOLDLINE_PG_PORT=$port" "FOLDLINE_PG_PASSWORD=$password" "FOLDLINE_PG_CA=$folder/ca.crt"
    "FOLDLINE_PG_FOLDER=$folder" "FOLDLINE_PG_BIN=$bin"
)
if [ $# -gt 0 ]; then
    status=0
    env "${settings[@]}" "$@" || status=$?
    exit "$status"
fi
printf '%s\n' "${settings[@]}" ready
cat >/dev/null
