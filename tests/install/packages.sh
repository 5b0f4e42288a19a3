#!/bin/sh
# packages.sh BUILD ROOT COMPILER EXAMPLES VERSION: makes the Debian packages, installs them into an empty root with
# the packages of this system as what they may depend on, and runs what is in them.
set -eu
build=$1 root=$2 compiler=$3 examples=$4 version=$5
for tool in dpkg dpkg-deb dpkg-shlibdeps; do
  command -v "$tool" >/dev/null || { echo "no $tool here: no Debian packages"; exit 77; }
done
rm -rf "$root" "$build/packages"
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/triggers"

(cd "$build" && cpack --config CPackConfig.cmake -G DEB >"$root/cpack.log" 2>&1) || { cat "$root/cpack.log"; exit 1; }
# shellcheck disable=SC2012
names=$(cd "$build/packages" && ls ./*.deb | sed 's,^\./,,; s/_.*//' | tr '\n' ' ')
[ "$names" = 'librankmesh-dev librankmesh-nccl-double-dev librankmesh0 rankmesh-tools ' ] || { echo "made: $names"; exit 1; }

if [ "$(id -u)" -eq 0 ]; then
  # What is installed here counts as installed there: dpkg refuses packages whose dependencies are not. Packages of
  # rankmesh itself do not count.
  status_of_others() {
    awk 'BEGIN { RS = ""; ORS = "\n\n" } !/^Package: (librankmesh|rankmesh)/' /var/lib/dpkg/status
  }
  status_of_others >"$root/var/lib/dpkg/status"
  # There is no shell in the empty root: what the packages run is run from here.
  dpkg --force-script-chrootless --root="$root" --log="$root/dpkg.log" -i "$build"/packages/*.deb \
    >"$root/dpkg.out" 2>&1 || { grep -v 'files list file' "$root/dpkg.out"; exit 1; }
else
  for package in "$build"/packages/*.deb; do dpkg-deb -x "$package" "$root"; done
fi

field() { dpkg-deb -f "$build/packages/$1_${version}_"*.deb "$2"; }
field librankmesh0 Depends | grep -q 'libstdc++6' || { echo "librankmesh0 depends on no libstdc++6"; exit 1; }
dev_depends=$(field librankmesh-dev Depends | tr ',' '\n' | sed 's/^ *//')
needs() { printf '%s\n' "$dev_depends" | grep -qxF -e "$1" || { echo "librankmesh-dev does not depend on $1, for $2"; exit 1; }; }
needs "librankmesh0 (= $version)" "its links"
# The packages of what its headers include and its pkg-config files require.
owner() { dpkg -S "$1" | sed 's/:.*//'; }
export PKG_CONFIG_PATH="$root/usr/lib/pkgconfig"
checked=0
own_headers=$(dpkg-deb -c "$build/packages/librankmesh-dev_${version}_"*.deb | grep -o 'usr/include/rankmesh.*\.hpp$')
# shellcheck disable=SC2086
for header in $(cd "$root" && grep -hoE '^#include <[^>]+\.h(pp)?>' $own_headers | sed 's/.*<\(.*\)>/\1/' | grep -v '^rankmesh/' | sort -u); do
  # shellcheck disable=SC2046
  path=$(echo "#include <$header>" | "$compiler" -M -x c++ $(pkg-config --cflags-only-I rankmesh-mpi) - | tr ' ' '\n' |
         grep -m 1 "/$header\$") || { echo "$header was not found"; exit 1; }
  package=$(owner "$(realpath "$path")")
  [ "$package" = libc6-dev ] || needs "$package" "<$header>"
  checked=$((checked + 1))
done
for name in $(sed -n 's/^Requires: *//p' "$PKG_CONFIG_PATH"/*.pc | tr -d ',' | tr ' ' '\n' | grep -v '^rankmesh-' | sort -u); do
  needs "$(owner "$(pkg-config --variable=pcfiledir "$name")/$name.pc")" "$name.pc"
  checked=$((checked + 1))
done
[ ! -e "$root/usr/include/rankmesh/mpi.hpp" ] || [ "$checked" -gt 0 ] || { echo "nothing was checked"; exit 1; }

unset LD_LIBRARY_PATH
"$root/usr/bin/rankmesh" groups --world-size 4 --tp 2 --kind tensor | grep -qF '[2, 3]'
# Nothing but what the system has: no folder of the build, nothing missing.
for file in "$root"/usr/bin/* "$root"/usr/lib/librankmesh_*.so.?; do
  if LD_LIBRARY_PATH="$root/usr/lib" ldd "$file" | grep -E "not found|$build/bin|$build/[a-z]*/lib"; then
    echo "$file is not complete"
    exit 1
  fi
done

# A program built with -dev, run with the library.
{ cmake -G Ninja -S "$(dirname "$0")/find_package" -B "$root/consumer" -D CMAKE_CXX_COMPILER="$compiler" \
        -D CMAKE_BUILD_TYPE=Debug -D CMAKE_PREFIX_PATH="$root/usr" -D COMPONENTS=topology,comm,cli &&
  cmake --build "$root/consumer"; } >"$root/cmake.log" 2>&1 || { cat "$root/cmake.log"; exit 1; }
ldd "$root/consumer/use_comm" | grep -q "librankmesh_comm.so.0 => $root/usr/lib/" || { echo "linked with something else"; exit 1; }
"$root/consumer/use_topology" | cmp - "$examples/layout.out"
"$root/consumer/use_comm" | grep -qx 'there is no rank 16'
