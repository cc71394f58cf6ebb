// SPDX-License-Identifier: Apache-2.0
//
// Who may register, dump, kill and stop: the peers of this host alone (EPMD-3).
#include "unit/mapper/world.hpp"

namespace pulpo::mapper {
namespace {

/// A loop whose connections all seem to come from another host. The rest is the real loop's.
class ForeignLoop final : public io::Loop {
 public:
  explicit ForeignLoop(io::Loop& real) : Loop(real.refresh()), real_(real) {}

  Outcome<io::Address> peer_address(io::Handle handle) const override {
    PULPO_TRY(const io::Address real, real_.peer_address(handle));
    return io::Address::parse("192.0.2.8", real.port());
  }

  Outcome<io::Handle> listen(const io::Address& address, const io::ListenOptions& options) override {
    return real_.listen(address, options);
  }
  Outcome<io::Address> local_address(io::Handle handle) const override { return real_.local_address(handle); }
  Outcome<io::Handle> adopt(int descriptor) override { return real_.adopt(descriptor); }
  void accept(io::Operation& operation, io::Handle listener) override { real_.accept(operation, listener); }
  void connect(io::Operation& operation, const io::Address& address) override { real_.connect(operation, address); }
  void receive(io::Operation& operation, io::Handle handle) override { real_.receive(operation, handle); }
  void send(io::Operation& operation, io::Handle handle, ByteView bytes) override { real_.send(operation, handle, bytes); }
  void shutdown_send(io::Handle handle) override { real_.shutdown_send(handle); }
  Outcome<io::Handle> open(const std::string& path, const io::OpenOptions& options) override { return real_.open(path, options); }
  void read(io::Operation& operation, io::Handle file, std::span<char> into, std::uint64_t offset) override {
    real_.read(operation, file, into, offset);
  }
  void write(io::Operation& operation, io::Handle file, ByteView bytes, std::uint64_t offset) override {
    real_.write(operation, file, bytes, offset);
  }
  Outcome<io::Handle> bind(const io::Address& address, const io::DatagramOptions& options) override { return real_.bind(address, options); }
  Outcome<void> join(io::Handle handle, const io::Address& group, const io::Address& interface) override {
    return real_.join(handle, group, interface);
  }
  void send_to(io::Operation& operation, io::Handle handle, ByteView bytes, const io::Address& to) override {
    real_.send_to(operation, handle, bytes, to);
  }
  Outcome<std::vector<io::Interface>> interfaces() const override { return real_.interfaces(); }
  Outcome<io::Handle> watch_interfaces() override { return real_.watch_interfaces(); }
  Outcome<std::uint64_t> size(io::Handle file) const override { return real_.size(file); }
  void sync(io::Operation& operation, io::Handle file) override { real_.sync(operation, file); }
  Outcome<io::Handle> adopt_device(int descriptor) override { return real_.adopt_device(descriptor); }
  Outcome<io::Handle> watch_signal(int number) override { return real_.watch_signal(number); }
  void poll(io::Operation& operation, int descriptor, short events) override { real_.poll(operation, descriptor, events); }
  void cancel(io::Operation& operation) override { real_.cancel(operation); }
  void close(io::Handle handle) override { real_.close(handle); }
  TimePoint refresh() noexcept override {
    set_now(real_.refresh());
    return now();
  }
  Duration boot_time() const noexcept override { return real_.boot_time(); }
  std::int64_t wall_time() const noexcept override { return real_.wall_time(); }
  std::size_t turn(Wait wait) override {
    const std::size_t handled = real_.turn(wait);
    return handled + timers().advance(refresh());
  }
  void wake() noexcept override { real_.wake(); }
  bool ready() const noexcept override { return real_.ready(); }
  const char* name() const noexcept override { return "foreign"; }
  std::size_t pending() const noexcept override { return real_.pending(); }

 private:
  io::Loop& real_;
};

class LocalityTest : public World {
 protected:
  void SetUp() override {
    World::SetUp();
    foreign_ = std::make_unique<ForeignLoop>(*loop);
    Options options{.port = 0, .addresses = {io::Address::loopback_v4(0)}};
    options.relaxed_command_check = true;
    mapper = std::make_unique<Mapper>(*foreign_, random, options);
    ASSERT_TRUE(mapper->start().has_value());
  }
  void TearDown() override {
    World::TearDown();
    foreign_.reset();
  }

 private:
  std::unique_ptr<ForeignLoop> foreign_;
};

TEST_P(LocalityTest, OthersAreClosedWithoutAnAnswerAndNamed) {  // EPMD-3
  const Request requests[] = {{.kind = RequestKind::alive, .node = {.name = "a"}},
                              {.kind = RequestKind::dump},
                              {.kind = RequestKind::kill},
                              {.kind = RequestKind::stop, .node = {.name = "a"}}};
  for (const Request& request : requests) {
    const LogLines lines;
    EXPECT_EQ(ask(encode_request(request)), "");
    EXPECT_TRUE(lines.contain("mapper: 192.0.2.8:")) << lines.text();
    EXPECT_TRUE(lines.contain("asked for what only this host may ask for")) << lines.text();
  }
  EXPECT_EQ(mapper->names_size(), 0u);
  EXPECT_FALSE(mapper->has_ended());
}

TEST_P(LocalityTest, OthersMayLookUpAndReadTheNames) {  // EPMD-3
  EXPECT_EQ(ask(encode_request({.kind = RequestKind::names})), encode_port_word(mapper->port()));
  EXPECT_EQ(ask(encode_request({.kind = RequestKind::port_please, .node = {.name = "a"}})), hex("77 01"));
}

INSTANTIATE_TEST_SUITE_P(Loops, LocalityTest, testing::ValuesIn(loop_kinds()), kind_name);

}  // namespace
}  // namespace pulpo::mapper
