// SPDX-License-Identifier: Apache-2.0
//
// CallbackTimer: a timer that calls one member function of the object it is part of.
//
//   Ownership  A member of `T`; its destructor cancels it. The call may destroy the object.
//   Threads    The loop's.
#pragma once

#include "io/timer_wheel.hpp"

namespace pulpo::io {

template <class T>
class CallbackTimer final : public Timer {
 public:
  using Callback = void (T::*)();
  CallbackTimer(T& object, Callback callback) noexcept : object_(object), callback_(callback) {}

 private:
  void expired() override { (object_.*callback_)(); }
  T& object_;
  Callback callback_;
};

}  // namespace pulpo::io
