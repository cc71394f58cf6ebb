// SPDX-License-Identifier: Apache-2.0
//
// Two ends of a connection, or one end and a bare socket, on every loop that this kernel has.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link/connection.hpp"
#include "link_fixture.hpp"

namespace pulpo::links {

/// An owner that writes down what befell it.
struct End final : Connection::Owner {
  std::optional<Connection> connection;
  Verdict verdict;
  Verdict choice;          ///< What is said to a challenge of somebody who was not dialled by name.
  std::string challenger;  ///< Who that was.
  std::optional<Peer> peer;
  std::vector<std::string> records;
  std::size_t record_bytes = 0;
  bool keep_records = true;
  int sends = 0;
  std::optional<Ending> ending;
  std::uint64_t seq = 0;
  std::function<void(ByteView)> on_record;
  std::function<void()> on_sent;

  Verdict admit(const Peer&) override { return verdict; }
  Verdict challenged(const std::string& name) override {
    challenger = name;
    return choice;
  }
  void established(const Peer& with) override {
    EXPECT_FALSE(peer.has_value());
    peer = with;
  }
  wire::Stamp stamp() override { return {.seq = ++seq, .ack = 0}; }
  void record(ByteView body) override {
    EXPECT_FALSE(ending.has_value());
    record_bytes += body.size();
    if (keep_records) records.emplace_back(body);
    if (on_record) on_record(body);
  }
  void sent() override {
    ++sends;
    if (on_sent) on_sent();
  }
  void ended(const Ending& how) override {
    EXPECT_FALSE(ending.has_value()) << "ended twice";
    ending = how;
    connection.reset();
  }

  /// Puts bytes where the session would encode frames.
  void gather(ByteView bytes) {
    auto& out = connection->gathering();
    char* const at = out.room(bytes.size());
    std::copy(bytes.begin(), bytes.end(), at);
    out.wrote_to(at + bytes.size());
  }
};

/// A bare socket, for peers that misbehave.
struct Raw final : io::Operation {
  std::string bytes;
  bool ended = false;
  void completed(const io::Completion& completion) override {
    bytes.append(completion.data);
    ended = !completion.more;
  }
};
struct Once final : io::Operation {
  std::optional<int> result;
  void completed(const io::Completion& completion) override { result = completion.result; }
};

/// How a test runs: on which loop, and with which records.
struct Way {
  OnLoop loop;
  std::uint64_t features;
};

/// Every loop that there is here, with those records.
inline std::vector<Way> ways(std::uint64_t features) {
  std::vector<Way> have;
  for (const OnLoop loop : loops()) have.push_back({loop, features});
  return have;
}
inline std::string way_name(const testing::TestParamInfo<Way>& info) {
  return loop_name(info.param.loop) + ((info.param.features & kPlainRecords) != 0 ? "Plain" : "Sealed");
}

class ConnectionTest : public testing::TestWithParam<Way> {
 protected:
  struct Acceptor final : io::Operation {
    explicit Acceptor(ConnectionTest& t) : test(t) {}
    void completed(const io::Completion& completion) override {
      if (completion.result >= 0) test.accepted(completion.result);
    }
    ConnectionTest& test;
  };

  void SetUp() override {
    a_self_.features = b_self_.features = GetParam().features;
    loop_ = lone_.make(GetParam().loop);
    ASSERT_NE(loop_, nullptr);
    listener_ = loop_->listen(io::Address::loopback_v4(0), {}).value();
    address_ = loop_->local_address(listener_).value();
    loop_->accept(acceptor_, listener_);
  }

  void TearDown() override {
    for (auto* const end : {&dialling_, &accepting_}) {
      if (end->connection) end->connection->abort(Cause::closed_here, {});
    }
    if (raw_handle_ >= 0) loop_->close(raw_handle_);
    loop_->close(listener_);
    EXPECT_TRUE(until([&] { return loop_->pending() == 0; }));
    EXPECT_EQ(admission_.half_open(), 0u);
  }

  /// Turns the loop until it holds; a test that takes longer than any does fails, but does not hang.
  bool until(const std::function<bool()>& holds) {
    struct Alarm final : io::Timer {
      void expired() override { rang = true; }
      bool rang = false;
    } alarm;
    loop_->timers().arm(alarm, loop_->refresh() + 20s);
    while (!holds() && !alarm.rang) lone_.turn();
    return holds();
  }

  void accepted(io::Handle handle) {
    ASSERT_FALSE(accepting_.connection.has_value());
    accepting_.connection.emplace(*loop_, b_self_, b_cookies_, random_, accepting_, settings_);
    auto slot = admission_.admit(loop_->peer_address(handle).value(), loop_->now());
    ASSERT_TRUE(slot.has_value());
    accepting_.connection->accept(handle, *std::move(slot));
  }

  void dial(std::string_view target = "b@127.0.0.1") {
    dialling_.connection.emplace(*loop_, a_self_, a_cookies_, random_, dialling_, settings_);
    dialling_.connection->dial(address_, target);
  }
  bool connect() {
    dial();
    return until([&] { return (dialling_.peer || dialling_.ending) && (accepting_.peer || accepting_.ending); }) && dialling_.peer &&
           accepting_.peer;
  }

  /// A bare connection to b that says `bytes`.
  void raw(ByteView bytes) {
    Once connected;
    loop_->connect(connected, address_);
    ASSERT_TRUE(until([&] { return connected.result.has_value(); }));
    raw_handle_ = *connected.result;
    ASSERT_GE(raw_handle_, 0);
    loop_->receive(raw_, raw_handle_);
    if (!bytes.empty()) say(bytes);
  }
  void say(ByteView bytes) {
    Once sent;
    loop_->send(sent, raw_handle_, bytes);
    ASSERT_TRUE(until([&] { return sent.result.has_value(); }));
  }

  LoneLoop lone_;
  io::Loop* loop_ = nullptr;  ///< Its.
  SystemRandom random_;
  FixedCookies a_cookies_{"secret"}, b_cookies_{"secret"};
  Identity a_self_ = identity("a@127.0.0.1", 7), b_self_ = identity("b@127.0.0.1", 8);
  ConnectionSettings settings_;
  Admission admission_;
  End dialling_, accepting_;
  io::Handle listener_ = -1;
  io::Address address_;
  Acceptor acceptor_{*this};
  Raw raw_;
  io::Handle raw_handle_ = -1;
  LogEar ear_;
};

/// A peer with the right cookie that then does as it likes.
class AuthenticatedPeer : public ConnectionTest {
 protected:
  void authenticate() {
    handshake_.emplace(Role::dial, a_self_, "b@127.0.0.1", a_cookies_, random_);
    handshake_->start();
    raw(handshake_->take_output());
    auto step = Handshake::Step::more;
    std::size_t looked_at = 0;  // a message may come in parts
    while (step == Handshake::Step::more) {
      ASSERT_TRUE(until([&] { return raw_.bytes.size() > looked_at; }));
      ByteView input(raw_.bytes);
      step = handshake_->receive(input);
      raw_.bytes.erase(0, raw_.bytes.size() - input.size());
      looked_at = raw_.bytes.size();
      const auto output = handshake_->take_output();
      if (!output.empty()) say(output);
    }
    ASSERT_EQ(step, Handshake::Step::established);
    ASSERT_TRUE(accepting_.peer.has_value());
  }
  std::optional<Handshake> handshake_;
};

}  // namespace pulpo::links
