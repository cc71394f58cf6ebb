// SPDX-License-Identifier: Apache-2.0
#include "bench_result.hpp"

#include <gtest/gtest.h>

namespace pulpo::cli {
namespace {

BenchResult sample() {
  BenchResult result{.node = "a@host", .server = "Pulpo.Echo", .concurrency = 64, .payload_bytes = 0, .loop = "epoll", .spin = "off"};
  result.warmup = 1s;
  result.duration = 2s;
  for (int i = 0; i < 2'500'000; ++i) result.latency.record(1500);
  result.cpu_calls = 2'000'000;
  result.cpu_seconds_here = 1.0;
  result.cpu_seconds_there = 3.0;
  result.system_calls_here = 100'000;
  result.system_calls_there = 300'000;
  result.here = {.machine = "Raspberry Pi 4 Model B", .kernel = "6.1.0 aarch64", .loop = "epoll"};
  result.there = {.machine = "AMD EPYC", .kernel = "6.1.0 x86_64", .loop = "uring"};
  result.round_trip = 152'500ns;
  result.calls_made = 3'000'000;
  result.calls_served = 3'000'000;
  return result;
}

TEST(BenchResult, ItsTextFitsAScreenAndGroupsThousands) {
  EXPECT_EQ(bench_text(sample()),
            "Pulpo.Echo on a@host: 64 callers, 2 s after 1 s of warm-up, loop epoll, spin off, 1 core, not sealed, payload 0 bytes\n"
            "  calls/s  1,250,000\n"
            "  latency  p50 1.5  p90 1.5  p99 1.5  p99.9 1.5  max 1.5 us\n"
            "  cpu      2.00 s per million calls (0.50 here, 1.50 there)\n"
            "  kernel   0.20 system calls a call, both ends\n"
            "  here     Raspberry Pi 4 Model B, 6.1.0 aarch64, epoll\n"
            "  there    AMD EPYC, 6.1.0 x86_64, uring\n"
            "  way      152.5 us there and back without load\n"
            "  errors   none\n");
  EXPECT_EQ(sample().fault(), "");
}

TEST(BenchResult, ItsJsonHasTheKeysThatScriptsRelyOn) {
  const std::string json = bench_json(sample());
  for (const char* const part :
       {"\"calls_per_second\":1250000.0", "\"p50_us\":1.500", "\"p99_us\":1.500", "\"p999_us\":1.500", "\"max_us\":1.500", "\"errors\":0",
        "\"cpu_seconds_per_million\":2.0000", "\"concurrency\":64", "\"payload_bytes\":0", "\"sealed\":false", "\"loop\":\"epoll\"",
        "\"spin\":\"off\"", "\"rate\":null", "\"round_trip_us\":152.500",
        R"("here":{"machine":"Raspberry Pi 4 Model B","kernel":"6.1.0 aarch64","loop":"epoll"})",
        R"("there":{"machine":"AMD EPYC","kernel":"6.1.0 x86_64","loop":"uring"})", "\"bench\":\"call\"",
        "\"system_calls_per_call\":0.2000"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
  }
  EXPECT_EQ(json.find('\n'), json.size() - 1);
}

TEST(BenchResult, ARateThatWasNotHeldIsSaid) {
  BenchResult result = sample();
  result.rate = 1'250'000;
  result.calls_due = 2'500'000;
  EXPECT_NE(bench_text(result).find("  rate     1,250,000 calls/s asked for, held;"), std::string::npos) << bench_text(result);
  result.calls_due = 2'600'000;
  EXPECT_NE(bench_text(result).find("NOT HELD: 2,500,000 of 2,600,000 calls that were due have been answered"), std::string::npos);
  EXPECT_NE(bench_json(result).find(R"("rate":1250000,"rate_held":false,"calls_due":2600000)"), std::string::npos) << bench_json(result);
}

TEST(BenchResult, WhatPassedBesideTheCallsIsTold) {
  BenchResult result = sample();
  EXPECT_EQ(bench_text(result).find("beside"), std::string::npos);
  EXPECT_NE(bench_json(result).find(R"("beside_bytes":null,"beside_bytes_per_second":null)"), std::string::npos) << bench_json(result);
  result.beside_bytes = 64'000'000;
  result.beside_arrived = 20;
  EXPECT_NE(bench_text(result).find("\n  beside   binaries of 64,000,000 bytes, 640.0 MB/s; "), std::string::npos) << bench_text(result);
  EXPECT_NE(bench_json(result).find(R"("beside_bytes":64000000,"beside_bytes_per_second":640000000.0)"), std::string::npos);
}

TEST(BenchResult, FailedCallsAreToldByKind) {
  BenchResult result = sample();
  result.errors = {{"timeout", 2}, {"wrong reply", 1}};
  EXPECT_EQ(result.errors_count(), 3u);
  EXPECT_EQ(result.fault(), "calls failed: 2 timeout, 1 wrong reply");
  EXPECT_NE(bench_json(result).find(R"("errors_by_kind":{"timeout":2,"wrong reply":1})"), std::string::npos);
}

TEST(BenchResult, ACounterThatDisagreesIsAFault) {
  BenchResult result = sample();
  result.calls_served = 3'000'001;
  EXPECT_EQ(result.fault(), "the server counted 3000001 calls, but 3000000 were made; does something else call it?");
}

TEST(BenchResult, NoCallAtAllIsAFaultAndDividesByNothing) {
  const BenchResult nothing;
  EXPECT_NE(nothing.fault(), "");
  EXPECT_EQ(nothing.per_second(), 0);
  EXPECT_EQ(nothing.cpu_seconds_per_million(), 0);
  EXPECT_NE(bench_text(nothing).find("the other end does not tell"), std::string::npos);
  EXPECT_NE(bench_json(nothing).find("\"calls_served\":null"), std::string::npos);
  EXPECT_NE(bench_json(nothing).find(R"("round_trip_us":null)"), std::string::npos);
  EXPECT_NE(bench_json(nothing).find(R"("there":{"machine":null,"kernel":null,"loop":null})"), std::string::npos) << bench_json(nothing);
}

BenchResult sent() {
  BenchResult result = sample();
  result.kind = BenchKind::send;
  result.payload_bytes = 1000;
  result.messages_per_confirmation = 250;
  result.arrived = 2'000'000;
  result.arrived_bytes = 2'000'000'000;
  return result;
}

TEST(BenchResult, OfMessagesThoseThatArrivedCountAndNotTheirConfirmations) {
  const BenchResult result = sent();
  EXPECT_EQ(result.per_second(), 1e6);
  const std::string text = bench_text(result);
  EXPECT_NE(text.find("64 senders, 2 s"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  messages/s  1,000,000 have arrived, 1000.0 MB/s of payload\n"), std::string::npos) << text;
  EXPECT_NE(text.find("us, until 250 were confirmed\n"), std::string::npos) << text;
  const std::string json = bench_json(result);
  for (const char* const part :
       {"\"bench\":\"send\"", "\"messages_per_second\":1000000.0", "\"messages\":2000000", "\"bytes_per_second\":1000000000.0",
        "\"bytes\":2000000000", "\"messages_per_confirmation\":250", "\"messages_sent\":3000000", "\"messages_arrived\":3000000",
        "\"system_calls_per_message\":0.2000", "\"p99_us\":1.500", "\"cpu_seconds_per_million\":2.0000", "\"payload_bytes\":1000"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
  }
  EXPECT_EQ(json.find("\"rate\""), std::string::npos) << json;
  EXPECT_EQ(result.fault(), "");
}

TEST(BenchResult, AMessageThatDidNotArriveIsAFault) {
  BenchResult result = sent();
  result.calls_served = 2'999'999;
  EXPECT_EQ(result.fault(), "the server counted 2999999 messages, but 3000000 were sent; does something else send to it?");
  result.arrived = 0;
  EXPECT_EQ(result.fault(), "no message arrived while it measured; give it a longer --duration");
}

TEST(BenchResult, ProcessesThatWereStartedThereAreTheFigureAndNobodyThereCountsThem) {
  BenchResult result = sample();
  result.kind = BenchKind::spawn;
  result.calls_served.reset();
  const std::string text = bench_text(result);
  EXPECT_NE(text.find("64 spawners, 2 s"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  spawns/s  1,250,000\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("payload"), std::string::npos) << text;
  const std::string json = bench_json(result);
  for (const char* const part : {"\"bench\":\"spawn\"", "\"spawns_per_second\":1250000.0", "\"spawns\":2500000", "\"spawns_made\":3000000",
                                 "\"system_calls_per_spawn\":0.2000", "\"p99_us\":1.500", "\"cpu_seconds_per_million\":2.0000"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
  }
  EXPECT_EQ(json.find("spawns_served"), std::string::npos) << json;
  result.errors = {{"no connection", 1}};
  EXPECT_EQ(result.fault(), "spawns failed: 1 no connection");
}

TEST(BenchResult, ConnectionsAreCountedByTheirProofAndThoseTurnedAwayBesides) {
  BenchResult result = sample();
  result.kind = BenchKind::connect;
  result.calls_served.reset();
  result.turned_away = 1234;
  const std::string text = bench_text(result);
  EXPECT_NE(text.find("64 diallers"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  connects/s  1,250,000\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  limits   turned away 1,234 times"), std::string::npos) << text;
  const std::string json = bench_json(result);
  for (const char* const part : {"\"bench\":\"connect\"", "\"connects_per_second\":1250000.0", "\"connects\":2500000",
                                 "\"connects_made\":3000000", "\"turned_away\":1234", "\"system_calls_per_connect\":0.2000"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
  }
  EXPECT_EQ(json.find("\"server\""), std::string::npos) << json;
  EXPECT_EQ(result.fault(), "");
  result.errors = {{"cookie refused", 1}};
  EXPECT_EQ(result.fault(), "connects failed: 1 cookie refused");
}

}  // namespace
}  // namespace pulpo::cli
