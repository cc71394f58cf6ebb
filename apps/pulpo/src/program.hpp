// SPDX-License-Identifier: Apache-2.0
//
// Program: what every verb works with, and how it speaks: results to stdout, one line of error to stderr.
//
//   Threads    The program's first thread.
//   Errors     complain() turns a Fault into a line and an exit status: wrong usage 2, everything else 1.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"
#include "base/random.hpp"
#include "pulpo/application.hpp"

namespace pulpo::cli {

/// The exit statuses that scripts rely on.
inline constexpr int kSuccess = 0;
inline constexpr int kFailed = 1;      ///< The world refused.
inline constexpr int kWrongUsage = 2;  ///< Arguments or files are wrong; nothing was tried.

class Program {
 public:
  Program(std::string name, std::vector<Application> applications) : name_(std::move(name)), applications_(std::move(applications)) {}

  /// What the user calls this program: the file's own name.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::vector<Application>& applications() const noexcept { return applications_; }
  [[nodiscard]] Random& random() noexcept { return random_; }

  /// Writes a result to stdout.
  void print(std::string_view text);
  /// False when something of what was printed did not reach stdout (a full disk).
  [[nodiscard]] bool printed() const noexcept { return printed_; }

  /// Writes `pulpo VERB: text` to stderr, as one line. `verb` may be empty.
  void complain(std::string_view verb, std::string_view text) const;
  /// The same for a Fault; returns the exit status that it means.
  [[nodiscard]] int complain(const Verb& verb, const Fault& fault) const;

 private:
  std::string name_;
  std::vector<Application> applications_;
  SystemRandom random_;
  bool printed_ = true;
};

// One function a verb, each in a file of its own.
[[nodiscard]] Verb node_verb();
[[nodiscard]] Verb mapper_verb();
[[nodiscard]] Verb names_verb();
[[nodiscard]] Verb ping_verb();
[[nodiscard]] Verb call_verb();
[[nodiscard]] Verb remote_verb();
[[nodiscard]] Verb rpc_verb();
[[nodiscard]] Verb apps_verb();
[[nodiscard]] Verb top_verb();
[[nodiscard]] Verb stop_verb();
[[nodiscard]] Verb bench_call_verb();
[[nodiscard]] Verb bench_connect_verb();
[[nodiscard]] Verb bench_local_verb();
[[nodiscard]] Verb bench_send_verb();
[[nodiscard]] Verb bench_spawn_verb();
[[nodiscard]] Verb doctor_verb();
[[nodiscard]] Verb new_verb();

/// All of them, in the order of the help.
[[nodiscard]] std::vector<Verb> all_verbs();

/// The command line without the rest of run(): for tests.
[[nodiscard]] int run_command_line(Program& program, std::span<const char* const> words, const Environment& environment);

}  // namespace pulpo::cli
