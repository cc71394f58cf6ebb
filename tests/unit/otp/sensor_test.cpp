// SPDX-License-Identifier: Apache-2.0
//
// A serial-port reader as a server, under a supervisor: on a pseudo-terminal, and on a simulated line. tests/simulation/board_test.cpp
// unplugs it.
#include "unit/otp/sensor.hpp"

#include "pulpo/supervisor.hpp"
#include "unit/io/serial_line.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::sensor_test {
namespace {

using io::testing_support::SerialLine;
using weather::Fresh;
using weather::kSensor;
using weather::Latest;

class SensorTest : public testing::OnEachLoop {
 protected:
  void SetUp() override {
    start();
    line_ = std::make_unique<SerialLine>(network());
  }
  SerialLine& line() { return *line_; }
  [[nodiscard]] ChildSpec sensor(Duration fresh_for) const {
    return worker<weather::Sensor>({.name = kSensor}, line_->path(), 115'200u, fresh_for);
  }

 private:
  std::unique_ptr<SerialLine> line_;
};
PULPO_ON_EACH_LOOP(SensorTest);

TEST_P(SensorTest, SaysWhatTheLineSaid) {
  run([this] {
    (void)start_supervisor({.children = {sensor(10s)}}).value();
    EXPECT_EQ(call(kSensor, Latest{}), std::nullopt);
    line().say("21.5\r\n");
    EXPECT_TRUE(testing::eventually([] { return call(kSensor, Latest{}) == 21.5; }));
    line().say("noise\n22.25\n");
    EXPECT_TRUE(testing::eventually([] { return call(kSensor, Latest{}) == 22.25; }));
  });
}

TEST_P(SensorTest, RepliesLaterToWhoWantsAFreshValue) {
  run([this] {
    (void)start_supervisor({.children = {sensor(10s)}}).value();
    line().say("1.0\n");
    EXPECT_TRUE(testing::eventually([] { return call(kSensor, Latest{}) == 1.0; }));
    const Pid me = self();
    for (int i = 0; i < 3; ++i) {
      spawn([me] { send(me, Term(call(kSensor, Fresh{}))); });
    }
    EXPECT_FALSE(receive_any(20ms));
    line().say("2.0\n");
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(testing::receive_exactly(2.0));
  });
}

TEST_P(SensorTest, ForgetsWhatIsStale) {
  run([this] {
    (void)start_supervisor({.children = {sensor(50ms)}}).value();
    line().say("1.0\n");
    EXPECT_TRUE(testing::eventually([] { return call(kSensor, Latest{}) == 1.0; }));
    EXPECT_TRUE(testing::eventually([] { return call(kSensor, Latest{}) == std::nullopt; }));
  });
}

TEST_P(SensorTest, ItsSuccessorOpensTheLineAnew) {
  run([this] {
    (void)start_supervisor({.children = {sensor(10s)}}).value();
    line().say("1.0\n");
    EXPECT_TRUE(testing::eventually([] { return call(kSensor, Latest{}) == 1.0; }));
    const Pid first = *whereis(kSensor.name());
    exit(first, atoms::kill);
    EXPECT_EQ(testing::end_of(first), Term(atoms::killed));
    EXPECT_TRUE(testing::eventually([] { return whereis(kSensor.name()).has_value(); }));
    EXPECT_EQ(call(kSensor, Latest{}), std::nullopt);
    EXPECT_TRUE(testing::eventually([this] {
      line().say("2.0\n");  // one that came while the old one was being closed went with it
      return call(kSensor, Latest{}) == 2.0;
    }));
  });
}

}  // namespace
}  // namespace pulpo::sensor_test
