// SPDX-License-Identifier: Apache-2.0
#include "wire/stream.hpp"

#include <protozero/buffer_string.hpp>
#include <protozero/varint.hpp>

#include "wire/fields.hpp"

namespace pulpo::wire {

StreamPart next_part(ByteView bytes, std::size_t body_max) noexcept {
  StreamPart part;
  if (bytes.empty()) return part;
  const auto tag = static_cast<unsigned char>(bytes[0]);
  const auto number = tag >> 3;
  if (tag >= 0x80 || (tag & 7) != 2 || number < 1 || number > static_cast<int>(StreamField::sealed)) {
    return {.step = StreamStep::bad, .why = "the bytes are not pulpo's protocol"};
  }
  std::uint64_t length = 0;
  std::size_t at = 1;
  for (unsigned shift = 0;; shift += 7) {
    if (shift > 28) return {.step = StreamStep::bad, .why = "a length of more than five bytes"};
    if (at == bytes.size()) return part;
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    length |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (length > body_max) return {.step = StreamStep::bad, .why = "a length beyond the limit"};
  part.field = static_cast<StreamField>(number);
  part.size = at + static_cast<std::size_t>(length);
  if (bytes.size() < part.size) return part;
  part.step = StreamStep::whole;
  part.body = bytes.substr(at, static_cast<std::size_t>(length));
  return part;
}

void append_part(std::string& stream, StreamField field, ByteView body) {
  stream.push_back(static_cast<char>(bytes_tag(static_cast<std::uint32_t>(field))));
  protozero::add_varint_to_buffer(&stream, body.size());
  stream.append(body);
}

char* write_sealed_head(std::size_t body_size, char* at) noexcept {
  *at++ = static_cast<char>(bytes_tag(static_cast<std::uint32_t>(StreamField::sealed)));
  return at + protozero::add_varint_to_buffer(at, body_size);
}

bool may_be_erlang(ByteView bytes) noexcept { return !bytes.empty() && bytes[0] == 0 && (bytes.size() < 3 || is_erlang(bytes)); }

bool is_erlang(ByteView bytes) noexcept {
  return bytes.size() >= 3 && bytes[0] == 0 && (bytes[2] == 'N' || bytes[2] == 'n' || bytes[2] == 's');
}

}  // namespace pulpo::wire
