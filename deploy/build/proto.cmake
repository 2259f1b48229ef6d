# SPDX-License-Identifier: Apache-2.0
# wh_proto(NAME file…): generates C from proto/<file>.proto into one static library.
function(wh_proto name)
  set(out ${CMAKE_BINARY_DIR}/proto)
  set(sources)
  file(MAKE_DIRECTORY ${out}/whistle/v1)
  foreach(file ${ARGN})
    add_custom_command(
      OUTPUT ${out}/${file}.pb-c.c ${out}/${file}.pb-c.h
      COMMAND protoc-c -I ${CMAKE_SOURCE_DIR}/proto --c_out=${out} ${file}.proto
      DEPENDS ${CMAKE_SOURCE_DIR}/proto/${file}.proto
      VERBATIM)
    list(APPEND sources ${out}/${file}.pb-c.c ${out}/${file}.pb-c.h)
  endforeach()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${out})
  target_link_libraries(${name} PUBLIC PkgConfig::PROTOBUF_C)
endfunction()
