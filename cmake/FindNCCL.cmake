# Finds NCCL: its header and its library, which must have the same version.
#   NCCL::NCCL                the library
#   NCCL_FOUND, NCCL_VERSION
#   NCCL_INCLUDE_DIR, NCCL_LIBRARY
#   NCCL_PROBLEM              why NCCL was not found or cannot be used; empty if it can
#
# Places, in this order; the first one that has both the header and the library is taken:
# - NCCL_ROOT and NCCL_HOME, as variables or in the environment: a folder with include/ and lib/, a Python environment, or a
#   folder site-packages;
# - CMAKE_PREFIX_PATH, the folders of the CUDA runtime (if find_package(CUDART) came before), and those of the system;
# - the active Python environment or conda environment (VIRTUAL_ENV, CONDA_PREFIX).
# A library without a development link, libnccl.so.2, is found too. Python wheels have no such link.
include(${CMAKE_CURRENT_LIST_DIR}/RankmeshPythonFolders.cmake)

# The version of a library, as it says itself. Empty if it cannot be asked, for example when cross-compiling. Asking takes a
# moment, so the answer is kept as long as the file is the same.
function(_nccl_ask_version library result)
  file(TIMESTAMP ${library} time "%s")
  set(file "${library} ${time}")
  if(NOT "${_NCCL_ASKED_FILE}" STREQUAL "${file}")
    set(version "")
    if(NOT CMAKE_CROSSCOMPILING)
      try_run(code compiled
        SOURCE_FROM_CONTENT nccl_version.cpp [[
          #include <dlfcn.h>
          #include <cstdio>
          int main(int, char** arguments) {
            void* const library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
            if (library == nullptr) return 1;
            const auto ask = reinterpret_cast<int (*)(int*)>(dlsym(library, "ncclGetVersion"));
            int version = 0;
            if (ask == nullptr || ask(&version) != 0) return 1;
            std::printf("%d", version);
          }
        ]]
        NO_CACHE LINK_LIBRARIES ${CMAKE_DL_LIBS} ARGS ${library} RUN_OUTPUT_STDOUT_VARIABLE number)
      if(compiled AND "${code}" STREQUAL "0")
        # 22809 is 2.28.9; up to 2.8 it was 2804 for 2.8.4.
        set(for_major 10000)
        if(number LESS 10000)
          set(for_major 1000)
        endif()
        math(EXPR major "${number} / ${for_major}")
        math(EXPR minor "${number} % ${for_major} / 100")
        math(EXPR patch "${number} % 100")
        set(version ${major}.${minor}.${patch})
      endif()
    endif()
    set(_NCCL_ASKED_FILE "${file}" CACHE INTERNAL "")
    set(_NCCL_ASKED_VERSION "${version}" CACHE INTERNAL "")
  endif()
  set(${result} "${_NCCL_ASKED_VERSION}" PARENT_SCOPE)
endfunction()

set(_nccl_roots ${NCCL_ROOT} $ENV{NCCL_ROOT} ${NCCL_HOME} $ENV{NCCL_HOME})
set(_nccl_environments $ENV{VIRTUAL_ENV} $ENV{CONDA_PREFIX})
rankmesh_python_folders(_nccl_given nccl ROOTS ${_nccl_roots})
rankmesh_python_folders(_nccl_active nccl ROOTS ${_nccl_environments})
set(_nccl_library_names NAMES nccl libnccl.so.2 NAMES_PER_DIR)
set(_nccl_places ${_nccl_roots} ${_nccl_given} elsewhere ${_nccl_environments} ${_nccl_active})
foreach(_nccl_place IN LISTS _nccl_places)
  if(NCCL_INCLUDE_DIR AND NCCL_LIBRARY)
    break()
  endif()
  set(_nccl_header_places HINTS ${_nccl_place} NO_DEFAULT_PATH)
  set(_nccl_library_places ${_nccl_header_places})
  if(_nccl_place STREQUAL "elsewhere")
    set(_nccl_header_places HINTS ${CUDART_INCLUDE_DIRS})
    set(_nccl_library_places HINTS ${CUDART_LIBRARY_DIR})
  endif()
  find_path(_nccl_header nccl.h ${_nccl_header_places} PATH_SUFFIXES include NO_CACHE)
  find_library(_nccl_library ${_nccl_library_names} ${_nccl_library_places} PATH_SUFFIXES lib lib64 NO_CACHE)
  if(_nccl_header AND _nccl_library)
    if(NOT NCCL_INCLUDE_DIR)
      set(NCCL_INCLUDE_DIR ${_nccl_header} CACHE PATH "The folder of nccl.h" FORCE)
    endif()
    if(NOT NCCL_LIBRARY)
      set(NCCL_LIBRARY ${_nccl_library} CACHE FILEPATH "The library of NCCL" FORCE)
    endif()
  endif()
  unset(_nccl_header)
  unset(_nccl_library)
