// SPDX-License-Identifier: Apache-2.0
#include "term/binary_builder.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "pulpo/assert.hpp"
#include "term/block.hpp"

namespace pulpo {

BinaryBuilder::~BinaryBuilder() {
  if (memory_ != nullptr) detail::free_block(memory_, sizeof(detail::TermBlock) + room_);
}

bool BinaryBuilder::append(ByteView bytes) noexcept {
  if (bytes.size() > announced_ - size_) return false;
  if (bytes.empty()) return true;
  if (bytes.size() > room_ - size_) {
    const std::size_t wanted = std::max(kRoomAtFirst, 4 * (size_ + bytes.size()));
    const std::size_t room = std::min(announced_, wanted);
    memory_ = detail::resize_block(memory_, sizeof(detail::TermBlock) + room);
    room_ = room;
  }
  std::memcpy(static_cast<char*>(memory_) + sizeof(detail::TermBlock) + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return true;
}

ByteView BinaryBuilder::bytes() const noexcept {
  if (memory_ == nullptr) return {};
  return {static_cast<const char*>(memory_) + sizeof(detail::TermBlock), size_};
}

Term BinaryBuilder::take() noexcept {
  PULPO_ASSERT(is_whole());
  if (size_ <= detail::kBinaryInlineMax) return Term::binary(bytes());
  // Whole means that its room is exactly what it fills.
  PULPO_ASSERT(room_ == size_);
  return TermAccess::adopt(Term::Type::binary, detail::init_block(std::exchange(memory_, nullptr), detail::Shape::binary, size_, size_, 0));
}

}  // namespace pulpo
