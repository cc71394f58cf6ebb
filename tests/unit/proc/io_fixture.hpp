// SPDX-License-Identifier: Apache-2.0
//
// What the tests of sockets, files and devices share: what is open, a pair of streams, paths.
#pragma once

#include <dirent.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

#include "io/sim_loop.hpp"
#include "proc/core.hpp"
#include "pulpo/tcp.hpp"
#include "unit/io/serial_line.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo::testing {

/// Descriptors of this program, or of the simulated process. Inside a process.
inline std::size_t open_descriptors() {
  std::size_t count = 0;
  if (const auto* const sim = dynamic_cast<io::SimLoop*>(&Core::here().loop())) {
    for (io::Handle handle = 0; handle < 1024; ++handle) count += sim->is_open(handle) ? 1 : 0;
    return count;
  }
  DIR* const folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

/// Lets others run, and time pass, until `condition` holds; false after 5 s.
template <class F>
bool eventually(F&& condition) {
  const TimePoint deadline = Timeout(5s).after(precise_now());
  while (!condition()) {
    if (precise_now() >= deadline) return false;
    sleep(1ms);
  }
  return true;
}

/// What a core has of everything that I/O takes; to compare. Inside a process.
struct Footprint {
  std::size_t descriptors = open_descriptors();
  std::size_t operations = Core::here().loop().pending();
  std::size_t processes = runtime().process_count();
  std::size_t stacks = Core::here().stacks_in_use();
  friend bool operator==(const Footprint&, const Footprint&) = default;
};

/// Both ends of a connection over loopback.
inline std::pair<TcpStream, TcpStream> connected_streams() {
  auto listener = TcpListener::listen(Endpoint::loopback(0)).value();
  auto near = TcpStream::connect(listener.local_endpoint().value(), 5s).value();
  return {std::move(near), listener.accept(5s).value()};
}

/// A path that nothing is at, before and after.
class FreshPath {
 public:
  explicit FreshPath(const std::string& name = "io") : path_(::testing::TempDir() + "pulpo_" + name + "_" + std::to_string(::getpid())) {
    std::remove(path_.c_str());
  }
  ~FreshPath() { std::remove(path_.c_str()); }
  FreshPath(const FreshPath&) = delete;
  FreshPath& operator=(const FreshPath&) = delete;
  operator const std::string&() const { return path_; }  // NOLINT: reads as a path

 private:
  std::string path_;
};

}  // namespace pulpo::testing