endforeach()
# One of them alone may be given, or be in a place of its own.
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${_nccl_roots} ${_nccl_given} ${CUDART_INCLUDE_DIRS} PATH_SUFFIXES include)
find_library(NCCL_LIBRARY ${_nccl_library_names} HINTS ${_nccl_roots} ${_nccl_given} ${CUDART_LIBRARY_DIR}
             PATH_SUFFIXES lib lib64)
mark_as_advanced(NCCL_INCLUDE_DIR NCCL_LIBRARY)

set(NCCL_VERSION)
set(NCCL_PROBLEM)
if(NCCL_INCLUDE_DIR AND NCCL_LIBRARY)
  foreach(_nccl_part MAJOR MINOR PATCH)
    file(STRINGS ${NCCL_INCLUDE_DIR}/nccl.h _nccl_line REGEX "^#define NCCL_${_nccl_part} +[0-9]+")
    string(REGEX MATCH "[0-9]+" _nccl_number "${_nccl_line}")
    list(APPEND NCCL_VERSION ${_nccl_number})
  endforeach()
  list(JOIN NCCL_VERSION "." NCCL_VERSION)
  _nccl_ask_version(${NCCL_LIBRARY} _nccl_library_version)
  if(_nccl_library_version AND NOT _nccl_library_version VERSION_EQUAL NCCL_VERSION)
    string(CONCAT NCCL_PROBLEM
      "${NCCL_INCLUDE_DIR}/nccl.h is the header of NCCL ${NCCL_VERSION}, but ${NCCL_LIBRARY} is NCCL "
      "${_nccl_library_version}: set NCCL_ROOT to a folder or a Python environment that has both, or NCCL_INCLUDE_DIR and "
      "NCCL_LIBRARY")
  endif()
elseif(NCCL_INCLUDE_DIR)
  set(NCCL_PROBLEM "there is ${NCCL_INCLUDE_DIR}/nccl.h, but no libnccl.so and no libnccl.so.2: set NCCL_ROOT or NCCL_LIBRARY")
elseif(NCCL_LIBRARY)
  set(NCCL_PROBLEM "there is ${NCCL_LIBRARY}, but no nccl.h: set NCCL_ROOT or NCCL_INCLUDE_DIR")
else()
  set(NCCL_PROBLEM "there is no NCCL: set NCCL_ROOT to the folder with its include/ and lib/, or to a Python environment")
endif()

set(_nccl_is_usable TRUE)
if(NCCL_PROBLEM)
  set(_nccl_is_usable FALSE)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NCCL REQUIRED_VARS NCCL_LIBRARY NCCL_INCLUDE_DIR _nccl_is_usable
                                  VERSION_VAR NCCL_VERSION REASON_FAILURE_MESSAGE "${NCCL_PROBLEM}")
if(NCCL_FOUND AND NOT TARGET NCCL::NCCL)
  add_library(NCCL::NCCL UNKNOWN IMPORTED)
  set_target_properties(NCCL::NCCL PROPERTIES IMPORTED_LOCATION ${NCCL_LIBRARY}
                                              INTERFACE_INCLUDE_DIRECTORIES ${NCCL_INCLUDE_DIR})
endif()
