// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "history_file.hpp"
#include "io/standard_stream.hpp"
#include "lang/shell_messages.hpp"
#include "line_editor.hpp"
#include "otp/io_server.hpp"
#include "pulpo/blocking.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/lang.hpp"
#include "pulpo/os_signal.hpp"
#include "pulpo/poll.hpp"
#include "pulpo/receive.hpp"
#include "pulpo/runtime.hpp"
#include "top_view.hpp"

namespace pulpo::cli {
namespace {

constexpr std::size_t kTypedAheadMax = 1'000;  // a pasted page many times over; what comes by a pipe waits there
/// An expression of several lines, as much as the editor takes in one.
constexpr std::size_t kExpressionBytesMax = LineEditor::kLineBytesMax;
/// Beyond it a line that closes nothing is not worth reading all of it again.
constexpr std::size_t kOftenReadBytes = 4'096;
constexpr int kRoomSeconds = 10;  // as long as a serial line needs for 100 KB
constexpr std::string_view kBreak = "#iex:break";

/// What was typed; its end is an empty text.
struct Keys {
  using Message = Info<"$console_keys">;
  std::string bytes{};
};
/// Whether a process waits for a line (IO.gets).
struct Reading {
  using Message = Info<"$console_reading">;
  bool waits = false;
};

/// The next ones are wanted.
struct GoOn {
  using Message = Info<"$console_go_on">;
};

void read_keys(const Pid& console) {
  for (;;) {
    char bytes[1024];
    const std::int32_t got = io::read_standard_input(STDIN_FILENO, bytes);
    if (got == -EAGAIN) {
      if (const auto events = poll(STDIN_FILENO, POLLIN); !events) return send(console, Keys{});
      continue;
    }
    if (got <= 0) return send(console, Keys{});
    send(console, Keys{std::string(bytes, static_cast<std::size_t>(got))});
    receive(on<GoOn>([] {}));
  }
}

/// A pipe through which lines that are typed reach the device.
class LinePipe {
 public:
  LinePipe() {
    if (::pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0) ends_[0] = ends_[1] = -1;
  }
  LinePipe(const LinePipe&) = delete;
  LinePipe& operator=(const LinePipe&) = delete;
  ~LinePipe() {
    for (const int end : ends_) {
      if (end >= 0) ::close(end);
    }
  }
  [[nodiscard]] int reading_end() const noexcept { return ends_[0]; }
  /// What does not fit is lost: somebody has typed 64 KiB that nobody reads.
  void put(const std::string& line) const { [[maybe_unused]] const ssize_t wrote = ::write(ends_[1], line.data(), line.size()); }

 private:
  int ends_[2];
};

class Console {
 public:
  Console(Screen& screen, const ConsoleOptions& options) : screen_(screen), options_(options) {}

  ConsoleEnd run() {
    trap_exit(true);
    for (std::string& line : history_.read(LineEditor::kHistoryMax)) editor_.remember(std::move(line));
    device_ = start_device();
    const Spawned shell = options_.start_shell(self(), device_);
    shell_monitor_ = shell.monitor;
    shell_ = shell.pid;
    is_drawn_ = Screen::is_terminal();
    if (is_drawn_) screen_.begin();
    const auto resized = is_drawn_ ? watch_os_signal(SIGWINCH) : Result<OsSignal>(Error{Errc::unsupported});
    start_keys();
    while (!end_) {
      receive_one();
      if (observed_ && !is_busy_ && !end_) show_nodes(*std::exchange(observed_, {}));
    }
    stop_keys();
    unlink(device_);
    const Ref device_gone = monitor(device_);
    exit(device_, atoms::kill);
    // It reads our pipe until then.
    receive(on<Down>([&](const Down& down) { return down.ref == device_gone; }, [](const Down&) {}));
    screen_.end();
    return *end_;
  }

 private:
  Pid start_device() {
    IoServer::Options io{.output = [&screen = screen_](std::string_view text) { print_to(screen, text); },
                         .output_is_descriptor = true,
                         .input_descriptor = pipe_.reading_end(),
                         .reading = [console = self()](bool waits) { send(console, Reading{waits}); },
                         .other = [console = self()](const Term& request) -> std::optional<Term> {
                           const auto observe = from_term<lang::Observe>(request);
                           if (!observe || !Screen::is_terminal()) return std::nullopt;
                           send(console, *observe);
                           return atoms::ok;
                         }};
    auto started = detail::start_server(std::make_unique<IoServer>(std::move(io)), {});
    if (!started) exit(started.error().reason);
    return *started;
  }

