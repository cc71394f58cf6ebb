// SPDX-License-Identifier: Apache-2.0
//
// Messages that leave in fragments: what they do not delay, and what may not overtake them.
#include <fmt/format.h>

#include "pulpo/net/nodes.hpp"
#include "pulpo/process_info.hpp"
#include "unit/dist/nodes_fixture.hpp"

namespace pulpo {
namespace {

using namespace pulpo::testing;

class LargeMessageTest : public NodesTest {
 protected:
  void SetUp() override {
    a_ = start_one("a");
    b_ = start_one("b");
  }
  /// A process of node a by that name, once it is registered.
  void serve(const std::string& name, std::function<void()> body) {
    a_->runtime().post([name, body = std::move(body)] {
      EXPECT_TRUE(register_name(Atom(name), self()));
      body();
    });
    run_on(*a_, [name] {
      while (!whereis(Atom(name))) yield();
    });
  }
  [[nodiscard]] virtual bool is_plain() const { return false; }
  void kill_a_sender_in_the_middle();
  std::unique_ptr<Node> a_, b_;

 private:
  std::unique_ptr<Node> start_one(const std::string& name) {
    NodeOptions its = options(name);
    its.plain_links = is_plain();
    return start(its);
  }
};

class PlainLargeMessageTest : public LargeMessageTest {
  [[nodiscard]] bool is_plain() const override { return true; }
};

Address at_a(const char* name) { return Address(Atom(name), node_atom("a")); }

void answer_until_told_to_stop() {
  for (;;) {
    const Term term = *receive_any();
    if (!term.is_tuple(3)) return;
    const auto from = term.elements()[1].elements();
    reply(from[0].pid(), from[1].ref(), "pong"_atom);
  }
}

/// Calls go on while 100 MiB pass; they are answered while most of it is still to come.
void calls_pass(Node& b, const std::function<bool()>& has_arrived) {
  run_on(b, [&] {
    ASSERT_TRUE(request(at_a("server"), 1, 20s));
    spawn([] { send(at_a("sink"), Term::binary(std::string(100u << 20, 'x'))); });
    yield();
    int answered = 0;
    for (; answered < 20; ++answered) {
      const auto answer = request(at_a("server"), answered, 20s);
      ASSERT_TRUE(answer) << answer.error().text();
    }
    EXPECT_FALSE(has_arrived());
  });
}

void expect_calls_pass(Node& b, const std::function<void(const std::string&, std::function<void()>)>& serve,
                       const std::function<std::size_t(std::promise<std::size_t>&)>& await) {
  auto arrived = std::make_shared<std::atomic<bool>>(false);
  std::promise<std::size_t> size;
  serve("sink", [arrived, &size] {
    const auto term = receive_any(60s);
    *arrived = true;
    size.set_value(term ? term->bytes().size() : 0);
  });
  serve("server", answer_until_told_to_stop);
  calls_pass(b, [arrived] { return arrived->load(); });
  EXPECT_EQ(await(size), 100u << 20);
}

TEST_P(LargeMessageTest, SmallCallsPassWhileAHundredMebibytesAreOnTheirWay) {  // WK-8
  expect_calls_pass(
      *b_, [this](const std::string& name, std::function<void()> body) { serve(name, std::move(body)); },
      [this](std::promise<std::size_t>& size) { return await(size); });
}

TEST_P(PlainLargeMessageTest, SmallCallsPassWhileAHundredMebibytesAreOnTheirWay) {  // WK-8
  expect_calls_pass(
      *b_, [this](const std::string& name, std::function<void()> body) { serve(name, std::move(body)); },
      [this](std::promise<std::size_t>& size) { return await(size); });
}

TEST_P(LargeMessageTest, NothingOfOneSenderOvertakesWhateverItsSizes) {  // SIG-1
  constexpr int kSenders = 6;
  constexpr int kMessages = 60;
  std::promise<std::string> result;
  serve("sink", [&result] {
    std::vector<std::int64_t> next(kSenders, 0);
    std::string wrong;
    for (int i = 0; i < kSenders * kMessages && wrong.empty(); ++i) {
      const auto term = receive_any(60s);
      if (!term) {
        wrong = fmt::format("only {} came", i);
        break;
      }
      const auto parts = term->elements();
      const auto sender = static_cast<std::size_t>(parts[0].integer());
      if (parts[1].integer() != next[sender]++) wrong = fmt::format("{} of sender {} came too early", parts[1].integer(), sender);
      if (parts[2].bytes() != std::string(parts[2].bytes().size(), static_cast<char>('a' + sender))) wrong = "other bytes";
    }
    result.set_value(wrong);
  });
  run_on(*b_, [] {
    const auto sink = request(at_a("sink_pid"), 1, 1ms);  // nobody of that name: connects
    for (int sender = 0; sender < kSenders; ++sender) {
      spawn([sender] {
        SeededRandom random(static_cast<std::uint64_t>(sender) + 1);
        for (int i = 0; i < kMessages; ++i) {
          const std::size_t size = random.u32() % 3 == 0 ? random.u32() % 400'000 : random.u32() % 100;
          send(at_a("sink"), Term::tuple({sender, i, Term::binary(std::string(size, static_cast<char>('a' + sender)))}));
        }
      });
    }
  });
  EXPECT_EQ(await(result), "");
}

TEST_P(LargeMessageTest, ASendersEndComesBehindItsLastMessage) {  // SIG-1, SIG-15
  std::promise<std::string> result;
  serve("sink", [&result] {
    const auto hello = receive_any(60s);
    const Ref ref = monitor(hello->pid());
    send(hello->pid(), "go"_atom);
    const auto first = receive_any(60s);
    const auto second = receive_any(60s);
    if (!first || !first->is_binary()) return result.set_value("the end came first");
    if (first->bytes().size() != 20u << 20) return result.set_value("not all of it came");
    if (!second || !second->is_tuple(5) || second->elements()[1] != Term(ref)) return result.set_value("the end did not come");
    if (second->elements()[4] != Term("done"_atom)) return result.set_value("another reason");
    result.set_value("");
  });
  run_on(*b_, [] {
    const Ref over = spawn_monitor([] {
                       send(at_a("sink"), self());
                       (void)receive_any(60s);
                       send(at_a("sink"), Term::binary(std::string(20u << 20, 'x')));
                       exit("done"_atom);
                     }).monitor;
    (void)over;
    (void)receive_any(60s);
  });
  EXPECT_EQ(await(result), "");
}

TEST_P(LargeMessageTest, ToANameAndToAPidTheOrderIsThatOfSending) {  // SIG-1
  std::promise<std::string> result;
  serve("sink", [&result] {
    const auto hello = receive_any(60s);
    send(hello->pid(), self());
    std::string sizes;
    for (int i = 0; i < 6; ++i) {
      const auto term = receive_any(60s);
      sizes += term ? fmt::format("{} ", term->bytes().size()) : "none ";
    }
    result.set_value(sizes);
  });
  run_on(*b_, [] {
    send(at_a("sink"), self());
    const Pid sink = receive_any(60s)->pid();
    const auto binary = [](std::size_t size) { return Term::binary(std::string(size, 'x')); };
    send(sink, binary(3u << 20));
    send(at_a("sink"), binary(1));
    send(sink, binary(2));
    send(at_a("sink"), binary(1u << 20));
    send(sink, binary(200'000));
    send(sink, binary(3));
  });
  EXPECT_EQ(await(result), "3145728 1 2 1048576 200000 3 ");
}

TEST_P(LargeMessageTest, AConnectionThatEndsMidwayDropsTheMessageAndTheNextOneArrives) {  // SIG-1
  std::promise<std::size_t> size;
  serve("sink", [&size] {
    const auto term = receive_any(60s);
    size.set_value(term ? term->bytes().size() : 0);
  });
  run_on(*b_, [] {
    ASSERT_FALSE(request(at_a("nobody"), 1, 20s));  // connects
    spawn([] { send(at_a("sink"), Term::binary(std::string(200u << 20, 'x'))); });
    yield();
  });
  run_on(*a_, [] { EXPECT_TRUE(disconnect_node(node_atom("b"))); });
  run_on(*b_, [] {
    // Until the connection is a new one.
    while (request(at_a("nobody"), 1, 20s).error().reason != Term("noproc"_atom)) yield();
    send(at_a("sink"), Term::binary(std::string(100'000, 'x')));
  });
  EXPECT_EQ(await(size), 100'000u);
}

/// It is killed by another process while it waits for the link, which has most of the message still before it.
void LargeMessageTest::kill_a_sender_in_the_middle() {
  constexpr std::size_t kSize = 50u << 20;
  std::promise<std::string> result;
  auto arrived = std::make_shared<std::atomic<bool>>(false);
  serve("sink", [&result, arrived] {
    const auto hello = receive_any(60s);
    const Ref ref = monitor(hello->pid());
    send(hello->pid(), "go"_atom);
    // Another's, which does not wait for it.
    const auto other = receive_if([](const Term& term) { return term.is_binary() && term.bytes().size() == 100'000; }, 60s);
    const auto first = receive_any(60s);
    *arrived = true;
    const auto second = receive_any(60s);
    if (!other) return result.set_value("the link is not what it was");
    if (!first || !first->is_binary() || first->bytes() != std::string(kSize, 'x')) return result.set_value("not all of it came");
    if (!second || !second->is_tuple(5) || second->elements()[1] != Term(ref)) return result.set_value("the end did not come behind it");
    if (second->elements()[4] != Term(atoms::killed)) return result.set_value("another reason");
    result.set_value("");
  });
  run_on(*b_, [arrived] {
    const auto [sender, ended] = spawn_monitor([] {
      send(at_a("sink"), self());
      (void)receive_any(60s);
      send(at_a("sink"), Term::binary(std::string(kSize, 'x')));
      exit("it was not held up"_atom);
    });
    for (;; yield()) {
      const auto info = process_info(sender);
      ASSERT_TRUE(info);
      if (info->status == ProcessStatus::suspended && info->waits_for && info->waits_for->kind == "link") break;
    }
    exit(sender, atoms::kill);
    const auto down = receive_any(60s);
    ASSERT_TRUE(down && down->is_tuple(5));
    EXPECT_EQ(down->elements()[4], Term(atoms::killed));
    EXPECT_FALSE(*arrived);
    send(at_a("sink"), Term::binary(std::string(100'000, 'y')));
  });
  EXPECT_EQ(await(result), "");
}

TEST_P(LargeMessageTest, AMessageWhoseSenderIsKilledInTheMiddleArrivesWholeAndTheEndBehindIt) {  // SIG-1, SIG-15
  kill_a_sender_in_the_middle();
}

TEST_P(PlainLargeMessageTest, AMessageWhoseSenderIsKilledInTheMiddleArrivesWholeAndTheEndBehindIt) {  // SIG-1, SIG-15
  kill_a_sender_in_the_middle();
}

PULPO_ON_EACH_LOOP(LargeMessageTest);
PULPO_ON_EACH_LOOP(PlainLargeMessageTest);

}  // namespace
}  // namespace pulpo
