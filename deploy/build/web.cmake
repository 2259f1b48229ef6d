# SPDX-License-Identifier: Apache-2.0
# What the browser tests stand on, by their lock file, into <build folder>/web: beside it tests/web is
# copied, since a module is looked for beside who asks for it.
function(wh_web_tests)
  set(from ${CMAKE_SOURCE_DIR}/tests/web)
  set(to ${CMAKE_BINARY_DIR}/web)
  file(GLOB scripts CONFIGURE_DEPENDS ${from}/*.mjs)
  add_custom_command(
    OUTPUT ${to}/packages
    COMMAND ${CMAKE_COMMAND} -E make_directory ${to}
    COMMAND ${CMAKE_COMMAND} -E copy ${from}/package.json ${from}/package-lock.json ${from}/.npmrc ${to}
    COMMAND ${CMAKE_COMMAND} -E chdir ${to} ${WHISTLE_NPM} ci --ignore-scripts --prefer-offline --silent
    COMMAND ${CMAKE_COMMAND} -E touch ${to}/packages
    DEPENDS ${from}/package.json ${from}/package-lock.json ${from}/.npmrc
    COMMENT "web tests: packages" VERBATIM)
  add_custom_command(
    OUTPUT ${to}/scripts
    COMMAND ${CMAKE_COMMAND} -E copy ${scripts} ${to}
    COMMAND ${CMAKE_COMMAND} -E touch ${to}/scripts
    DEPENDS ${to}/packages ${scripts}
    VERBATIM)
  add_custom_target(web_tests ALL DEPENDS ${to}/scripts)
endfunction()
