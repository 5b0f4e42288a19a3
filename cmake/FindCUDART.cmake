# Finds the CUDA runtime: that of the CUDA Toolkit, else that of the wheels nvidia-cuda-runtime and nvidia-cuda-crt (CUDA 13)
# or nvidia-cuda-runtime-cu12 in a Python environment: NCCL_ROOT, NCCL_HOME, or the active one.
#   CUDA::cudart              the library
#   CUDART_FOUND, CUDART_VERSION, CUDART_INCLUDE_DIRS, CUDART_LIBRARY, CUDART_LIBRARY_DIR
include(${CMAKE_CURRENT_LIST_DIR}/RankmeshPythonFolders.cmake)

find_package(CUDAToolkit QUIET)
if(CUDAToolkit_FOUND)
  set(CUDART_VERSION ${CUDAToolkit_VERSION})
  set(CUDART_INCLUDE_DIRS ${CUDAToolkit_INCLUDE_DIRS})
  set(CUDART_LIBRARY ${CUDA_CUDART})
else()
  rankmesh_python_folders(_cudart_folders cu13 cuda_runtime
    ROOTS ${NCCL_ROOT} $ENV{NCCL_ROOT} ${NCCL_HOME} $ENV{NCCL_HOME} $ENV{VIRTUAL_ENV} $ENV{CONDA_PREFIX})
  find_path(CUDART_INCLUDE_DIRS crt/host_defines.h HINTS ${_cudart_folders} PATH_SUFFIXES include NO_DEFAULT_PATH)
  find_library(CUDART_LIBRARY NAMES libcudart.so.13 libcudart.so.12 HINTS ${_cudart_folders} PATH_SUFFIXES lib NO_DEFAULT_PATH)
  mark_as_advanced(CUDART_INCLUDE_DIRS CUDART_LIBRARY)
  if(CUDART_INCLUDE_DIRS AND EXISTS ${CUDART_INCLUDE_DIRS}/cuda_runtime_api.h)
    file(STRINGS ${CUDART_INCLUDE_DIRS}/cuda_runtime_api.h _cudart_line REGEX "^#define CUDART_VERSION +[0-9]+" LIMIT_COUNT 1)
    string(REGEX MATCH "[0-9]+" _cudart_number "${_cudart_line}")
    math(EXPR _cudart_major "${_cudart_number} / 1000")
    math(EXPR _cudart_minor "${_cudart_number} % 1000 / 10")
    set(CUDART_VERSION ${_cudart_major}.${_cudart_minor})
  endif()
endif()
if(CUDART_LIBRARY)
  get_filename_component(CUDART_LIBRARY_DIR ${CUDART_LIBRARY} DIRECTORY)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CUDART REQUIRED_VARS CUDART_LIBRARY CUDART_INCLUDE_DIRS CUDART_VERSION
                                  VERSION_VAR CUDART_VERSION)
if(CUDART_FOUND AND NOT TARGET CUDA::cudart)
  add_library(CUDA::cudart UNKNOWN IMPORTED)
  set_target_properties(CUDA::cudart PROPERTIES IMPORTED_LOCATION ${CUDART_LIBRARY}
                                                INTERFACE_INCLUDE_DIRECTORIES "${CUDART_INCLUDE_DIRS}")
endif()
