#!/usr/bin/env bash
# Checks one receipt with nothing of Chorus: bash 4.4, coreutils and openssl 3. It is short, so that whoever
# doubts it can read it and do each step by hand.
#
#     tools/check-by-hand.sh FILE.tlog-proof VERIFIER-KEY
#
# The receipt of an entry is served at /r/NUMBER.tlog-proof, the verifier key at /record/vkey, on a line of its
# own. Whoever trusts nobody gets the key from somebody else than the one who gave them the receipt.
set -euo pipefail
export LC_ALL=C

fail() { echo "NOT PROVED: $*" >&2; exit 1; }

[ $# -eq 2 ] || { echo "usage: $0 FILE.tlog-proof VERIFIER-KEY" >&2; exit 2; }
[ -r "$1" ] || fail "the file $1 cannot be read"
[ "$(wc -c <"$1")" -le 1048576 ] || fail "the file is too long for a receipt"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat <"$1" >"$folder/receipt"
cd "$folder"

# bytes TEXT FILE decodes base64, bytes_url the base64 of addresses, which has no = at its end. What
# is spelled in a second way is refused: encoded again it must be the same.
bytes() { base64 -d <<<"$1" >"$2" 2>/dev/null && [ "$(base64 -w0 <"$2")" = "$1" ] || fail "this is not base64: ${1:0:40}"; }
bytes_url() {
	local text pad=
	text=$(tr -- '-_' '+/' <<<"$1")
	case $((${#text} % 4)) in 2) pad='==' ;; 3) pad='=' ;; esac
	bytes "$text$pad" "$2"
}
url_of() { base64 -w0 <"$1" | tr '+/' '-_' | tr -d '='; }
sha256() { openssl dgst -sha256 -binary; }
# What others wrote is shown without control characters.
show() { tr -d '\000-\037\177' <"$1"; echo; }

number='(0|[1-9][0-9]{0,17})'
hash64='[A-Za-z0-9+/]{43}='
dash=$'\xe2\x80\x94' # the long dash before a signature

# 1. Cut the file into its lines: a title, what the receipt is for, the place of the entry, the hashes on the
#    way to the root; an empty line; the checkpoint; an empty line; signatures.
mapfile -t line <receipt
printf '%s\n' "${line[@]}" | cmp -s - receipt || fail "the file holds something that is not text"
[ "${line[0]}" = 'c2sp.org/tlog-proof@v1' ] || fail "the file does not begin as a proof does"
[[ ${line[1]-} =~ ^extra\ (.+)$ ]] || fail "the proof does not say what it is for"
bytes "${BASH_REMATCH[1]}" extra
[[ ${line[2]-} =~ ^index\ $number$ ]] || fail "there is no place of an entry"
index=${BASH_REMATCH[1]}
n=3
path=()
while [[ ${line[n]-} =~ ^$hash64$ ]]; do path+=("${line[n]}"); n=$((n + 1)); done
[ -z "${line[n]-x}" ] || fail "the way to the root has a fault: ${line[n]-}"
checkpoint=("${line[@]:n+1:3}")
[ ${#checkpoint[@]} -eq 3 ] && [ -z "${line[n + 4]-x}" ] || fail "there is no checkpoint"
signatures=("${line[@]:n+5}")

# 2. The checkpoint: the record's name, how many entries it holds, the root over them.
origin=${checkpoint[0]}
[[ ${checkpoint[1]} =~ ^$number$ ]] || fail "the checkpoint does not say how many entries there are"
size=${checkpoint[1]}
[[ ${checkpoint[2]} =~ ^$hash64$ ]] || fail "the checkpoint has no root"
printf '%s\n' "${checkpoint[@]}" >signed-text

# 3. The verifier key: name + key id + base64 of the byte 1 and 32 bytes of Ed25519. The id is the beginning of
#    SHA-256 of the name, a new line, and those bytes.
[[ $2 =~ ^([^+ ]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$ ]] || fail "this is not a verifier key: $2"
name=${BASH_REMATCH[1]} id=${BASH_REMATCH[2]}
bytes "${BASH_REMATCH[3]}" key
[ "$(wc -c <key)" -eq 33 ] && [ "$(head -c 1 key | od -An -tx1)" = ' 01' ] || fail "the verifier key is not of Ed25519"
{ printf '%s\n' "$name"; cat key; } | sha256 | head -c 4 >key-id
[ "$(od -An -tx1 key-id | tr -d ' \n')" = "$id" ] || fail "the verifier key has an error in it"
[ "$name" = "$origin" ] || fail "the receipt is of the record $origin, and the key of $name"
{ printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'; tail -c 32 key; } >key.der

# 4. The signature of the checkpoint: openssl says whether the key made it. The first four bytes of the line
#    are the id of the key. Other signatures, of witnesses, are left alone.
found=
for s in "${signatures[@]}"; do
	[[ $s =~ ^$dash\ ([^+ ]+)\ ([A-Za-z0-9+/]+=*)$ ]] || fail "this is not a signature: $s"
	[ "${BASH_REMATCH[1]}" = "$name" ] || continue
	bytes "${BASH_REMATCH[2]}" signature
	head -c 4 signature | cmp -s - key-id || continue
	tail -c +5 signature >ed25519
	openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in signed-text -sigfile ed25519 >answer 2>&1 ||
		fail "the signature of the checkpoint is false ($(tail -n 1 answer))"
	found=yes
done
[ -n "$found" ] || fail "the checkpoint is not signed with this key"

# 5. What the receipt is for: the entry, and the parts that the entry commits to. Each part that is shown
#    must give its commitment: SHA-256 of chorus-body-v1, a zero byte, 32 bytes of salt, the part.
[[ $(<extra) =~ ^\{\"leaf\":\"([A-Za-z0-9_-]+)\",\"parts\":\[(.*)\]\}$ ]] || fail "the receipt holds no entry"
parts=${BASH_REMATCH[2]}
bytes_url "${BASH_REMATCH[1]}" leaf
[ "$(wc -c <extra)" -eq "$(printf %s "$(<extra)" | wc -c)" ] || fail "the receipt ends with something else"
committed=() hidden=()
if [[ $(<leaf) =~ ^\{\"c\":\[([^]]*)\] ]]; then IFS=, read -ra committed <<<"${BASH_REMATCH[1]}"; fi
k=0
while [ -n "$parts" ]; do
	if [[ $parts =~ ^\{\"salt\":\"([A-Za-z0-9_-]{43})\",\"body\":\"([A-Za-z0-9_-]*)\"\}(,\{.*)?$ ]]; then
		rest=${BASH_REMATCH[3]}
		bytes_url "${BASH_REMATCH[2]}" "part-$k"
		bytes_url "${BASH_REMATCH[1]}" salt
		{ printf 'chorus-body-v1\0'; cat salt "part-$k"; } | sha256 >commitment
		[ "\"$(url_of commitment)\"" = "${committed[k]-}" ] || fail "part $k is not what the entry commits to"
	elif [[ $parts =~ ^\{(\"withheld\":true|\"redacted_by\":$number)\}(,\{.*)?$ ]]; then
		rest=${BASH_REMATCH[3]}
		hidden+=("Its part $k is not on this receipt (${BASH_REMATCH[1]}).")
	else
		fail "part $k of the receipt has a fault"
	fi
	parts=${rest#,}
	k=$((k + 1))
done
[ $k -eq ${#committed[@]} ] || fail "the entry commits to ${#committed[@]} parts, and the receipt has $k"

# 6. The way from the entry to the root, as RFC 9162 2.1.3.2 says. The hash of an entry is SHA-256 of a zero
#    byte and the entry; the hash of two branches that of a one byte and both.
[ "$index" -lt "$size" ] || fail "entry $index of a record with $size"
{ printf '\x00'; cat leaf; } | sha256 >node
at=$index last=$((size - 1))
for h in ${path[@]+"${path[@]}"}; do
	bytes "$h" sibling
	[ $last -gt 0 ] || fail "the way to the root is too long"
	if [ $((at & 1)) -eq 1 ] || [ $at -eq $last ]; then
		{ printf '\x01'; cat sibling node; } | sha256 >above
		while [ $((at & 1)) -eq 0 ] && [ $at -ne 0 ]; do at=$((at >> 1)) last=$((last >> 1)); done
	else
		{ printf '\x01'; cat node sibling; } | sha256 >above
	fi
	mv above node
	at=$((at >> 1)) last=$((last >> 1))
done
[ $last -eq 0 ] && [ "$(base64 -w0 <node)" = "${checkpoint[2]}" ] || fail "the way from the entry does not lead to the signed root"

echo "PROVED: this is entry $index of the record $origin, which its key signed when it held $size entries."
echo "The entry:"
show leaf
for f in part-*; do
	[ -e "$f" ] || continue
	echo "Its part ${f#part-}:"
	show "$f"
done
for h in ${hidden[@]+"${hidden[@]}"}; do echo "$h"; done
