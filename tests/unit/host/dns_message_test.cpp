// SPDX-License-Identifier: Apache-2.0
#include "host/dns_message.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "unit/host/dns_bytes.hpp"

namespace pulpo::host {
namespace {

using namespace testing_support;
using namespace std::string_literals;

std::string texts(const std::vector<io::Address>& addresses) {
  std::string text;
  for (const io::Address& address : addresses) text += address.text() + " ";
  return text;
}

std::string answers(const std::vector<std::string>& records, std::string_view name = "altair.lan", std::uint32_t scope = 0) {
  std::string bytes = head(7, kResponse, 1, static_cast<unsigned>(records.size())) + question(name, RecordType::a);
  for (const std::string& one : records) bytes += one;
  const auto message = decode_dns_message(bytes);
  return message ? texts(message->addresses_for(name, 80, scope)) : message.error().text();
}

TEST(DnsMessages, AQueryIsTheseBytes) {
  EXPECT_EQ(encode_dns_query(0x1234, {"altair.lan", RecordType::aaaa}).value(),
            "\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0\x06"
            "altair\x03lan\0\0\x1c\0\x01"s);
}

TEST(DnsMessages, NamesThatDnsCannotHoldAreNotAsked) {
  for (const std::string& name : {"a..b"s, ".a"s, std::string(64, 'x'), std::string(254, 'x')})
    EXPECT_FALSE(encode_dns_query(1, {name, RecordType::a})) << name;
}

TEST(DnsMessages, AddressesOfBothFamiliesAreRead) {
  EXPECT_EQ(answers({address_record("altair.lan", "192.0.2.1"), address_record("ALTAIR.LAN", "2001:db8::1")}),
            "192.0.2.1:80 [2001:db8::1]:80 ");
  EXPECT_EQ(answers({address_record("altair.lan", "192.0.2.1"), address_record("altair.lan", "192.0.2.1")}), "192.0.2.1:80 ");
}

TEST(DnsMessages, OtherNamesClassesAndTypesAreNoAnswer) {
  EXPECT_EQ(answers({address_record("vega.lan", "192.0.2.9")}), "");
  EXPECT_EQ(answers({record(wire_name("altair.lan"), RecordType::a, address_bytes("192.0.2.9"), 3)}), "");
  EXPECT_EQ(answers({record(wire_name("altair.lan"), static_cast<RecordType>(16), address_bytes("192.0.2.9"))}), "");
  EXPECT_EQ(answers({record(wire_name("altair.lan"), RecordType::a, "123")}), "");
  // The highest bit of a class is mDNS's own.
  EXPECT_EQ(answers({record(wire_name("altair.lan"), RecordType::a, address_bytes("192.0.2.1"), 0x8001)}), "192.0.2.1:80 ");
}

TEST(DnsMessages, AliasesAreFollowedInWhateverOrderTheyCome) {
  EXPECT_EQ(answers({address_record("c.lan", "192.0.2.1"), alias_record("b.lan", "c.lan"), alias_record("altair.lan", "b.lan")}),
            "192.0.2.1:80 ");
}

TEST(DnsMessages, AliasesEndWhetherTheyLeadInACircleOrFar) {
  EXPECT_EQ(answers({alias_record("altair.lan", "b.lan"), alias_record("b.lan", "altair.lan")}), "");
  std::vector<std::string> chain = {alias_record("altair.lan", "0")};
  for (int i = 0; i < 20; ++i) chain.push_back(alias_record(std::to_string(i), std::to_string(i + 1)));
  chain.push_back(address_record("7", "192.0.2.7"));
  EXPECT_EQ(answers(chain), "192.0.2.7:80 ");
  chain.back() = address_record("8", "192.0.2.8");
  EXPECT_EQ(answers(chain), "") << "the ninth alias";
}

TEST(DnsMessages, ALinkLocalAddressNeedsTheInterfaceItCameBy) {
  const std::vector<std::string> records = {address_record("altair.local", "fe80::1"), address_record("altair.local", "192.0.2.1")};
  EXPECT_EQ(answers(records, "altair.local"), "192.0.2.1:80 ");
  EXPECT_EQ(answers({records[0]}, "altair.local", 4'000'000), "[fe80::1%4000000]:80 ");
}

TEST(DnsMessages, NamesMayPointBack) {
  // altair.lan stands at 12; lan at 19.
  const std::string bytes = head(7, kResponse, 1, 2) + question("altair.lan", RecordType::a) +
                            record(
                                "\x01"
                                "b\xc0\x13"s,
                                RecordType::a, address_bytes("192.0.2.2")) +
                            record("\xc0\x0c"s, RecordType::cname,
                                   "\x01"
                                   "b\xc0\x13"s);
  const auto message = decode_dns_message(bytes);
  ASSERT_TRUE(message) << message.error().text();
  EXPECT_EQ(texts(message->addresses_for("altair.lan", 80)), "192.0.2.2:80 ");
}

TEST(DnsMessages, PointersThatLeadForwardOrToThemselvesAreMalformed) {
  for (const std::string& name : {"\xc0\x0c"s, "\xc0\x0e"s, "\x01x\xc0\x0c"s, "\xc0\xff"s, "\xff\xff"s, "\x41xx"s}) {
    const auto message = decode_dns_message(head(7, kResponse, 1, 0) + name + "\0\x01\0\x01"s);
    EXPECT_FALSE(message) << testing::PrintToString(name);
  }
  // Two that point at each other.
  EXPECT_FALSE(decode_dns_message(head(7, kResponse, 2, 0) + "\xc0\x12\0\x01\0\x01\xc0\x0c\0\x01\0\x01"s));
}

TEST(DnsMessages, ANameOfNothingButPointersIsMalformedWhenThereAreMany) {
  // Records of no use, whose data are pointers, each to the one before it: the last name begins such a chain.
  const auto chain = [](unsigned links) {
    std::string bytes = head(7, kResponse, 1, 0) + "\x01x\0\0\x01\0\x01"s;
    std::size_t to = 12;
    std::string message = bytes;
    message[7] = static_cast<char>(1);
    message += "\0\0\x10\0\x01\0\0\0\0"s;
    message += static_cast<char>(links * 2 >> 8);
    message += static_cast<char>(links * 2 & 0xff);
    for (unsigned i = 0; i < links; ++i) {
      const std::size_t at = message.size();
      message += static_cast<char>(0xc0 | to >> 8);
      message += static_cast<char>(to & 0xff);
      to = at;
    }
    message[7] = static_cast<char>(2);
    message += static_cast<char>(0xc0 | to >> 8);
    message += static_cast<char>(to & 0xff);
    message += "\0\x01\0\x01\0\0\0\0\0\x04\x7f\0\0\x01"s;
    return message;
  };
  EXPECT_TRUE(decode_dns_message(chain(100)));
  EXPECT_FALSE(decode_dns_message(chain(200)));
}

TEST(DnsMessages, ALongNameIsMalformedHoweverItIsPutTogether) {
  std::string long_name;
  for (int i = 0; i < 5; ++i) long_name += '\x3f' + std::string(63, 'x');
  EXPECT_FALSE(decode_dns_message(head(7, kResponse, 1, 0) + long_name + "\0\0\x01\0\x01"s));
}

TEST(DnsMessages, ALabelWithADotIsNoPartOfAName) {
  EXPECT_EQ(answers({record("\x0a"
                            "altair.lan\0"s,
                            RecordType::a, address_bytes("192.0.2.9"))}),
            "");
}

TEST(DnsMessages, WhatAServerSaysOfItselfIsNoAnswer) {
  const std::string bytes = head(7, kResponse, 1, 0, 1, 1) + question("altair.lan", RecordType::a) +
                            address_record("altair.lan", "192.0.2.8") + address_record("other.lan", "192.0.2.9");
  const auto message = decode_dns_message(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(texts(message->addresses_for("altair.lan", 80)), "");
  ASSERT_EQ(message->records.size(), 1u);
  EXPECT_TRUE(message->records[0].is_additional);
}

TEST(DnsMessages, CountsReserveNothingAndManyRecordsAreNotKept) {
  EXPECT_FALSE(decode_dns_message(head(7, kResponse, 0, 0xffff)));
  std::string bytes = head(7, kResponse, 0, 1000);
  for (int i = 0; i < 1000; ++i) bytes += address_record("altair.lan", "192.0.2.1");
  EXPECT_EQ(decode_dns_message(bytes)->records.size(), DnsMessage::kRecordsMax);
}

TEST(DnsMessages, OneThatSaysItIsCutOffIsReadAsFarAsItReaches) {
  const std::string whole =
      head(7, kResponse | kCutOff, 1, 2) + question("altair.lan", RecordType::a) + address_record("altair.lan", "192.0.2.1");
  const auto message = decode_dns_message(whole + "\x03");
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->is_cut_off);
  EXPECT_EQ(message->records.size(), 1u);
}

TEST(DnsMessages, NoPrefixOfOneIsTakenForIt) {
  const std::string whole = head(7, kResponse, 1, 2) + question("altair.lan", RecordType::a) + address_record("altair.lan", "192.0.2.1") +
                            alias_record("b.lan", "altair.lan");
  ASSERT_TRUE(decode_dns_message(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode_dns_message(whole.substr(0, size))) << size;
}

TEST(DnsMessages, NoiseEnds) {
  SeededRandom random(3);
  const std::string whole = head(7, kResponse, 1, 2) + question("altair.lan", RecordType::a) + address_record("altair.lan", "192.0.2.1") +
                            alias_record("b.lan", "altair.lan");
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = whole;
    for (int changes = 0; changes < 3; ++changes) bytes[random.u32() % bytes.size()] = static_cast<char>(random.u32());
    const auto message = decode_dns_message(bytes);
    EXPECT_TRUE(!message || message->records.size() <= 40) << testing::PrintToString(bytes);
  }
}

}  // namespace
}  // namespace pulpo::host
