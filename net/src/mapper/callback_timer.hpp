// SPDX-License-Identifier: Apache-2.0
//
// CallbackTimer: the loop's, under the name that this layer uses.
#pragma once

#include "io/callback_timer.hpp"

namespace pulpo::mapper {

using io::CallbackTimer;

}  // namespace pulpo::mapper
