// SPDX-License-Identifier: Apache-2.0
#include "top_terminal.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace pulpo::cli::top {
namespace {

// The other screen, no cursor, and a line that is full does not go on in the next.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

std::string_view begin_of(Style style, bool colours) {
  switch (style) {
    case Style::title:
    case Style::selected:
      return "\x1b[7m";
    case Style::header:
      return "\x1b[1m";
    case Style::notice:
      return colours ? "\x1b[1;33m" : "\x1b[1m";
    case Style::dim:
    case Style::plain:
      break;
  }
  return "";
}

}  // namespace

Outcome<Terminal> Terminal::open(const Settings& settings) {
  termios before{};
  if (::isatty(settings.out) == 0 || ::tcgetattr(settings.in, &before) != 0)
    return Fault{.code = Errc::unsupported, .where = "", .detail = "this is no terminal; --once prints one look and ends"};
  Terminal terminal(settings, before);
  terminal.enter();
  return terminal;
}

Terminal::Terminal(Terminal&& other) noexcept
    : settings_(other.settings_), before_(other.before_), is_ours_(std::exchange(other.is_ours_, false)), shown_(std::move(other.shown_)) {}

Terminal::~Terminal() {
  if (!is_ours_) return;
  write(kLeave);
  ::tcsetattr(settings_.in, TCSADRAIN, &before_);
}

void Terminal::enter() {
  termios raw = before_;
  ::cfmakeraw(&raw);
  ::tcsetattr(settings_.in, TCSADRAIN, &raw);
  is_ours_ = true;
  shown_.clear();
  write(kEnter);
}

void Terminal::take_again() { enter(); }

Size Terminal::size() const noexcept {
  // Larger ones than anybody has would only cost memory.
  constexpr std::size_t kMost = 1000;
  winsize known{};
  if (::ioctl(settings_.out, TIOCGWINSZ, &known) != 0 || known.ws_col == 0 || known.ws_row == 0) return {};
  return {std::min<std::size_t>(known.ws_col, kMost), std::min<std::size_t>(known.ws_row, kMost)};
}

void Terminal::show(const std::vector<Line>& lines) {
  std::string out;
  const bool resized = shown_.size() != lines.size() || (!lines.empty() && cells_of(shown_[0].text) != cells_of(lines[0].text));
  if (resized) {
    shown_.clear();
    out += "\x1b[2J";
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!resized && shown_[i] == lines[i]) continue;
    const std::string_view style = settings_.styles ? begin_of(lines[i].style, settings_.colours) : "";
    out += fmt::format("\x1b[{};1H{}{}{}", i + 1, style, lines[i].text, style.empty() ? "" : "\x1b[0m");
  }
  shown_ = lines;
  write(out);
}

void Terminal::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t wrote = ::write(settings_.out, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EAGAIN) {
      pollfd writable{settings_.out, POLLOUT, 0};
      ::poll(&writable, 1, -1);
      continue;
    }
    if (wrote <= 0) return;  // it is gone, which read() says
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

std::string Terminal::read(bool& open) const {
  std::array<char, 256> bytes;
  const ssize_t count = ::read(settings_.in, bytes.data(), bytes.size());
  open = count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
  return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

Outcome<TerminalSignals> TerminalSignals::catch_them() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT}) sigaddset(&wanted, number);
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr); error != 0)
    return Fault{.code = Errc::io, .sys = error, .where = "signals"};
  const int descriptor = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) return Fault{.code = Errc::io, .sys = errno, .where = "signals"};
  return TerminalSignals(descriptor);
}

TerminalSignals::TerminalSignals(TerminalSignals&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

TerminalSignals::~TerminalSignals() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

int TerminalSignals::take() const noexcept {
  signalfd_siginfo about;
  if (::read(descriptor_, &about, sizeof about) != static_cast<ssize_t>(sizeof about)) return 0;
  return static_cast<int>(about.ssi_signo);
}

}  // namespace pulpo::cli::top
