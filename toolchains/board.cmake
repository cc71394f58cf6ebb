# SPDX-License-Identifier: Apache-2.0
#
# Cross building for a board, with Debian's cross compiler and a sysroot made by scripts/sysroot. arm64.cmake and
# armhf.cmake name the architecture and include this file. What they set can be overridden, by -D or by environment:
#
#   BOARD_ARCH       armhf | arm64
#   BOARD_SYSROOT    a folder of that architecture's headers and libraries; sysroot/<arch> in this project when absent
#   BOARD_EMULATOR   what runs a test binary, a list; qemu-user with the sysroot when absent
set(CMAKE_SYSTEM_NAME Linux)
foreach(setting BOARD_ARCH BOARD_SYSROOT BOARD_EMULATOR)
  if(NOT DEFINED ${setting} AND DEFINED ENV{${setting}})
    set(${setting} "$ENV{${setting}}")
  endif()
endforeach()
# try_compile() reads this file again in a scratch project and needs the settings there.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BOARD_ARCH BOARD_SYSROOT BOARD_EMULATOR)

if(BOARD_ARCH STREQUAL "armhf")
  set(CMAKE_SYSTEM_PROCESSOR armv7l)
  set(board_triplet arm-linux-gnueabihf)
  set(board_qemu qemu-arm-static)
elseif(BOARD_ARCH STREQUAL "arm64")
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
  set(board_triplet aarch64-linux-gnu)
  set(board_qemu qemu-aarch64-static)
else()
  message(FATAL_ERROR "BOARD_ARCH is '${BOARD_ARCH}': use toolchains/armhf.cmake or toolchains/arm64.cmake")
endif()

if(NOT BOARD_SYSROOT)
  get_filename_component(BOARD_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/../sysroot/${BOARD_ARCH}" ABSOLUTE)
endif()
if(NOT IS_DIRECTORY "${BOARD_SYSROOT}/usr/lib/${board_triplet}")
  message(FATAL_ERROR "No ${BOARD_ARCH} sysroot at ${BOARD_SYSROOT}. Make one: scripts/sysroot ${BOARD_ARCH}")
endif()

set(CMAKE_C_COMPILER ${board_triplet}-gcc)
set(CMAKE_CXX_COMPILER ${board_triplet}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${board_triplet})
set(CMAKE_SYSROOT "${BOARD_SYSROOT}")
# Without -B the libc of the cross compiler's own package comes first, which lacks the stable updates: a static binary
# would carry it.
set(CMAKE_C_FLAGS_INIT "-B${BOARD_SYSROOT}/usr/lib/${board_triplet}")
set(CMAKE_CXX_FLAGS_INIT "-B${BOARD_SYSROOT}/usr/lib/${board_triplet}")

if(BOARD_EMULATOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${BOARD_EMULATOR}")
else()
  set(CMAKE_CROSSCOMPILING_EMULATOR "${board_qemu};-L;${BOARD_SYSROOT}")
endif()

# Programs are the build machine's; headers and libraries are the board's and never the build machine's.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
