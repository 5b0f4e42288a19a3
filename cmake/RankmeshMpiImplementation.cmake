# rankmesh_mpi_implementation(NAME VERSION): the implementation of MPI that FindMPI has found, "Open MPI" or "MPICH", and its
# version, from the macros of mpi.h. Both are empty if they cannot be told. Implementations that define MPICH's macros
# have its binary interface and count as MPICH. Installed with the package, which compares the MPI at use with the one at
# build time: handles such as MPI_Comm have different types.
function(rankmesh_mpi_implementation name version)
  set(${name} "" PARENT_SCOPE)
  set(${version} "" PARENT_SCOPE)
  set(flags)
  foreach(folder IN LISTS MPI_CXX_INCLUDE_DIRS)
    list(APPEND flags -I${folder})
  endforeach()
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} ${flags} -DMPICH_SKIP_MPICXX -DOMPI_SKIP_MPICXX -E -dM -x c++ -include mpi.h
                          /dev/null
                  OUTPUT_VARIABLE macros ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    return()
  endif()
  if(macros MATCHES "#define OMPI_MAJOR_VERSION ([0-9]+)")
    set(numbers ${CMAKE_MATCH_1})
    foreach(part MINOR RELEASE)
      if(macros MATCHES "#define OMPI_${part}_VERSION ([0-9]+)")
        string(APPEND numbers .${CMAKE_MATCH_1})
      endif()
    endforeach()
    set(${name} "Open MPI" PARENT_SCOPE)
    set(${version} ${numbers} PARENT_SCOPE)
  elseif(macros MATCHES "#define MPICH_VERSION \"([^\"]*)\"")
    set(${name} "MPICH" PARENT_SCOPE)
    set(${version} ${CMAKE_MATCH_1} PARENT_SCOPE)
  endif()
endfunction()
