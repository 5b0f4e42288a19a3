# cmake -D TREE=... -D BINARY=... -D COMPILER=... -D FLAGS=... -P headers.cmake
#
# Fails unless each installed header compiles alone, and once more to see that it may be included twice, and bears the
# mark by which a shared library shows what it declares.
cmake_minimum_required(VERSION 3.25)

separate_arguments(FLAGS)
file(REMOVE_RECURSE ${BINARY})
file(GLOB_RECURSE headers RELATIVE ${TREE}/include ${TREE}/include/*.hpp)
list(LENGTH headers count)
if(count LESS 40)
  message(FATAL_ERROR "only ${count} headers were found under ${TREE}/include")
endif()
set(units)
foreach(header IN LISTS headers)
  string(REGEX REPLACE "[/.]" "_" unit ${header})
  file(WRITE ${BINARY}/${unit}.cpp "#include \"${header}\"\n#include \"${header}\"\n")
  list(APPEND units ${BINARY}/${unit}.cpp)

  string(REGEX REPLACE "^rankmesh/([a-z]+)[/.].*" "\\1" part ${header})
  string(TOUPPER ${part} part)
  file(STRINGS ${TREE}/include/${header} namespaces REGEX "^namespace ")
  foreach(line IN LISTS namespaces)
    if(line MATCHES "rankmesh" AND NOT line MATCHES "^namespace RANKMESH_${part}_API rankmesh {")
      message(SEND_ERROR "${header}: a shared library shows nothing of \"${line}\"; write "
                         "\"namespace RANKMESH_${part}_API rankmesh {\" and any further namespace inside")
    endif()
  endforeach()
endforeach()
execute_process(COMMAND ${COMPILER} ${FLAGS} -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Werror
                        -I${TREE}/include ${units}
                RESULT_VARIABLE code ERROR_VARIABLE errors)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "a header does not stand alone:\n${errors}")
endif()
message(STATUS "${count} headers stand alone")
