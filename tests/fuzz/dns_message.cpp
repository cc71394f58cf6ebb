// SPDX-License-Identifier: Apache-2.0
//
// Goal:   no answer of a DNS server or of anybody on the network harms who asks; no file does who reads it.
// Method: libFuzzer; the first byte chooses the reader, the rest is what it reads.
#include "host/dns_message.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

#include "host/dns_query.hpp"
#include "host/hosts.hpp"
#include "host/names.hpp"
#include "pulpo/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pulpo;
  using namespace pulpo::host;
  if (size == 0) return 0;
  const ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: {
      const auto message = decode_dns_message(bytes);
      if (!message) break;
      PULPO_ASSERT(message->records.size() <= DnsMessage::kRecordsMax);
      for (const DnsRecord& record : message->records) {
        PULPO_ASSERT(record.name.size() <= 255 && record.alias.size() <= 255);
        for (const io::Address& address : message->addresses_for(record.name, 1)) PULPO_ASSERT(address.port() == 1);
      }
      if (!message->question) break;
      if (const auto query = encode_dns_query(message->id, *message->question)) {
        const auto again = decode_dns_message(*query);
        PULPO_ASSERT(again && again->question && same_name(again->question->name, message->question->name));
      }
      break;
    }
    case 1: {
      const auto conf = read_resolv_conf(bytes);
      PULPO_ASSERT(conf.servers.size() <= 3 && conf.domains.size() <= 6);
      for (const std::string& name : conf.candidates("altair", false)) PULPO_ASSERT(is_host_name(name));
      break;
    }
    default:
      PULPO_ASSERT(find_in_hosts(bytes, "altair", 1).size() <= kAddressesMax);
  }
  return 0;
}
