# SPDX-License-Identifier: Apache-2.0
#
# 64-bit ARM, ARMv8-A.
set(BOARD_ARCH arm64)
include(${CMAKE_CURRENT_LIST_DIR}/board.cmake)
