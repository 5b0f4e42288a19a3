# The component nccl_double, for the tests of users: the NCCL adapter, compiled with the stand-in for NCCL and the CUDA runtime
# of tests/nccl_double and with its headers, so that it needs neither of them. It has the targets
#   rankmesh::nccl_double             in place of rankmesh::nccl
#   rankmesh::nccl_double_library     the stand-in, which rankmesh::nccl_double links
if(NOT TARGET rankmesh_mpi)
  message(FATAL_ERROR "RANKMESH_NCCL_DOUBLE is ON, but the MPI adapter, which it links, is not built")
endif()
get_target_property(library rankmesh::nccl_double_library_fallback ALIASED_TARGET)
add_library(rankmesh_nccl_double STATIC ${RANKMESH_NCCL_CORE_SOURCES} ${RANKMESH_NCCL_MPI_SOURCES})
add_library(rankmesh::nccl_double ALIAS rankmesh_nccl_double)
set_target_properties(rankmesh_nccl_double PROPERTIES OUTPUT_NAME rankmesh_nccl_on_double EXPORT_NAME nccl_double
                                                      POSITION_INDEPENDENT_CODE ON)
set_target_properties(${library} PROPERTIES OUTPUT_NAME rankmesh_nccl_double EXPORT_NAME nccl_double_library)
target_include_directories(rankmesh_nccl_double PUBLIC $<BUILD_INTERFACE:${RANKMESH_NCCL_INCLUDE}>)
target_link_libraries(rankmesh_nccl_double PUBLIC ${library} rankmesh::mpi rankmesh::nccl_options)
rankmesh_target_defaults(rankmesh_nccl_double)
# For tests, so not optimised.
target_compile_options(rankmesh_nccl_double PRIVATE -O0)
if(NOT RANKMESH_INSTALL)
  return()
endif()

set(folder ${PROJECT_SOURCE_DIR}/tests/nccl_double)
set(headers ${CMAKE_INSTALL_INCLUDEDIR}/rankmesh/nccl_double)
target_include_directories(${library} INTERFACE $<INSTALL_INTERFACE:${headers}>)
set_property(GLOBAL APPEND PROPERTY RANKMESH_COMPONENTS nccl_double)
rankmesh_packaged(nccl_double)
install(TARGETS rankmesh_nccl_double ${library} EXPORT rankmesh-nccl_double-static
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT nccl_double
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT nccl_double
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT rankmesh-nccl_double-static NAMESPACE rankmesh:: FILE rankmesh-nccl_double-static.cmake
        DESTINATION ${RANKMESH_CMAKE_FOLDER} COMPONENT nccl_double)
install(DIRECTORY ${folder}/fallback/ DESTINATION ${headers} COMPONENT nccl_double)
install(FILES ${folder}/include/rankmesh/nccl_double.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/rankmesh
        COMPONENT nccl_double)
rankmesh_install_headers(nccl_double FROM ${RANKMESH_NCCL_INCLUDE} EXCEPT ${RANKMESH_NCCL_PLAIN_HEADERS} options_file.hpp)
rankmesh_install_pc(nccl_double COMPONENT nccl_double LIBRARIES -lrankmesh_nccl_on_double -lrankmesh_nccl_double
                    REQUIRES rankmesh-mpi rankmesh-nccl-options FLAGS -I\${includedir}/rankmesh/nccl_double)
