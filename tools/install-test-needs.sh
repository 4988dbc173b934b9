#!/usr/bin/env bash
# Installs what the tests need and this machine has not: Chromium, PostgreSQL, fonts for
# many scripts, and axe-core. Does nothing, quickly, where all of it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

axe=4.14.1

have() { command -v "$1" >/dev/null 2>&1; }

has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || have initdb; }
has_chromium() { have "${CHORUS_TEST_CHROMIUM:-chromium}" || have chromium-browser || have google-chrome; }
has_fonts() { [ -e /usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf ] || fc-list 2>/dev/null | grep -qi 'noto sans arabic'; }
has_axe() { grep -qs "\"version\": \"$axe\"" .cache/node_modules/axe-core/package.json && [ -s .cache/node_modules/axe-core/axe.min.js ]; }

need=()
has_chromium || need+=(chromium)
has_postgres || need+=(postgresql)
has_fonts || need+=(fonts-noto-core)
has_axe || have npm || need+=(npm)

if [ ${#need[@]} -gt 0 ]; then
	echo "The tests need ${need[*]}; installing."
	if ! have apt-get; then
		echo "This is not a Debian machine. Please install ${need[*]} by its own means, then try again." >&2
		exit 1
	fi
	root=()
	if [ "$(id -u)" -ne 0 ]; then
		have sudo || { echo "Please run as root: apt-get install ${need[*]}" >&2; exit 1; }
		root=(sudo)
	fi
	"${root[@]}" apt-get -qq -o DPkg::Lock::Timeout=300 update </dev/null
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
		install --no-install-recommends "${need[@]}" </dev/null >/dev/null
fi

if ! has_axe; then
	echo "Fetching axe-core $axe into .cache."
	mkdir -p .cache
	npm install --prefix .cache --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
		"axe-core@$axe" </dev/null >/dev/null
	has_axe || { echo "axe-core $axe did not arrive in .cache" >&2; exit 1; }
fi
