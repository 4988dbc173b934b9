#!/usr/bin/env bash
# Runs every fuzz target for a while, one after another. Argument: how long each, as 10s.
set -euo pipefail
cd "$(dirname "$0")/.."

grep -rlE --include='*_test.go' '^func Fuzz' . | xargs -r -n1 dirname | sort -u | while read -r folder; do
	grep -hoE '^func Fuzz\w+' "$folder"/*_test.go | cut -d' ' -f2 | while read -r target; do
		echo "$folder $target"
		(cd "$folder" && go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" . </dev/null)
	done
done
