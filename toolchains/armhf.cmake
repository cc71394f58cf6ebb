# SPDX-License-Identifier: Apache-2.0
#
# 32-bit ARM, ARMv7-A with hardware floating point (Raspberry Pi 2 and later; not Pi 1 or Zero).
set(BOARD_ARCH armhf)
include(${CMAKE_CURRENT_LIST_DIR}/board.cmake)
