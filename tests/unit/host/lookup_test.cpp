// SPDX-License-Identifier: Apache-2.0
//
// Names asked of DNS servers and of responders on the network, which the tests play, on every loop.
#include "host/lookup.hpp"

#include <fmt/format.h>

#include "host/met.hpp"
#include "unit/host/fake_dns.hpp"

namespace pulpo::host {
namespace {

using namespace testing_support;
using io::testing_support::LoopConformance;
using io::testing_support::Variant;

/// Knows 192.0.2.77 as "known", and whom to ask.
struct TestResolver final : Resolver {
  std::string own_name() const override { return "vm"; }
  Outcome<std::vector<io::Address>> find(std::string_view host, std::uint16_t port) const override {
    if (host == "known") return std::vector{io::Address::parse("192.0.2.77", port).value()};
    if (host == "a b") return Fault{.code = Errc::bad_argument, .where = "host", .detail = "no name"};
    return Fault{.code = Errc::not_found, .where = "host", .detail = fmt::format("\"{}\" is unknown; tried: files", host)};
  }
  std::optional<Network> network() const override { return its; }
  std::optional<Network> its = Network{.mdns_port = 0};
};

class Lookups : public LoopConformance {
 protected:
  /// The addresses, or the error.
  std::string find(const std::string& host) {
    std::optional<std::string> text;
    const Lookup lookup(loop(), random_, resolver_, host, 80, [&](Outcome<std::vector<io::Address>> found) {
      text = found ? "" : found.error().text();
      for (std::size_t i = 0; found && i < found->size(); ++i) *text += (*found)[i].text() + " ";
    });
    EXPECT_FALSE(text) << "inside the constructor";
    EXPECT_TRUE(until([&] { return text.has_value(); }));
    return text.value_or("nothing");
  }
  std::unique_ptr<FakeDns> server(FakeDns::Answer answer) {
    auto one = std::make_unique<FakeDns>(loop(), std::move(answer));
    resolver_.its->conf.servers.push_back(one->address());
    return one;
  }
  /// Knows these names' IPv4 addresses; others do not exist.
  static FakeDns::Answer knows(std::string name, std::string ip) {
    return [name = std::move(name), ip = std::move(ip)](const DnsMessage& asked, bool) -> std::optional<std::string> {
      if (asked.question->name != name) return response(asked, {}, DnsMessage::kNoSuchName);
      return asked.question->type == RecordType::a ? response(asked, {address_record(name, ip)}) : response(asked, {});
    };
  }
  void expect_parts(const std::string& text, const std::vector<std::string>& parts) {
    std::size_t at = 0;
    for (const std::string& part : parts) {
      const auto found = text.find(part, at);
      EXPECT_NE(found, std::string::npos) << part << " is not, or not in its place, in: " << text;
      if (found != std::string::npos) at = found;
    }
  }

