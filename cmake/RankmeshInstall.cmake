# Where `cmake --install` installs what. Install components: runtime (shared libraries), development (headers, archives,
# CMake and pkg-config files), cli (programs), nccl (everything that needs NCCL), and nccl_double.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(RANKMESH_CMAKE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/rankmesh)

# rankmesh_own_name(TARGET RESULT): "comm" for rankmesh::comm and rankmesh_comm, empty for targets of other projects.
function(rankmesh_own_name target result)
  set(${result} "" PARENT_SCOPE)
  if(target MATCHES "^rankmesh(::|_)([a-z_]+)$")
    set(${result} ${CMAKE_MATCH_2} PARENT_SCOPE)
  endif()
endfunction()

# rankmesh_packaged(COMPONENT): something is installed in this component, so cpack makes a package of it.
function(rankmesh_packaged component)
  set_property(GLOBAL APPEND PROPERTY RANKMESH_PACKAGED ${component})
endfunction()

# rankmesh_set_shared_properties(TARGET NAME): the file names of a shared library, and its exported symbols.
function(rankmesh_set_shared_properties target name)
  set(script ${PROJECT_SOURCE_DIR}/cmake/exported.map)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME rankmesh_${name} VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${script}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
  target_link_options(${target} PRIVATE LINKER:--version-script=${script})
  # Every symbol that another library uses must be exported. A friend that is declared only in its class does not get the
  # mark of the namespace, so its definition has the mark itself.
  if(NOT RANKMESH_SANITIZE)
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
endfunction()

# rankmesh_add_shared_twin(NAME): a shared library beside the archive, of the same objects.
function(rankmesh_add_shared_twin name)
  set(twin rankmesh_${name}_shared)
  add_library(${twin} SHARED $<TARGET_OBJECTS:rankmesh_${name}>)
  # CMake does not know the language of objects.
  set_target_properties(${twin} PROPERTIES EXPORT_NAME ${name} LINKER_LANGUAGE CXX)
  target_compile_features(${twin} PUBLIC cxx_std_20)
  rankmesh_set_shared_properties(${twin} ${name})
  get_target_property(libraries rankmesh_${name} LINK_LIBRARIES)
  get_target_property(public rankmesh_${name} INTERFACE_LINK_LIBRARIES)
  foreach(library IN LISTS libraries)
    rankmesh_own_name(${library} own)
    if(own)
      target_link_libraries(${twin} PUBLIC rankmesh_${own}_shared)
    elseif(library IN_LIST public)
      target_link_libraries(${twin} PUBLIC ${library})
    elseif(library)
      target_link_libraries(${twin} PRIVATE ${library})
    endif()
  endforeach()
  if(RANKMESH_SANITIZE)
    target_link_options(${twin} PRIVATE -fsanitize=${RANKMESH_SANITIZE})
  endif()
endfunction()

