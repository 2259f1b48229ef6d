# SPDX-License-Identifier: Apache-2.0
# wh_notes(target): makes gateway/notes.inc, what the vocabulary's comments say of each message and
# enum, and lets the target include it.
function(wh_notes target)
  set(folder ${CMAKE_BINARY_DIR}/gateway)
  file(MAKE_DIRECTORY ${folder})
  file(GLOB protos CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/whistle/v1/*.proto)
  add_custom_command(
    OUTPUT ${folder}/notes.inc
    COMMAND ${CMAKE_SOURCE_DIR}/deploy/build/notes.sh ${folder}/notes.inc ${protos}
    DEPENDS ${CMAKE_SOURCE_DIR}/deploy/build/notes.sh ${protos}
    VERBATIM)
  target_sources(${target} PRIVATE ${folder}/notes.inc)
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR})
endfunction()
