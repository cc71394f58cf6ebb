// SPDX-License-Identifier: Apache-2.0
//
// SerialLine: the far end of a line whose near end a loop opens as a device: the master of a pty, or a simulated device.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "io/sim_network.hpp"

namespace pulpo::io::testing_support {

class SerialLine {
 public:
  /// Of the simulated host 0, or a pty when there is no network.
  explicit SerialLine(SimNetwork* network) {
    if (network != nullptr) {
      device_ = &network->add_device(0, path_ = "/dev/ttySIM0");
      return;
    }
    master_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    EXPECT_GE(master_, 0);
    EXPECT_EQ(::grantpt(master_), 0);
    EXPECT_EQ(::unlockpt(master_), 0);
    char name[64];
    EXPECT_EQ(::ptsname_r(master_, name, sizeof name), 0);
    path_ = name;
    termios modes = {};
    EXPECT_EQ(::tcgetattr(master_, &modes), 0);
    ::cfmakeraw(&modes);  // No echo, no lines: a byte is a byte, as from a sensor.
    EXPECT_EQ(::tcsetattr(master_, TCSANOW, &modes), 0);
  }
  ~SerialLine() {
    if (master_ >= 0) ::close(master_);
  }
  SerialLine(const SerialLine&) = delete;
  SerialLine& operator=(const SerialLine&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  void say(const std::string& bytes) {
    if (device_ != nullptr) return device_->say(bytes);
    EXPECT_EQ(::write(master_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  /// All so far.
  const std::string& heard() {
    if (device_ != nullptr) return device_->heard();
    char part[4096];
    for (;;) {
      const ssize_t got = ::read(master_, part, sizeof part);
      if (got <= 0) return heard_;
      heard_.append(part, static_cast<std::size_t>(got));
    }
  }
  void hang_up() {
    if (device_ != nullptr) return device_->hang_up();
    ::close(master_);
    master_ = -1;
  }

 private:
  SimDevice* device_ = nullptr;
  int master_ = -1;
  std::string path_;
  std::string heard_;
};

}  // namespace pulpo::io::testing_support
