// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <pulpo/embed.hpp>
#include <thread>

using namespace pulpo;

struct Add {
  using Message = Call<"add", std::int64_t>;
  std::int64_t amount = 0;
};

class Counter {
 public:
  using Protocol = pulpo::Protocol<Add>;
  std::int64_t handle_call(const Add& add) { return sum_ += add.amount; }

 private:
  std::int64_t sum_ = 0;
};

constexpr auto kCounter = local<Counter::Protocol>("Counter");

int main() {
  Runtime runtime({.cores = 2});
  if (const auto started = runtime.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().text().c_str());
    return 1;
  }
  runtime.run([] { (void)start<Counter>({.name = kCounter}); });  // as a process, which is waited for

  std::thread other([&] { (void)call(runtime, kCounter, Add{20}); });  // from any thread
  (void)call(runtime, kCounter, Add{22});
  other.join();

  const auto sum = call(runtime, kCounter, Add{0});
  runtime.stop();
  const auto late = call(runtime, kCounter, Add{1});  // an error, not a crash
  if (!sum || late) return 1;
  std::printf("sum %lld; then: %s\n", static_cast<long long>(*sum), late.error().text().c_str());
}
