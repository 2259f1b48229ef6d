# SPDX-License-Identifier: Apache-2.0
# The web console: packages by its lock file, then its own build, into <build folder>/console. Nothing is
# written beside the sources. Both steps run again only when what they read has changed.
function(wh_console)
  set(from ${CMAKE_SOURCE_DIR}/services/gateway/console)
  set(work ${CMAKE_BINARY_DIR}/console-work)
  find_program(WHISTLE_NODE NAMES node nodejs)
  find_program(WHISTLE_NPM npm)
  if(NOT WHISTLE_NODE OR NOT WHISTLE_NPM)
    message(FATAL_ERROR "the web console needs node and npm (or -DWHISTLE_CONSOLE=OFF)")
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${from}/src/*)
  add_custom_command(
    OUTPUT ${work}/packages
    COMMAND ${CMAKE_COMMAND} -E make_directory ${work}
    COMMAND ${CMAKE_COMMAND} -E copy ${from}/package.json ${from}/package-lock.json ${from}/.npmrc ${work}
    COMMAND ${CMAKE_COMMAND} -E chdir ${work} ${WHISTLE_NPM} ci --ignore-scripts --prefer-offline --silent
    COMMAND ${CMAKE_COMMAND} -E touch ${work}/packages
    DEPENDS ${from}/package.json ${from}/package-lock.json ${from}/.npmrc
    COMMENT "console: packages" VERBATIM)
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/console/index.html
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${work}/src
    COMMAND ${CMAKE_COMMAND} -E copy_directory ${from}/src ${work}/src
    COMMAND ${CMAKE_COMMAND} -E copy ${from}/build.mjs ${work}
    COMMAND ${WHISTLE_NODE} ${work}/build.mjs ${CMAKE_BINARY_DIR}/console
    DEPENDS ${work}/packages ${from}/build.mjs ${sources}
    COMMENT "console: pages" VERBATIM)
  add_custom_target(console ALL DEPENDS ${CMAKE_BINARY_DIR}/console/index.html)
  install(DIRECTORY ${CMAKE_BINARY_DIR}/console DESTINATION ${CMAKE_INSTALL_DATADIR}/whistle)
endfunction()
