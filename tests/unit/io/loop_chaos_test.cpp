// SPDX-License-Identifier: Apache-2.0
//
// Goal:   whatever is sent, received, cancelled and closed in whatever order: each operation ends once, no byte is lost,
//         doubled or moved, and nothing stays behind. For every loop; instantiated in loop_conformance_test.cpp.
// Method: random actions on eight connections; what one end has heard must be the beginning of what the other has said.
//         The seed is printed; a kernel's timing is not repeated by it, the actions are.
#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "unit/io/loop_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::Alarm;
using testing_support::LoopConformance;
using testing_support::pattern;
using testing_support::Recorder;

struct End {
  Handle handle = -1;
  Recorder receive, send;
  std::string saying;       ///< Belongs to the loop while it is sent.
  std::string said;         ///< All that was ever given to send().
  bool mute = false;        ///< A send was cut short, or the direction was shut down.
  std::size_t checked = 0;  ///< Of what was heard, compared already.
  bool idle() const { return !receive.is_pending() && !send.is_pending(); }
};

struct Line {
  std::array<End, 2> ends;
};

/// What `to` has heard is a beginning of what `from` has said; looks at what was heard since the last time.
bool agrees(const End& from, End& to) {
  const auto& heard = to.receive.bytes;
  if (heard.size() > from.said.size()) return false;
  const auto fresh = static_cast<std::ptrdiff_t>(std::exchange(to.checked, heard.size()));
  return std::equal(heard.begin() + fresh, heard.end(), from.said.begin() + fresh);
}

class Chaos {
 public:
  Chaos(Loop& loop, std::uint64_t seed) : loop_(loop), random_(seed) {}

  void act(End& end) {
    if (end.handle < 0) return;
    switch (random_.u32() % 16) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        if (!end.send.is_pending() && !end.mute) say(end);
        break;
      case 5:
      case 6:
      case 7:
      case 8:
        if (!end.receive.is_pending()) loop_.receive(end.receive.again(), end.handle);
        break;
      case 9:
      case 10:
        loop_.cancel(end.receive);
        break;
      case 11:
        if (random_.u32() % 8 != 0) break;
        end.mute = end.mute || end.send.is_pending();
        loop_.cancel(end.send);
        break;
      case 12:
        if (random_.u32() % 8 != 0) break;
        end.mute = true;
        loop_.shutdown_send(end.handle);
        break;
      case 13:
        if (random_.u32() % 16 != 0) break;
        loop_.close(end.handle);
        end.handle = -1;
        break;
      case 14:
        loop_.wake();
        break;
      default:
        loop_.turn(Loop::Wait::no);
    }
  }

 private:
  void say(End& end) {
    const std::size_t size = random_.u32() % (random_.u32() % 16 == 0 ? 3'000'000 : 30'000);
    end.saying = pattern(size, random_.u64());
    end.said += end.saying;
    loop_.send(end.send.again(), end.handle, end.saying);
  }

  Loop& loop_;
  SeededRandom random_;
};

TEST_P(LoopConformance, AnyOrderOfActionsLosesNoByteAndNoCompletion) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SeededRandom choice(seed);
    Chaos chaos(loop(), choice.u64());
    std::vector<std::unique_ptr<Line>> lines(8);
    for (int step = 0; step < 4000; ++step) {
      auto& line = lines[choice.u32() % lines.size()];
      if (line && line->ends[0].handle < 0 && line->ends[1].handle < 0 && line->ends[0].idle() && line->ends[1].idle()) line.reset();
      if (!line) {
        line = std::make_unique<Line>();
        const auto [near, far] = connected_pair();
        std::erase_if(handles_, [near = near, far = far](Handle one) { return one == near || one == far; });
        line->ends[0].handle = near;
        line->ends[1].handle = far;
      }
      chaos.act(line->ends[choice.u32() % 2]);
      if (step % 64 == 0) {
        Alarm soon;
        loop().timers().arm(soon, loop().refresh() + 1ms);
        sleep();
      }
      ASSERT_TRUE(agrees(line->ends[0], line->ends[1]) && agrees(line->ends[1], line->ends[0])) << "step " << step;
    }
    for (const auto& line : lines) {
      if (!line) continue;
      for (End& end : line->ends) loop().close(end.handle);
    }
    ASSERT_TRUE(until([&] { return loop().pending() == 0; })) << loop().pending() << " operations never ended";
    for (const auto& line : lines) {
      EXPECT_TRUE(!line || (agrees(line->ends[0], line->ends[1]) && agrees(line->ends[1], line->ends[0])));
    }
  }
}

}  // namespace
}  // namespace pulpo::io
