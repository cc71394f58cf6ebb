// SPDX-License-Identifier: Apache-2.0
//
// What every loop on a real kernel must do, run for each of them.
#include "unit/io/loop_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::Alarm;
using testing_support::LoopFixture;
using testing_support::Recorder;

class LoopConformance : public LoopFixture {};

TEST_P(LoopConformance, AConnectionEchoesAndEnds) {
  const auto [near, far] = connected_pair();
  Recorder heard, echoed, said, answered;
  heard.then = [&, far = far](const Completion& completion) {
    if (completion.result > 0) loop().send(answered, far, heard.bytes);
  };
  loop().receive(heard, far);
  loop().receive(echoed, near);
  loop().send(said, near, "hello");
  ASSERT_TRUE(until([&] { return echoed.bytes.size() == 5 && said.ended && answered.ended; }));
  EXPECT_EQ(said.last(), 5);
  EXPECT_EQ(echoed.bytes, "hello");
  EXPECT_FALSE(heard.ended);

  close(near);
  ASSERT_TRUE(until([&] { return heard.ended && echoed.ended; }));
  EXPECT_EQ(heard.last(), 0) << "the end of the stream";
  EXPECT_EQ(echoed.last(), -ECANCELED);
}

INSTANTIATE_TEST_SUITE_P(Epoll, LoopConformance, testing::Values(LoopKind::epoll));
INSTANTIATE_TEST_SUITE_P(Uring, LoopConformance, testing::Values(LoopKind::uring));

}  // namespace
}  // namespace pulpo::io
