// SPDX-License-Identifier: Apache-2.0
#include "mapper/epmd_codec.hpp"

#include <fmt/format.h>

#include <iterator>

namespace pulpo::mapper {
namespace {

constexpr char kAliveReplyTag = 121;      // 'y'
constexpr char kAliveLongReplyTag = 118;  // 'v'
constexpr char kPortReplyTag = 119;       // 'w'
constexpr std::uint16_t kLongCreationVersion = 6;

void put8(std::string& out, std::uint8_t value) { out += static_cast<char>(value); }
void put16(std::string& out, std::uint16_t value) {
  put8(out, static_cast<std::uint8_t>(value >> 8));
  put8(out, static_cast<std::uint8_t>(value));
}
void put32(std::string& out, std::uint32_t value) {
  put16(out, static_cast<std::uint16_t>(value >> 16));
  put16(out, static_cast<std::uint16_t>(value));
}

/// Takes big-endian values from the front; asking for more than there is makes it short, for good.
class Reader {
 public:
  explicit Reader(ByteView bytes) noexcept : rest_(bytes) {}

  std::uint32_t take(std::size_t size) noexcept {
    std::uint32_t value = 0;
    for (const char byte : bytes(size)) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
  }
  std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(take(1)); }
  std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(take(2)); }
  std::uint32_t u32() noexcept { return take(4); }
  ByteView bytes(std::size_t size) noexcept {
    if (is_short_ || rest_.size() < size) {
      is_short_ = true;
      return {};
    }
    const ByteView taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  [[nodiscard]] ByteView rest() const noexcept { return rest_; }
  [[nodiscard]] bool is_short() const noexcept { return is_short_; }

 private:
  ByteView rest_;
  bool is_short_ = false;
};

Fault bad(std::string detail) { return {.code = Errc::bad_message, .where = "mapper protocol", .detail = std::move(detail)}; }

/// Port to extra: the same in a registration and in the answer to a look-up.
void put_node(std::string& out, const NodeRecord& node) {
  put16(out, node.port);
  put8(out, node.type);
  put8(out, node.protocol);
  put16(out, node.highest);
  put16(out, node.lowest);
  put16(out, static_cast<std::uint16_t>(node.name.size()));
  out += node.name;
  put16(out, static_cast<std::uint16_t>(node.extra.size()));
  out += node.extra;
}

NodeRecord take_node(Reader& reader) {
  NodeRecord node;
  node.port = reader.u16();
  node.type = reader.u8();
  node.protocol = reader.u8();
  node.highest = reader.u16();
  node.lowest = reader.u16();
  node.name = reader.bytes(reader.u16());
  node.extra = reader.bytes(reader.u16());
  return node;
}

}  // namespace

std::string encode_request(const Request& request) {
  std::string body;
  put8(body, static_cast<std::uint8_t>(request.kind));
  if (request.kind == RequestKind::alive) {
    put_node(body, request.node);
  } else if (request.kind == RequestKind::port_please || request.kind == RequestKind::stop) {
    body += request.node.name;
  }
  PULPO_ASSERT(body.size() <= kRequestSizeMax);
  std::string out;
  put16(out, static_cast<std::uint16_t>(body.size()));
  return out += body;
}

Outcome<Request> decode_request(ByteView body) {
  if (body.empty()) return bad("an empty request");
  Reader reader(body);
  Request request{.kind = static_cast<RequestKind>(reader.u8())};
  switch (request.kind) {
    case RequestKind::alive:
      request.node = take_node(reader);
      if (reader.is_short()) return bad("a registration whose lengths exceed the request");
      break;  // bytes after the extra field are ignored, as by the reference daemon
    case RequestKind::port_please:
    case RequestKind::stop: {
      ByteView name = reader.rest();
      if (name.ends_with('\0')) name.remove_suffix(1);  // EPMD-8
      request.node.name = name;
      break;
    }
    case RequestKind::names:
    case RequestKind::dump:
    case RequestKind::kill:
      return request;
    default:
      return bad(fmt::format("unknown request {}", static_cast<unsigned>(request.kind)));
  }
  if (request.node.name.empty()) return bad("an empty name");
  if (request.node.name.find('\0') != std::string::npos) return bad("a zero byte in a name");
  return request;
}

