#!/bin/sh
# pictures_test.sh PROGRAM CASE FOLDER: other programs can read the pictures; those of the docs are current.
# Exits 77 where such a program is not installed.
set -u
program=$1
case=$2
docs=$3
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "$case: $*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null && return
  echo "skipped: there is no $1 here (Debian: $2)"
  exit 77
}

# Draws layouts of all kinds: each_layout FORMAT COMMAND runs COMMAND FILE for each.
each_layout() {
  number=0
  while read -r layout; do
    number=$((number + 1))
    # shellcheck disable=SC2086
    "$program" draw $layout --format "$1" >"$scratch/$number" 2>/dev/null || fail "draw $layout"
    "$2" "$scratch/$number" || fail "draw $layout"
  done <<END
--world-size 16 --tp 2 --pp 4 --fp8
--world-size 64 --tp 8 --pp 4 --gpus-per-node 8
--world-size 64 --convention megatron-core --tp 2 --pp 2 --cp 2 --ep 4 --rank-offset 4 --job-size 80 --gpus-per-node 8
--world-size 1048576 --tp 8 --pp 16 --gpus-per-node 8 --kind data
END
}

well_formed() { xmllint --nonet --noout "$1"; }

# Graphviz must lay out each rank.
laid_out() {
  dot -Tplain "$1" >"$1.plain" 2>"$1.err" || { cat "$1.err" >&2; return 1; }
  [ ! -s "$1.err" ] || { cat "$1.err" >&2; return 1; }
  [ "$(grep -c '^node ' "$1.plain")" -eq "$(grep -c '\[label=' "$1")" ]
}

case $case in
  xml)
    need xmllint libxml2-utils
    each_layout svg well_formed
    ;;
  graphviz)
    need dot graphviz
    each_layout dot laid_out
    ;;
  docs)
    # The commands in docs/draw.md make the pictures of the docs.
    grep '^rankmesh draw .* > .*\.svg$' "$docs/draw.md" >"$scratch/commands" || fail "no commands in draw.md"
    [ "$(wc -l <"$scratch/commands")" -ge 3 ] || fail "too few commands in draw.md"
    while read -r _ arguments; do
      file=${arguments##* > }
      # shellcheck disable=SC2086
      "$program" ${arguments% > *} >"$scratch/picture" 2>/dev/null || fail "$arguments"
      cmp "$scratch/picture" "$docs/$file" || fail "docs/$file is not what the command makes; run: rankmesh $arguments"
    done <"$scratch/commands"
    ;;
  *)
    fail "no such case"
    ;;
esac
