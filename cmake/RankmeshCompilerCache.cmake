# Compiles through ccache where it is installed, unless CMAKE_CXX_COMPILER_LAUNCHER is set already, for example to nothing:
# cmake -D CMAKE_CXX_COMPILER_LAUNCHER=
#
# Paths below the source folder are hashed relative to it, and the working directory is not hashed, so that another clone
# of the same sources finds what this one has compiled. Precompiled headers need the sloppiness: their time stamps and
# the macros defined at their use are not hashed.
if(DEFINED CMAKE_CXX_COMPILER_LAUNCHER OR DEFINED ENV{CMAKE_CXX_COMPILER_LAUNCHER})
  return()
endif()
find_program(RANKMESH_CCACHE ccache)
mark_as_advanced(RANKMESH_CCACHE)
if(RANKMESH_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${RANKMESH_CCACHE}
    CACHE STRING "What starts the compiler")
endif()
