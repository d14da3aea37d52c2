#!/usr/bin/env bash
# Instructions of one call, by callgrind: those of a long run less those of a short one. They do not
# see atomics or caches. A POST with a key is taken over two whole turns of the keys that are remembered.
# With kinds as arguments, those alone, and their costliest functions besides.
set -euo pipefail
cd "$(dirname "$0")"
cargo build --release --quiet --bin count
count=$(cargo metadata --no-deps --format-version 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release/count
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

instructions() {
    valgrind --tool=callgrind --callgrind-out-file="$out/$1.$2" "$count" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : //p'
}

kinds=(bare floor by-hand recloser circuit failsafe refused refused-stack get unkeyed post retried-tower retried)
for kind in "${@:-${kinds[@]}}"; do
    short=1000 long=11000
    [[ "$kind" != post && "$kind" != retried ]] || { short=40000 long=72768; }
    less=$(instructions "$kind" "$short")
    more=$(instructions "$kind" "$long")
    printf '%-13s %6d instructions a call\n' "$kind" $(((more - less) / (long - short)))
    if [ $# -gt 0 ]; then
        callgrind_annotate --inclusive=yes --threshold=100 "$out/$kind.$long" 2>/dev/null |
            awk -v calls="$long" '/\[/ && /seawall|http::|malloc|memcpy/ {
                gsub(",", "", $1); printf "%8d  %s\n", $1 / calls, substr($0, index($0, ")") + 2, 150) }' | sed 60q || true
    fi
done
