#!/bin/sh
# document.sh SOURCE WORK WERROR CACHE: runs the commands of docs/install.md, word by word and from top to bottom, in a copy of the
# sources, with an empty home folder and nothing else in the environment. CACHE is the folder of ccache. Where Linux allows it,
# they run in a root of their own, which has what the system's packages installed, the copy and the cache, and nothing else.
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

# in_clean_root.sh ROOT WORK CACHE COMMAND ...: to be run in a mount namespace of its own.
cat >"$work/in_clean_root.sh" <<'END'
set -eu
root=$1 work=$2 cache=$3
shift 3
mount -t tmpfs none "$root"
for folder in bin sbin lib lib32 lib64 libx32 usr etc var run dev proc sys; do
  if [ -L "/$folder" ]; then
    ln -s "$(readlink "/$folder")" "$root/$folder"
  elif [ -d "/$folder" ]; then
    mkdir "$root/$folder"
    mount --rbind "/$folder" "$root/$folder"
  fi
done
[ ! -d /usr/local ] || mount -t tmpfs none "$root/usr/local"
mkdir -p "$root/tmp" "$root$work" "$root$cache"
mount --bind "$work" "$root$work"
[ ! -d "$cache" ] || mount --bind "$cache" "$root$cache"
exec chroot "$root" "$@"
END
mkdir "$work/root"
clean_root=
for unshare in "unshare -m" "unshare -rm"; do
  if [ -z "$clean_root" ] && $unshare sh "$work/in_clean_root.sh" "$work/root" "$work" "$cache" \
      sh -c "cd '$work/sources' && c++ --version && cmake --version && ninja --version" >/dev/null 2>&1; then
    clean_root="$unshare sh $work/in_clean_root.sh $work/root $work $cache"
  fi
done
[ -n "$clean_root" ] || echo "no root of its own: not allowed here, or the tools are not those of the system's packages"

# The settings of MPI for this machine, and of ccache, for which the language counts too.
settings=$(env | grep -E '^((OMPI|PRTE|CCACHE|LC)_|LANG=)' | tr '\n' ' ')
# shellcheck disable=SC2086
$clean_root env -i $settings HOME="$work/home" PATH="$work/bin:$PATH" CCACHE_DIR="$cache" \
  CMAKE_TOOLCHAIN_FILE="$work/toolchain.cmake" sh -eu -c "cd '$work/sources' && . '$work/commands.sh'" >"$work/log" 2>&1 ||
  { tail -n 40 "$work/log"; exit 1; }
[ -z "$clean_root" ] || echo "in a root of its own"

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
