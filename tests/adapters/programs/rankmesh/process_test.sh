#!/bin/sh
# process_test.sh PROGRAM CASE: tests that need the program as a process. Exits 77 where the system cannot run
# the case.
set -u
program=$1
case=$2
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
large="--world-size 1048576 --tp 8 --pp 16"

fail() {
  echo "$case: $*" >&2
  cat "$scratch"/err >&2 2>/dev/null
  exit 1
}

expect_status() {
  [ "$2" -eq "$1" ] || fail "exit status $2, expected $1"
}

# Runs the program on a new terminal.
on_terminal() {
  script -qec "$1" /dev/null </dev/null
}

case $case in
  closed_pipe)
    { "$program" groups $large --format csv 2>"$scratch/err"; echo $? >"$scratch/status"; } | head -n 1 >"$scratch/out"
    expect_status 0 "$(cat "$scratch/status")"
    [ "$(cat "$scratch/out")" = "kind,group,ranks" ] || fail "the first line is $(cat "$scratch/out")"
    [ ! -s "$scratch/err" ] || fail "a closed pipe is not quiet"
    ;;
  full_disk)
    [ -w /dev/full ] || exit 77
    "$program" groups $large --format csv >/dev/full 2>"$scratch/err"
    expect_status 1 $?
    grep -q "^error: cannot write the output: No space left" "$scratch/err" || fail "no message"
    "$program" --help >/dev/full 2>/dev/null
    expect_status 1 $?
    ;;
  closed_stdout)
    "$program" show --world-size 4 >&- 2>"$scratch/err"
    expect_status 1 $?
    grep -q "^error: cannot write the output" "$scratch/err" || fail "no message"
    ;;
  no_color_on_a_terminal)
    command -v script >/dev/null || exit 77
    escape=$(printf '\033')
    on_terminal "env -u NO_COLOR '$program' show --world-size 4" >"$scratch/out"
    grep -q "$escape" "$scratch/out" || fail "no colour on a terminal"
    on_terminal "env NO_COLOR= '$program' show --world-size 4" >"$scratch/out"
    grep -q "$escape" "$scratch/out" || fail "an empty NO_COLOR takes the colour away"
    on_terminal "env NO_COLOR=1 '$program' show --world-size 4" >"$scratch/out"
    grep -q "tensor" "$scratch/out" || fail "no output with NO_COLOR"
    ! grep -q "$escape" "$scratch/out" || fail "colour despite NO_COLOR"
    "$program" show --world-size 4 >"$scratch/out"
    ! grep -q "$escape" "$scratch/out" || fail "colour in a file"
    ;;
  nothing_on_stdout_on_error)
    "$program" groups --world-size 16 --tp 3 --bogus >"$scratch/out" 2>"$scratch/err"
    expect_status 2 $?
    [ ! -s "$scratch/out" ] || fail "something on the standard output"
    grep -q -e "--bogus" "$scratch/err" || fail "the unknown option is not named"
    grep -q -e "--tp: tensor = 3" "$scratch/err" || fail "the size is not named"
    ;;
  constant_memory)
    # 48 MiB of address space; the output alone is larger.
    (ulimit -v 49152 && exec "$program" groups $large --format csv) 2>"$scratch/err" >"$scratch/out"
    expect_status 0 $?
    # The header, and the groups of the eight kinds.
    lines=$(wc -l <"$scratch/out")
    [ "$lines" -eq $((1 + 128 + 1048576 + 128 + 8192 + 131072 + 3 * 65536)) ] || fail "$lines lines"
    (ulimit -v 49152 && exec "$program" groups $large --format json) 2>"$scratch/err" >/dev/null
    expect_status 0 $?
    (ulimit -v 49152 && exec "$program" groups --world-size 1048576 --all --kind data) 2>"$scratch/err" >/dev/null
    expect_status 0 $?
    (ulimit -v 49152 && exec "$program" export $large --format astra-sim) 2>"$scratch/err" >/dev/null
    expect_status 0 $?
    (ulimit -v 49152 && exec "$program" export $large --format per-rank-json --kind tensor) 2>"$scratch/err" >/dev/null
    expect_status 0 $?
    (ulimit -v 49152 && exec "$program" export $large --format rankfile --kind tensor --gpus-per-node 8192 --hosts \
      "$(seq -s , 128)") 2>"$scratch/err" >"$scratch/out"
    expect_status 0 $?
    [ "$(wc -l <"$scratch/out")" -eq 1048576 ] || fail "a rank is missing in the rankfile"
    ;;
  *)
    fail "no such case"
    ;;
esac
