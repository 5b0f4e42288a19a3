# rankmesh_python_folders(RESULT NAME ... ROOTS root ...): the folders nvidia/NAME of Python environments, as the wheels of
# NVIDIA make them (nvidia/nccl/include, nvidia/nccl/lib). A root is an environment or a folder site-packages.
function(rankmesh_python_folders result)
  cmake_parse_arguments(arg "" "" "ROOTS" ${ARGN})
  set(found)
  foreach(root IN LISTS arg_ROOTS)
    if(root STREQUAL "")
      continue()
    endif()
    foreach(name IN LISTS arg_UNPARSED_ARGUMENTS)
      file(GLOB folders LIST_DIRECTORIES true ${root}/nvidia/${name} ${root}/lib/python3*/site-packages/nvidia/${name}
           ${root}/lib64/python3*/site-packages/nvidia/${name})
      list(APPEND found ${folders})
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES found)
  set(${result} ${found} PARENT_SCOPE)
endfunction()
