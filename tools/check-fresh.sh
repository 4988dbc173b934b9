#!/usr/bin/env bash
# Fails when a generated file is not what its generator makes of the sources today.
# It compares before and after, so work that is not committed yet does not disturb it.
set -euo pipefail
cd "$(dirname "$0")/.."

snapshot() {
	git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
		{ xargs -0 sha256sum 2>/dev/null || true; } | sort -k2
}

before=$(snapshot)
make --no-print-directory generate
stale=$(diff <(echo "$before") <(snapshot) | sed -n 's/^[<>] [0-9a-f]*  //p' | sort -u || true)
if [ -n "$stale" ]; then
	printf 'These generated files were stale. Run make generate and commit them:\n%s\n' "$stale" >&2
	exit 1
fi
