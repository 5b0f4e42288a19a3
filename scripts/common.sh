# What scripts/demo and scripts/test have in common; sourced, not run.

packages=(g++ cmake ninja-build libopenmpi-dev openmpi-bin libpmix-dev libcli11-dev libfmt-dev nlohmann-json3-dev
          libyaml-cpp-dev libtomlplusplus-dev groff-base catch2 librapidcheck-dev libbenchmark-dev doxygen valgrind ccache
          libeigen3-dev)
# What some tests use and skip without: scripts/test installs those that the system offers.
test_packages=(python3 chromium chromium-driver graphviz libxml2-utils zsh fish)

say() { printf '\n== %s\n' "$*"; }

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# install_packages [PACKAGE ...]: installs what is missing, or says what to install and stops. Packages that are named are
# installed too if that is possible.
install_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    if command -v cmake >/dev/null && command -v mpiexec >/dev/null && command -v ninja >/dev/null; then
      say "no apt here: going on with what is installed"
      return
    fi
    printf 'This system has no apt. Install the equivalents of these Debian packages, then run this again:\n  %s\n' \
           "${packages[*]}" >&2
    exit 1
  fi
  local missing=() extra=() package
  for package in "${packages[@]}"; do is_installed "$package" || missing+=("$package"); done
  for package in "$@"; do is_installed "$package" || extra+=("$package"); done
  [ ${#missing[@]} -eq 0 ] && [ ${#extra[@]} -eq 0 ] && return
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      [ ${#missing[@]} -eq 0 ] && return
      printf 'These packages are missing, and there is no sudo to install them with. As root:\n  apt-get install %s\n' \
             "${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  for package in "${extra[@]}"; do
    if apt-cache show "$package" >/dev/null 2>&1; then missing+=("$package"); fi
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    >/dev/null
}

# require_tools: stops with a clear message where a tool is too old.
require_tools() {
  local version
  version=$(cmake --version | sed -n 's/^cmake version \([0-9.]*\).*/\1/p')
  if [ "$(printf '3.25\n%s\n' "$version" | sort -V | head -n 1)" != 3.25 ]; then
    printf 'CMake %s is too old: 3.25 is needed (Debian 12, Ubuntu 24.04, or "pip install cmake").\n' "$version" >&2
    exit 1
  fi
}

# build PRESET [TARGET ...]: configures and builds.
build() {
  local preset=$1
  shift
  local strict=OFF targets=()
  [ -n "${CI:-}" ] && strict=ON
  [ $# -gt 0 ] && targets=(--target "$@")
  # The presets mpich and openmpi5 name their MPI. The others are for Open MPI, also where the system prefers MPICH.
  local mpi=()
  if [ "$preset" != mpich ] && [ "$preset" != openmpi5 ] &&
    command -v mpicxx.openmpi >/dev/null && command -v mpiexec.openmpi >/dev/null; then
    case $(readlink -f "$(command -v mpiexec)") in
      *hydra*) mpi=(-DMPI_CXX_COMPILER=/usr/bin/mpicxx.openmpi -DMPIEXEC_EXECUTABLE=/usr/bin/mpiexec.openmpi) ;;
    esac
  fi
  say "building build/$preset"
  mkdir -p build
  cmake --preset "$preset" -DRANKMESH_WERROR=$strict "${mpi[@]}" >"build/configure-$preset.log" 2>&1 ||
    { cat "build/configure-$preset.log" >&2; exit 1; }
  cmake --build --preset "$preset" "${targets[@]}"
}

# Open MPI: as root if need be, with more processes than cores, on this machine alone. Other MPIs ignore this.
set_up_mpi() {
  if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
  export OMPI_MCA_btl=self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none
  export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
}
