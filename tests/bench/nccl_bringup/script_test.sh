#!/bin/sh
# script_test.sh SCRIPT PROGRAM CASE: tests scripts/gpu-check with the test double of NCCL and fake commands of the machine.
# shellcheck disable=SC2016  # the fake commands expand these variables
set -u
script=$1
program=$2
case=$3
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "$case: $*" >&2
  cat "$scratch/out" "$scratch/err" >&2 2>/dev/null
  exit 1
}

# run STATUS OPTIONS...: runs the script and checks its exit status.
run() {
  expected=$1
  shift
  "$script" "$@" >"$scratch/out" 2>"$scratch/err"
  status=$?
  [ "$status" -eq "$expected" ] || fail "exit status $status, expected $expected"
}

expect_in() {
  grep -q -- "$2" "$scratch/$1" || fail "not in $1: $2"
}

# pretend NAME SCRIPT: creates a fake command.
pretend() {
  mkdir -p "$scratch/bin"
  printf '#!/bin/sh\n%s\n' "$2" >"$scratch/bin/$1"
  chmod +x "$scratch/bin/$1"
}

# Creates a fake nvidia-smi, so that the script finds the GPUs of the test double.
pretend_gpu() {
  unset CUDA_VISIBLE_DEVICES
  pretend nvidia-smi 'case $1 in -L) echo "GPU 0: none (UUID: GPU-0)" ;; *) echo 580.65.06 ;; esac'
  PATH=$scratch/bin:$PATH
}

check_two_and_four() {
  run 0 --program "$program" --ranks 2 --ranks 4 --layout tp=2 --repetitions 1 --markdown "$scratch/table.md"
  expect_in out "== every communicator proven, by every strategy"
  [ "$(grep -c ' yes ' "$scratch/out")" -eq 16 ] || fail "not 16 rows that are proven"
  [ "$(grep -c '^| `world=' "$scratch/table.md")" -eq 16 ] || fail "not 16 rows of Markdown"
}

case $case in
  no_gpu)
    CUDA_VISIBLE_DEVICES='' run 77
    expect_in err "^gpu-check: no NVIDIA GPU is visible on this machine, so nothing was checked (exit code 77)."
    [ ! -s "$scratch/out" ] || fail "something on stdout"
    ;;
  bad_input)
    run 2 --rank 3
    expect_in err "^gpu-check: unknown option --rank$"
    run 2 --ranks none
    expect_in err "^gpu-check: --ranks is no number of ranks: none$"
    run 2 --layout
    expect_in err "^gpu-check: --layout needs a value$"
    run 2 --peers "$scratch"
    expect_in err "^gpu-check: --peers needs a --layout$"
    run 2 --peers "$scratch" --layout tp=2
    expect_in err "^gpu-check: --peers: there is no bin/python in $scratch; run bench/peers/setup$"
    run 0 --help
    expect_in out "^Usage: scripts/gpu-check"
    ;;
  shared)
    # Like NCCL, the test double refuses two ranks on one GPU unless their host identities differ.
    pretend_gpu
    RANKMESH_DOUBLE_DEVICES=1 check_two_and_four
    expect_in out "4 ranks share 1 GPU(s), each as a host of its own, through sockets"
    expect_in out "^4 ranks on 1 GPU "
    expect_in out "says nothing about the speed of a transport"
    expect_in table.md "^| driver | 580.65.06 |$"
    expect_in table.md "^| NCCL | "
    expect_in table.md "^### 2 ranks on 1 GPU "
    expect_in table.md "^### 4 ranks on 1 GPU "
    ;;
  shared_as_of_2_30)
    pretend_gpu
    export RANKMESH_DOUBLE_NCCL_VERSION=23007
    RANKMESH_DOUBLE_DEVICES=1 check_two_and_four
    expect_in out "4 ranks share 1 GPU(s): NCCL_MULTI_RANK_GPU_ENABLE=1"
    ;;
  own)
    pretend_gpu
    RANKMESH_DOUBLE_DEVICES=4 check_two_and_four
    expect_in out "4 ranks, each with a GPU of its own"
    expect_in out "^4 ranks on 4 GPUs "
    ! grep -q "speed of a transport" "$scratch/out" || fail "speaks of sharing"
    ;;
  failed)
    pretend_gpu
    export RANKMESH_DOUBLE_DEVICES=4 RANKMESH_DOUBLE_FAULTS="ncclCommSplit@3#1=error:3"
    run 1 --program "$program" --ranks 2 --ranks 4 --layout tp=2 --repetitions 1 --markdown "$scratch/table.md"
    expect_in err "^gpu-check: not all proven with 4 ranks$"
    expect_in table.md "nccl_split | non-blocking | FAILED |"
    ;;
  peers)
    # A fake python checks that it gets the groups and a host identity. If it fails, the table has a row for that.
    pretend_gpu
    pretend python 'case $1 in *free_port.py) echo 1234; exit ;; esac
      [ "$NCCL_HOSTID" = "process$$" ] && grep -q "\[0,1\]" "$3" && [ "$2" = 1234 ] || exit 1
      [ "$4" = eager ] || exit 1
      [ "$OMPI_COMM_WORLD_RANK" -ne 0 ] || echo "| PyTorch new_group, $4 | 1 | 2 | 3 | 4 | 5 |"'
    mkdir "$scratch/peers"
    mv "$scratch/bin" "$scratch/peers/bin"
    PATH=$scratch/peers/bin:$PATH RANKMESH_DOUBLE_DEVICES=1 run 0 --program "$program" --ranks 2 --layout "tp=2 fp8" \
      --repetitions 1 --markdown "$scratch/table.md" --peers "$scratch/peers"
    expect_in table.md "^PyTorch, .world=2 tp=2 fp8.$"
    expect_in table.md "^| PyTorch new_group, eager | 1 | 2 | 3 | 4 | 5 |$"
    expect_in table.md "^| PyTorch new_group, lazy, failed |"
    ;;
  runtime_finds_none)
    pretend_gpu
    RANKMESH_DOUBLE_DEVICES=0 run 1 --program "$program"
    expect_in err "^gpu-check: there is a GPU, but the CUDA runtime .* finds none"
    ;;
  no_nccl)
    # In a copy of the scripts, so that the failed configuration does not affect the build folder.
    pretend_gpu
    pretend dpkg-query 'printf installed'
    pretend apt-get 'exit 1'
    pretend cmake 'case $1 in --version) echo "cmake version 3.25.1" ;; *) echo "-- NCCL adapter: not built" ;; esac'
    mkdir "$scratch/copy"
    cp -r "$(dirname "$script")" "$scratch/copy/scripts"
    script=$scratch/copy/scripts/gpu-check
    run 1
    expect_in err "finds no CUDA Toolkit or no NCCL"
    expect_in err "export CUDAToolkit_ROOT="
    ;;
  *) fail "no such case" ;;
esac
