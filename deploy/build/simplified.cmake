# SPDX-License-Identifier: Apache-2.0
# wh_simplified(target): makes simplified.inc, the table from traditional to simplified characters,
# of Debian's opencc (libopencc1.1, TSCharacters) and lets the target include it. One character to
# one character: where the dictionary names several the first, its own preference, is taken; one
# that would be mapped again (two steps) is left out. Sorted by code point.
find_program(WH_OPENCC_DICT opencc_dict REQUIRED)
find_file(WH_OPENCC_CHARACTERS TSCharacters.ocd2 PATHS /usr/share/opencc REQUIRED)

function(wh_simplified target)
  set(folder ${CMAKE_BINARY_DIR}/match)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(
    OUTPUT ${folder}/simplified.inc
    COMMAND ${WH_OPENCC_DICT} -i ${WH_OPENCC_CHARACTERS} -o ${folder}/simplified.txt -f ocd2 -t text
    COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C
            ${CMAKE_SOURCE_DIR}/deploy/build/simplified.sh ${folder}/simplified.txt
            ${folder}/simplified.inc
    DEPENDS ${CMAKE_SOURCE_DIR}/deploy/build/simplified.sh ${WH_OPENCC_CHARACTERS}
    VERBATIM)
  target_sources(${target} PRIVATE ${folder}/simplified.inc)
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR})
endfunction()
