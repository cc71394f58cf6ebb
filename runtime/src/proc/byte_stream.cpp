// SPDX-License-Identifier: Apache-2.0
//
// The calls of pulpo/stream.hpp: whether they may be made, then detail::Stream.
#include "proc/stream.hpp"

namespace pulpo {
namespace {

detail::Stream& its(const detail::DescriptorPtr& pointer) noexcept { return static_cast<detail::Stream&>(*pointer); }

}  // namespace

Result<std::string> ByteStream::read_some(Timeout timeout) {
  if (auto refused = detail::Descriptor::refusal(stream_.get(), "read")) return std::move(*refused);
  return its(stream_).read_some(detail::Stream::kUnreadMax, timeout);
}

Result<std::string> ByteStream::read_exactly(std::size_t bytes, Timeout timeout) {
  if (auto refused = detail::Descriptor::refusal(stream_.get(), "read")) return std::move(*refused);
  return its(stream_).read_exactly(bytes, timeout);
}

Result<std::optional<std::string>> ByteStream::read_line(Timeout timeout, std::size_t line_max) {
  if (auto refused = detail::Descriptor::refusal(stream_.get(), "read")) return std::move(*refused);
  return its(stream_).read_line(line_max, timeout);
}

Result<void> ByteStream::write(ByteView bytes, Timeout timeout) {
  if (auto refused = detail::Descriptor::refusal(stream_.get(), "write")) return std::move(*refused);
  return its(stream_).write(bytes, timeout);
}

Result<void> ByteStream::deliver_lines(const DeliveryOptions& options) {
  if (auto refused = detail::Descriptor::refusal(stream_.get(), "deliver")) return std::move(*refused);
  return its(stream_).deliver(self(), options, true);
}

Result<void> ByteStream::deliver_bytes(const DeliveryOptions& options) {
  if (auto refused = detail::Descriptor::refusal(stream_.get(), "deliver")) return std::move(*refused);
  return its(stream_).deliver(self(), options, false);
}

Result<void> ByteStream::end_delivery() {
  if (auto refused = detail::Descriptor::refusal(stream_.get(), "deliver")) return std::move(*refused);
  its(stream_).end_delivery();
  return {};
}

bool ByteStream::is_open() const noexcept { return stream_ && stream_->handle() >= 0; }
int ByteStream::descriptor() const noexcept { return stream_ ? stream_->handle() : -1; }

}  // namespace pulpo
