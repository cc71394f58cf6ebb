// SPDX-License-Identifier: Apache-2.0
#include "pulpo/file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "proc/descriptor.hpp"
#include "proc/io_wait.hpp"

namespace pulpo {
namespace {

using detail::Descriptor;
using detail::Held;

/// What a file without a size is read by at first, and the most that is read in one go: the loop takes 2 GiB.
constexpr std::size_t kPieceMin = 4 * 1024;
constexpr std::size_t kPieceMax = 1 << 20;

Result<std::int32_t> read_into(Descriptor& file, std::span<char> into, std::uint64_t offset, Timeout timeout) {
  OperationWait wait("read", file.handle(), timeout);
  if (wait.is_refused()) return wait.error();
  const Held<Descriptor> held(file);
  wait.loop().read(wait, file.handle(), into, offset);
  return wait.result();
}

Result<std::string> read_up_to(const detail::DescriptorPtr& pointer, std::uint64_t offset, std::size_t bytes, Timeout timeout) {
  if (auto refused = Descriptor::refusal(pointer.get(), "read")) return std::move(*refused);
  Descriptor& file = *pointer;
  const Held<Descriptor> held(file);
  const TimePoint deadline = timeout.after(now());
  std::string got;
  while (got.size() < bytes) {
    if (file.handle() < 0) return Error{Errc::closed, "closed"_atom, "read"};
    // Room as it is needed: a caller that says "all of it" by a large number must not pay for that.
    const std::size_t before = got.size();
    const std::size_t piece = std::min(bytes - before, std::clamp(before, kPieceMin, kPieceMax));
    got.resize(before + piece);
    const Timeout left = deadline == kNever ? Timeout::infinity() : Timeout(deadline - now());
    auto read = read_into(file, std::span(got).subspan(before), offset + before, left);
    if (!read) return std::move(read).error();
    got.resize(before + static_cast<std::size_t>(*read));
    if (static_cast<std::size_t>(*read) < piece) break;
  }
  return got;
}

Result<void> write_all(const detail::DescriptorPtr& pointer, std::uint64_t offset, ByteView bytes, Timeout timeout) {
  if (auto refused = Descriptor::refusal(pointer.get(), "write")) return std::move(*refused);
  OperationWait wait("write", pointer->handle(), timeout);
  if (wait.is_refused()) return wait.error();
  const Held<Descriptor> held(*pointer);
  wait.loop().write(wait, pointer->handle(), bytes, offset);
  PULPO_CHECK(wait.result());
  return {};
}

}  // namespace

Result<File> File::open(const std::string& path, const FileOptions& options) {
  Core& core = Core::here();
  const auto handle = core.loop().open(path, {.read = options.read,
                                              .write = options.write,
                                              .append = options.append,
                                              .create = options.create,
                                              .truncate = options.truncate,
                                              .mode = options.mode});
  if (!handle) return io_error(handle.error());
  return File(detail::DescriptorPtr(new Descriptor(core, *handle)));
}

Result<std::string> File::read(std::size_t bytes, Timeout timeout) {
  PULPO_TRY(std::string got, read_at(position_, bytes, timeout));
  position_ += got.size();
  return got;
}

Result<void> File::write(ByteView bytes, Timeout timeout) {
  PULPO_CHECK(write_at(position_, bytes, timeout));
  position_ += bytes.size();
  return {};
}

Result<std::string> File::read_at(std::uint64_t offset, std::size_t bytes, Timeout timeout) {
  return read_up_to(file_, offset, bytes, timeout);
}

Result<void> File::write_at(std::uint64_t offset, ByteView bytes, Timeout timeout) { return write_all(file_, offset, bytes, timeout); }

Result<void> File::sync(Timeout timeout) {
  if (auto refused = Descriptor::refusal(file_.get(), "sync")) return std::move(*refused);
  OperationWait wait("sync", file_->handle(), timeout);
  if (wait.is_refused()) return wait.error();
  const Held<Descriptor> held(*file_);
  wait.loop().sync(wait, file_->handle());
  PULPO_CHECK(wait.result());
  return {};
}

Result<std::uint64_t> File::size() const {
  if (auto refused = Descriptor::refusal(file_.get(), "size")) return std::move(*refused);
  const auto size = Core::here().loop().size(file_->handle());
  if (!size) return io_error(size.error());
  return *size;
}

bool File::is_open() const noexcept { return file_ && file_->handle() >= 0; }
int File::descriptor() const noexcept { return file_ ? file_->handle() : -1; }

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  PULPO_TRY(File file, File::open(path));
  PULPO_TRY(std::string bytes, file.read(bytes_max));
  if (bytes.size() < bytes_max) return bytes;
  PULPO_TRY(const std::string more, file.read(1));
  if (more.empty()) return bytes;
  Error error(Errc::busy, "efbig"_atom, "read");
  error.detail = fmt::format("{} has more than {} bytes; read it in pieces, or allow more", path, bytes_max);
  return error;
}

Result<void> write_file(const std::string& path, ByteView bytes, const WriteFileOptions& options) {
  PULPO_TRY(File file, File::open(path, {.read = false, .write = true, .create = true, .truncate = true, .mode = options.mode}));
  PULPO_CHECK(file.write(bytes));
  if (!options.sync) return {};
  return file.sync();
}

}  // namespace pulpo
