# The simulation but for its main function: the program of bench and the tests compile the same sources.
set(rankmesh_simulation_sources
  ${CMAKE_CURRENT_LIST_DIR}/calls.cpp
  ${CMAKE_CURRENT_LIST_DIR}/job.cpp
  ${CMAKE_CURRENT_LIST_DIR}/members.cpp
  ${CMAKE_CURRENT_LIST_DIR}/network.cpp
  ${CMAKE_CURRENT_LIST_DIR}/polling.cpp
  ${CMAKE_CURRENT_LIST_DIR}/program.cpp
  ${CMAKE_CURRENT_LIST_DIR}/report.cpp
  ${CMAKE_CURRENT_LIST_DIR}/settings.cpp
  ${CMAKE_CURRENT_LIST_DIR}/store.cpp
  ${CMAKE_CURRENT_LIST_DIR}/strategy.cpp)

# rankmesh_simulation(NAME): these sources as a library.
function(rankmesh_simulation name)
  find_package(fmt REQUIRED)
  find_package(nlohmann_json REQUIRED)
  add_library(${name} STATIC EXCLUDE_FROM_ALL ${rankmesh_simulation_sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/bench)
  target_link_libraries(${name} PUBLIC rankmesh::comm
                                PRIVATE rankmesh::cli_options fmt::fmt nlohmann_json::nlohmann_json)
  target_compile_definitions(${name} PRIVATE RANKMESH_VERSION="${PROJECT_VERSION}")
  rankmesh_target_defaults(${name})
endfunction()