  SeededRandom random_{17};
  TestResolver resolver_;
};

TEST_P(Lookups, WhatIsKnownHereIsNotAskedFor) {
  const auto dns = server(knows("known", "192.0.2.1"));
  EXPECT_EQ(find("known"), "192.0.2.77:80 ");
  EXPECT_TRUE(dns->asked.empty());
  EXPECT_NE(find("a b").find("no name"), std::string::npos);
  EXPECT_TRUE(dns->asked.empty());
}

TEST_P(Lookups, AServerIsAskedForBothFamilies) {
  const auto dns = server([](const DnsMessage& asked, bool) {
    return response(asked, {address_record("altair.lan", asked.question->type == RecordType::a ? "192.0.2.1" : "2001:db8::1")});
  });
  EXPECT_EQ(find("altair.lan"), "192.0.2.1:80 [2001:db8::1]:80 ");
  std::sort(dns->asked.begin(), dns->asked.end());
  EXPECT_EQ(dns->asked, (std::vector<std::string>{"altair.lan A", "altair.lan AAAA"}));
}

TEST_P(Lookups, OneFamilyIsEnoughWhenTheOtherIsNotAnswered) {
  const auto dns = server([](const DnsMessage& asked, bool) -> std::optional<std::string> {
    if (asked.question->type == RecordType::aaaa) return std::nullopt;
    return response(asked, {alias_record("altair.lan", "board.lan"), address_record("board.lan", "192.0.2.1")});
  });
  EXPECT_EQ(find("altair.lan"), "192.0.2.1:80 ");
}

TEST_P(Lookups, NamesAreCompletedWithTheDomainsInTheirOrder) {
  const auto dns = server(knows("altair.example.org", "192.0.2.5"));
  resolver_.its->conf.domains = {"lan", "example.org"};
  EXPECT_EQ(find("altair"), "192.0.2.5:80 ");
  expect_parts(find("vega"),
               {"\"vega\" is unknown; tried: files", "says that vega.lan does not exist", "vega.example.org does not", "vega does not"});
  dns->asked.clear();
  expect_parts(find("altair."), {"altair does not exist"});
  for (const std::string& asked : dns->asked)
    EXPECT_TRUE(asked.starts_with("altair A")) << asked << ": a name with a dot at its end is whole";
}

TEST_P(Lookups, AServerThatIsSilentLeavesItToTheNext) {
  const auto silent = server([](const DnsMessage&, bool) { return std::nullopt; });
  const auto dns = server(knows("altair.lan", "192.0.2.1"));
  EXPECT_EQ(find("altair.lan"), "192.0.2.1:80 ");
  EXPECT_EQ(silent->asked.size(), 2u);
}

TEST_P(Lookups, AServerThatCannotAnswerLeavesItToTheNextAtOnce) {
  const auto unwilling = server([](const DnsMessage& asked, bool) { return response(asked, {}, 5); });
  const auto dns = server(knows("altair.lan", "192.0.2.1"));
  EXPECT_EQ(find("altair.lan"), "192.0.2.1:80 ");
}

TEST_P(Lookups, ALostQuestionIsRepeatedFromAnotherPortWithAnotherNumber) {
  unsigned count = 0;
  const auto dns = server([&count](const DnsMessage& asked, bool) -> std::optional<std::string> {
    if (++count <= 2) return std::nullopt;
    return response(asked, {address_record("altair.lan", "192.0.2.1")});
  });
  EXPECT_EQ(find("altair.lan"), "192.0.2.1:80 ");
  ASSERT_GE(dns->ids.size(), 4u);
  std::sort(dns->ids.begin(), dns->ids.end());
  EXPECT_EQ(std::unique(dns->ids.begin(), dns->ids.end()), dns->ids.end());
  EXPECT_NE(dns->askers[0].port(), dns->askers[2].port());
}

TEST_P(Lookups, WhenNobodyAnswersTheErrorNamesAllServers) {
  if (GetParam() != Variant::sim) return;  // 4 s of virtual time
  const auto one = server([](const DnsMessage&, bool) { return std::nullopt; });
  const auto other = server([](const DnsMessage&, bool) { return std::nullopt; });
  resolver_.its->conf.domains = {"lan"};
  expect_parts(find("altair"), {"\"altair\" is unknown; tried: files", "DNS " + one->address().text() + " does not answer",
                                "DNS " + other->address().text() + " does not answer"});
  EXPECT_EQ(one->asked.size(), 4u) << "twice both families, and not for the other name";
}

TEST_P(Lookups, ThreeSilentServersTakeFiveSecondsAndNoMore) {
  if (GetParam() != Variant::sim) return;
  const auto one = server([](const DnsMessage&, bool) { return std::nullopt; });
  const auto two = server([](const DnsMessage&, bool) { return std::nullopt; });
  const auto three = server([](const DnsMessage&, bool) { return std::nullopt; });
  const TimePoint began = loop().refresh();
  expect_parts(find("altair"), {"no answer within 5 s"});
  EXPECT_LE(loop().refresh() - began, kLookupTime + 2ms);
}

TEST_P(Lookups, WithoutAServerTheErrorSaysSo) {
  resolver_.its->conf_file = "/etc/resolv.conf";
  expect_parts(find("altair"), {"tried: files; DNS: there is no server in /etc/resolv.conf"});
  resolver_.its.reset();
  EXPECT_EQ(find("altair").find("DNS"), std::string::npos) << "nobody is asked at all";
}

TEST_P(Lookups, AnAnswerThatIsCutOffIsAskedForByTcp) {
  const auto dns = server([](const DnsMessage& asked, bool by_tcp) -> std::optional<std::string> {
    if (asked.question->type == RecordType::aaaa) return response(asked, {});
    std::vector<std::string> records;
    for (int i = 1; i <= 40; ++i) records.push_back(address_record("altair.lan", fmt::format("192.0.2.{}", i)));
    if (by_tcp) return response(asked, records);
    records.resize(2);
    return response(asked, records, 0, kCutOff);
  });
  const std::string found = find("altair.lan");
  EXPECT_TRUE(found.starts_with("192.0.2.1:80 192.0.2.2:80 192.0.2.3:80 ")) << found;
  EXPECT_EQ(std::count(found.begin(), found.end(), ' '), 16) << "and no more of them";
  EXPECT_NE(std::find(dns->asked.begin(), dns->asked.end(), "altair.lan A by TCP"), dns->asked.end());
}

TEST_P(Lookups, AServerThatClosesItsTcpLeavesItToTheNext) {
  const auto closing = server([](const DnsMessage& asked, bool by_tcp) -> std::optional<std::string> {
    if (by_tcp) return std::nullopt;
    return response(asked, {}, 0, kCutOff);
  });
  const auto dns = server(knows("altair.lan", "192.0.2.1"));
  EXPECT_EQ(find("altair.lan"), "192.0.2.1:80 ");
}

TEST_P(Lookups, AnswersThatWereNotAskedForArePassedOver) {
  // Each question gets all of these, and the right answer last.
  std::unique_ptr<io::DatagramSocket> elsewhere;
  struct Deaf final : io::DatagramSocket::Owner {
    void received(io::DatagramSocket&, ByteView, const io::Address&) override {}
  } deaf;
  elsewhere = io::DatagramSocket::open(loop(), deaf, io::Address::loopback_v4(0)).value();
  FakeDns* its = nullptr;
  const auto dns = server([&](const DnsMessage& asked, bool) -> std::optional<std::string> {
    const std::string lie = asked.question->type == RecordType::a ? "192.0.2.66" : "2001:db8::66";
    DnsMessage other = asked;
    other.id = static_cast<std::uint16_t>(asked.id ^ 0x8000);
    its->say(response(other, {address_record("altair.lan", lie)}));
    other = asked;
    other.question->name = "other.lan";
    its->say(response(other, {address_record("altair.lan", lie)}));
    other.question->name = "altair.lan";
    other.question->type = asked.question->type == RecordType::a ? RecordType::aaaa : RecordType::a;
    its->say(response(other, {address_record("altair.lan", lie)}));
    its->say("noise");
    its->say(encode_dns_query(asked.id, *asked.question).value() + address_record("altair.lan", lie));
    elsewhere->send(response(asked, {address_record("altair.lan", lie)}), its->askers.back());
    return asked.question->type == RecordType::a ? response(asked, {address_record("altair.lan", "192.0.2.1")}) : response(asked, {});
  });
  its = dns.get();
  EXPECT_EQ(find("altair.lan"), "192.0.2.1:80 ");
}

/// Answers for altair.local on a port of the test's, as avahi would.
class Responder final : io::DatagramSocket::Owner {
 public:
  Responder(io::Loop& loop, bool is_simulated, std::uint16_t port, unsigned deaf_for = 0) : deaf_for_(deaf_for) {
    socket_ = io::DatagramSocket::open(loop, *this, io::Address::any_v4(port), {.reuse_address = true}).value();
    const auto joined =
        socket_->join(io::Address::parse("224.0.0.251", 0).value(), is_simulated ? io::Address{} : io::Address::loopback_v4(0));
    joined_ = joined.has_value();
  }
  [[nodiscard]] bool has_joined() const noexcept { return joined_; }
  unsigned asked = 0;

