# Compiles through ccache where it is installed, unless CMAKE_CXX_COMPILER_LAUNCHER is set already, for example to nothing:
# cmake -D CMAKE_CXX_COMPILER_LAUNCHER=
#
# Paths below the source folder are hashed relative to it, and the working directory is not hashed, so that another clone
# of the same sources finds what this one has compiled. Precompiled headers need the sloppiness: the macros defined at their use are
# not hashed. CCACHE_DEPEND: a file is found only if all that it includes is the same to the letter. Otherwise ccache would compare the
# preprocessed texts, and after a comment in a header was changed return a precompiled header that does not belong to it: GCC compares
# the text of a header with `#pragma once` with the one in the precompiled header, and would read it a second time.
if(DEFINED CMAKE_CXX_COMPILER_LAUNCHER OR DEFINED ENV{CMAKE_CXX_COMPILER_LAUNCHER})
  return()
endif()
find_program(RANKMESH_CCACHE ccache)
mark_as_advanced(RANKMESH_CCACHE)
if(RANKMESH_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_DEPEND=1 CCACHE_SLOPPINESS=pch_defines,time_macros ${RANKMESH_CCACHE}
    CACHE STRING "What starts the compiler")
endif()
