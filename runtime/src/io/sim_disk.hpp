// SPDX-License-Identifier: Apache-2.0
//
// SimDisk: the files and devices of a simulated host.
//
// Files are bytes by path, as it was written: no folders, links, owners or permissions. What was written is on the disk at once:
// neither a kill nor a loss of power takes it back, so a program that forgets to sync is not found out here.
//
//   Ownership  A file or device stays as long as its host: open handles are pointers into it.
//   Threads    One.
//   Bounds     What the test puts there.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/sim_wire.hpp"
#include "pulpo/bytes.hpp"

namespace pulpo::io {

/// What the far end of a serial line does. SimNetwork::add_device() makes it.
class SimDevice {
 public:
  /// What devices are to say later, by number; empty once said.
  using Scripts = std::vector<std::pair<SimDevice*, std::string>>;
  SimDevice(SimWire& wire, HostNumber host, std::string path, Scripts& scripts)
      : wire_(wire), host_(host), path_(std::move(path)), scripts_(scripts) {}
  SimDevice(const SimDevice&) = delete;
  SimDevice& operator=(const SimDevice&) = delete;

  /// The bytes can be received now. While nobody has it open they are lost, as on a serial line.
  void say(ByteView bytes);
  void say_at(TimePoint at, ByteView bytes);
  /// All that was ever written to it.
  [[nodiscard]] const std::string& heard() const noexcept { return heard_; }
  /// Pulls the plug: receivers read what is left and the end, senders get EIO, open() answers ENXIO until plug_in().
  void hang_up();
  /// open() works again; who had it open before is still at the end.
  void plug_in() noexcept { plugged_ = true; }
  [[nodiscard]] bool is_plugged_in() const noexcept { return plugged_; }

 private:
  friend class SimLoop;
  struct Opener {
    SimOwner* owner;
    Handle handle;
    bool hung_up;
  };

  void open(SimOwner& owner, Handle handle);
  void close(const SimOwner& owner, Handle handle);
  [[nodiscard]] bool is_hung_up(const SimOwner& owner, Handle handle) const noexcept;
  int read(const SimOwner& owner, Handle handle, char* into, std::size_t size);
  int write(const SimOwner& owner, Handle handle, ByteView bytes);
  [[nodiscard]] short poll(const SimOwner& owner, Handle handle) const noexcept;
  void trace(const char* kind, ByteView bytes);

  SimWire& wire_;
  HostNumber host_;
  std::string path_;
  Scripts& scripts_;
  std::vector<Opener> openers_;  ///< In the order of opening.
  std::string waiting_;          ///< Said, and not yet received.
  std::string heard_;
  bool plugged_ = true;
};

struct SimFile {
  std::string bytes;
  int read(char* into, std::size_t size, std::uint64_t offset) const;
  void write(ByteView what, std::uint64_t offset);
};

struct SimDisk {
  std::map<std::string, std::unique_ptr<SimFile>> files;
  std::map<std::string, std::unique_ptr<SimDevice>> devices;
};

}  // namespace pulpo::io
