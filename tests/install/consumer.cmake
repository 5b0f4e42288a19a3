# cmake -D PROJECT=... -D BINARY=... [-D LAUNCHER=...] [-D OPTIONS=...] [-D PROGRAMS=...] [-D RUN_BY=...] [-D EXPECTED=...]
#       -P consumer.cmake
#
# Configures and builds the project of a consumer in an empty folder, compiling through LAUNCHER, and runs its PROGRAMS by
# RUN_BY. EXPECTED is what they print together: a file, or the text itself.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " command)
    # As a message of its own, since FATAL_ERROR breaks lines.
    message("${output}${errors}")
    message(FATAL_ERROR "exit code ${code} of ${command}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

separate_arguments(OPTIONS)
separate_arguments(PROGRAMS)
separate_arguments(RUN_BY)
separate_arguments(LAUNCHER)
file(REMOVE_RECURSE ${BINARY})
set(ENV{CMAKE_CXX_COMPILER_LAUNCHER} "${LAUNCHER}")
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${PROJECT} -B ${BINARY} -D CMAKE_CXX_COMPILER=${COMPILER}
    -D CMAKE_BUILD_TYPE=Debug -D CMAKE_CXX_FLAGS_DEBUG=-O0 ${OPTIONS})
set(target)
if(PROGRAMS AND NOT OPTIONS MATCHES "COMPONENTS=[a-z_,]*cli")
  set(target --target ${PROGRAMS})
endif()
run(${CMAKE_COMMAND} --build ${BINARY} ${target})
set(printed)
foreach(program IN LISTS PROGRAMS)
  run(${RUN_BY} ${BINARY}/${program})
  string(APPEND printed "${output}")
endforeach()
if(EXISTS "${EXPECTED}")
  file(READ ${EXPECTED} EXPECTED)
endif()
if(NOT "${printed}" STREQUAL "${EXPECTED}")
  message(FATAL_ERROR "printed:\n${printed}\nexpected:\n${EXPECTED}")
endif()
