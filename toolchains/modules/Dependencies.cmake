# What pulpo stands on, all from Debian packages. Found once, here; ARCHITECTURE.md says why each is there.

if(PULPO_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
  set(Boost_USE_STATIC_LIBS ON)
endif()

function(pulpo_dependency target header library)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  find_library(${target}_LIBRARY NAMES ${library} REQUIRED)
  mark_as_advanced(${target}_INCLUDE ${target}_LIBRARY)
  add_library(pulpo_dep_${target} INTERFACE)
  target_include_directories(pulpo_dep_${target} SYSTEM INTERFACE ${${target}_INCLUDE})
  target_link_libraries(pulpo_dep_${target} INTERFACE ${${target}_LIBRARY})
endfunction()

pulpo_dependency(uring liburing.h uring)
pulpo_dependency(context boost/context/detail/fcontext.hpp boost_context)
pulpo_dependency(sodium sodium.h sodium)

find_path(protozero_INCLUDE protozero/pbf_reader.hpp REQUIRED)
add_library(pulpo_dep_protozero INTERFACE)
target_include_directories(pulpo_dep_protozero SYSTEM INTERFACE ${protozero_INCLUDE})

# Header-only, without locale: 41 KB in a static program instead of 366 KB.
find_path(fmt_INCLUDE fmt/format.h REQUIRED)
add_library(pulpo_dep_fmt INTERFACE)
target_include_directories(pulpo_dep_fmt SYSTEM INTERFACE ${fmt_INCLUDE})
target_compile_definitions(pulpo_dep_fmt INTERFACE FMT_HEADER_ONLY=1 "FMT_STATIC_THOUSANDS_SEPARATOR=','")

find_package(Threads REQUIRED)
if(PULPO_TESTS)
  find_package(GTest REQUIRED)
endif()
