#!/bin/sh
# document.sh SOURCE WORK WERROR CACHE: runs the commands of docs/install.md, word by word and from top to bottom, in a copy of the
# sources, with an empty home folder and nothing else in the environment. CACHE is the folder of ccache.
set -eu
source=$1 work=$2 werror=$3 cache=$4
rm -rf "$work"
mkdir -p "$work/sources" "$work/home"
(cd "$source" && tar --exclude=./build --exclude=./.git -cf - .) | tar -xf - -C "$work/sources"
cd "$work/sources"

# The packages that only tests and benchmarks need count as absent. Warnings as in the build that runs this test, so that the
# compiler cache has the objects.
cat >"$work/toolchain.cmake" <<END
foreach(package Catch2 rapidcheck benchmark Doxygen)
  set(CMAKE_DISABLE_FIND_PACKAGE_\${package} ON)
endforeach()
set(RANKMESH_WERROR $werror CACHE BOOL "")
END
# In place of apt-get: what is to be installed must be installed here.
mkdir "$work/bin"
printf '#!/bin/sh\nshift\n! command -v dpkg >/dev/null || dpkg -s "$@" >/dev/null\n' >"$work/bin/apt-get"
chmod +x "$work/bin/apt-get"
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' docs/install.md >"$work/commands.sh"
[ "$(wc -l <"$work/commands.sh")" -ge 12 ] || { echo "hardly any command was found in docs/install.md"; exit 1; }

# The settings of MPI for this machine, and of ccache, for which the language counts too.
settings=$(env | grep -E '^((OMPI|PRTE|CCACHE|LC)_|LANG=)' | tr '\n' ' ')
# shellcheck disable=SC2086
env -i $settings HOME="$work/home" PATH="$work/bin:$PATH" CCACHE_DIR="$cache" CMAKE_TOOLCHAIN_FILE="$work/toolchain.cmake" \
  sh -eu "$work/commands.sh" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }

fail() { tail -n 40 "$work/log"; echo "$1"; exit 1; }
# The example ran twice: built with CMake and with pkg-config.
line=$(head -n 1 docs/examples/bring_up.out)
[ "$(grep -cxF -e "$line" "$work/log")" -eq 2 ] || fail "the example did not run twice"
[ -x "$work/home/rankmesh/bin/rankmesh" ] || fail "the program was not installed"
programs=$(cd build/install/bin && ls | tr '\n' ' ')
[ "$programs" = 'rankmesh rankmesh-bringup rankmesh_bringup_pages ' ] || fail "built: $programs"
packages=$(cd build/install/packages && ls ./*.deb | sed 's,^./,,; s/_.*//' | tr '\n' ' ')
[ "$packages" = 'librankmesh-dev librankmesh0 rankmesh-tools ' ] || fail "packages: $packages"
grep -E '^\[[0-9]+/[0-9]+\]' "$work/log" | tail -n 1
