// SPDX-License-Identifier: Apache-2.0
//
// ByteStream: reading and writing of what TcpStream and Device have in common.
//
//   while (auto line = stream.read_line().value()) answer(*line);   // nothing: the stream has ended
//
// Instead of reading, a server can have what comes sent to it as messages:
//
//   class Sensor {
//    public:
//     using Protocol = pulpo::Protocol<Latest, Device::Line, Device::Closed>;
//     Sensor(const std::string& path, unsigned baud) : port_(Device::open(path, {.baud = baud}).value()) {
//       (void)port_.deliver_lines();
//     }
//     void handle_info(const Device::Line& line) { … }
//
//   Order      Bytes come and go in order. One process reads at a time and one writes; a second is told busy.
//   Bounds     64 KiB that nobody has read, or as much as a reader asked for; then the sender is held up. Delivered messages are held back
//              while the receiver's mailbox holds DeliveryOptions::messages_max.
//   Ownership  Whoever has the object; moved, not copied. Its destructor closes at once and loses nothing that was written to a socket.
//   Threads    Processes of the core that made it. Elsewhere the calls answer bad_argument; the destructor may run there.
//   Suspends   The calls with a Timeout, and only their process. A kill ends them; what they had read stays in the stream.
//   Errors     timeout; closed: the stream has ended, was reset or closed; busy; killed (where nothing is thrown); bad_argument; io.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "pulpo/bytes.hpp"
#include "pulpo/detail/descriptor_ptr.hpp"
#include "pulpo/error.hpp"
#include "pulpo/time.hpp"
#include "pulpo/typed.hpp"

namespace pulpo {

struct DeliveryOptions {
  /// While the receiver has so many messages waiting, of whatever kind, nothing is added: 64 lines of a sensor are some seconds' worth, and
  /// with 64 KiB unread behind them a burst fits.
  std::size_t messages_max = 64;
  std::size_t line_max = 4096;  ///< A longer line comes in pieces of so many bytes.
};

class ByteStream {
 public:
  static constexpr std::size_t kLineMax = 64 * 1024;

  /// {:line, text}: a line that was delivered, without its end ("\n" or "\r\n").
  struct Line {
    using Message = Info<"line">;
    std::string text;
  };
  /// {:bytes, bytes}: what came, delivered in pieces as it came.
  struct Bytes {
    using Message = Info<"bytes">;
    std::string bytes;
  };
  /// {:closed, reason}: the last message of a delivery. `:eof` when the other side has ended or hung up, else the error: `:eio`.
  struct Closed {
    using Message = Info<"closed">;
    Term reason;
  };

  /// What is there, at least a byte, as soon as there is any; at most 64 KiB. Empty: the stream has ended.
  [[nodiscard]] Result<std::string> read_some(Timeout timeout = Timeout::infinity());
  /// Exactly so many bytes. Errors: closed when the stream ends before; what came stays to be read.
  [[nodiscard]] Result<std::string> read_exactly(std::size_t bytes, Timeout timeout = Timeout::infinity());
  /// A line, without its end ("\n" or "\r\n"); the last one may have none. Nothing: the stream has ended. Errors: bad_message when a line
  /// has more than `line_max` bytes, which stay to be read.
  [[nodiscard]] Result<std::optional<std::string>> read_line(Timeout timeout = Timeout::infinity(), std::size_t line_max = kLineMax);
  /// Returns when the kernel has taken all of `bytes`. After an error it is not known how many it took: close, and begin anew.
  Result<void> write(ByteView bytes, Timeout timeout = Timeout::infinity());

  /// From now on each line that comes is sent to the calling process as Line, and Closed at the end. Reading is told busy meanwhile.
  Result<void> deliver_lines(const DeliveryOptions& options = {});
  /// The same with Bytes, pieces as they come.
  Result<void> deliver_bytes(const DeliveryOptions& options = {});
  /// Reading takes over again. Messages that are in the mailbox already stay there.
  Result<void> end_delivery();

  [[nodiscard]] bool is_open() const noexcept;
  /// Closes it, as the destructor does. Whoever waits for it is told closed.
  void close() noexcept { stream_.reset(); }
  /// Its descriptor, for ioctl(2) and the like; -1 when it is closed. It stays the stream's.
  [[nodiscard]] int descriptor() const noexcept;

 protected:
  explicit ByteStream(detail::DescriptorPtr stream) noexcept : stream_(std::move(stream)) {}
  detail::DescriptorPtr stream_;
};

}  // namespace pulpo
