# What every target of the project has in common.

# rankmesh_target_defaults(TARGET): C++20, the project's warnings, the sanitizers asked for.
function(rankmesh_target_defaults target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  # Sources call what is theirs alone by the same names, so a project that compiles its own as one must not these.
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF UNITY_BUILD OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  # For GCC, which the warnings were chosen with, -Wconversion leaves signs out in C++.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE -Wno-sign-conversion)
  endif()
  # GCC 12 warns of overlaps inside std::string that cannot be (GCC bug 105329).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(RANKMESH_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(RANKMESH_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${RANKMESH_SANITIZE} -fno-sanitize-recover=all
                                             -fno-omit-frame-pointer)
    # What a sanitizer adds to the code makes GCC see uninitialised values that are not there.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
    target_link_options(${target} PRIVATE -fsanitize=${RANKMESH_SANITIZE})
  endif()
  if(RANKMESH_FUZZ)
    # What the fuzzer goes by; its main function is for the fuzz targets alone.
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# rankmesh_runs_once(TARGET): its code runs for a moment. Optimising it, CLI11 and JSON with it, would take most of the time
# that the project needs to build.
function(rankmesh_runs_once target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  if(RANKMESH_SANITIZE AND NOT RANKMESH_FUZZ)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

# rankmesh_library(NAME SOURCES ...): the library rankmesh_NAME, alias rankmesh::NAME, of the current folder,
# with its public headers under include/. What it may link is for the caller to say. Its objects serve an archive and a
# shared library alike; a shared library shows what the public headers mark, rankmesh/topology/export.hpp for one.
function(rankmesh_library name)
  cmake_parse_arguments(arg "" "" "SOURCES" ${ARGN})
  add_library(rankmesh_${name} ${arg_SOURCES})
  add_library(rankmesh::${name} ALIAS rankmesh_${name})
  set_target_properties(rankmesh_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  get_target_property(type rankmesh_${name} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")
    rankmesh_set_shared_properties(rankmesh_${name} ${name})
  endif()
  target_include_directories(rankmesh_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
                             PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  rankmesh_target_defaults(rankmesh_${name})
endfunction()
