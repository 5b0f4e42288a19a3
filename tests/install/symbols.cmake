# cmake -D LIBRARY=... -D HEADERS=folder -D NM=... -P symbols.cmake
#
# Fails if the shared library LIBRARY shows a name that is not of the namespace rankmesh, or that none of its public
# HEADERS declares, or if it shows hardly anything.
cmake_minimum_required(VERSION 3.25)

file(GLOB_RECURSE headers ${HEADERS}/*.hpp)
set(text)
foreach(header IN LISTS headers)
  file(READ ${header} one)
  string(APPEND text " ${one}")
endforeach()
if(text STREQUAL "")
  message(FATAL_ERROR "there are no headers in ${HEADERS}")
endif()
# The words of the headers.
string(REGEX REPLACE "//[^\n]*" " " text "${text}")
string(REGEX MATCHALL "[A-Za-z_][A-Za-z_0-9]*" words "${text}")
list(REMOVE_DUPLICATES words)

execute_process(COMMAND ${NM} -D --defined-only --format=posix --demangle ${LIBRARY} OUTPUT_VARIABLE symbols
                COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE ";" "," symbols "${symbols}")
string(REGEX REPLACE "\\[|\\]" "|" symbols "${symbols}")
string(REPLACE "\n" ";" symbols "${symbols}")
set(seen 0)
foreach(symbol IN LISTS symbols)
  # Without the columns of nm.
  string(REGEX REPLACE " [A-Za-z] [0-9a-f ]+$" "" name "${symbol}")
  if(name STREQUAL "")
    continue()
  endif()
  math(EXPR seen "${seen} + 1")
  # An instance of a function template has its return type before the name.
  string(REGEX REPLACE "^[^(]* (rankmesh::[a-z_]+<)" "\\1" name "${name}")
  string(REGEX REPLACE "^(typeinfo for|typeinfo name for|vtable for|VTT for|non-virtual thunk to) " "" name "${name}")
  if(NOT name MATCHES "^rankmesh::" OR name MATCHES "\\(anonymous namespace\\)")
    message(SEND_ERROR "shown, but not of rankmesh: ${symbol}")
    continue()
  endif()
  string(REGEX REPLACE "[(<|].*" "" name "${name}")
  string(REGEX REPLACE "::operator.*" "" name "${name}")
  string(REGEX REPLACE ".*::~?" "" name "${name}")
  if(NOT name IN_LIST words)
    message(SEND_ERROR "shown, but no public header declares ${name}: ${symbol}")
  endif()
endforeach()
if(seen LESS 3)
  message(FATAL_ERROR "only ${seen} symbols are shown by ${LIBRARY}: the search or the library is broken")
endif()
message(STATUS "${seen} symbols of ${LIBRARY}")
