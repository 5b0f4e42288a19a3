# Runs COMMAND and compares what it prints with the file EXPECTED.
execute_process(COMMAND ${COMMAND} OUTPUT_VARIABLE found ERROR_VARIABLE errors RESULT_VARIABLE code)
file(READ ${EXPECTED} expected)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "exit code ${code}\n${errors}")
endif()
if(NOT found STREQUAL expected)
  message(FATAL_ERROR "printed:\n${found}\nexpected:\n${expected}")
endif()
