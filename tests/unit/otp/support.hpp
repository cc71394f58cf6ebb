// SPDX-License-Identifier: Apache-2.0
//
// What the otp tests share: all that an author has, and helpers.
#pragma once

#include "pulpo/pulpo.hpp"
#include "unit/otp/helpers.hpp"
