# cmake -D PROJECT=... -D BINARY=... [-D OPTIONS=...] [-D PROGRAM=...] [-D LAUNCHER=...] [-D EXPECTED=...] -P consumer.cmake
#
# Configures and builds the project of a consumer from nothing, and runs PROGRAM of it. EXPECTED is what it prints: a
# file, or the text itself.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " command)
    # Without the lines that an error breaks anew.
    message("${output}${errors}")
    message(FATAL_ERROR "exit code ${code} of ${command}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

separate_arguments(OPTIONS)
separate_arguments(LAUNCHER)
file(REMOVE_RECURSE ${BINARY})
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${PROJECT} -B ${BINARY} -D CMAKE_CXX_COMPILER=${COMPILER}
    -D CMAKE_BUILD_TYPE=Debug -D CMAKE_CXX_FLAGS_DEBUG=-O0 ${OPTIONS})
set(target)
if(PROGRAM AND NOT OPTIONS MATCHES "COMPONENTS=[a-z_,]*cli")
  set(target --target ${PROGRAM})
endif()
run(${CMAKE_COMMAND} --build ${BINARY} ${target})
if(PROGRAM)
  run(${LAUNCHER} ${BINARY}/${PROGRAM})
  if(EXISTS "${EXPECTED}")
    file(READ ${EXPECTED} EXPECTED)
  endif()
  if(NOT output STREQUAL EXPECTED)
    message(FATAL_ERROR "printed:\n${output}\nexpected:\n${EXPECTED}")
  endif()
endif()
