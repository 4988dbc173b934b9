#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures the figures of docs/opinion.md, each in a process of its own. With LARGE=1 also a million people, which takes
# about 1 GB and a minute.
set -eu
cd "$(dirname "$0")/../opinion"
program=$(mktemp)
trap 'rm -f "$program"' EXIT
go test -c -o "$program" .

# show FIGURE CASE GOAL
show() {
	line=$("$program" -test.run '^TestFigure$' -figure "$1" | grep '^FIGURE' | sed 's/^FIGURE [^ ]* *//' || true)
	printf '%-46s goal %-16s %s\n' "$2" "$3" "${line:-not measured: the data are not here}"
}

show bandwidth 'reading 1 GB'                                   '-'
show vtaiwan   'vtaiwan.uberx, votes.csv to full result'        '30 ms'
show 10k       '10,000 x 500, 245,000 votes'                    '60 ms, 30 MB'
show 33k       '33,422 x 783, 2.0M votes'                       '0.5 s, 60 MB'
show 100k      '100,000 x 1,000, 5.0M votes'                    '1 s, 120 MB'
show tick      '1,000 votes and a result, 100,000 x 1,000'      '50 ms'
show cast      '100,000 single votes, 100,000 x 1,000'          '500 ms'
show next      '100,000 next statements, 100,000 x 1,000'       '200 ms'
if [ -n "${LARGE:-}" ]; then
	show 1M '1,000,000 x 2,000, 100M votes' '10 s, 1 GB'
fi
