// SPDX-License-Identifier: Apache-2.0
//
// What a DNS server would say, written by hand, for tests of who asks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/dns_message.hpp"

namespace pulpo::host::testing_support {

inline std::string u16(unsigned number) { return {static_cast<char>(number >> 8), static_cast<char>(number & 0xff)}; }

/// "a.b" as labels, without compression.
inline std::string wire_name(std::string_view name) {
  std::string bytes;
  while (!name.empty()) {
    const auto label = name.substr(0, name.find('.'));
    bytes += static_cast<char>(label.size());
    bytes += label;
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  return bytes + '\0';
}

/// The bytes of "192.0.2.1" or "2001:db8::1".
inline std::string address_bytes(std::string_view ip) {
  const auto address = io::Address::parse(ip, 0).value();
  if (address.family() == AF_INET)
    return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in*>(address.kernel())->sin_addr), 4};
  return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in6*>(address.kernel())->sin6_addr), 16};
}

/// `name` is a name in wire form.
inline std::string record(const std::string& name, RecordType type, const std::string& data, unsigned its_class = 1) {
  return name + u16(static_cast<unsigned>(type)) + u16(its_class) + std::string(4, '\0') + u16(static_cast<unsigned>(data.size())) + data;
}
inline std::string address_record(std::string_view name, std::string_view ip) {
  const std::string bytes = address_bytes(ip);
  return record(wire_name(name), bytes.size() == 4 ? RecordType::a : RecordType::aaaa, bytes);
}
inline std::string alias_record(std::string_view name, std::string_view alias) {
  return record(wire_name(name), RecordType::cname, wire_name(alias));
}

inline std::string head(unsigned id, unsigned flags, unsigned questions, unsigned answers, unsigned authorities = 0,
                        unsigned additionals = 0) {
  return u16(id) + u16(flags) + u16(questions) + u16(answers) + u16(authorities) + u16(additionals);
}
inline std::string question(std::string_view name, RecordType type) { return wire_name(name) + u16(static_cast<unsigned>(type)) + u16(1); }

inline constexpr unsigned kResponse = 0x8180;
inline constexpr unsigned kCutOff = 0x0200;

inline std::string response(const DnsMessage& asked, const std::vector<std::string>& records, unsigned code = 0, unsigned flags = 0) {
  std::string bytes = head(asked.id, kResponse | flags | code, 1, static_cast<unsigned>(records.size()));
  bytes += question(asked.question->name, asked.question->type);
  for (const std::string& one : records) bytes += one;
  return bytes;
}

}  // namespace pulpo::host::testing_support
