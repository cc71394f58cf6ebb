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
            "  errors   none\n");
  EXPECT_EQ(sample().fault(), "");
}

TEST(BenchResult, ItsJsonHasTheKeysThatScriptsRelyOn) {
  const std::string json = bench_json(sample());
  for (const char* const part :
       {"\"calls_per_second\":1250000.0", "\"p50_us\":1.500", "\"p99_us\":1.500", "\"p999_us\":1.500", "\"max_us\":1.500", "\"errors\":0",
        "\"cpu_seconds_per_million\":2.0000", "\"concurrency\":64", "\"payload_bytes\":0", "\"sealed\":false", "\"loop\":\"epoll\"",
        "\"spin\":\"off\"", "\"rate\":null", "\"system_calls_per_call\":0.2000"}) {
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
  EXPECT_EQ(nothing.calls_per_second(), 0);
  EXPECT_EQ(nothing.cpu_seconds_per_million(), 0);
  EXPECT_NE(bench_text(nothing).find("the other end does not tell"), std::string::npos);
  EXPECT_NE(bench_json(nothing).find("\"calls_served\":null"), std::string::npos);
}

}  // namespace
}  // namespace pulpo::cli
