// SPDX-License-Identifier: Apache-2.0
#include "lang/shell.hpp"

#include <fmt/format.h>

#include <atomic>
#include <memory>

#include "lang/completion.hpp"
#include "lang/failure.hpp"
#include "lang/help.hpp"
#include "lang/layout.hpp"
#include "lang/modules.hpp"
#include "lang/shell_messages.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/lang.hpp"
#include "pulpo/receive.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/system.hpp"

namespace pulpo::lang {
namespace {

/// A person waits for the prompt: long enough for the language's own pauses, too short to be noticed.
constexpr Duration kInterruptPatience = 200ms;
constexpr std::size_t kValueBytesMax = 16u << 10;

/// Between the two processes. Without the key of both it is a message like any other, whoever has sent it.
struct EvaluateText {
  using Message = Info<"$evaluate">;
  Ref key{};
  std::string text{};
};
struct Evaluated {
  using Message = Info<"$evaluated">;
  Pid evaluator{};
  bool succeeded = false;
  std::string text{};
};
/// Whether the line of that number is still at it.
struct LoseInterruptPatience {
  using Message = Info<"$interrupt_patience">;
  std::uint64_t line = 0;
};

/// What the two share; both run on one core.
struct Shared {
  Ref key = make_ref();
  std::atomic<bool> interrupted = false;
  Bindings bindings = {};
};

/// A failure's text may hold whatever was raised.
std::string cut(std::string text) {
  if (text.size() <= kValueBytesMax) return text;
  std::size_t end = kValueBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text + "...";
}

Evaluated evaluated(std::string_view text, Session& session) {
  if (auto asked = help(text)) return {self(), asked->found, std::move(asked->text)};
  const auto value = session.evaluate(text);
  return {self(), value.has_value(), value ? laid_out(shown(*value, kValueBytesMax)) : cut(value.error().text)};
}

/// As iex tells why its shell's process has ended (ST-63).
std::string told_reason(const Term& reason) {
  const auto called = undefined_module(reason);
  const Failure failure = exited(reason, called && is_module_known(*called));
  return cut(failure.kind == Failure::Kind::exit ? reason_text(reason) : "an exception was raised:\n    " + failure.text);
}

/// The process whose `self()` somebody types.
void evaluate_lines(const Pid& shell, const std::shared_ptr<Shared>& shared) {
  Session session({.is_interrupted = [shared] { return shared->interrupted.load(std::memory_order_relaxed); }}, shared->bindings);
  for (;;) {
    receive(on<EvaluateText>([&](const EvaluateText& line) { return line.key == shared->key; },
                             [&](const EvaluateText& line) {
                               const Evaluated outcome = evaluated(line.text, session);
                               shared->bindings = session.bindings();
                               send(shell, outcome);
                             }));
  }
}

class Shell {
 public:
  Shell(const Pid& console, const Pid& device) : console_(console), device_(device) {}

  void run() {
    trap_exit(true);
    const Ref gone = monitor(console_);
    start_evaluator();
    send(console_, ShellReady{self(), runtime().node_name(), PULPO_VERSION});
    bool serves = true;
    while (serves) {
      receive(on<EvaluateLine>([&](const EvaluateLine& line) { evaluate(line); }), on<InterruptLine>([&] { interrupt(); }),
              on<CompleteLine>([&](const CompleteLine& line) { complete_line(line); }),
              on<Evaluated>([&](const Evaluated& outcome) { finish(outcome); }),
              on<LoseInterruptPatience>([&](const LoseInterruptPatience& patience) {
                if (busy_ && patience.line == line_) exit(evaluator_, atoms::kill);
              }),
              on<Exit>([&](const Exit& ended) {
                if (ended.from == evaluator_) replace(ended.reason);
              }),
              on<Down>([&](const Down& down) { serves = down.ref != gone; }), otherwise([] {}));
    }
    exit(evaluator_, atoms::kill);
  }

 private:
  void start_evaluator() {
    // The lines' own processes inherit it.
    set_group_leader(device_);
    evaluator_ = spawn_link([shell = self(), shared = shared_] { evaluate_lines(shell, shared); });
  }
  void evaluate(const EvaluateLine& line) {
    if (busy_) return;  // no console of ours does that
    shared_->interrupted = false;
    busy_ = true;
    ++line_;
    send(evaluator_, EvaluateText{shared_->key, line.text});
  }
  void interrupt() {
    if (!busy_) return;
    shared_->interrupted = true;
    send_after(kInterruptPatience, self(), LoseInterruptPatience{line_});
  }
  void finish(const Evaluated& outcome) {
    if (outcome.evaluator != evaluator_ || !std::exchange(busy_, false)) return;
    send(console_, LineDone{outcome.succeeded, outcome.text});
  }
  void complete_line(const CompleteLine& line) {
    Completion found = complete(line.text, shared_->bindings);
    send(console_, Completions{line.number, found.replaced, std::move(found.candidates)});
  }
  void replace(const Term& reason) {
    const bool was_interrupted = busy_ && shared_->interrupted;
    busy_ = false;
    if (was_interrupted) {
      send(console_, LineDone{false, "** (interrupted) what ran was ended, and the variables are kept; self() is another process now"});
    } else {
      shared_ = std::make_shared<Shared>();
      send(console_, ShellRestarted{fmt::format("** (EXIT from {}) shell process exited with reason: {}", Term(evaluator_).text(),
                                                told_reason(reason))});
    }
    start_evaluator();
  }

  const Pid console_;
  const Pid device_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  Pid evaluator_{};
  bool busy_ = false;
  std::uint64_t line_ = 0;
};

}  // namespace

void run_shell(const Pid& console, const Pid& device) { Shell(console, device).run(); }

}  // namespace pulpo::lang
