# A layer of pulpo per call. pulpo_layer(NAME) makes the target pulpo_<name> and its alias pulpo::<name>; what a
# layer uses is said in USES, and a unit test links its own layer only, so that an arrow nobody drew fails to link.

add_library(pulpo_options INTERFACE)
target_compile_features(pulpo_options INTERFACE cxx_std_20)
target_compile_options(pulpo_options INTERFACE -Wall -Wextra $<$<BOOL:${PULPO_WERROR}>:-Werror> -ffunction-sections -fdata-sections)
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
  # off_t and time_t are 32 bits wide on 32-bit Debian otherwise; psabi notes are about gcc 7 (GCC manual).
  target_compile_definitions(pulpo_options INTERFACE _FILE_OFFSET_BITS=64 _TIME_BITS=64)
  target_compile_options(pulpo_options INTERFACE -Wno-psabi)
endif()
# __FILE__ in an assertion is the path inside the project: the same program wherever it is built.
target_compile_options(pulpo_options INTERFACE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(PULPO_SANITIZE)
  target_compile_options(pulpo_options INTERFACE -fsanitize=${PULPO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(pulpo_options INTERFACE -fsanitize=${PULPO_SANITIZE})
elseif(PULPO_STATIC)
  # PULPO_DYNAMIC on a target exempts it: Debian has libbenchmark as a shared library only.
  target_link_options(pulpo_options INTERFACE $<$<NOT:$<BOOL:$<TARGET_PROPERTY:PULPO_DYNAMIC>>>:-static>)
endif()
target_link_options(pulpo_options INTERFACE -Wl,--gc-sections)

function(pulpo_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;PRIVATE" ${ARGN})
  add_library(pulpo_${name} STATIC ${arg_SOURCES})
  add_library(pulpo::${name} ALIAS pulpo_${name})
  target_include_directories(pulpo_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
  target_link_libraries(pulpo_${name} PUBLIC pulpo_options ${arg_USES} PRIVATE ${arg_PRIVATE})
endfunction()

# pulpo_unit_test(LAYER SOURCES …): the binary unit_<layer>, which links that layer and GoogleTest, and nothing else.
function(pulpo_unit_test layer)
  cmake_parse_arguments(arg "" "" "SOURCES;PRIVATE" ${ARGN})
  add_executable(unit_${layer} ${arg_SOURCES})
  target_link_libraries(unit_${layer} PRIVATE pulpo::${layer} ${arg_PRIVATE} GTest::gtest_main)
  target_include_directories(unit_${layer} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  add_test(NAME unit_${layer} COMMAND unit_${layer})
  set_tests_properties(unit_${layer} PROPERTIES LABELS unit)
  pulpo_count_cases(unit_${layer})
endfunction()

# pulpo_count_cases(TEST): scripts/test counts the cases inside this GoogleTest binary, not the binary as one.
function(pulpo_count_cases test)
  set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT "GTEST_OUTPUT=xml:${PROJECT_BINARY_DIR}/test-results/${test}.xml")
endfunction()

# pulpo_program(NAME SOURCES … USES …): a program that ships, at <build>/NAME. In the release presets it is stripped,
# with its debug symbols beside it in NAME.debug; gdb and addr2line -e NAME.debug find them by the link in the program.
function(pulpo_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
  add_executable(${name} ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/runtime/src/base/terminate.cpp)
  target_link_libraries(${name} PRIVATE pulpo_options ${arg_USES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT PULPO_SANITIZE AND PROJECT_IS_TOP_LEVEL)
    # The link holds a file name without a folder, so it is made where the file is.
    add_custom_command(TARGET ${name} POST_BUILD WORKING_DIRECTORY ${PROJECT_BINARY_DIR} VERBATIM
      COMMAND ${CMAKE_OBJCOPY} --only-keep-debug $<TARGET_FILE:${name}> ${name}.debug
      COMMAND ${CMAKE_STRIP} --strip-all $<TARGET_FILE:${name}>
      COMMAND ${CMAKE_OBJCOPY} --add-gnu-debuglink=${name}.debug $<TARGET_FILE:${name}>
      BYPRODUCTS ${PROJECT_BINARY_DIR}/${name}.debug)
  endif()
endfunction()
