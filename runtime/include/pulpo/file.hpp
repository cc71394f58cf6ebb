// SPDX-License-Identifier: Apache-2.0
//
// File, read_file(), write_file(): regular files for processes.
//
//   const auto settings = read_file("/etc/weather.conf");
//   auto log = File::open("/var/lib/weather.log", {.append = true, .create = true}).value();
//   (void)log.write("21.5\n");
//
//   Ownership  Whoever has the object; its destructor closes. Moved, not copied.
//   Threads    Processes of the core that made it. One process reads at a time and one writes; a second is told busy.
//   Suspends   Reading, writing, sync(). A kill, or a deadline, waits for what the disk is doing. On the epoll loop (kernels without
//              io_uring) the disk holds up the whole core instead, as it does everywhere while a file is opened.
//   Bounds     read_file() reads 64 MiB unless said otherwise.
//   Errors     not_found, not_allowed, bad_argument, busy, closed, timeout, killed (where nothing is thrown), io. After an error of write()
//   it
//              is not known how much was written.
#pragma once

#include <cstdint>
#include <string>

#include "pulpo/bytes.hpp"
#include "pulpo/detail/descriptor_ptr.hpp"
#include "pulpo/error.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

struct FileOptions {
  bool read = true;
  bool write = false;
  bool append = false;    ///< Every write goes to the end. Implies `write`.
  bool create = false;    ///< When there is none; with `mode`, less what umask(2) forbids.
  bool truncate = false;  ///< Empties it first.
  unsigned mode = 0600;
};

class File {
 public:
  [[nodiscard]] static Result<File> open(const std::string& path, const FileOptions& options = {});

  /// Up to `bytes` from the present position, which moves on. Fewer only at the end of the file, where it is empty.
  [[nodiscard]] Result<std::string> read(std::size_t bytes, Timeout timeout = Timeout::infinity());
  /// Writes all of `bytes` at the present position, which moves on.
  Result<void> write(ByteView bytes, Timeout timeout = Timeout::infinity());
  /// The same elsewhere in the file; the position stays.
  [[nodiscard]] Result<std::string> read_at(std::uint64_t offset, std::size_t bytes, Timeout timeout = Timeout::infinity());
  Result<void> write_at(std::uint64_t offset, ByteView bytes, Timeout timeout = Timeout::infinity());
  /// Returns when what was written is on the disk.
  Result<void> sync(Timeout timeout = Timeout::infinity());

  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  void seek(std::uint64_t position) noexcept { position_ = position; }
  [[nodiscard]] Result<std::uint64_t> size() const;
  [[nodiscard]] bool is_open() const noexcept;
  void close() noexcept { file_.reset(); }
  [[nodiscard]] int descriptor() const noexcept;

 private:
  explicit File(detail::DescriptorPtr file) noexcept : file_(std::move(file)) {}
  detail::DescriptorPtr file_;
  std::uint64_t position_ = 0;
};

/// All of a file, also of one that has no size (/proc, /sys). Errors: busy when it has more than `bytes_max`.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t bytes_max = std::size_t{64} << 20);

struct WriteFileOptions {
  bool sync = false;  ///< Returns when it is on the disk.
  unsigned mode = 0600;
};
/// Makes the file or empties it, and writes. A loss of power meanwhile leaves it incomplete.
Result<void> write_file(const std::string& path, ByteView bytes, const WriteFileOptions& options = {});

}  // namespace pulpo
