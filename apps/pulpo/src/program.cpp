// SPDX-License-Identifier: Apache-2.0
#include "pulpo/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "help.hpp"
#include "program.hpp"

namespace pulpo::cli {
namespace {

/// Writes all of `text`; false when the other end does not take it.
bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(descriptor, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

bool is_help(std::string_view word) { return word == "--help" || word == "-h" || word == "-help"; }

/// How many of `words` name `verb`: 1 for "ping", 2 for "bench call", 0 when they do not.
std::size_t words_of(const Verb& verb, std::span<const char* const> words) {
  std::string_view rest = verb.name;
  std::size_t count = 0;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (count >= words.size() || words[count] != word) return 0;
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    ++count;
  }
  return count;
}

/// The verb that `words` begin with, and how many of them it takes; or a Fault that says what to type.
struct Found {
  const Verb* verb;
  std::size_t words;
};
Outcome<Found> find_verb(const Program& program, const std::vector<Verb>& verbs, std::span<const char* const> words) {
  for (const Verb& verb : verbs) {
    if (const std::size_t count = words_of(verb, words); count > 0) return Found{&verb, count};
  }
  const std::string_view first = words[0];
  std::vector<std::string_view> firsts{"help"};
  std::string continuations;
  for (const Verb& verb : verbs) {
    const auto space = verb.name.find(' ');
    firsts.push_back(verb.name.substr(0, space));
    if (space != std::string_view::npos && verb.name.substr(0, space) == first) {
      continuations += fmt::format("{}{}", continuations.empty() ? "" : ", ", verb.name.substr(space + 1));
    }
  }
  if (!continuations.empty()) {
    return wrong_usage(words.size() > 1 ? fmt::format("{0} {1} is not known; {0} has: {2}", first, words[1], continuations)
                                        : fmt::format("{} what? One of: {}", first, continuations));
  }
  const std::string_view meant = nearest(first, firsts);
  if (!meant.empty()) return wrong_usage(fmt::format("no verb '{}'; did you mean {}?", first, meant));
  return wrong_usage(fmt::format("no verb '{}'; see {} --help", first, program.name()));
}

int help(Program& program, const std::vector<Verb>& verbs, std::span<const char* const> words) {
  if (words.empty()) {
    program.print(program_help(verbs, program.name()));
    return kSuccess;
  }
  const auto found = find_verb(program, verbs, words);
  if (!found) {
    program.complain("", found.error().text());
    return kWrongUsage;
  }
  program.print(verb_help(*found->verb, program.name()));
  return kSuccess;
}

}  // namespace

void Program::print(std::string_view text) { printed_ = write_all(STDOUT_FILENO, text) && printed_; }

void Program::complain(std::string_view verb, std::string_view text) const {
  std::string line = fmt::format("{}{}{}: {}", name_, verb.empty() ? "" : " ", verb, text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  line += '\n';
  (void)write_all(STDERR_FILENO, line);  // nobody is left to tell
}

int Program::complain(const Verb& verb, const Fault& fault) const {
  complain(verb.name, fault.text());
  return fault.code == Errc::bad_argument ? kWrongUsage : kFailed;
}

std::vector<Verb> all_verbs() {
  return {node_verb(),        mapper_verb(),        names_verb(),       ping_verb(),   call_verb(),       rpc_verb(),
          remote_verb(),      apps_verb(),          top_verb(),         stop_verb(),   bench_call_verb(), bench_send_verb(),
          bench_spawn_verb(), bench_connect_verb(), bench_local_verb(), doctor_verb(), new_verb()};
}

int run_command_line(Program& program, std::span<const char* const> words, const Environment& environment) {
  const std::vector<Verb> verbs = all_verbs();
  if (words.empty()) {
    program.complain("", fmt::format("what shall it do? See {} --help", program.name()));
    return kWrongUsage;
  }
  const std::string_view first = words[0];
  if (is_help(first)) return help(program, verbs, {});
  if (first == "help") return help(program, verbs, words.subspan(1));
  if (first == "--version" || first == "-version" || first == "-V" || first == "version") {
    program.print(fmt::format("pulpo {}\n", PULPO_VERSION));
    return kSuccess;
  }
  // `pulpo --sname a` is what hands that know iex type.
  static const char* const kNode[] = {"node"};
  const bool is_node = first.starts_with('-');
  const auto found = find_verb(program, verbs, is_node ? std::span<const char* const>(kNode) : words);
  if (!found) {
    program.complain("", found.error().text());
    return kWrongUsage;
  }
  const auto rest = is_node ? words : words.subspan(found->words);
  for (const char* const word : rest) {
    if (std::string_view(word) == "--") break;
    if (is_help(word)) {
      program.print(verb_help(*found->verb, program.name()));
      return kSuccess;
    }
  }
  const auto arguments = Arguments::parse(*found->verb, rest, environment);
  if (!arguments) return program.complain(*found->verb, arguments.error());
  return found->verb->run(program, *arguments);
}

}  // namespace pulpo::cli

namespace pulpo {
namespace {

/// Takes the places of stdin, stdout and stderr when nobody gave them. Else the loop's own descriptors would get these
/// numbers, and the log would write into them. What is written there fails as before, since it is open for reading only.
void fill_standard_places() {
  for (;;) {
    const int descriptor = ::open("/dev/null", O_RDONLY);
    if (descriptor < 0) return;  // no /dev: then there is nothing to take them with
    if (descriptor <= STDERR_FILENO) continue;
    ::close(descriptor);
    return;
  }
}

/// What large messages leave free is used for the next ones instead of going back to the kernel, page by page, and coming again: that was
/// half of the cost of messages of 64 KiB and more. It costs at most so much memory after such messages, and none before.
void keep_freed_memory() noexcept {
  constexpr int kKept = 16 << 20;
  // Beyond it each block is the kernel's own mapping. Where pointers have 32 bits, more is refused (mallopt(3)).
  constexpr int kOwnMapping = sizeof(void*) == 4 ? 512 << 10 : 4 << 20;
  ::mallopt(M_TRIM_THRESHOLD, kKept);
  ::mallopt(M_MMAP_THRESHOLD, kOwnMapping);
}

}  // namespace

int run(int argc, char** argv, std::vector<Application> applications) {
  // A reader of ours that ends early is told by write(2), not by a signal that ends the node.
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): it cannot fail for this signal
  fill_standard_places();
  keep_freed_memory();
  std::string name = argc > 0 ? argv[0] : "pulpo";
  if (const auto slash = name.rfind('/'); slash != std::string::npos) name.erase(0, slash + 1);
  cli::Program program(name.empty() ? "pulpo" : name, std::move(applications));
  const int status = cli::run_command_line(
      program, std::span<const char* const>(argv + 1, argc > 0 ? static_cast<std::size_t>(argc - 1) : 0), cli::process_environment());
  if (!program.printed() && status == cli::kSuccess) {
    program.complain("", "stdout does not take what was printed");
    return cli::kFailed;
  }
  return status;
}

}  // namespace pulpo
