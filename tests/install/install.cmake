# cmake -D BUILD=... -D TREE=... -P install.cmake
#
# Installs into a folder and moves it elsewhere, to TREE: what is installed must not know where it was put.
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${TREE} ${TREE}-before)
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${TREE}-before OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${TREE}-before ${TREE})

# Neither the sources nor the folders of the build may be named in what others read.
file(GLOB_RECURSE files ${TREE}/*.cmake ${TREE}/*.pc ${TREE}/*.hpp)
if(NOT files)
  message(FATAL_ERROR "nothing was installed")
endif()
foreach(file IN LISTS files)
  file(READ ${file} text)
  foreach(folder ${TREE}-before ${SOURCE} ${BUILD})
    string(FIND "${text}" "${folder}" found)
    if(NOT found EQUAL -1)
      message(SEND_ERROR "${file} names ${folder}")
    endif()
  endforeach()
endforeach()
