# cmake -D FOLDER=... -D ALLOWED=... -P check_includes.cmake
#
# Fails if a source under FOLDER includes anything but
# - <...>: a header of the C++20 standard library;
# - "...": a path that starts with one of ALLOWED, or a file beside the one that includes it.
cmake_minimum_required(VERSION 3.25)

set(standard_headers
  algorithm any array atomic barrier bit bitset charconv chrono codecvt compare complex concepts
  condition_variable coroutine deque exception execution filesystem format forward_list fstream functional
  future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map memory
  memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator
  semaphore set shared_mutex source_location span sstream stack stdexcept stop_token streambuf string
  string_view strstream syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map
  unordered_set utility valarray variant vector version
  cassert cctype cerrno cfenv cfloat cinttypes climits clocale cmath csetjmp csignal cstdarg cstddef cstdint
  cstdio cstdlib cstring ctime cuchar cwchar cwctype)

file(GLOB_RECURSE files ${FOLDER}/*.hpp ${FOLDER}/*.h ${FOLDER}/*.cpp ${FOLDER}/*.ipp)
set(seen 0)
set(forbidden)
foreach(file IN LISTS files)
  get_filename_component(folder ${file} DIRECTORY)
  file(STRINGS ${file} lines REGEX "^[ \t]*#[ \t]*(include|import)")
  foreach(line IN LISTS lines)
    math(EXPR seen "${seen} + 1")
    set(fine FALSE)
    if(line MATCHES "^[ \t]*#[ \t]*include[ \t]*<([a-z_]+)>")
      if(CMAKE_MATCH_1 IN_LIST standard_headers)
        set(fine TRUE)
      endif()
    elseif(line MATCHES "^[ \t]*#[ \t]*include[ \t]*\"([^\"]+)\"")
      set(path ${CMAKE_MATCH_1})
      foreach(start IN LISTS ALLOWED)
        string(FIND "${path}" "${start}" position)
        if(position EQUAL 0)
          set(fine TRUE)
        endif()
      endforeach()
      if(NOT path MATCHES "/" AND EXISTS ${folder}/${path})
        set(fine TRUE)
      endif()
    endif()
    if(NOT fine)
      list(APPEND forbidden "${file}: ${line}")
    endif()
  endforeach()
endforeach()

if(seen EQUAL 0)
  message(FATAL_ERROR "no #include found under ${FOLDER}: nothing was checked")
endif()
if(forbidden)
  list(LENGTH forbidden count)
  list(JOIN forbidden "\n  " text)
  message(FATAL_ERROR "${count} includes of neither the standard library nor ${ALLOWED}:\n  ${text}")
endif()
message(STATUS "${seen} includes checked under ${FOLDER}")