# rankmesh_install_headers(COMPONENT FROM folder [ONLY file ...] [EXCEPT file ...]): the headers of a folder include/.
function(rankmesh_install_headers component)
  cmake_parse_arguments(arg "" "FROM" "ONLY;EXCEPT" ${ARGN})
  file(GLOB_RECURSE headers RELATIVE ${arg_FROM} CONFIGURE_DEPENDS ${arg_FROM}/*.hpp)
  foreach(header IN LISTS headers)
    get_filename_component(folder ${header} DIRECTORY)
    get_filename_component(file ${header} NAME)
    if((NOT arg_ONLY OR file IN_LIST arg_ONLY) AND NOT file IN_LIST arg_EXCEPT)
      install(FILES ${arg_FROM}/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder} COMPONENT ${component})
    endif()
  endforeach()
endfunction()

# rankmesh_install_pc(NAME COMPONENT component [REQUIRES package ...] [FLAGS flag ...] [LIBRARIES library ...]
#                     [VARIABLES name=value ...]): the pkg-config file of the library librankmesh_NAME. `pkg-config --variable`
# tells the variables.
function(rankmesh_install_pc name)
  cmake_parse_arguments(arg "" "COMPONENT" "REQUIRES;FLAGS;LIBRARIES;VARIABLES" ${ARGN})
  string(REPLACE "_" "-" pc_name rankmesh-${name})
  list(JOIN arg_REQUIRES ", " pc_requires)
  list(JOIN arg_FLAGS " " pc_flags)
  list(JOIN arg_LIBRARIES " " pc_libraries)
  list(JOIN arg_VARIABLES "\n" pc_variables)
  file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/rankmesh.pc.in ${PROJECT_BINARY_DIR}/pkgconfig/${pc_name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/pkgconfig/${pc_name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
          COMPONENT ${arg_COMPONENT})
endfunction()

# rankmesh_install(NAME [NCCL] HEADERS_FROM folder [ONLY pattern ...] [EXCEPT pattern ...]
#                  [PC_REQUIRES name ...] [PC_FLAGS flag ...] [PC_LIBRARIES library ...] [PC_VARIABLES name=value ...]):
# the library rankmesh_NAME with its headers, its targets and its pkg-config file. To be called after the library's
# last target_link_libraries.
function(rankmesh_install name)
  cmake_parse_arguments(arg "NCCL" "HEADERS_FROM" "ONLY;EXCEPT;PC_REQUIRES;PC_FLAGS;PC_LIBRARIES;PC_VARIABLES" ${ARGN})
  if(NOT RANKMESH_INSTALL)
    return()
  endif()
  set(runtime runtime)
  set(development development)
  if(arg_NCCL)
    set(runtime nccl)
    set(development nccl)
  endif()
  set(places RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${runtime}
             LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${runtime} NAMELINK_COMPONENT ${development}
             ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${development}
             INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

  set_property(GLOBAL APPEND PROPERTY RANKMESH_COMPONENTS ${name})
  # The static and the shared library have a file of targets each. The package config includes one of them.
  get_target_property(type rankmesh_${name} TYPE)
  set(kind static)
  if(type STREQUAL "SHARED_LIBRARY")
    set(kind shared)
  endif()
  rankmesh_packaged(${development})
  if(kind STREQUAL "shared" OR RANKMESH_STATIC_AND_SHARED)
    rankmesh_packaged(${runtime})
  endif()
  install(TARGETS rankmesh_${name} EXPORT rankmesh-${name}-${kind} ${places})
  install(EXPORT rankmesh-${name}-${kind} NAMESPACE rankmesh:: FILE rankmesh-${name}-${kind}.cmake
          DESTINATION ${RANKMESH_CMAKE_FOLDER} COMPONENT ${development})
  if(RANKMESH_STATIC_AND_SHARED AND kind STREQUAL "static")
    rankmesh_add_shared_twin(${name})
    install(TARGETS rankmesh_${name}_shared EXPORT rankmesh-${name}-shared ${places})
    install(EXPORT rankmesh-${name}-shared NAMESPACE rankmesh:: FILE rankmesh-${name}-shared.cmake
            DESTINATION ${RANKMESH_CMAKE_FOLDER} COMPONENT ${development})
  endif()

  rankmesh_install_headers(${development} FROM ${arg_HEADERS_FROM} ONLY ${arg_ONLY} EXCEPT ${arg_EXCEPT})
  rankmesh_install_pc(${name} COMPONENT ${development} REQUIRES ${arg_PC_REQUIRES} FLAGS ${arg_PC_FLAGS}
                      LIBRARIES ${arg_PC_LIBRARIES} VARIABLES ${arg_PC_VARIABLES})
endfunction()

# rankmesh_install_program(TARGET NAME [NCCL]): a program, for find_package the target rankmesh::NAME.
function(rankmesh_install_program target name)
  cmake_parse_arguments(arg "NCCL" "" "" ${ARGN})
  get_target_property(program ${target} OUTPUT_NAME)
  add_executable(rankmesh::${program} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${program})
  if(NOT RANKMESH_INSTALL)
    return()
  endif()
  set(component cli)
  if(arg_NCCL)
    set(component nccl)
  endif()
  rankmesh_packaged(${component})
  # Relative to the program, so that the installation is relocatable.
  file(RELATIVE_PATH libraries ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  if(BUILD_SHARED_LIBS)
    set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/${libraries}")
  endif()
  install(TARGETS ${target} EXPORT rankmesh-${name}-program
          RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${component})
  # In the component of the program, so that an installation without the program has no target for it.
  install(EXPORT rankmesh-${name}-program NAMESPACE rankmesh:: FILE rankmesh-${name}-program.cmake
          DESTINATION ${RANKMESH_CMAKE_FOLDER} COMPONENT ${component})
endfunction()

# rankmesh_install_package(): the package config, which looks which components are installed beside it.
function(rankmesh_install_package)
  if(NOT RANKMESH_INSTALL)
    return()
  endif()
  # Each library is a component. It needs the components of the libraries that it links.
  get_property(components GLOBAL PROPERTY RANKMESH_COMPONENTS)
  set(RANKMESH_NEEDS "")
  foreach(component IN LISTS components)
    set(needed)
    get_target_property(libraries rankmesh_${component} LINK_LIBRARIES)
    foreach(library IN LISTS libraries)
      rankmesh_own_name(${library} own)
      if(own IN_LIST components)
        list(APPEND needed ${own})
      endif()
    endforeach()
    list(JOIN needed " " needed)
    string(APPEND RANKMESH_NEEDS "set(_rankmesh_needs_${component} ${needed})\n")
  endforeach()
  list(JOIN components " " RANKMESH_COMPONENTS)
  get_property(RANKMESH_FILES_DEPENDENCIES GLOBAL PROPERTY RANKMESH_FILES_DEPENDENCIES)
  set(folder ${PROJECT_BINARY_DIR}/package)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/rankmesh-config.cmake.in ${folder}/rankmesh-config.cmake
                                INSTALL_DESTINATION ${RANKMESH_CMAKE_FOLDER})
  # Before version 1, a minor version may break the interface.
  write_basic_package_version_file(${folder}/rankmesh-config-version.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${folder}/rankmesh-config.cmake ${folder}/rankmesh-config-version.cmake
                ${PROJECT_SOURCE_DIR}/cmake/FindCUDART.cmake ${PROJECT_SOURCE_DIR}/cmake/FindNCCL.cmake
                ${PROJECT_SOURCE_DIR}/cmake/FindPMIX.cmake
                ${PROJECT_SOURCE_DIR}/cmake/RankmeshMpiImplementation.cmake
                ${PROJECT_SOURCE_DIR}/cmake/RankmeshPythonFolders.cmake
          DESTINATION ${RANKMESH_CMAKE_FOLDER} COMPONENT development)
endfunction()
