# Debian packages, made by `cpack --config build/release/CPackConfig.cmake`:
#   librankmesh0      the shared libraries
#   librankmesh-dev   headers, archives, CMake and pkg-config files
#   rankmesh-tools    the programs, their man pages and completions
#   librankmesh-nccl-double-dev   the stand-in for NCCL, with RANKMESH_NCCL_DOUBLE=ON
# They contain nothing that needs NCCL, which is not part of Debian: not rankmesh::nccl, nor a rankmesh-bringup that is linked
# with NCCL. For a rankmesh-bringup in rankmesh-tools, configure with RANKMESH_NCCL=OFF.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME rankmesh)
set(CPACK_PACKAGE_VENDOR rankmesh)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_CONTACT "the authors of rankmesh")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)

# A component in which nothing is installed gets no package.
get_property(packaged GLOBAL PROPERTY RANKMESH_PACKAGED)
set(CPACK_COMPONENTS_ALL)
foreach(component runtime development cli nccl_double)
  if(component IN_LIST packaged)
    list(APPEND CPACK_COMPONENTS_ALL ${component})
  endif()
endforeach()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
# The libraries need each other. They are in one package.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/lib)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "The shared libraries.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME librankmesh${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)

set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Headers, archives, and files for CMake and pkg-config.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME librankmesh-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
# What the headers include and the pkg-config files require, and the library behind each link librankmesh_NAME.so.
set(depends)
if("runtime" IN_LIST packaged)
  list(APPEND depends "librankmesh${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION})")
endif()
if(TARGET rankmesh_mpi)
  set(mpi_package libopenmpi-dev)
  if(RANKMESH_MPI_IMPLEMENTATION STREQUAL "MPICH")
    set(mpi_package libmpich-dev)
  endif()
  list(APPEND depends ${mpi_package})
endif()
if(RANKMESH_HAS_YAML)
  list(APPEND depends libyaml-cpp-dev)
endif()
if(RANKMESH_HAS_TOML)
  list(APPEND depends libtomlplusplus-dev)
endif()
list(JOIN depends ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "pkgconf, rankmesh-tools")

set(CPACK_COMPONENT_CLI_DESCRIPTION "The programs: planning offline, and a trial of every communicator over MPI.")
set(CPACK_DEBIAN_CLI_PACKAGE_NAME rankmesh-tools)
set(CPACK_DEBIAN_CLI_PACKAGE_SECTION utils)
# The package openmpi-bin contains mpiexec.
set(CPACK_DEBIAN_CLI_PACKAGE_SUGGESTS "openmpi-bin")

set(CPACK_COMPONENT_NCCL_DOUBLE_DESCRIPTION "The NCCL adapter on a stand-in for NCCL, for tests without a GPU.")
set(CPACK_DEBIAN_NCCL_DOUBLE_PACKAGE_NAME librankmesh-nccl-double-dev)
set(CPACK_DEBIAN_NCCL_DOUBLE_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_NCCL_DOUBLE_PACKAGE_DEPENDS "librankmesh-dev (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_NCCL_DOUBLE_PACKAGE_GENERATE_SHLIBS OFF)

include(CPack)
