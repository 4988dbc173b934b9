#!/usr/bin/env bash
# Starts a PostgreSQL that keeps every promise (it flushes each commit to the disk), runs a
# command with its URL in CHORUS_TEST_PG, then removes it. Arguments: the command.
# PostgreSQL refuses to run as root, so there it runs as postgres or nobody.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT …]" >&2; exit 2; }
if [ -n "${CHORUS_TEST_PG:-}" ]; then exec "$@"; fi

newest=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
if [ -z "$newest" ]; then newest=$(dirname "$(readlink -f "$(command -v initdb || echo /none/initdb)")"); fi
if [ ! -x "$newest/initdb" ]; then
	echo "There is no PostgreSQL here; going on without." >&2
	exec "$@"
fi

# Not TMPDIR: a socket's path may have 107 bytes, and the server's own user must get there.
folder=$(mktemp -d /tmp/chorus-postgres-XXXXXX)
as=()
if [ "$(id -u)" -eq 0 ]; then
	user=postgres
	id postgres >/dev/null 2>&1 || user=nobody
	chown "$user" "$folder"
	as=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups)
fi

server=
finish() {
	if [ -n "$server" ]; then
		kill -INT "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	fi
	rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

cd "$folder"
"${as[@]}" "$newest/initdb" -D "$folder/data" -U chorus -A trust -E UTF8 --no-locale >"$folder/log" 2>&1 ||
	{ cat "$folder/log" >&2; exit 1; }
"${as[@]}" "$newest/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c max_connections=200 \
	-c shared_buffers=256MB -c max_wal_size=1GB -c timezone=UTC >>"$folder/log" 2>&1 &
server=$!
for _ in $(seq 100); do
	[ -S "$folder/.s.PGSQL.5432" ] && "${as[@]}" "$newest/pg_isready" -q -h "$folder" && break
	kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
	sleep 0.1
done
cd "$OLDPWD"
CHORUS_TEST_PG="postgres://chorus@/postgres?host=$folder" "$@"
