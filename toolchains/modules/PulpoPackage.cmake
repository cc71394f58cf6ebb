# What leaves this project: the exported libraries, made of layers, and the installed files that let others build against them.

# pulpo_export(NAME LAYERS … HEADERS … [USES …] [PRIVATE …]): the archive of these layers as one library, for those outside: the target
# pulpo::<name>, here and in the installed package alike. USES are other exported libraries and what public headers need, PRIVATE is
# needed to link alone. None of our warnings, paths or private headers comes with it.
#
# Call in the order of use: what is used before those who use it.
function(pulpo_export name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LAYERS;HEADERS;USES;PRIVATE")
  set(library pulpo_exported_${name})
  list(TRANSFORM arg_LAYERS REPLACE "(.+)" "$<TARGET_OBJECTS:pulpo_\\1>" OUTPUT_VARIABLE objects)
  add_library(${library} STATIC ${objects})
  # Nothing is compiled here, so CMake cannot know the language.
  set_target_properties(${library} PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME ${name})
  if(name STREQUAL "pulpo")
    set_target_properties(${library} PROPERTIES OUTPUT_NAME pulpo)
  else()
    set_target_properties(${library} PROPERTIES OUTPUT_NAME pulpo_${name})
  endif()
  target_compile_features(${library} PUBLIC cxx_std_20)
  if(CMAKE_SIZEOF_VOID_P EQUAL 4)
    # As pulpo itself is built: time_t and off_t in what the headers declare.
    target_compile_definitions(${library} INTERFACE _FILE_OFFSET_BITS=64 _TIME_BITS=64)
  endif()
  if(PULPO_SANITIZE)
    target_link_options(${library} INTERFACE $<BUILD_INTERFACE:-fsanitize=${PULPO_SANITIZE}>)
  endif()
  list(TRANSFORM arg_HEADERS PREPEND "${PROJECT_SOURCE_DIR}/" OUTPUT_VARIABLE headers)
  foreach(folder ${headers})
    target_include_directories(${library} INTERFACE $<BUILD_INTERFACE:${folder}>)
  endforeach()
  target_link_libraries(${library} PUBLIC ${arg_USES} PRIVATE ${arg_PRIVATE})
  # Fails where a layer has that name: those who include us would get the layer, with our warnings, paths and private headers.
  add_library(pulpo::${name} ALIAS ${library})
  set_property(GLOBAL APPEND PROPERTY PULPO_EXPORTED ${name})
  set_property(GLOBAL APPEND PROPERTY PULPO_HEADERS ${headers})

  if(PULPO_INSTALL)
    install(TARGETS ${library} EXPORT pulpoTargets ARCHIVE INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    # Debug symbols are nine tenths of an archive, and a build with its own is a command away; what serves to link as a whole is this
    # compiler's own.
    install(CODE "execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-debug -R .gnu.lto_* -R .gnu.debuglto_*
      \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/$<TARGET_FILE_NAME:${library}>\" COMMAND_ERROR_IS_FATAL ANY)")
    foreach(folder ${headers})
      install(DIRECTORY ${folder}/ TYPE INCLUDE FILES_MATCHING PATTERN "*.hpp")
    endforeach()
  endif()
endfunction()

# pulpo_install_package(): after the last pulpo_export(), what find_package() and pkg-config read.
function(pulpo_install_package)
  include(CMakePackageConfigHelpers)
  set(modules ${PROJECT_SOURCE_DIR}/toolchains/modules)
  set(made ${PROJECT_BINARY_DIR}/package)
  set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/pulpo)
  get_property(exported GLOBAL PROPERTY PULPO_EXPORTED)

  list(TRANSFORM exported PREPEND "pulpo::" OUTPUT_VARIABLE PULPO_EXPORTED)
  list(JOIN PULPO_EXPORTED ", " PULPO_EXPORTED)
  configure_file(${modules}/pulpoConfig.cmake.in ${made}/pulpoConfig.cmake @ONLY)
  # Before 1.0 a minor version may change what authors wrote against.
  write_basic_package_version_file(${made}/pulpoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${made}/pulpoConfig.cmake ${made}/pulpoConfigVersion.cmake ${modules}/Dependencies.cmake ${modules}/PulpoProgram.cmake
          DESTINATION ${folder})
  install(EXPORT pulpoTargets NAMESPACE pulpo:: DESTINATION ${folder})

  # The linker wants users before what they use. Who tests links pulpo_testing by name.
  set(PULPO_PC_LIBRARIES -lpulpo -lpulpo_net -lpulpo_runtime)
  list(JOIN PULPO_PC_LIBRARIES " " PULPO_PC_LIBRARIES)
  get_target_property(definitions pulpo_dep_fmt INTERFACE_COMPILE_DEFINITIONS)
  if(CMAKE_SIZEOF_VOID_P EQUAL 4)
    list(APPEND definitions _FILE_OFFSET_BITS=64 _TIME_BITS=64)
  endif()
  list(TRANSFORM definitions PREPEND "-D" OUTPUT_VARIABLE PULPO_PC_DEFINITIONS)
  list(JOIN PULPO_PC_DEFINITIONS " " PULPO_PC_DEFINITIONS)
  # From where the file lies, so that the whole tree can be moved.
  file(RELATIVE_PATH PULPO_PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" PULPO_PC_PREFIX "${PULPO_PC_PREFIX}")
  configure_file(${modules}/pulpo.pc.in ${made}/pulpo.pc @ONLY)
  install(FILES ${made}/pulpo.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  install(TARGETS pulpo RUNTIME)
endfunction()
