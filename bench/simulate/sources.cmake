# The simulation without its main function.
set(rankmesh_simulation_sources
  ${CMAKE_CURRENT_LIST_DIR}/calls.cpp
  ${CMAKE_CURRENT_LIST_DIR}/job.cpp
  ${CMAKE_CURRENT_LIST_DIR}/meeting.cpp
  ${CMAKE_CURRENT_LIST_DIR}/members.cpp
  ${CMAKE_CURRENT_LIST_DIR}/network.cpp
  ${CMAKE_CURRENT_LIST_DIR}/polling.cpp
  ${CMAKE_CURRENT_LIST_DIR}/rebuild.cpp
  ${CMAKE_CURRENT_LIST_DIR}/report.cpp
  ${CMAKE_CURRENT_LIST_DIR}/settings.cpp
  ${CMAKE_CURRENT_LIST_DIR}/store.cpp
  ${CMAKE_CURRENT_LIST_DIR}/strategy.cpp)

# The library rankmesh_simulation, for the program of bench and for the tests; defined by whichever comes first.
if(NOT TARGET rankmesh_simulation)
  find_package(fmt REQUIRED)
  find_package(nlohmann_json REQUIRED)
  add_library(rankmesh_simulation STATIC EXCLUDE_FROM_ALL ${rankmesh_simulation_sources})
  target_include_directories(rankmesh_simulation PUBLIC ${PROJECT_SOURCE_DIR}/bench)
  target_link_libraries(rankmesh_simulation PUBLIC rankmesh::comm
                                            PRIVATE rankmesh::options fmt::fmt nlohmann_json::nlohmann_json)
  rankmesh_target_defaults(rankmesh_simulation)
endif()
