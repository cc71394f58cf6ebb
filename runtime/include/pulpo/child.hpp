// SPDX-License-Identifier: Apache-2.0
//
// Command, ChildProcess: other programs, run without holding up a core.
//
//   const auto counted = Command{"grep", {"-c", "x"}, {.input = text}}.run(5s).value();   // counted.out, counted.status
//   auto sensor = Command{"rtl_433", {"-F", "json"}}.start().value();
//   while (auto line = sensor.out().read_line().value()) note(*line);
//
// The child gets its three standard descriptors and nothing else of ours; no signal is blocked or ignored in it. Standard input is
// /dev/null unless something is to be written there.
//
//   Ownership  Who has the ChildProcess, or is in run(), has the child: when that goes, or is killed, the child's group is sent SIGTERM,
//              after CommandOptions::patience SIGKILL, and is reaped, by a process of its own. When the runtime stops it is SIGKILL at
//              once.
//   Bounds     run(): CommandOptions::output_bytes_max of either output.
//   Threads    Processes; a ChildProcess those of the core that made it.
//   Suspends   start(), run(), wait(), and the streams.
//   Errors     not_found (no such program or folder); not_allowed; timeout; busy (limits of the system, or too much output); killed;
//              unsupported (in a simulation there are no other programs). An exit status other than 0 is no error.
#pragma once

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pulpo/device.hpp"
#include "pulpo/error.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

namespace io {
class Child;
}
namespace detail {
/// Ends a child that still runs, as CommandOptions::patience says.
struct EndChild {
  Duration patience{};
  void operator()(io::Child* child) const noexcept;
};
using ChildPtr = std::unique_ptr<io::Child, EndChild>;
}  // namespace detail

struct ExitStatus {
  int code = 0;    ///< What it gave to exit(3). -1 when nobody knows: the program ignores SIGCHLD.
  int signal = 0;  ///< The signal that ended it, else 0.
  [[nodiscard]] bool is_success() const noexcept { return code == 0 && signal == 0; }
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

struct CommandOutput {
  ExitStatus status;
  std::string out, err;
};

enum class Standard : std::uint8_t { null, pipe, inherit };  ///< What a standard descriptor of a child is.

struct CommandOptions {
  std::string input = {};                                              ///< run(): what it reads from its standard input.
  std::optional<std::vector<std::string>> environment = std::nullopt;  ///< "NAME=value", all of it; nothing: ours.
  std::string folder = {};                                             ///< Where it runs; ours when empty.
  bool own_group = true;                   ///< A process group of its own: what it starts is ended with it, and Ctrl-C is not for it.
  Duration patience = 5s;                  ///< From SIGTERM to SIGKILL: as long as a supervisor gives a child.
  std::size_t output_bytes_max = 1 << 20;  ///< run(): of each output; what a person or a parser may still read.
  Standard in = Standard::null, out = Standard::pipe, err = Standard::inherit;  ///< start().
};

class ChildProcess {
 public:
  ChildProcess(ChildProcess&&) noexcept = default;
  ChildProcess& operator=(ChildProcess&&) noexcept = default;
  ~ChildProcess() = default;

  [[nodiscard]] int pid() const noexcept;
  /// Those that CommandOptions made pipes; the others stop the node. in().close() lets the child read the end.
  [[nodiscard]] ByteStream& in() noexcept { return stream(0); }
  [[nodiscard]] ByteStream& out() noexcept { return stream(1); }
  [[nodiscard]] ByteStream& err() noexcept { return stream(2); }
  /// Until it has ended, by itself or not; again and again the same then.
  [[nodiscard]] Result<ExitStatus> wait(Timeout timeout = Timeout::infinity());
  /// To its group, if it has its own. Errors: noproc (it has ended, and wait() has said so); bad_argument.
  Result<void> signal(int number);

 private:
  friend struct Command;
  explicit ChildProcess(detail::ChildPtr child) noexcept : child_(std::move(child)) {}
  [[nodiscard]] ByteStream& stream(int number) noexcept;
  std::optional<Device> streams_[3];  // closed after the child was told to end
  detail::ChildPtr child_;
};

struct Command {
  std::string program;                      ///< A path, or a name that is looked for in PATH.
  std::vector<std::string> arguments = {};  ///< Without the program's own name; no shell reads them.
  CommandOptions options = {};

  /// Runs it to its end, and gathers what it says. Errors leave no child behind.
  [[nodiscard]] Result<CommandOutput> run(Timeout timeout = Timeout::infinity()) const;
  /// Starts it, and leaves the rest to the caller.
  [[nodiscard]] Result<ChildProcess> start() const;
};

}  // namespace pulpo
