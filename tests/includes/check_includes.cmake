# cmake -D ROOT=... -P check_includes.cmake
#
# Fails unless every file of the library folders under ROOT includes only what the table below allows:
# - "rankmesh/NAME/..." or "rankmesh/NAME.hpp": public headers of the folder itself and of those it builds on;
# - "file.hpp": a file of the folder itself, and only from its src/: public headers include public headers alone;
# - <header>: the C++20 standard library, and the third-party headers of the folder's row.
cmake_minimum_required(VERSION 3.25)

# may_include(folder public headers of [THIRD_PARTY beginning of a header's name ...]): a row of the table.
set(folders)
function(may_include folder)
  cmake_parse_arguments(arg "" "" "THIRD_PARTY" ${ARGN})
  set(folders ${folders} ${folder} PARENT_SCOPE)
  set(names_${folder} ${arg_UNPARSED_ARGUMENTS} PARENT_SCOPE)
  set(third_party_${folder} ${arg_THIRD_PARTY} PARENT_SCOPE)
endfunction()

may_include(topology                    topology)
may_include(comm                        comm topology)
may_include(adapters/dialects           dialects topology)
may_include(adapters/planner            planner topology)
may_include(adapters/files              files planner topology THIRD_PARTY toml\\+\\+/ yaml-cpp/ nlohmann/)
may_include(adapters/launch             launch dialects files topology)
may_include(adapters/mpi                mpi comm topology THIRD_PARTY mpi.h mpi-ext.h)
may_include(adapters/pmix               pmix comm topology THIRD_PARTY pmix.h)
may_include(adapters/nccl               nccl mpi files comm topology THIRD_PARTY mpi.h nccl.h cuda_runtime dlfcn.h)
may_include(adapters/programs/options   options launch dialects files topology THIRD_PARTY CLI/)
may_include(adapters/programs/output    output topology THIRD_PARTY fmt/ unistd.h)
may_include(adapters/programs/draw      draw output topology THIRD_PARTY fmt/ nlohmann/)
may_include(adapters/programs/rankmesh  cli options output draw launch dialects planner files comm topology
                                        THIRD_PARTY CLI/ fmt/ nlohmann/ sys/ioctl.h unistd.h)
may_include(adapters/programs/bringup   bringup options output launch files nccl mpi comm topology
                                        THIRD_PARTY CLI/ fmt/ nlohmann/ mpi.h nccl.h cuda_runtime fcntl.h unistd.h)

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

# is_allowed(FOLDER FILE LINE RESULT): whether FILE of FOLDER may contain the #include LINE.
function(is_allowed folder file line result)
  set(${result} FALSE PARENT_SCOPE)
  if(line MATCHES "<([^>]+)>")
    set(header ${CMAKE_MATCH_1})
    if(header IN_LIST standard_headers)
      set(${result} TRUE PARENT_SCOPE)
    endif()
    foreach(beginning IN LISTS third_party_${folder})
      if(header MATCHES "^${beginning}")
        set(${result} TRUE PARENT_SCOPE)
      endif()
    endforeach()
  elseif(line MATCHES "\"rankmesh/([a-z_]+)(/|\\.hpp)")
    if(CMAKE_MATCH_1 IN_LIST names_${folder})
      set(${result} TRUE PARENT_SCOPE)
    endif()
  elseif(NOT file MATCHES "/include/" AND line MATCHES "\"([^\"]+)\"")
    set(path ${CMAKE_MATCH_1})
    get_filename_component(beside ${file} DIRECTORY)
    # CMake writes a header from path.in.
    get_filename_component(name ${path} NAME)
    foreach(found ${beside}/${path} ${ROOT}/${folder}/src/${path} ${ROOT}/${folder}/src/${name}.in)
      if(EXISTS ${found})
        set(${result} TRUE PARENT_SCOPE)
      endif()
    endforeach()
  endif()
endfunction()

set(seen 0)
set(forbidden)
foreach(folder IN LISTS folders)
  file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/${folder}/*.[chi]pp ${ROOT}/${folder}/*.h ${ROOT}/${folder}/*.in)
  foreach(file IN LISTS files)
    file(STRINGS ${ROOT}/${file} lines REGEX "^[ \t]*#[ \t]*(include|import)")
    foreach(line IN LISTS lines)
      math(EXPR seen "${seen} + 1")
      is_allowed(${folder} ${ROOT}/${file} "${line}" allowed)
      if(NOT allowed)
        list(APPEND forbidden "${file}: ${line}")
      endif()
    endforeach()
  endforeach()
endforeach()

if(seen EQUAL 0)
  message(FATAL_ERROR "no #include was found under ${ROOT}: nothing was checked")
endif()
if(forbidden)
  list(LENGTH forbidden count)
  list(JOIN forbidden "\n" text)
  # Without FATAL_ERROR's line breaks.
  message("${text}")
  message(FATAL_ERROR "${count} of ${seen} includes are not allowed: see the table in ${CMAKE_CURRENT_LIST_FILE}")
endif()
message(STATUS "${seen} includes checked under ${ROOT}")