  void start_keys() {
    wants_keys_ = false;
    keys_ = spawn_link([console = self()] { read_keys(console); });
  }
  /// A pipe waits while enough is typed ahead; a terminal's Ctrl-C never does.
  void ask_for_keys() {
    if (!wants_keys_ || (!is_drawn_ && typed_ahead_.size() >= kTypedAheadMax / 2)) return;
    wants_keys_ = false;
    send(keys_, GoOn{});
  }
  /// Before somebody else reads the terminal.
  void stop_keys() {
    unlink(keys_);
    const Ref gone = monitor(keys_);
    exit(keys_, atoms::kill);
    receive(on<Down>([&](const Down& down) { return down.ref == gone; }, [](const Down&) {}));
  }
  /// The live view, until somebody quits it.
  void show_nodes(Atom first) {
    stop_keys();
    screen_.hold();
    top::ViewSettings settings{.first = first, .stop = options_.stop};
    top::read_environment(settings, std::getenv("NO_COLOR"), std::getenv("TERM"));
    const auto shown = blocking([&its = runtime(), settings] { return top::run_top(its, settings); });
    screen_.release();
    if (!shown) show(shown.error().text());
    redraw();
    start_keys();
  }

  void receive_one() {
    receive(on<Keys>([&](const Keys& typed) {
              take_keys(typed.bytes);
              wants_keys_ = !typed.bytes.empty();
              ask_for_keys();
            }),
            on<Reading>([&](const Reading& reading) { take_reading(reading.waits); }),
            on<lang::ShellReady>([&](const lang::ShellReady& ready) { begin(ready); }),
            on<lang::LineDone>([&](const lang::LineDone& done) { finish(done); }),
            on<lang::ShellRestarted>([&](const lang::ShellRestarted& restarted) {
              show(restarted.text + "\n");
              counter_ = 1;
              become_idle();
            }),
            on<lang::Completions>([&](const lang::Completions& found) { take_completions(found); }),
            on<lang::Observe>([&](const lang::Observe& observe) { observed_ = observe.node; }), on<OsSignal::Arrived>([&] { redraw(); }),
            on<Down>([&](const Down& down) {
              if (down.ref != shell_monitor_) return;
              show(fmt::format("*** the shell has ended: {}", reason_text(down.reason)));
              end_ = ConsoleEnd::lost;
            }),
            on<Exit>([&](const Exit& ended) {
              if (ended.from == keys_) take_keys({});
              if (ended.from == device_) {
                show("*** the console's device has ended: " + reason_text(ended.reason));
                end_ = ConsoleEnd::lost;
              }
            }),
            otherwise([] {}));
  }

  void show(std::string_view text) { screen_.print(fmt::format("{}\n", text)); }

  // --- The shell ------------------------------------------------------------------------------------------------------------

  void begin(const lang::ShellReady& ready) {
    shell_ = ready.shell;
    if (ready.node != atoms::nonode_nohost) node_ = ready.node.text();
    counter_ = 1;
    if (is_drawn_) show(fmt::format("pulpo {} - press Ctrl+C twice to {} (type h ENTER for help)", ready.version, options_.interrupt_does));
    become_idle();
  }
  void finish(const lang::LineDone& done) {
    // As iex: a failure has a blank line behind it, and its number is the next line's.
    show(done.succeeded ? done.text : done.text + "\n");
    if (done.succeeded) ++counter_;
    become_idle();
  }
  /// The prompt again; what was typed meanwhile is next.
  void become_idle() {
    is_busy_ = false;
    redraw();
    while (!is_busy_ && !typed_ahead_.empty()) {
      const std::string line = std::move(typed_ahead_.front());
      typed_ahead_.pop_front();
      enter(line);
      yield();
    }
    ask_for_keys();
    if (!is_busy_ && input_ended_) close();
  }
  /// The input has ended.
  void close() {
    if (!text_.empty()) show("** (TokenMissingError) the input ends in the middle of an expression");
    end_ = ConsoleEnd::closed;
  }
  std::string prompt() const {
    if (is_busy_) return {};
    const std::string_view word = text_.empty() ? "pulpo" : "...";
    return node_.empty() ? fmt::format("{}({})> ", word, counter_) : fmt::format("{}({}){}> ", word, node_, counter_);
  }
  void redraw() {
    if (shell_is_away() || end_) return;
    if (!is_drawn_ && is_busy_) return;
    screen_.draw({.prompt = prompt() + editor_.search_prompt(), .text = editor_.line(), .cursor = editor_.cursor()});
  }
  [[nodiscard]] bool shell_is_away() const { return counter_ == 0; }

