// SPDX-License-Identifier: Apache-2.0
#include "mapper/client.hpp"

#include <optional>

#include "unit/mapper/world.hpp"

namespace pulpo::mapper {
namespace {

/// A server that takes connections, says what it was told to, and nothing else: not a mapper.
class FakeMapper final : public Stream::Owner, private io::Operation {
 public:
  FakeMapper(io::Loop& loop, std::string answer) : loop_(loop), answer_(std::move(answer)) {
    handle_ = *loop.listen(io::Address::loopback_v4(0), {});
    loop.accept(*this, handle_);
  }
  ~FakeMapper() {
    stream_.reset();
    loop_.close(handle_);
    while (is_pending()) loop_.turn(io::Loop::Wait::no);
  }
  [[nodiscard]] io::Address address() const { return *loop_.local_address(handle_); }
  [[nodiscard]] const std::string& heard() const { return heard_; }
  void answer_from_now_on(std::string answer) { answer_ = std::move(answer); }

 private:
  void completed(const io::Completion& completion) override {
    if (completion.result < 0) return;
    stream_ = Stream::adopt(loop_, *this, completion.result);
  }
  void received(ByteView bytes) override {
    heard_ += bytes;
    if (!answer_.empty()) stream_->send(answer_);
  }
  void sent() override { stream_.reset(); }
  void ended(int) override { stream_.reset(); }

  io::Loop& loop_;
  std::string answer_;
  std::string heard_;
  io::Handle handle_ = -1;
  Stream::Pointer stream_;
};

class ClientTest : public World {
 protected:
  [[nodiscard]] io::Address address() const { return io::Address::loopback_v4(mapper->port()); }
  /// A port on which nothing listens.
  [[nodiscard]] io::Address nobody() const {
    const io::Handle handle = *loop->listen(io::Address::loopback_v4(0), {});
    const io::Address address = *loop->local_address(handle);
    loop->close(handle);
    return address;
  }
  Outcome<NodeRecord> look_up(const io::Address& at, const std::string& name, Timeout timeout = 10s) {
    std::optional<Outcome<NodeRecord>> answer;
    const Lookup lookup(*loop, at, name, timeout, [&](Outcome<NodeRecord> outcome) { answer = std::move(outcome); });
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    return *answer;
  }
  Outcome<TextReply> names(const io::Address& at) {
    std::optional<Outcome<TextReply>> answer;
    const Names names(*loop, at, 10s, [&](Outcome<TextReply> outcome) { answer = std::move(outcome); });
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    return *answer;
  }
  /// Collects what a Registration reports.
  Registration::Changed collect() {
    return [this](const Registration::Report& report) { reports.push_back(report); };
  }
  [[nodiscard]] Registration::Settings settings(const std::string& name, const io::Address& at) const {
    Registration::Settings settings;
    settings.mapper = at;
    settings.node = {.port = 5000, .name = name, .extra = std::string(kPulpoExtra)};
    return settings;
  }
  bool until_reports(std::size_t count) {
    return until([&] { return reports.size() >= count; });
  }

  std::vector<Registration::Report> reports;
};

using State = Registration::State;

TEST_P(ClientTest, ARegistrationIsFoundByLookupAndNames) {
  start_mapper();
  const Registration registration(*loop, random, settings("a", address()), collect());
  ASSERT_TRUE(until_reports(1));
  EXPECT_EQ(reports[0].state, State::registered);
  EXPECT_GE(reports[0].creation, kSmallestCreation);
  auto found = look_up(address(), "a");
  ASSERT_TRUE(found.has_value()) << found.error().text();
  EXPECT_EQ(found->port, 5000);
  EXPECT_EQ(found->type, kNormalNode);
  EXPECT_EQ(found->extra, "pulpo/1");
  auto text = names(address());
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(Names::text(*text),
            "epmd: up and running on port " + std::to_string(mapper->port()) + " with data:\nname a at port 5000\n");  // EPMD-14
}

TEST_P(ClientTest, ARegistrationEndsWithItsObject) {
  start_mapper();
  {
    const Registration registration(*loop, random, settings("a", address()), collect());
    ASSERT_TRUE(until_reports(1));
  }
  EXPECT_TRUE(until([&] { return mapper->connections_size() == 0; }));
  EXPECT_EQ(look_up(address(), "a").error().code, Errc::not_found);
}

TEST_P(ClientTest, AnUnknownNameIsNotFoundAndTheTextNamesIt) {
  start_mapper();
  auto found = look_up(address(), "zzz");
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, Errc::not_found);
  EXPECT_NE(found.error().text().find("\"zzz\" is not registered at 127.0.0.1:"), std::string::npos) << found.error().text();
  EXPECT_EQ(look_up(address(), std::string(5000, 'x')).error().code, Errc::not_found);
}

TEST_P(ClientTest, NobodyThereIsNodedown) {
  const io::Address at = nobody();
  auto found = look_up(at, "a");
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, Errc::nodedown);
  EXPECT_NE(found.error().text().find("no mapper at " + at.text()), std::string::npos) << found.error().text();
  EXPECT_EQ(names(at).error().code, Errc::nodedown);
}

