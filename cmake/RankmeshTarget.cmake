# Functions that every target of the project uses.

# rankmesh_target_defaults(TARGET): C++20, the project's warnings, and the sanitizers of RANKMESH_SANITIZE.
function(rankmesh_target_defaults target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  # Not CMake's own unity build: see rankmesh_group_sources.
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
  # When all sources of the folder are known.
  if(RANKMESH_UNITY_BUILD)
    cmake_language(EVAL CODE "cmake_language(DEFER CALL rankmesh_group_sources [[${target}]])")
  endif()
endfunction()

# rankmesh_group_sources(TARGET): replaces the sources of TARGET by files that include eight of them each, so that the headers
# they share are read once: a unity build. It takes half of the time. CMake's own writes absolute paths into these files, with
# which another clone would find nothing in the compiler cache. A source with definitions or options of its own, or with the
# property SKIP_UNITY_BUILD_INCLUSION, is compiled alone.
function(rankmesh_group_sources target)
  get_target_property(sources ${target} SOURCES)
  get_target_property(folder ${target} SOURCE_DIR)
  set(grouped)
  set(alone)
  foreach(source IN LISTS sources)
    get_filename_component(path "${source}" ABSOLUTE BASE_DIR ${folder})
    set(own)
    foreach(property COMPILE_DEFINITIONS COMPILE_OPTIONS SKIP_UNITY_BUILD_INCLUSION)
      get_property(value SOURCE ${path} TARGET_DIRECTORY ${target} PROPERTY ${property})
      list(APPEND own ${value})
    endforeach()
    cmake_path(IS_PREFIX rankmesh_SOURCE_DIR "${path}" in_project)
    cmake_path(IS_PREFIX CMAKE_BINARY_DIR "${path}" is_generated)
    if("${source}" MATCHES "\\.cpp$" AND in_project AND NOT is_generated AND NOT own)
      cmake_path(RELATIVE_PATH path BASE_DIRECTORY ${rankmesh_SOURCE_DIR})
      list(APPEND grouped "#include \"${path}\"")
    else()
      list(APPEND alone ${source})
    endif()
  endforeach()
  list(LENGTH grouped count)
  if(count LESS 2)
    return()
  endif()
  set(number 0)
  while(grouped)
    list(SUBLIST grouped 0 8 part)
    list(REMOVE_ITEM grouped ${part})
    list(JOIN part "\n" text)
    # Beside each other in the build folder, wherever the project is in it: the compiler cache knows them by this path.
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/unity/${target}_${number}.cpp CONTENT "${text}\n" @ONLY)
    list(APPEND alone ${CMAKE_BINARY_DIR}/unity/${target}_${number}.cpp)
    math(EXPR number "${number} + 1")
  endwhile()
  set_property(TARGET ${target} PROPERTY SOURCES ${alone})
  target_compile_options(${target} PRIVATE "SHELL:-iquote ${rankmesh_SOURCE_DIR}")
  # What another source of the same file declares is no mistake: globals that locals have the names of, and for GCC, types of
  # anonymous namespaces, which it looks for in the file itself.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-shadow -Wshadow=local -Wno-subobject-linkage)
  else()
    target_compile_options(${target} PRIVATE -Wno-shadow)
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

# rankmesh_precompile(TARGET header ...): headers that TARGET precompiles. Other targets with the same compiler options share
# them by rankmesh_reuse_precompiled.
function(rankmesh_precompile target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  rankmesh_cache_precompiled(${target})
endfunction()

# rankmesh_reuse_precompiled(TARGET OTHER): TARGET uses the precompiled headers of OTHER.
function(rankmesh_reuse_precompiled target other)
  target_precompile_headers(${target} REUSE_FROM ${other})
  rankmesh_cache_precompiled(${target})
endfunction()

# rankmesh_cache_precompiled(TARGET): what ccache needs to cache the use of precompiled headers.
function(rankmesh_cache_precompiled target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  else()
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

# rankmesh_share_precompiled(TARGET KEY header ...): the standard headers and those named, precompiled once for all targets with
# the same KEY, which must have the same compiler options.
function(rankmesh_share_precompiled target key)
  get_property(owner GLOBAL PROPERTY "RANKMESH_PRECOMPILED_${key}")
  if(owner)
    rankmesh_reuse_precompiled(${target} ${owner})
  else()
    rankmesh_precompile(${target} <algorithm> <array> <chrono> <functional> <map> <memory> <optional> <set> <span> <string>
                        <string_view> <utility> <vector> ${ARGN})
    set_property(GLOBAL PROPERTY "RANKMESH_PRECOMPILED_${key}" ${target})
  endif()
endfunction()

# rankmesh_library(NAME [RUNS_ONCE] SOURCES ... [PRECOMPILED header ...]): the library rankmesh_NAME, alias rankmesh::NAME, of the
# current folder, with its public headers under include/. The caller links it with other libraries. Its objects are used for an
# archive and for a shared library. A shared library exports the declarations with a mark as in rankmesh/topology/export.hpp.
# With sanitizers, the standard headers and those of PRECOMPILED are precompiled. Without, they are not: GCC 12 then warns of
# overflows inside std::string that cannot happen.
function(rankmesh_library name)
  cmake_parse_arguments(arg "RUNS_ONCE" "" "SOURCES;PRECOMPILED" ${ARGN})
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
  if(arg_RUNS_ONCE)
    rankmesh_runs_once(rankmesh_${name})
  endif()
  if(RANKMESH_SANITIZE)
    rankmesh_share_precompiled(rankmesh_${name} "${arg_RUNS_ONCE} ${arg_PRECOMPILED}" ${arg_PRECOMPILED})
  endif()
endfunction()
