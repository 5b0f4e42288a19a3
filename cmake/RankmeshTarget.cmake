# Functions that every target of the project uses.

# rankmesh_target_defaults(TARGET): C++20, the project's warnings, and the sanitizers of RANKMESH_SANITIZE.
function(rankmesh_target_defaults target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  # Sources reuse names in anonymous namespaces, so these targets must not be unity-built.
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF UNITY_BUILD OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  # In C++, the -Wconversion of GCC does not include -Wsign-conversion. Clang's does.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE -Wno-sign-conversion)
  endif()
  # GCC 12 warns of impossible overlaps inside std::string (GCC bug 105329).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(RANKMESH_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(RANKMESH_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${RANKMESH_SANITIZE} -fno-sanitize-recover=all
                                             -fno-omit-frame-pointer)
    # With a sanitizer, GCC warns of values that only look uninitialised.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
    target_link_options(${target} PRIVATE -fsanitize=${RANKMESH_SANITIZE})
  endif()
  if(RANKMESH_FUZZ)
    # Coverage for the fuzzer. Only the fuzz targets link its main function.
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# rankmesh_runs_once(TARGET): for code that runs for a moment. Full optimisation of it, with CLI11 and JSON, would take most
# of the build time of the project.
function(rankmesh_runs_once target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  if(RANKMESH_SANITIZE AND NOT RANKMESH_FUZZ)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

# rankmesh_library(NAME SOURCES ...): the library rankmesh_NAME, alias rankmesh::NAME, of the current folder,
# with its public headers under include/. The caller links it with other libraries. Its objects are used for an archive and
# for a shared library. A shared library exports the declarations with a mark as in rankmesh/topology/export.hpp.
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
