#!/usr/bin/env bash
# rankfile_test.sh PROGRAM MPIEXEC: Open MPI starts the ranks on the hosts and cores that the exported files name. Exits
# 77 where there is another MPI, or fewer than two cores, to which slots 0 and 1 would bind.
set -u
program=$1
mpiexec=$2
"$mpiexec" --version 2>/dev/null | grep -q "Open MPI) 4\|OpenRTE) 4" || exit 77
[ "$(nproc)" -ge 2 ] || exit 77
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "$*" >&2
  cat "$scratch"/map >&2 2>/dev/null
  exit 1
}

# Open MPI logs in to the hosts with this program, which runs the daemon on this machine and tells it the name of the
# host. Its name is not ssh, since Open MPI passes options to ssh. Each host has its own temporary folder: two daemons of
# one machine would create the same folder for their files, and the second one can fail.
cat >"$scratch/log_in" <<'script'
#!/bin/sh
host=$1
shift
TMPDIR=$(dirname "$0")/$host
export TMPDIR
mkdir -p "$TMPDIR"
RANKMESH_TEST_HOST=$host exec sh -c "$*"
script
chmod +x "$scratch/log_in"

layout="--world-size 4 --tp 2 --kind data --hosts left,right --gpus-per-node 2"
"$program" export --format hostfile $layout >"$scratch/hosts" || fail "no hostfile"
"$program" export --format rankfile $layout >"$scratch/ranks" || fail "no rankfile"
"$mpiexec" --mca plm_rsh_agent "$scratch/log_in" --mca oob_tcp_if_include lo --hostfile "$scratch/hosts" \
  --rankfile "$scratch/ranks" -n 4 sh -c \
  'echo "$OMPI_COMM_WORLD_RANK $RANKMESH_TEST_HOST $(sed -n "s/^Cpus_allowed_list:\t//p" /proc/self/status)"' \
  >"$scratch/map" 2>&1 || fail "mpiexec does not take the files"
# The data groups are [0, 2] and [1, 3], each on one host. The numbers of the cores depend on the machine.
sort "$scratch/map" | cut -d ' ' -f 1,2 >"$scratch/seen"
printf '0 left\n1 right\n2 left\n3 right\n' | diff - "$scratch/seen" >&2 || fail "ranks are elsewhere"
[ "$(cut -d ' ' -f 2,3 "$scratch/map" | sort -u | wc -l)" -eq 4 ] || fail "two ranks of a host share a core"
