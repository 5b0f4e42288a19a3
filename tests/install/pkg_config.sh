#!/bin/sh
# pkg_config.sh TREE COMPILER BINARY EXAMPLES USES [LAUNCHER ...]: programs built by hand with pkg-config, against the
# tree where it lies now, run with its shared libraries; with a LAUNCHER of MPI the program of MPI.
set -eu
tree=$1 compiler=$2 binary=$3 examples=$4 uses=$5
shift 5
rm -rf "$binary"
mkdir -p "$binary"
PKG_CONFIG_PATH=$(find "$tree" -name pkgconfig -type d)
[ -n "$PKG_CONFIG_PATH" ]
export PKG_CONFIG_PATH

# build NAME SOURCE: flags are words, and the folders have no spaces.
build() {
  # shellcheck disable=SC2046
  "$compiler" -std=c++20 -O0 "$2" -o "$binary/$1" $(pkg-config --cflags --libs "rankmesh-$1")
}
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export LD_LIBRARY_PATH
if [ $# -gt 0 ]; then
  flags=$(pkg-config --cflags --libs rankmesh-mpi)
  case $flags in *libmpi_cxx* | *libmpichcxx*) echo "the C++ bindings of MPI: $flags"; exit 1 ;; esac
  case $flags in *-DOMPI_SKIP_MPICXX*) ;; *) echo "no OMPI_SKIP_MPICXX: $flags"; exit 1 ;; esac
  pkg-config --variable=mpi rankmesh-mpi | grep -qE '^(Open MPI|MPICH) [0-9]' || { echo "which MPI?"; exit 1; }
  build mpi "$examples/bring_up.cpp"
  "$@" "$binary/mpi" >"$binary/out"
  cmp "$binary/out" "$examples/bring_up.out"
  ! pkg-config --exists rankmesh-nccl-double || build nccl-double "$examples/start_up_test.cpp"
  exit 0
fi
build topology "$examples/layout.cpp"
"$binary/topology" >"$binary/out"
cmp "$binary/out" "$examples/layout.out"
build comm "$uses/comm.cpp"
"$binary/comm" | grep -qx 'there is no rank 16'
[ "$(pkg-config --modversion rankmesh-comm)" = "$(pkg-config --modversion rankmesh-topology)" ]
