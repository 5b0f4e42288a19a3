#!/bin/sh
# Checks that a function of topology_instructions takes the same number of instructions in worlds of 2^10, 2^20 and 2^30
# ranks.
#   same_instructions.sh PROGRAM reference|megatron-core FUNCTION PERCENT
# PERCENT: the permitted difference.
program=$1
kinds=$2
function=$3
percent=$4
if ! command -v valgrind >/dev/null; then
  echo "skipped: valgrind is not installed"
  exit 77
fi
expected=
for ranks in 1024 1048576 1073741824; do
  said=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect="$function" \
    "$program" "$ranks" "$kinds" 2>&1) || { echo "$said"; exit 1; }
  count=$(echo "$said" | sed -n 's/.*Collected : \([0-9]*\).*/\1/p')
  echo "$ranks ranks: $count instructions; $(echo "$said" | grep answers)"
  [ -n "$count" ] && [ "$count" -gt 1000 ] || { echo "nothing was counted"; exit 1; }
  difference=$((count - ${expected:=$count}))
  [ $((${difference#-} * 100)) -le $((expected * percent)) ] || { echo "not as many as in the smallest world"; exit 1; }
done