TEST_P(ClientTest, AMapperThatStaysSilentIsATimeout) {
  FakeMapper silent(*loop, "");
  const TimePoint begin = loop->refresh();
  auto found = look_up(silent.address(), "a", 100ms);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, Errc::timeout);
  EXPECT_GE(loop->refresh() - begin, 100ms);
}

TEST_P(ClientTest, WhatIsNoMapperIsSaidToBeNone) {
  FakeMapper web(*loop, "HTTP/1.1 400 Bad Request\r\n\r\n");
  auto found = look_up(web.address(), "a");
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, Errc::bad_message);
  EXPECT_NE(found.error().text().find("is no mapper"), std::string::npos) << found.error().text();
}

TEST_P(ClientTest, AnAnswerCutShortIsAnError) {
  FakeMapper cut(*loop, hex("77 00 aa 2f 4d"));
  EXPECT_EQ(look_up(cut.address(), "a").error().code, Errc::nodedown);
  FakeMapper short_text(*loop, hex("00 00"));
  EXPECT_EQ(names(short_text.address()).error().code, Errc::bad_message);
}

TEST_P(ClientTest, QuestionsMayBeDroppedAtAnyMoment) {
  // The World checks at its end that no operation is left, and the sanitizers that nothing was touched late.
  start_mapper();
  for (int turns = 0; turns < 12; ++turns) {
    auto lookup = std::make_unique<Lookup>(*loop, address(), "a", 10s, [](Outcome<NodeRecord>) {});
    auto registration = std::make_unique<Registration>(*loop, random, settings("a", address()), [](const Registration::Report&) {});
    for (int turn = 0; turn < turns; ++turn) loop->turn(io::Loop::Wait::no);
    lookup.reset();
    registration.reset();
  }
  EXPECT_TRUE(until([&] { return mapper->connections_size() == 0; }));
}

TEST_P(ClientTest, TheAnswerMayDestroyTheQuestion) {
  start_mapper();
  std::unique_ptr<Lookup> lookup;
  lookup = std::make_unique<Lookup>(*loop, address(), "a", 10s, [&](Outcome<NodeRecord>) { lookup.reset(); });
  std::unique_ptr<Registration> registration;
  registration =
      std::make_unique<Registration>(*loop, random, settings("a", address()), [&](const Registration::Report&) { registration.reset(); });
  EXPECT_TRUE(until([&] { return lookup == nullptr && registration == nullptr; }));
}

TEST_P(ClientTest, ATakenNameIsReportedOnceAndTriedAgain) {  // NODE-3, EPMD-17
  start_mapper();
  auto holder = std::make_unique<RawClient>(mapper->port());
  ASSERT_NE(register_on(*holder, "a"), 0u);
  auto quick = settings("a", address());
  quick.pause_max = 20ms;
  const Registration registration(*loop, random, quick, collect());
  ASSERT_TRUE(until_reports(1));
  EXPECT_EQ(reports[0].state, State::refused);
  EXPECT_EQ(reports[0].fault.code, Errc::already_exists);
  EXPECT_NE(reports[0].fault.text().find("the name \"a\" is in use"), std::string::npos) << reports[0].fault.text();
  const TimePoint begin = loop->refresh();
  ASSERT_TRUE(until([&] { return loop->refresh() - begin > 150ms; }));
  EXPECT_EQ(reports.size(), 1u);
  holder.reset();
  ASSERT_TRUE(until_reports(2));
  EXPECT_EQ(reports[1].state, State::registered);
}

TEST_P(ClientTest, ANameThatIsFreeAMomentLaterWasNeverRefused) {  // EPMD-18, against a mapper that does not look at the holder
  FakeMapper erlangs(*loop, hex("76 01 00 00 00 63"));
  const auto wanted = settings("a", erlangs.address());
  const Registration registration(*loop, random, wanted, collect());
  const std::size_t request = encode_request({.kind = RequestKind::alive, .node = wanted.node}).size();
  ASSERT_TRUE(until([&] { return erlangs.heard().size() >= 2 * request; }));
  EXPECT_TRUE(reports.empty());
  erlangs.answer_from_now_on(hex("76 00 00 00 00 07"));
  ASSERT_TRUE(until_reports(1));
  EXPECT_EQ(reports[0].state, State::registered);
  EXPECT_EQ(reports[0].creation, 7u);
}

TEST_P(ClientTest, ANameThatNoMapperTakesIsRefusedWithoutAsking) {  // EPMD-5
  start_mapper();
  const Registration registration(*loop, random, settings(std::string(256, 'x'), address()), collect());
  ASSERT_TRUE(until_reports(1));
  EXPECT_EQ(reports[0].state, State::refused);
  EXPECT_EQ(reports[0].fault.code, Errc::bad_argument);
  EXPECT_EQ(mapper->connections_size(), 0u);
}