 private:
  void received(io::DatagramSocket& socket, ByteView bytes, const io::Address& from) override {
    const auto message = decode_dns_message(bytes);
    if (!message || !message->question || message->question->name != "altair.local" || ++asked <= deaf_for_) return;
    const bool is_v4 = message->question->type == RecordType::a;
    socket.send(response(*message, {address_record("altair.local", is_v4 ? "192.0.2.1" : "2001:db8::1")}), from);
  }
  unsigned deaf_for_;
  bool joined_ = false;
  std::unique_ptr<io::DatagramSocket> socket_;
};

#if defined(PULPO_EMULATED)
constexpr bool kIsEmulated = true;
#else
constexpr bool kIsEmulated = false;
#endif

TEST_P(Lookups, ANameInLocalIsAskedOfTheNetwork) {
  resolver_.its->mdns_port = static_cast<std::uint16_t>(20'000 + SystemRandom().u32() % 10'000);
  const Responder responder(loop(), sim_ != nullptr, resolver_.its->mdns_port);
  if (kIsEmulated && !responder.has_joined()) GTEST_SKIP() << "an emulator that does not know IP_MULTICAST_IF";
  ASSERT_TRUE(responder.has_joined());
  const std::string found = find("altair.local");
  EXPECT_NE(found.find("192.0.2.1:80 "), std::string::npos) << found;
}

TEST_P(Lookups, AQuestionToTheNetworkIsRepeated) {
  resolver_.its->mdns_port = static_cast<std::uint16_t>(20'000 + SystemRandom().u32() % 10'000);
  const Responder responder(loop(), sim_ != nullptr, resolver_.its->mdns_port, 2);
  if (kIsEmulated && !responder.has_joined()) GTEST_SKIP() << "an emulator that does not know IP_MULTICAST_IF";
  ASSERT_TRUE(responder.has_joined());
  const std::string found = find("altair.local");
  EXPECT_NE(found.find(":80 "), std::string::npos) << found;
  EXPECT_GT(responder.asked, 2u);
}

TEST_P(Lookups, ANameInLocalThatNobodyHasIsGivenUp) {
  if (GetParam() != Variant::sim) return;  // 2 s of virtual time
  resolver_.its->mdns_port = 5353;
  const auto dns = server(knows("other.lan", "192.0.2.1"));
  expect_parts(find("vega.local"), {"says that vega.local does not exist", "mDNS: nobody is vega.local"});
}

TEST_P(Lookups, DestroyingOneEndsItsQuestions) {
  const auto dns = server([](const DnsMessage&, bool) { return std::nullopt; });
  resolver_.its->mdns_port = static_cast<std::uint16_t>(20'000 + SystemRandom().u32() % 10'000);
  {
    const Lookup lookup(loop(), random_, resolver_, "altair.local", 80, [](auto) { FAIL() << "it was cancelled"; });
    ASSERT_TRUE(until([&] { return dns->asked.size() == 2; }));
  }
  settle();
}

std::vector<Variant> every_loop() {
  std::vector<Variant> some = {Variant::epoll, Variant::sim};
  if (io::probe_uring().available) some.push_back(Variant::uring);
  return some;
}
INSTANTIATE_TEST_SUITE_P(EveryLoop, Lookups, testing::ValuesIn(every_loop()), [](const auto& info) {
  return info.param == Variant::epoll ? "epoll" : info.param == Variant::sim ? "sim" : "uring";
});

// --- Hosts of nodes met ----------------------------------------------------------------------------------------------

TEST(MetHosts, AreFoundWhereTheResolverKnowsNothing) {
  const TestResolver resolver;
  MetHosts met(resolver);
  EXPECT_FALSE(met.find("altair", 80));
  met.met("altair", io::Address::parse("192.0.2.1", 4711).value());
  met.met("known", io::Address::parse("192.0.2.2", 4711).value());
  EXPECT_EQ(met.find("ALTAIR", 80)->front().text(), "192.0.2.1:80");
  EXPECT_EQ(met.find("known", 80)->front().text(), "192.0.2.77:80") << "files stand above it";
  met.met("altair", io::Address::parse("192.0.2.3", 4711).value());
  EXPECT_EQ(met.find("altair", 80)->front().text(), "192.0.2.3:80");
  EXPECT_NE(met.find("vega", 80).error().detail.find("among the hosts of nodes met"), std::string::npos);
}

TEST(MetHosts, AreForgottenInTheOrderInWhichTheyWereMet) {
  const TestResolver resolver;
  MetHosts met(resolver);
  for (std::size_t i = 0; i <= MetHosts::kMetMax; ++i) met.met(fmt::format("h{}", i), io::Address::loopback_v4(1));
  EXPECT_FALSE(met.find("h0", 80));
  EXPECT_TRUE(met.find("h1", 80));
}

}  // namespace
}  // namespace pulpo::host
