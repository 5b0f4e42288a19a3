# cmake -D SOURCE=... -D TREE=... -D BINARY=... -D COMPILER=... -D LAUNCHER=... -D FLAGS=... -P headers.cmake
#
# Fails unless each installed header compiles alone, has a guard, and bears the mark by which a shared library exports its
# declarations. A header that a source includes first was compiled alone by the build already.
cmake_minimum_required(VERSION 3.25)

separate_arguments(FLAGS)
separate_arguments(LAUNCHER)
file(REMOVE_RECURSE ${BINARY})
set(first)
file(GLOB_RECURSE sources ${SOURCE}/topology/src/*.cpp ${SOURCE}/comm/src/*.cpp ${SOURCE}/adapters/*.cpp)
foreach(source IN LISTS sources)
  file(STRINGS ${source} include LIMIT_COUNT 1 REGEX "^#include")
  if(include MATCHES "\"(.*)\"")
    list(APPEND first ${CMAKE_MATCH_1})
  endif()
endforeach()

file(GLOB_RECURSE headers RELATIVE ${TREE}/include ${TREE}/include/*.hpp)
list(LENGTH headers count)
if(count LESS 40)
  message(FATAL_ERROR "only ${count} headers were found under ${TREE}/include")
endif()
set(units)
foreach(header IN LISTS headers)
  if(NOT header IN_LIST first)
    string(REGEX REPLACE "[/.]" "_" unit ${header})
    file(WRITE ${BINARY}/${unit}.cpp "#include \"${header}\"\n")
    list(APPEND units ${BINARY}/${unit}.cpp)
  endif()

  file(STRINGS ${TREE}/include/${header} guard REGEX "^#pragma once$")
  if(NOT guard)
    message(SEND_ERROR "${header} has no #pragma once")
  endif()
  string(REGEX REPLACE "^rankmesh/([a-z]+)[/.].*" "\\1" part ${header})
  string(TOUPPER ${part} part)
  file(STRINGS ${TREE}/include/${header} namespaces REGEX "^namespace ")
  foreach(line IN LISTS namespaces)
    # The stand-in for NCCL is not compiled with hidden symbols.
    if(line MATCHES "rankmesh" AND NOT header STREQUAL "rankmesh/nccl_double.hpp" AND NOT line MATCHES "^namespace RANKMESH_${part}_API rankmesh {")
      message(SEND_ERROR "${header}: a shared library exports nothing of \"${line}\"; write "
                         "\"namespace RANKMESH_${part}_API rankmesh {\" and any further namespace inside")
    endif()
  endforeach()
endforeach()
# One by one, for the compiler cache.
foreach(unit IN LISTS units)
  execute_process(COMMAND ${LAUNCHER} ${COMPILER} ${FLAGS} -std=c++20 -Wall -Wextra -Wpedantic -Werror -I${TREE}/include
                          -c ${unit} -o ${unit}.o
                  RESULT_VARIABLE code ERROR_VARIABLE errors)
  if(NOT code EQUAL 0)
    message(SEND_ERROR "a header does not compile alone:\n${errors}")
  endif()
endforeach()
list(LENGTH units compiled)
message(STATUS "${count} headers, of which no source includes ${compiled} first")