TEST_P(ClientTest, NoMapperIsReportedAtOnceAndOnce) {
  auto quick = settings("a", nobody());
  quick.pause_max = 20ms;
  const Registration registration(*loop, random, quick, collect());
  ASSERT_TRUE(until_reports(1));
  EXPECT_EQ(reports[0].state, State::unreachable);
  EXPECT_EQ(reports[0].fault.code, Errc::nodedown);
  const TimePoint begin = loop->refresh();
  ASSERT_TRUE(until([&] { return loop->refresh() - begin > 150ms; }));
  EXPECT_EQ(reports.size(), 1u);
}

TEST_P(ClientTest, AMapperThatStaysSilentIsUnreachable) {
  FakeMapper silent(*loop, "");
  auto quick = settings("a", silent.address());
  quick.answer_timeout = 50ms;
  const Registration registration(*loop, random, quick, collect());
  ASSERT_TRUE(until_reports(1));
  EXPECT_EQ(reports[0].state, State::unreachable);
  EXPECT_EQ(reports[0].fault.code, Errc::timeout);
  EXPECT_FALSE(silent.heard().empty());
}

TEST_P(ClientTest, NodesAreBackWithinASecondAfterTheMapperReturns) {  // EPMD-17
  start_mapper();
  const std::uint16_t port = mapper->port();
  const Registration registration(*loop, random, settings("a", address()), collect());
  ASSERT_TRUE(until_reports(1));
  mapper.reset();
  const TimePoint gone = loop->refresh();
  ASSERT_TRUE(until_reports(2));
  EXPECT_EQ(reports[1].state, State::unreachable);
  ASSERT_TRUE(until([&] { return loop->refresh() - gone > 200ms; }));
  start_mapper({.port = port});
  const TimePoint back = loop->refresh();
  ASSERT_TRUE(until_reports(3));
  EXPECT_EQ(reports[2].state, State::registered);
  EXPECT_LT(loop->refresh() - back, 1s);
  EXPECT_TRUE(look_up(address(), "a").has_value());
}

TEST_P(ClientTest, AMapperThatRestartsInAMomentIsNoNewsButTheName) {  // EPMD-17
  start_mapper();
  const std::uint16_t port = mapper->port();
  auto patient = settings("a", address());
  patient.first_pause = 500ms;
  const Registration registration(*loop, random, patient, collect());
  ASSERT_TRUE(until_reports(1));
  mapper.reset();
  ASSERT_TRUE(until([&] { return registration.state() == State::connecting; }));  // the old listener is closed by then
  start_mapper({.port = port});
  ASSERT_TRUE(until_reports(2));
  EXPECT_EQ(reports[1].state, State::registered);
  EXPECT_EQ(mapper->names_size(), 1u);
}

TEST_P(ClientTest, AMapperIsStartedOnceAndWaitedFor) {  // EPMD-16
  auto asking = settings("a", nobody());
  int starts = 0;
  asking.start_mapper = [&]() -> Outcome<void> {
    ++starts;
    return {};
  };
  const Registration registration(*loop, random, asking, collect());
  ASSERT_TRUE(until([&] { return starts == 1; }));
  const TimePoint begin = loop->refresh();
  ASSERT_TRUE(until([&] { return loop->refresh() - begin > 100ms; }));
  EXPECT_TRUE(reports.empty());
  start_mapper({.port = asking.mapper.port()});
  ASSERT_TRUE(until_reports(1));
  EXPECT_EQ(reports[0].state, State::registered);
  EXPECT_EQ(starts, 1);
}

TEST_P(ClientTest, AMapperThatCouldNotBeStartedIsPartOfTheCause) {
  auto asking = settings("a", nobody());
  asking.start_mapper = []() -> Outcome<void> {
    return Fault{.code = Errc::io, .sys = ENOENT, .where = "start a mapper", .detail = "/no/program"};
  };
  const Registration registration(*loop, random, asking, collect());
  ASSERT_TRUE(until_reports(1));
  EXPECT_EQ(reports[0].state, State::unreachable);
  EXPECT_NE(reports[0].fault.text().find("/no/program"), std::string::npos) << reports[0].fault.text();
}

TEST_P(ClientTest, AMapperThatNeverComesIsReportedAfterItsTime) {
  auto asking = settings("a", nobody());
  asking.start_time = 200ms;
  asking.start_mapper = []() -> Outcome<void> { return {}; };
  const TimePoint begin = loop->refresh();
  const Registration registration(*loop, random, asking, collect());
  ASSERT_TRUE(until_reports(1));
  EXPECT_EQ(reports[0].state, State::unreachable);
  EXPECT_GE(loop->refresh() - begin, 200ms);
}

INSTANTIATE_TEST_SUITE_P(Loops, ClientTest, testing::ValuesIn(loop_kinds()), kind_name);

}  // namespace
}  // namespace pulpo::mapper
