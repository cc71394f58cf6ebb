# pulpo_program(NAME SOURCES … [USES …]): a program as pulpo itself is one: pulpo::pulpo and what USES says linked into one static
# file. With CMAKE_BUILD_TYPE RelWithDebInfo it is stripped, with its debug symbols beside it in NAME.debug; gdb and
# addr2line -e NAME.debug find them by the link in the program. PULPO_STATIC=OFF links shared libraries where there are any.
#
# Used by pulpo's own build, and installed for yours.
function(pulpo_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES")
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "pulpo_program(${name} …) wants: pulpo_program(NAME SOURCES FILE… [USES TARGET…])")
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_USES} pulpo::pulpo)
  target_compile_options(${name} PRIVATE -ffunction-sections -fdata-sections)
  # The handler in runtime/src/base/terminate.cpp, which nothing else asks for, in place of the larger one of libstdc++.
  target_link_options(${name} PRIVATE -Wl,--gc-sections -Wl,-u,_ZN9__gnu_cxx27__verbose_terminate_handlerEv)
  if(PULPO_STATIC AND NOT PULPO_SANITIZE)
    target_link_options(${name} PRIVATE -static)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT PULPO_SANITIZE)
    # The link holds a file name without a folder, so it is made where the file is.
    add_custom_command(TARGET ${name} POST_BUILD WORKING_DIRECTORY ${PROJECT_BINARY_DIR} VERBATIM
      COMMAND ${CMAKE_OBJCOPY} --only-keep-debug $<TARGET_FILE:${name}> ${name}.debug
      COMMAND ${CMAKE_STRIP} --strip-all $<TARGET_FILE:${name}>
      COMMAND ${CMAKE_OBJCOPY} --add-gnu-debuglink=${name}.debug $<TARGET_FILE:${name}>
      BYPRODUCTS ${PROJECT_BINARY_DIR}/${name}.debug)
  endif()
endfunction()
