// SPDX-License-Identifier: Apache-2.0
#include "wire/out_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <protozero/varint.hpp>

#include "wire/fields.hpp"
#include "wire/stream.hpp"

namespace pulpo::wire {

void OutBuffer::grow(std::size_t bytes) {
  // 4 KiB: a flush of some hundred small frames. An idle link that never sent anything holds none.
  const auto capacity = std::max({std::size_t{4096}, capacity_ * 2, end_ + bytes});
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (bytes_ != nullptr) std::memcpy(larger.get() + kHeadroom, bytes_.get() + kHeadroom, end_ - kHeadroom);
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

ByteView OutBuffer::close(const Stamp& stamp) {
  if (bytes_ == nullptr) grow(0);
  char numbers[2 * 11];
  char* at = numbers;
  at += protozero::add_varint_to_buffer(at, record::seq);
  at += protozero::add_varint_to_buffer(at, stamp.seq);
  if (stamp.ack != 0) {
    at += protozero::add_varint_to_buffer(at, record::ack);
    at += protozero::add_varint_to_buffer(at, stamp.ack);
  }
  const auto numbers_size = static_cast<std::size_t>(at - numbers);
  const auto length = size() + numbers_size;
  const auto length_size = static_cast<std::size_t>(protozero::length_of_varint(length));
  char* const start = bytes_.get() + kHeadroom - numbers_size - length_size - 1;
  PULPO_ASSERT(length_size <= 5 && start >= bytes_.get());
  *start = static_cast<char>(bytes_tag(static_cast<std::uint32_t>(StreamField::record)));
  protozero::add_varint_to_buffer(start + 1, length);
  std::memcpy(start + 1 + length_size, numbers, numbers_size);
  return {start, 1 + length_size + length};
}

void OutBuffer::clear() noexcept {
  end_ = kHeadroom;
  if (capacity_ > kKeptMax) {
    bytes_.reset();
    capacity_ = 0;
  }
}

}  // namespace pulpo::wire
