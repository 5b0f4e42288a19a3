# Fails unless the file TEXT contains the whole of the file PART.
file(READ ${TEXT} text)
file(READ ${PART} part)
string(FIND "${text}" "${part}" found)
if(found EQUAL -1)
  message(FATAL_ERROR "${TEXT} does not show ${PART} as it is")
endif()
