#!/bin/sh
# packaged.sh SOURCE WORK COMPILER: the packages that cpack would make of two builds without the programs. None is empty.
set -eu
source=$1 work=$2 compiler=$3
check() {
  expected=$1
  shift
  rm -rf "$work"
  cmake -G Ninja -S "$source" -B "$work" -D CMAKE_CXX_COMPILER="$compiler" -D RANKMESH_CLI=OFF -D RANKMESH_MPI=OFF \
        -D RANKMESH_YAML=OFF -D RANKMESH_TOML=OFF "$@" >"$work.log" 2>&1 || { cat "$work.log"; exit 1; }
  grep -qF "set(CPACK_COMPONENTS_ALL \"$expected\")" "$work/CPackConfig.cmake" || {
    grep CPACK_COMPONENTS_ALL "$work/CPackConfig.cmake"
    echo "expected: $expected"
    exit 1
  }
}
check "development"
# Without a shared library, -dev depends on none.
grep -q 'set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "")' "$work/CPackConfig.cmake" || { echo "-dev depends on something"; exit 1; }
check "runtime;development" -D BUILD_SHARED_LIBS=ON