  // --- Lines ---------------------------------------------------------------------------------------------------------------

  /// A line that was finished while nothing runs.
  void enter(const std::string& line) {
    if (line == kBreak && !text_.empty()) {
      text_.clear();
      show("** (TokenMissingError) the expression was left incomplete");
      return redraw();
    }
    if (text_.size() + line.size() > kExpressionBytesMax) {
      text_.clear();
      show(fmt::format("** (ArgumentError) the expression is longer than {} bytes: define modules and variables one by one",
                       kExpressionBytesMax));
      return redraw();
    }
    text_ += line + "\n";
    const bool may_close = line.empty() || line.find_first_of(")]}\"'") != std::string::npos || line.find("end") != std::string::npos;
    if (text_.size() > kOftenReadBytes && !may_close) return redraw();
    const auto readable = lang::check(text_);
    if (!readable && readable.error().incomplete) return redraw();
    const std::string text = std::exchange(text_, {});
    if (text.find_first_not_of(" \t\n") == std::string::npos) return redraw();
    is_busy_ = true;
    send(shell_, lang::EvaluateLine{text});
  }
  void take_line(std::string line) {
    screen_.finish_line();
    if (is_busy_ && is_read_) return pipe_.put(line + "\n");
    editor_.remember(line);
    if (is_drawn_) history_.add(line);
    if (!is_busy_ && !shell_is_away()) return enter(line);
    if (is_drawn_ && typed_ahead_.size() >= kTypedAheadMax) return show("** more lines are typed ahead than wait: this one is dropped");
    typed_ahead_.push_back(std::move(line));
  }
  /// A line that was typed before it was asked for is the answer as well.
  void take_reading(bool waits) {
    is_read_ = waits;
    if (!waits || !is_busy_) return;
    if (typed_ahead_.empty()) {
      if (input_ended_) send(device_, IoServer::end_of_input());
      return;
    }
    pipe_.put(typed_ahead_.front() + "\n");
    typed_ahead_.pop_front();
    ask_for_keys();
  }

  // --- Keys ----------------------------------------------------------------------------------------------------------------

  void take_keys(std::string_view bytes) {
    if (bytes.empty()) {
      input_ended_ = true;
      if (is_busy_ && is_read_) send(device_, IoServer::end_of_input());
      if (!is_busy_ && !shell_is_away()) close();
      return;
    }
    if (!is_drawn_) return take_plain(bytes);
    while (!bytes.empty() && !end_) {
      const LineEditor::Event event = editor_.feed(bytes);
      if (event != LineEditor::Event::interrupt) interrupts_ = 0;
      switch (event) {
        case LineEditor::Event::line:
          redraw();
          take_line(editor_.take_line());
          break;
        case LineEditor::Event::interrupt:
          interrupt();
          break;
        case LineEditor::Event::end:
          if (is_busy_) {
            if (is_read_) send(device_, IoServer::end_of_input());
            break;
          }
          screen_.finish_line();
          if (!options_.end_hint.empty()) show(options_.end_hint);
          end_ = ConsoleEnd::closed;
          break;
        case LineEditor::Event::complete:
          ask_for_completions();
          break;
        case LineEditor::Event::clear:
          screen_.clear();
          break;
        case LineEditor::Event::none:
          break;
      }
    }
    if (!is_busy_ || !editor_.line().empty()) redraw();
  }
  /// Lines of a pipe or a file.
  void take_plain(std::string_view bytes) {
    for (std::size_t end = 0; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
      std::string line = std::exchange(plain_, {});
      line += bytes.substr(0, end);
      if (line.ends_with('\r')) line.pop_back();
      if (line.size() > LineEditor::kLineBytesMax) {
        show(fmt::format("** a line of more than {} bytes is left out", LineEditor::kLineBytesMax));
        continue;
      }
      take_line(std::move(line));
    }
    // Of one that is too long no more than that is remembered.
    if (plain_.size() <= LineEditor::kLineBytesMax) plain_ += bytes;
  }
  void interrupt() {
    static_cast<void>(editor_.take_line());
    if (interrupts_++ > 0) {
      screen_.finish_line();
      end_ = ConsoleEnd::interrupted;
      return;
    }
    screen_.finish_line();
    typed_ahead_.clear();
    if (is_busy_) {
      send(shell_, lang::InterruptLine{});
    } else if (!std::exchange(text_, {}).empty()) {
      show("** (TokenMissingError) the expression was left incomplete");
    }
    show(fmt::format("(press Ctrl+C again to {})", options_.interrupt_does));
  }

