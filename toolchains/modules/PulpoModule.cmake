# A layer of pulpo per call. pulpo_layer(NAME) makes the target pulpo_<name> and its alias pulpo::<name>; what a
# layer uses is said in USES, and a unit test links its own layer only, so that an arrow nobody drew fails to link.

add_library(pulpo_options INTERFACE)
target_compile_features(pulpo_options INTERFACE cxx_std_20)
target_compile_options(pulpo_options INTERFACE -Wall -Wextra $<$<BOOL:${PULPO_WERROR}>:-Werror> -ffunction-sections -fdata-sections)
if(CMAKE_UNITY_BUILD)
  # gcc takes a source that another source includes for a header, where a member of a type without linkage would be a mistake.
  target_compile_options(pulpo_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
  # off_t and time_t are 32 bits wide on 32-bit Debian otherwise; psabi notes are about gcc 7 (GCC manual).
  target_compile_definitions(pulpo_options INTERFACE _FILE_OFFSET_BITS=64 _TIME_BITS=64)
  target_compile_options(pulpo_options INTERFACE -Wno-psabi)
endif()
# The same program and archives wherever they are built: __FILE__ in an assertion is the path inside the project, and so are the
# paths in debug symbols, for which gdb then looks in the folder that it was started in. A debug build keeps those whole.
target_compile_options(pulpo_options INTERFACE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(pulpo_options INTERFACE -fdebug-prefix-map=${PROJECT_BINARY_DIR}=. -fdebug-prefix-map=${PROJECT_SOURCE_DIR}=.)
endif()
if(PULPO_SANITIZE)
  target_compile_options(pulpo_options INTERFACE -fsanitize=${PULPO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(pulpo_options INTERFACE -fsanitize=${PULPO_SANITIZE})
elseif(PULPO_STATIC)
  # PULPO_DYNAMIC on a target exempts it: Debian has libbenchmark as a shared library only.
  target_link_options(pulpo_options INTERFACE $<$<NOT:$<BOOL:$<TARGET_PROPERTY:PULPO_DYNAMIC>>>:-static>)
endif()
target_link_options(pulpo_options INTERFACE -Wl,--gc-sections)
# The layers hold code for both ways of linking. As a whole, on PULPO_WHOLE_PROGRAM, is linked what ships, where it saves a tenth of the
# size and of the time of a remote call; tests are many, and linked as usual.
if(PULPO_LTO AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT PULPO_SANITIZE)
  set(pulpo_lto -flto=auto -ffat-lto-objects)
  target_link_options(pulpo_options INTERFACE $<IF:$<BOOL:$<TARGET_PROPERTY:PULPO_WHOLE_PROGRAM>>,-flto=auto,-fno-lto>)
endif()

function(pulpo_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;PRIVATE" ${ARGN})
  add_library(pulpo_${name} STATIC ${arg_SOURCES})
  add_library(pulpo::${name} ALIAS pulpo_${name})
  target_include_directories(pulpo_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
  target_link_libraries(pulpo_${name} PUBLIC pulpo_options ${arg_USES} PRIVATE ${arg_PRIVATE})
  target_compile_options(pulpo_${name} PRIVATE ${pulpo_lto})
endfunction()

# pulpo_alone(FILE...): these sources of the layers of this folder stay objects of their own in a unity build, so that a test can
# link another make of them before the archive.
function(pulpo_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# All of them: what the presets build that run no other tests.
if(PULPO_TESTS)
  add_custom_target(unit_tests)
endif()

# pulpo_unit_test(LAYER SOURCES …): the binary unit_<layer>, which links that layer and GoogleTest, and nothing else.
function(pulpo_unit_test layer)
  cmake_parse_arguments(arg "" "" "SOURCES;PRIVATE" ${ARGN})
  add_executable(unit_${layer} ${arg_SOURCES})
  target_link_libraries(unit_${layer} PRIVATE pulpo::${layer} ${arg_PRIVATE} GTest::gtest_main)
  target_include_directories(unit_${layer} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  pulpo_quick_to_build(unit_${layer})
  add_test(NAME unit_${layer} COMMAND unit_${layer})
  set_tests_properties(unit_${layer} PROPERTIES LABELS unit)
  add_dependencies(unit_tests unit_${layer})
  pulpo_count_cases(unit_${layer})
endfunction()

# pulpo_count_cases(TEST): scripts/test counts the cases inside this GoogleTest binary, not the binary as one.
function(pulpo_count_cases test)
  set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT "GTEST_OUTPUT=xml:${PROJECT_BINARY_DIR}/test-results/${test}.xml")
endfunction()

# pulpo_quick_to_build(TARGET): what is run once and not measured waits for the compiler more than for the processor. The layers that
# it tests are built as they ship.
function(pulpo_quick_to_build target)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(${target} PRIVATE -O1 -g1)
  endif()
endfunction()
