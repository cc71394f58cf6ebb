// SPDX-License-Identifier: Apache-2.0
#include "proc/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace pulpo::detail {
namespace {

/// A stream that is idle keeps no more room than this.
constexpr std::size_t kIdleRoom = 16 * 1024;

std::string_view without_end(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Error busy(const char* call, const char* why) {
  Error error(Errc::busy, "ebusy"_atom, call);
  error.detail = why;
  return error;
}

/// The process that waits is told by this pointer, for as long as it waits.
class Seat {
 public:
  Seat(IoWait*& seat, IoWait& wait) noexcept : seat_(seat) { seat_ = &wait; }
  ~Seat() { seat_ = nullptr; }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

 private:
  IoWait*& seat_;
};

}  // namespace

// --- Receiving -------------------------------------------------------------------------------------

void Stream::receive() {
  if (receiving_ || is_over() || handle() < 0) return;
  receiving_ = true;
  hold();
  core().loop().receive(*this, handle());
}

void Stream::completed(const io::Completion& completion) {
  if (!completion.data.empty() && handle() >= 0) {
    buffer_.append(completion.data);
    if (unread().size() > room_ && !stopping_) {
      stopping_ = true;
      core().loop().cancel(*this);
    }
  }
  if (completion.more) return tell();
  receiving_ = stopping_ = false;
  if (completion.result == 0) ended_ = true;
  if (completion.result < 0 && completion.result != -ECANCELED) error_ = -completion.result;
  tell();
  drop();
}

void Stream::tell() noexcept {
  if (reader_ != nullptr) {
    reader_->core.wake(reader_->process);
  } else if (delivers_) {
    pass_on();
  }
}

void Stream::closed() noexcept {
  delivers_ = false;
  HeldBack::unlink();
  buffer_ = {};
  head_ = 0;
  tell();
}

// --- Reading ---------------------------------------------------------------------------------------

std::string Stream::take(std::size_t bytes) {
  std::string taken;
  if (head_ == 0 && bytes == buffer_.size()) {
    taken = std::move(buffer_);
    buffer_.clear();
    return taken;
  }
  taken.assign(buffer_, head_, bytes);
  head_ += bytes;
  if (head_ == buffer_.size()) {
    buffer_.clear();
    head_ = 0;
    if (buffer_.capacity() > kIdleRoom) buffer_.shrink_to_fit();
  } else if (head_ >= kUnreadMax && head_ >= buffer_.size() / 2) {
    buffer_.erase(0, head_);
    head_ = 0;
  }
  return taken;
}

Error Stream::over(const char* call, std::string detail) const {
  if (error_ != 0) return io_error(error_, call, std::move(detail));
  Error error(Errc::closed, "closed"_atom, call);
  error.detail = std::move(detail);
  return error;
}

template <class F>
Result<void> Stream::await(const char* call, std::size_t room, Timeout timeout, F&& enough) {
  if (delivers_) return busy(call, "what comes is delivered as messages; end_delivery() comes first");
  if (reader_ != nullptr) return busy(call, "another process is reading");
  core().check_exit();
  if (core().process()->exit_pending) return Error{Errc::killed, {}, call};
  if (enough(unread())) {
    core().spend(1);  // whoever reads on and on must make way too
    return {};
  }
  if (is_over()) return {};
  IoWait wait(call, handle(), timeout);
  if (wait.is_refused()) return wait.error();
  const Held<Stream> held(*this);
  room_ = std::max(kUnreadMax, room);
  bool has_enough = false;
  {
    const Seat seat(reader_, wait);
    wait.park_until([&] {
      has_enough = enough(unread());
      if (has_enough || is_over() || handle() < 0 || wait.is_interrupted()) return true;
      receive();
      return false;
    });
  }
  room_ = kUnreadMax;
  wait.core.check_exit();
  if (handle() < 0) return Error{Errc::closed, "closed"_atom, call};
  if (has_enough || is_over()) return {};
  return wait.error();
}

Result<std::string> Stream::read_some(std::size_t bytes_max, Timeout timeout) {
  PULPO_CHECK(await("read", 0, timeout, [](ByteView bytes) { return !bytes.empty(); }));
  if (unread().empty() && error_ != 0) return over("read", {});
  return take(std::min(bytes_max, unread().size()));
}

Result<std::string> Stream::read_exactly(std::size_t bytes, Timeout timeout) {
  PULPO_CHECK(await("read", bytes, timeout, [bytes](ByteView there) { return there.size() >= bytes; }));
  if (unread().size() < bytes) return over("read", fmt::format("it ended after {} of {} bytes", unread().size(), bytes));
  return take(bytes);
}

Result<std::optional<std::string>> Stream::read_line(std::size_t line_max, Timeout timeout) {
  std::size_t scanned = 0;
  std::size_t size = 0;  // with its end
  PULPO_CHECK(await("read", line_max + 2, timeout, [&](ByteView bytes) {
    const std::size_t end = bytes.find('\n', scanned);
    scanned = bytes.size();
    if (end != ByteView::npos) size = end + 1;
    return size != 0 || bytes.size() > line_max + 2;
  }));
  if (size == 0 && is_over()) size = unread().size();  // a last line without an end
  if (size == 0 && unread().empty()) {
    if (error_ != 0) return over("read", {});
    return std::optional<std::string>();
  }
  if (size == 0 || without_end(unread().substr(0, size)).size() > line_max) {
    Error error(Errc::bad_message, "emsgsize"_atom, "read");
    error.detail = fmt::format("a line is longer than {} bytes", line_max);
    return error;
  }
  std::string line = take(size);
  line.resize(without_end(line).size());
  return std::optional<std::string>(std::move(line));
}

// --- Writing ---------------------------------------------------------------------------------------

Result<void> Stream::write(ByteView bytes, Timeout timeout) {
  OperationWait wait("write", handle(), timeout);
  if (wait.is_refused()) return wait.error();
  const Held<Stream> held(*this);
  wait.loop().send(wait, handle(), bytes);
  const auto sent = wait.result();
  if (sent) return {};
  if (sent.error().sys == EBUSY) return busy("write", "another process is writing");
  return sent.error();
}

// --- Delivery --------------------------------------------------------------------------------------

Result<void> Stream::deliver(const Pid& to, const DeliveryOptions& options, bool by_lines) {
  if (reader_ != nullptr) return busy("deliver", "another process is reading");
  if (options.messages_max == 0 || options.line_max == 0 || options.line_max > kUnreadMax) {
    Error error(Errc::bad_argument, atoms::badarg, "deliver");
    error.detail = fmt::format("messages_max is at least 1, and line_max from 1 to {}", kUnreadMax);
    return error;
  }
  to_ = to;
  delivery_ = options;
  by_lines_ = by_lines;
  delivers_ = true;
  scanned_ = 0;
  pass_on();
  return {};
}

void Stream::pass_on() {
  if (!delivers_) return;
  for (;;) {
    const Process* const receiver = core().find(to_);
    if (receiver == nullptr) {
      delivers_ = false;
      return;
    }
    const MailboxLimit limit = core().mailbox_limit(*receiver);
    const bool is_full = receiver->mail_count >= std::min(delivery_.messages_max, limit.messages_max);
    if (is_full || receiver->mail_bytes > limit.bytes_max / 2) return core().hold_back(*this);
    std::optional<Term> message = next_message();
    if (!message) return receive();
    send(std::move(*message));
    if (!delivers_) return;
  }
}

std::optional<Term> Stream::next_message() {
  const ByteView bytes = unread();
  if (bytes.empty() && is_over()) {
    delivers_ = false;
    return Term::tuple({ByteStream::Closed::Message::tag(), error_ != 0 ? errno_atom(error_) : "eof"_atom});
  }
  if (bytes.empty()) return std::nullopt;
  if (!by_lines_) return Term::tuple({ByteStream::Bytes::Message::tag(), Term::binary(take(bytes.size()))});
  const std::size_t end = bytes.find('\n', scanned_);
  std::size_t size = end == ByteView::npos ? bytes.size() : end + 1;
  if (without_end(bytes.substr(0, size)).size() > delivery_.line_max) {
    size = delivery_.line_max;
  } else if (end == ByteView::npos && !is_over()) {
    scanned_ = bytes.size();
    return std::nullopt;
  }
  scanned_ = 0;
  Term message = Term::tuple({ByteStream::Line::Message::tag(), Term::binary(without_end(bytes.substr(0, size)))});
  (void)take(size);
  return message;
}

void Stream::send(Term message) {
  MessagePtr signal = core().make(Signal::message);
  signal->to = to_;
  signal->body = std::move(message);
  core().send(std::move(signal));
}

}  // namespace pulpo::detail
