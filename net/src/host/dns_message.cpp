// SPDX-License-Identifier: Apache-2.0
#include "host/dns_message.hpp"

#include <algorithm>
#include <cstring>

#include "host/names.hpp"

namespace pulpo::host {
namespace {

constexpr std::uint16_t kInternet = 1;
constexpr std::uint16_t kClassMask = 0x7fff;  // mDNS uses the highest bit for itself
constexpr std::size_t kLabelMax = 63;
constexpr std::size_t kWireNameMax = 255;
/// A name has 127 labels at most, and no use for more pointers than labels.
constexpr unsigned kPointersMax = 128;

Fault bad_dns(const char* why) { return {.code = Errc::bad_message, .where = "DNS", .detail = why}; }

void put_u16(std::string& bytes, unsigned number) {
  bytes += static_cast<char>(static_cast<unsigned char>(number >> 8));
  bytes += static_cast<char>(static_cast<unsigned char>(number));
}

/// Reads a message from its beginning on; knows all of it, for names that point back.
class DnsReader {
 public:
  explicit DnsReader(ByteView bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] bool u16(std::uint16_t& number) noexcept {
    if (bytes_.size() - at_ < 2) return false;
    number = static_cast<std::uint16_t>(byte(at_) << 8 | byte(at_ + 1));
    at_ += 2;
    return true;
  }
  [[nodiscard]] bool skip(std::size_t size) noexcept {
    if (bytes_.size() - at_ < size) return false;
    at_ += size;
    return true;
  }
  [[nodiscard]] bool take(std::size_t size, ByteView& bytes) noexcept {
    bytes = bytes_.substr(std::min(at_, bytes_.size()), size);
    return skip(size);
  }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  void go_to(std::size_t at) noexcept { at_ = at; }

  [[nodiscard]] bool name(std::string& text) {
    text.clear();
    std::size_t at = at_;
    std::size_t behind = 0;   // the first pointer: what follows the name
    std::size_t begin = at_;  // of the labels that are being read: pointers lead before it
    std::size_t size = 0;
    unsigned pointers = 0;
    for (;;) {
      if (at >= bytes_.size()) return false;
      const unsigned length = byte(at);
      if (length == 0) {
        at_ = behind != 0 ? behind : at + 1;
        return true;
      }
      if ((length & 0xc0) == 0xc0) {
        if (at + 1 >= bytes_.size()) return false;
        const std::size_t to = (length & 0x3f) << 8 | byte(at + 1);
        if (to >= begin || ++pointers > kPointersMax) return false;
        if (behind == 0) behind = at + 2;
        at = begin = to;
        continue;
      }
      size += length + 1;
      if (length > kLabelMax || size >= kWireNameMax || bytes_.size() - at <= length) return false;
      if (!text.empty()) text += '.';
      for (const char c : bytes_.substr(at + 1, length)) text += shown(c);
      at += length + 1;
    }
  }

 private:
  [[nodiscard]] unsigned byte(std::size_t at) const noexcept { return static_cast<unsigned char>(bytes_[at]); }
  static char shown(char c) noexcept {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
    return c == '.' || static_cast<unsigned char>(c) <= ' ' ? '\x7f' : c;
  }

