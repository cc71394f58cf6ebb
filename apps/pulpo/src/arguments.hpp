// SPDX-License-Identifier: Apache-2.0
//
// Arguments: the command line, read against a table of verbs and options.
//
// Our own reader rather than a library's: CLI11 weighs 449 KB in a static board program, mostly iostream. Forms:
// `--name value`, `--name=value`, the same with one dash (as erl has them), switches without a value, `--` before
// what only looks like an option. Every option may come from the environment as PULPO_<OPTION> (dashes become
// underscores); the command line wins.
//
//   Ownership  Arguments copies what it keeps. A Verb's texts live as long as the program.
//   Threads    Any; no state.
//   Errors     Fault bad_argument: one line that names the option and says what to type instead.
//   Bounds     Values are as long as the kernel lets argv be. No value is followed by recursion.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/nearest.hpp"
#include "pulpo/result.hpp"
#include "pulpo/time.hpp"

namespace pulpo::cli {

class Program;
class Arguments;

/// Looks up an environment variable; nullptr when it is not set. Tests give their own.
using Environment = std::function<const char*(const char* name)>;
[[nodiscard]] Environment process_environment();

struct Option {
  std::string_view name = {};          ///< Without dashes: "cookie-file".
  std::string_view also = {};          ///< Another word for it, which other programs have: "e" for "eval".
  std::string_view value = {};         ///< What stands for its value in the help, "FILE"; empty for a switch.
  std::string_view help = {};          ///< One or two sentences; the help wraps them.
  bool repeatable = false;             ///< May be given several times; from the environment separated by commas.
  bool takes_dashes = false;           ///< Its value may look like an option: --erl "-config configs/a".
  std::string_view lacks = "a value";  ///< What is missing where the value is: "--sname needs a name".
};

struct Verb {
  std::string_view name = {};       ///< "ping"; "bench call" is one verb of two words.
  std::string_view arguments = {};  ///< For the help: "NODE SERVER REQUEST".
  std::string_view summary = {};    ///< One line, for the list of verbs.
  std::string_view details = {};    ///< What the verb prints and its exit status; wrapped.
  std::string_view examples = {};   ///< Whole command lines, one a line.
  std::vector<Option> options = {};
  unsigned arguments_min = 0;
  unsigned arguments_max = 0;
  int (*run)(Program& program, const Arguments& arguments) = nullptr;
};

class Arguments {
 public:
  /// Reads `words` (those after the verb). The error says which word is wrong, and offers the nearest option.
  [[nodiscard]] static Outcome<Arguments> parse(const Verb& verb, std::span<const char* const> words, const Environment& environment);

  [[nodiscard]] const Verb& verb() const noexcept { return *verb_; }
  [[nodiscard]] const std::vector<std::string>& positional() const noexcept { return positional_; }
  [[nodiscard]] const Environment& environment() const noexcept { return environment_; }

  /// A switch that was given (or set to 1, true, yes or on in the environment).
  [[nodiscard]] bool has(std::string_view option) const;
  /// The value of an option; the last one given wins.
  [[nodiscard]] std::optional<std::string> get(std::string_view option) const;
  /// All values of a repeatable option, in order.
  [[nodiscard]] std::vector<std::string> all(std::string_view option) const;
  /// True when it came from the command line rather than the environment.
  [[nodiscard]] bool typed(std::string_view option) const;

  /// A whole number within bounds, or `otherwise` when the option is absent.
  [[nodiscard]] Outcome<std::uint64_t> number(std::string_view option, std::uint64_t least, std::uint64_t most,
                                              std::uint64_t otherwise) const;
  /// "5" (seconds), "0.5", "500ms", "5s", "2m".
  [[nodiscard]] Outcome<Duration> duration(std::string_view option, Duration least, Duration most, Duration otherwise) const;
  /// "65536", "64KiB", "64k", "1MiB", "1m".
  [[nodiscard]] Outcome<std::uint64_t> bytes(std::string_view option, std::uint64_t least, std::uint64_t most,
                                             std::uint64_t otherwise) const;

 private:
  struct Given {
    const Option* option;
    std::string value;
    bool typed;
  };
  const Verb* verb_ = nullptr;
  Environment environment_;
  std::vector<Given> given_;
  std::vector<std::string> positional_;
};

/// "cookie-file" -> "PULPO_COOKIE_FILE".
[[nodiscard]] std::string environment_name(std::string_view option);

/// A Fault for wrong usage: exit status 2.
[[nodiscard]] Fault wrong_usage(std::string detail);

}  // namespace pulpo::cli