const char* refusal_of(const NodeRecord& node) {
  const auto characters = utf8_length(node.name);
  if (!characters.has_value()) return "the name is not UTF-8";
  if (*characters > kNameCharactersMax || node.name.size() > kNameBytesMax) return "the name has more than 255 characters";
  if (node.extra.size() > kExtraBytesMax) return "the extra field has more than 1020 bytes";
  // The reference daemon takes these; but names are printed a line each (EPMD-9), and one name must not forge another.
  for (const char c : node.name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "the name holds a control character";
  }
  return nullptr;
}

std::string encode_alive_reply(std::uint16_t highest, const AliveReply& reply) {
  const std::uint32_t creation = reply.accepted ? reply.creation : kRefusedCreation;
  std::string out;
  if (highest >= kLongCreationVersion) {
    out += kAliveLongReplyTag;
    put8(out, reply.accepted ? 0 : 1);
    put32(out, creation);
  } else {
    out += kAliveReplyTag;
    put8(out, reply.accepted ? 0 : 1);
    put16(out, static_cast<std::uint16_t>(reply.accepted ? creation % 3 + 1 : creation));
  }
  return out;
}

Outcome<std::optional<AliveReply>> decode_alive_reply(ByteView bytes) {
  if (bytes.empty()) return std::optional<AliveReply>{};
  const char tag = bytes.front();
  if (tag != kAliveReplyTag && tag != kAliveLongReplyTag) {
    return bad(fmt::format("the answer to a registration begins with byte {}", static_cast<unsigned char>(tag)));
  }
  Reader reader(bytes.substr(1));
  const std::uint8_t result = reader.u8();
  const std::uint32_t creation = tag == kAliveLongReplyTag ? reader.u32() : reader.u16();
  if (reader.is_short()) return std::optional<AliveReply>{};
  return std::optional<AliveReply>{{.accepted = result == 0, .creation = creation}};
}

std::string encode_port_reply(const NodeRecord* node) {
  std::string out(1, kPortReplyTag);
  put8(out, node == nullptr ? 1 : 0);
  if (node != nullptr) put_node(out, *node);
  return out;
}

Outcome<std::optional<NodeRecord>> decode_port_reply(ByteView bytes) {
  Reader reader(bytes);
  const std::uint8_t tag = reader.u8();
  if (reader.is_short()) return std::optional<NodeRecord>{};
  if (tag != kPortReplyTag) return bad(fmt::format("the answer to a look-up begins with byte {}", tag));
  const std::uint8_t result = reader.u8();
  if (reader.is_short()) return std::optional<NodeRecord>{};
  if (result != 0) return Fault{.code = Errc::not_found, .where = "look-up", .detail = "the name is not registered"};
  NodeRecord node = take_node(reader);
  if (reader.is_short()) return std::optional<NodeRecord>{};
  return std::optional<NodeRecord>{std::move(node)};
}

std::string encode_port_word(std::uint16_t port) {
  std::string out;
  put32(out, port);
  return out;
}

Outcome<TextReply> decode_text_reply(ByteView bytes) {
  Reader reader(bytes);
  TextReply reply;
  reply.port = reader.u32();
  if (reader.is_short()) return bad(fmt::format("a text of {} bytes, shorter than its port", bytes.size()));
  reply.lines = reader.rest();
  return reply;
}

std::optional<std::size_t> utf8_length(ByteView text) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++characters) {
    const auto first = static_cast<unsigned char>(text[at++]);
    if (first < 0x80) continue;
    // The size of the sequence follows from its first byte, and the least code point from the size.
    const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4) return std::nullopt;
    std::uint32_t point = first & (0x3fu >> more);
    for (int i = 0; i < more; ++i) {
      if (at == text.size() || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80) return std::nullopt;
      point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3fu);
    }
    constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (point < kLeast[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return std::nullopt;
  }
  return characters;
}

std::string printable(ByteView name) {
  constexpr std::size_t kShownMax = 64;
  std::string out;
  for (const char c : name.substr(0, kShownMax)) {
    if (c >= 0x20 && c < 0x7f && c != '\\') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (name.size() > kShownMax) out += "…";
  return out;
}

}  // namespace pulpo::mapper