  ByteView bytes_;
  std::size_t at_ = 0;
};

io::Address address_of(RecordType type, ByteView bytes) noexcept {
  if (type == RecordType::a && bytes.size() == sizeof(in_addr)) {
    sockaddr_in v4 = {};
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    return io::Address::from_kernel(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  if (type == RecordType::aaaa && bytes.size() == sizeof(in6_addr)) {
    sockaddr_in6 v6 = {};
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    return io::Address::from_kernel(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  return {};
}

bool is_known(std::uint16_t type) noexcept {
  return type == static_cast<std::uint16_t>(RecordType::a) || type == static_cast<std::uint16_t>(RecordType::aaaa) ||
         type == static_cast<std::uint16_t>(RecordType::cname);
}

/// False: the bytes end within it.
bool read_record(DnsReader& reader, bool is_additional, DnsMessage& message) {
  DnsRecord record;
  std::uint16_t type = 0, its_class = 0, size = 0;
  ByteView data;
  if (!reader.name(record.name) || !reader.u16(type) || !reader.u16(its_class) || !reader.skip(4) || !reader.u16(size)) return false;
  const std::size_t begin = reader.at();
  if (!reader.take(size, data)) return false;
  if (!is_known(type) || (its_class & kClassMask) != kInternet || message.records.size() >= DnsMessage::kRecordsMax) return true;
  record.type = static_cast<RecordType>(type);
  record.is_additional = is_additional;
  if (record.type == RecordType::cname) {
    const std::size_t end = reader.at();
    reader.go_to(begin);
    const bool good = reader.name(record.alias) && reader.at() == end;
    reader.go_to(end);
    if (!good) return true;
  } else {
    record.address = address_of(record.type, data);
    if (record.address.family() == AF_UNSPEC) return true;
  }
  message.records.push_back(std::move(record));
  return true;
}

/// An address with a port and, where it means nothing without, a scope; nothing when there is none.
std::optional<io::Address> reachable(const io::Address& address, std::uint16_t port, std::uint32_t scope) {
  io::Address its = address;
  if (address.family() == AF_INET6) {
    sockaddr_in6 v6 = *reinterpret_cast<const sockaddr_in6*>(address.kernel());
    if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)) {
      if (scope == 0) return std::nullopt;
      v6.sin6_scope_id = scope;
      its = io::Address::from_kernel(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
    }
  }
  its.set_port(port);
  return its;
}

}  // namespace

const char* to_string(RecordType type) noexcept { return type == RecordType::a ? "A" : type == RecordType::aaaa ? "AAAA" : "CNAME"; }

Outcome<std::string> encode_dns_query(std::uint16_t id, const DnsQuestion& question) {
  std::string bytes;
  put_u16(bytes, id);
  put_u16(bytes, 0x0100);  // recursion desired
  put_u16(bytes, 1);
  for (int i = 0; i < 3; ++i) put_u16(bytes, 0);
  std::string_view rest = question.name;
  if (rest.size() > kHostNameMax) return Fault{.code = Errc::bad_argument, .where = "DNS", .detail = "the name is too long"};
  while (!rest.empty()) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(label.size() + 1, rest.size()));
    if (label.empty() || label.size() > kLabelMax) {
      return Fault{.code = Errc::bad_argument, .where = "DNS", .detail = "a part of the name is empty or has more than 63 bytes"};
    }
    bytes += static_cast<char>(label.size());
    bytes += label;
  }
  bytes += '\0';
  put_u16(bytes, static_cast<unsigned>(question.type));
  put_u16(bytes, kInternet);
  return bytes;
}

Outcome<DnsMessage> decode_dns_message(ByteView bytes) {
  DnsReader reader(bytes);
  DnsMessage message;
  std::uint16_t flags = 0, questions = 0, answers = 0, authorities = 0, additionals = 0;
  if (!reader.u16(message.id) || !reader.u16(flags) || !reader.u16(questions) || !reader.u16(answers) || !reader.u16(authorities) ||
      !reader.u16(additionals)) {
    return bad_dns("it is shorter than a head");
  }
  message.is_response = (flags & 0x8000) != 0;
  message.is_cut_off = (flags & 0x0200) != 0;
  message.code = flags & 0x000f;
  if ((flags & 0x7800) != 0) return bad_dns("it is no query");
  for (unsigned i = 0; i < questions; ++i) {
    DnsQuestion question;
    std::uint16_t type = 0, its_class = 0;
    if (!reader.name(question.name) || !reader.u16(type) || !reader.u16(its_class)) return bad_dns("a question is malformed");
    question.type = static_cast<RecordType>(type);
    if (i == 0 && is_known(type) && (its_class & kClassMask) == kInternet) message.question = std::move(question);
  }
  // A server's records about itself are nobody's answer, but stand before those that may be.
  const unsigned all = unsigned{answers} + authorities + additionals;
  for (unsigned i = 0; i < all; ++i) {
    const std::size_t before = message.records.size();
    if (!read_record(reader, i >= answers, message)) {
      if (message.is_cut_off) break;
      return bad_dns("a record is malformed");
    }
    if (i >= answers && i < unsigned{answers} + authorities) message.records.resize(before);
  }
  return message;
}

std::vector<io::Address> DnsMessage::addresses_for(std::string_view name, std::uint16_t port, std::uint32_t scope) const {
  std::vector<io::Address> found;
  std::string wanted(name);
  for (std::size_t aliases = 0; aliases <= kAliasesMax; ++aliases) {
    std::string next;
    for (const DnsRecord& record : records) {
      if (!same_name(record.name, wanted)) continue;
      if (record.type == RecordType::cname) {
        next = record.alias;
      } else if (const auto address = reachable(record.address, port, scope)) {
        if (std::none_of(found.begin(), found.end(), [&](const io::Address& one) { return one.same_host(*address); }))
          found.push_back(*address);
      }
    }
    if (!found.empty() || next.empty()) break;
    wanted = std::move(next);
  }
  return found;
}

}  // namespace pulpo::host
