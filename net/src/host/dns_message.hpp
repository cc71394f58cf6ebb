// SPDX-License-Identifier: Apache-2.0
//
// DnsMessage: the messages of DNS (RFC 1035) and mDNS (RFC 6762), as far as asking for a host's addresses goes.
//
// Names are text with dots, in lower case. A label that holds a dot, a blank or a control character becomes one that no host has.
//
//   Ownership  A decoded message owns its values.
//   Threads    Any: pure functions.
//   Errors     bad_message, with what was wrong. A message that says it was cut off is read as far as it reaches.
//   Bounds     kRecordsMax records are kept, whatever a message claims to hold. A name's pointers lead backwards only, so that it ends.
//              addresses_for() follows kAliasesMax aliases.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/address.hpp"
#include "pulpo/bytes.hpp"

namespace pulpo::host {

enum class RecordType : std::uint16_t { a = 1, cname = 5, aaaa = 28 };

struct DnsQuestion {
  std::string name;
  RecordType type = RecordType::a;
};

struct DnsRecord {
  std::string name;
  RecordType type = RecordType::a;
  bool is_additional = false;  ///< Not asked for.
  io::Address address = {};    ///< a, aaaa; port 0.
  std::string alias = {};      ///< cname: whose addresses are meant.
};

struct DnsMessage {
  static constexpr std::size_t kRecordsMax = 64;
  static constexpr std::size_t kAliasesMax = 8;
  static constexpr unsigned kNoError = 0;
  static constexpr unsigned kNoSuchName = 3;

  std::uint16_t id = 0;
  bool is_response = false;
  bool is_cut_off = false;
  unsigned code = kNoError;
  std::optional<DnsQuestion> question = {};  ///< The first one, when it is of a type and class that we ask for.
  std::vector<DnsRecord> records = {};

  /// The addresses of `name`, with `port`, following aliases. Link-local ones have the scope `scope`, and are left out when that is 0.
  [[nodiscard]] std::vector<io::Address> addresses_for(std::string_view name, std::uint16_t port, std::uint32_t scope = 0) const;
};

/// Fails for a name that no DNS can hold: a label that is empty or longer than 63 bytes.
[[nodiscard]] Outcome<std::string> encode_dns_query(std::uint16_t id, const DnsQuestion& question);
[[nodiscard]] Outcome<DnsMessage> decode_dns_message(ByteView bytes);
[[nodiscard]] const char* to_string(RecordType type) noexcept;

}  // namespace pulpo::host
