// SPDX-License-Identifier: Apache-2.0
//
// Sensor: a server that reads a serial line, as an author would write it. Survives being unplugged.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "pulpo/device.hpp"
#include "pulpo/gen_server.hpp"

namespace weather {
using namespace pulpo;

struct Latest {
  using Message = Call<"latest", std::optional<double>>;
};
struct Fresh {
  using Message = Call<"fresh", double>;
};
struct Open {
  using Message = Info<"open">;
};
struct Stale {
  using Message = Info<"stale">;
};
using Line = Device::Line;
using Closed = Device::Closed;

class Sensor {
 public:
  using Protocol = pulpo::Protocol<Latest, Fresh, Line, Closed, Open, Stale>;

  Sensor(std::string path, unsigned baud, Duration fresh_for) : path_(std::move(path)), baud_(baud), fresh_for_(fresh_for) {
    handle_info(Open{});
  }
  std::optional<double> handle_call(const Latest&) const { return latest_; }
  void handle_call(const Fresh&, From<Fresh> from) { waiting_.push_back(from); }
  void handle_info(const Line& line) {
    double value = 0;
    const auto [end, error] = std::from_chars(line.text.data(), line.text.data() + line.text.size(), value);
    if (error != std::errc{}) return;  // what a line says while it is plugged in
    latest_ = value;
    for (const auto& from : waiting_) from.reply(value);
    waiting_.clear();
    cancel_timer(stale_);
    stale_ = send_after(fresh_for_, Stale{});
  }
  void handle_info(const Stale&) { latest_.reset(); }
  void handle_info(const Closed&) {
    port_.reset();
    send_after(1s, Open{});
  }
  void handle_info(const Open&) {
    auto port = Device::open(path_, {.baud = baud_});
    if (!port || !port->deliver_lines()) {
      send_after(1s, Open{});
      return;
    }
    port_ = std::move(*port);
  }

 private:
  const std::string path_;
  const unsigned baud_;
  const Duration fresh_for_;
  std::optional<Device> port_;
  std::optional<double> latest_;
  std::vector<From<Fresh>> waiting_;
  Ref stale_{};
};

inline constexpr auto kSensor = local<Sensor::Protocol>("Weather.Sensor");

}  // namespace weather
