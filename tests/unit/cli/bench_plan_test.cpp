// SPDX-License-Identifier: Apache-2.0
#include "bench_plan.hpp"

#include <gtest/gtest.h>

namespace pulpo::cli {
namespace {

Outcome<BenchPlan> read_text(std::string_view elixir) { return read_bench_plan(*read_elixir(elixir)); }
std::string refusal(std::string_view elixir) {
  const auto plan = read_text(elixir);
  if (plan) return "taken";
  EXPECT_EQ(plan.error().code, Errc::bad_argument);
  return plan.error().detail;
}

TEST(BenchPlan, ItComesBackFromATermAsItWas) {
  BenchPlan plan{.kind = BenchKind::call,
                 .server = "PingPong",
                 .request = "{:ping, 1}",
                 .concurrency = 1'000'000,
                 .payload = 0,
                 .cores = 3,
                 .rate = 10'000'000,
                 .beside = 64'000'000,
                 .warmup = 1500us,
                 .duration = 24h};
  const auto read = read_bench_plan(bench_plan_term(plan));
  ASSERT_TRUE(read.has_value()) << read.error().text();
  EXPECT_EQ(read->kind, plan.kind);
  EXPECT_EQ(read->server, plan.server);
  EXPECT_EQ(read->request, plan.request);
  EXPECT_EQ(read->concurrency, plan.concurrency);
  EXPECT_EQ(read->cores, plan.cores);
  EXPECT_EQ(read->rate, plan.rate);
  EXPECT_EQ(read->beside, plan.beside);
  EXPECT_EQ(read->warmup, plan.warmup);
  EXPECT_EQ(read->duration, plan.duration);
  const auto send = read_bench_plan(bench_plan_term({.kind = BenchKind::send, .concurrency = 4, .payload = 1 << 20}));
  ASSERT_TRUE(send.has_value()) << send.error().text();
  EXPECT_EQ(send->kind, BenchKind::send);
  EXPECT_EQ(send->payload, 1u << 20);
  EXPECT_EQ(read_bench_plan(bench_plan_term({.kind = BenchKind::spawn}))->kind, BenchKind::spawn);
  EXPECT_EQ(read_bench_plan(bench_plan_term({.kind = BenchKind::connect, .concurrency = 8}))->kind, BenchKind::connect);
}

TEST(BenchPlan, APersonMayLeaveOutWhatIsAsUsual) {
  const auto plan = read_text("%{}");
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->kind, BenchKind::call);
  EXPECT_EQ(plan->concurrency, 64u);
  EXPECT_EQ(plan->duration, Duration(5s));
  EXPECT_TRUE(plan->is_echo());
}

TEST(BenchPlan, WhatANodeCannotMeasureIsRefusedByName) {
  EXPECT_EQ(refusal("5"), "the options of a bench are a map");
  EXPECT_EQ(refusal("%{kind: :listen}"), "kind of a bench is :call, :send, :spawn or :connect");
  EXPECT_NE(refusal("%{kind: :connect}").find("give --concurrency 32 or less"), std::string::npos) << "64 callers are usual";
  EXPECT_EQ(refusal("%{concurrency: 0}"), "concurrency of a bench is a whole number from 1 to 1000000");
  EXPECT_EQ(refusal("%{concurrency: 1000001}"), "concurrency of a bench is a whole number from 1 to 1000000");
  EXPECT_EQ(refusal("%{concurrency: -1}"), "concurrency of a bench is a whole number from 1 to 1000000");
  EXPECT_EQ(refusal("%{concurrency: 100000000000000000000000}"), "concurrency of a bench is a whole number from 1 to 1000000");
  EXPECT_EQ(refusal("%{payload: \"big\"}"), "payload of a bench is a whole number from 0 to 268434432");
  EXPECT_EQ(refusal("%{beside: 64000001}"), "beside of a bench is a whole number from 0 to 64000000");
  EXPECT_EQ(refusal("%{duration_us: 9999}"), "duration_us of a bench is a whole number from 10000 to 86400000000");
  EXPECT_EQ(refusal("%{server: :ping}"), "server of a bench is text");
  EXPECT_NE(refusal("%{server: \"not a name\"}").find("'not a name' is no server's name"), std::string::npos);
  EXPECT_NE(refusal("%{request: \"{1,\"}").find("the request {1, is no Elixir term"), std::string::npos);
  EXPECT_NE(refusal("%{colour: :red}").find("knows nothing of :colour"), std::string::npos) << refusal("%{colour: :red}");
  EXPECT_NE(refusal("%{kind: :send, payload: 1048576}").find("give --concurrency 15 or less"), std::string::npos);
}

TEST(BenchPlan, ANodeThatCannotBeAskedIsOneLine) {
  const RpcCall call = *read_rpc(std::vector<std::string>{"Pulpo.Bench.run(:a@host, %{})"});
  const auto text = [&](Errc code, std::string_view reason) {
    return bench_failure_text(Error{code, *read_elixir(reason), "erpc"}, call, "b@host", 65s);
  };
  EXPECT_EQ(text(Errc::exited, "{:exception, :undef, [{Pulpo.Bench, :run, [:a@host, %{}], []}]}"),
            "undefined function Pulpo.Bench.run/2 on b@host: no application there exports it; it runs an older version");
  EXPECT_EQ(text(Errc::nodedown, "{:erpc, :noconnection}"), "no connection to b@host any more");
  EXPECT_EQ(text(Errc::timeout, "{:erpc, :timeout}"), "time out: Pulpo.Bench.run/2 on b@host did not return within 65 s; it runs on");
}

TEST(BenchPlan, WhatSendersHaveUnderWayFitsIntoAQuarterOfAMailbox) {
  for (const std::uint64_t payload : {0, 1000, 65'536, 1 << 20}) {
    for (const std::uint64_t senders : {1, 4, 15, 64, 16'384}) {
      const BenchPlan plan{.kind = BenchKind::send, .concurrency = senders, .payload = payload};
      if (!check_bench_plan(plan)) continue;
      EXPECT_GE(plan.messages_per_confirmation(), 1u);
      EXPECT_LE(plan.messages_per_confirmation() * senders * payload, 16u << 20) << payload << " bytes, " << senders;
    }
  }
  EXPECT_EQ((BenchPlan{.kind = BenchKind::send, .concurrency = 1, .payload = 200u << 20}.messages_per_confirmation()), 1u);
}

}  // namespace
}  // namespace pulpo::cli
