# What pulpo stands on, all from Debian packages. Found once, here; ARCHITECTURE.md says why each is there. Installed
# beside pulpoConfig.cmake as well, which finds the same things on the machine of whoever builds against pulpo: that is why
# these targets are imported ones, which an export refers to by name and without a path.
#
# What is missing is gathered in PULPO_MISSING, a line each; whoever includes this file says it.
set(PULPO_MISSING "")

# pulpo_dependency(TARGET HEADER LIBRARY PACKAGE): the target pulpo_dep_<target>, imported. LIBRARY "" is header-only.
function(pulpo_dependency target header library package)
  find_path(pulpo_${target}_INCLUDE ${header})
  set(wanted "${header}")
  if(library)
    # By its full name: CMAKE_FIND_LIBRARY_SUFFIXES would change the finding of other libraries too.
    if(PULPO_STATIC)
      set(library "lib${library}.a")
    endif()
    find_library(pulpo_${target}_LIBRARY NAMES ${library})
    string(APPEND wanted " and ${library}")
  else()
    set(pulpo_${target}_LIBRARY "")
  endif()
  mark_as_advanced(pulpo_${target}_INCLUDE pulpo_${target}_LIBRARY)
  if(NOT pulpo_${target}_INCLUDE OR (library AND NOT pulpo_${target}_LIBRARY))
    string(APPEND PULPO_MISSING "\n  ${wanted}: apt-get install ${package}")
    set(PULPO_MISSING "${PULPO_MISSING}" PARENT_SCOPE)
    return()
  endif()
  if(NOT TARGET pulpo_dep_${target})
    add_library(pulpo_dep_${target} INTERFACE IMPORTED GLOBAL)
    target_include_directories(pulpo_dep_${target} INTERFACE ${pulpo_${target}_INCLUDE})
    target_link_libraries(pulpo_dep_${target} INTERFACE ${pulpo_${target}_LIBRARY})
  endif()
endfunction()

pulpo_dependency(uring liburing.h uring liburing-dev)
pulpo_dependency(context boost/context/detail/fcontext.hpp boost_context libboost-context-dev)
pulpo_dependency(sodium sodium.h sodium libsodium-dev)
pulpo_dependency(fmt fmt/format.h "" libfmt-dev)
if(TARGET pulpo_dep_fmt)
  # Header-only, without locale: 41 KB in a static program instead of 366 KB. The separator is ',', as a number because
  # quotes do not survive a command line that comes out of pkg-config.
  set_target_properties(pulpo_dep_fmt PROPERTIES INTERFACE_COMPILE_DEFINITIONS "FMT_HEADER_ONLY=1;FMT_STATIC_THOUSANDS_SEPARATOR=44")
endif()