  // --- Completion -------------------------------------------------------------------------------------------------------------

  void ask_for_completions() {
    if (shell_is_away()) return;
    send(shell_, lang::CompleteLine{++asked_, editor_.line().substr(0, editor_.cursor())});
    asked_line_ = editor_.line();
    asked_cursor_ = editor_.cursor();
  }
  void take_completions(const lang::Completions& found) {
    if (found.number != asked_ || asked_line_ != editor_.line() || asked_cursor_ != editor_.cursor() || found.candidates.empty()) return;
    std::string_view common = found.candidates[0];
    for (const std::string& each : found.candidates) {
      const auto differ = std::mismatch(common.begin(), common.end(), each.begin(), each.end()).first;
      common = common.substr(0, static_cast<std::size_t>(differ - common.begin()));
    }
    if (found.candidates.size() == 1 || common.size() > found.replaced) {
      editor_.replace(found.replaced, common);
    } else {
      show(in_columns(found.candidates, screen_.columns()));
    }
    redraw();
  }
  static std::string in_columns(const std::vector<std::string>& words, std::size_t width) {
    std::size_t widest = 0;
    for (const std::string& word : words) widest = std::max(widest, word.size());
    const std::size_t columns = std::max<std::size_t>(1, width / (widest + 2));
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const bool is_last = i + 1 == words.size() || (i + 1) % columns == 0;
      text += is_last ? words[i] : fmt::format("{:<{}}", words[i], widest + 2);
      if (is_last && i + 1 < words.size()) text += '\n';
    }
    return text;
  }

  Screen& screen_;
  const ConsoleOptions& options_;
  LineEditor editor_;
  HistoryFile history_{history_path()};
  LinePipe pipe_;
  bool is_drawn_ = false;
  Pid keys_{};               ///< Reads what is typed.
  bool wants_keys_ = false;  ///< It waits until more is wanted.
  Pid device_{};
  std::optional<Atom> observed_;  ///< Of the live view that somebody has asked for.
  Pid shell_{};
  Ref shell_monitor_{};
  std::string node_;           ///< For the prompt; empty for one without a name.
  std::uint64_t counter_ = 0;  ///< 0 until the shell is there.
  std::string text_;           ///< Lines of an expression that is not whole yet.
  std::deque<std::string> typed_ahead_;
  std::string plain_;
  bool is_busy_ = false;
  bool is_read_ = false;
  bool input_ended_ = false;
  unsigned interrupts_ = 0;  ///< Ctrl-C without another key since.
  std::uint64_t asked_ = 0;
  std::string asked_line_;
  std::size_t asked_cursor_ = 0;
  std::optional<ConsoleEnd> end_;
};

}  // namespace

void print_to(Screen& screen, std::string_view text) {
  for (int i = 0; i < kRoomSeconds; ++i) {
    if (screen.print(text)) return;
    blocking_scoped([&screen] { screen.await_room(); });
  }
  throw std::runtime_error("the terminal takes nothing");
}

ConsoleEnd run_console(Screen& screen, const ConsoleOptions& options) { return Console(screen, options).run(); }

}  // namespace pulpo::cli
