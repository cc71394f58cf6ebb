// SPDX-License-Identifier: Apache-2.0
//
// SimLoop: the loop of one simulated OS process. SimNetwork::make_loop() makes it.
//
// A turn never sleeps, whatever it is told: it hands out what is ready and fires the timers that are due at the virtual
// time. Who drives the world turns the loops that have work, and moves the clock when none has.
//
//   Order      As Loop says; the same seed and the same calls give the same completions.
//   Ownership  The network must outlive it. Its destructor is the end of its process: sockets that are still
//              open are closed as kill(2) would have them closed.
//   Threads    One for a whole network; but wake() may be called from any.
//   Bounds     set_handles_max(), as RLIMIT_NOFILE.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "io/operation_loop.hpp"
#include "io/sim_disk.hpp"
#include "io/sim_tcp.hpp"

namespace pulpo::io {

class SimNetwork;

class SimLoop final : public OperationLoop, private SimOwner {
 public:
  ~SimLoop() override;

  /// A turn would do something: a ready completion, a due timer, or wake() was called and turn(Wait::yes) has not seen
  /// it. False while it is stalled.
  [[nodiscard]] bool has_work() const noexcept;
  /// When its nearest timer wants a turn, or a stall ends; kNever when it has none.
  [[nodiscard]] TimePoint next_due() const noexcept;
  [[nodiscard]] HostNumber host() const noexcept { return host_; }
  /// SimNetwork::kill() or power_loss() has ended its process.
  [[nodiscard]] bool is_dead() const noexcept { return dead_; }

  // --- Scripted things ------------------------------------------------------------------------------
  /// A listening socket that is there without this loop having made it, as of socket activation: for adopt().
  [[nodiscard]] Outcome<int> give_listener(const Address& address, const ListenOptions& options = {});
  /// Closes with a reset, as SO_LINGER with 0 does.
  void abort(Handle handle);
  /// From now on at most so many descriptors are open at once, those below 3 among them: EMFILE beyond.
  void set_handles_max(int handles) noexcept { handles_max_ = handles; }
  /// The signal comes for this process: all that watch it become readable. How many there were.
  std::size_t raise(int number);
  /// The host has these interfaces from now on, and none else; whoever watches them is told. One, "sim0" with the host's address, before
  /// that.
  void set_interfaces(std::vector<Interface> interfaces);
  [[nodiscard]] bool is_open(Handle handle) const noexcept;
  /// The number that the next descriptor will get: the lowest that is free, as POSIX has it.
  [[nodiscard]] Handle next_handle() const noexcept;

  // --- Loop -----------------------------------------------------------------------------------------
  Outcome<Handle> listen(const Address& address, const ListenOptions& options) override;
  Outcome<Address> local_address(Handle handle) const override;
  Outcome<Address> peer_address(Handle handle) const override;
  Outcome<Handle> adopt(int descriptor) override;
  Outcome<Handle> bind(const Address& address, const DatagramOptions& options) override;
  Outcome<void> join(Handle handle, const Address& group, const Address& interface) override;
  void send_to(Operation& operation, Handle handle, ByteView bytes, const Address& to) override;
  Outcome<std::vector<Interface>> interfaces() const override;
  Outcome<Handle> watch_interfaces() override { return watch_signal(kInterfacesChange); }
  Outcome<Handle> open(const std::string& path, const OpenOptions& options) override;
  /// Done inside the call, in no time, and answered in the next turn.
  void read(Operation& operation, Handle file, std::span<char> into, std::uint64_t offset) override;
  void write(Operation& operation, Handle file, ByteView bytes, std::uint64_t offset) override;
  Outcome<std::uint64_t> size(Handle file) const override;
  void sync(Operation& operation, Handle file) override;
  /// There are no descriptors but the loop's own.
  Outcome<Handle> adopt_device(int descriptor) override;
  /// Of raise(); no signal of the program that simulates.
  Outcome<Handle> watch_signal(int number) override;
  void accept(Operation& operation, Handle listener) override;
  void connect(Operation& operation, const Address& address) override;
  void receive(Operation& operation, Handle handle) override;
  void send(Operation& operation, Handle handle, ByteView bytes) override;
  /// Of this loop's own handles: there are no others here.
  void poll(Operation& operation, int descriptor, short events) override;
  TimePoint refresh() noexcept override;
  Duration boot_time() const noexcept override;
  std::int64_t wall_time() const noexcept override;
  std::size_t turn(Wait wait) override;
  void wake() noexcept override { woken_.store(true, std::memory_order_release); }
  bool ready() const noexcept override { return !stalled() && (!done_.empty() || !ready_.empty()); }
  const char* name() const noexcept override { return "sim"; }

 private:
  friend class SimNetwork;
  struct Slot {
    enum class Kind : std::uint8_t { free, listener, stream, datagrams, device, file, signal };
    Kind kind = Kind::free;
    int listener = -1;
    SimTcp::Socket socket{};
    int datagrams = -1;
    SimDevice* device = nullptr;
    SimFile* file = nullptr;
    OpenOptions options{};  ///< file
    int signal = 0;         ///< Its number.
    bool arrived = false;   ///< It has come, and was not received.
  };

  SimLoop(SimNetwork& network, HostNumber host, std::uint32_t number);

  // --- What the network asks of it ------------------------------------------------------------------
  void readable(Handle handle) override;
  void writable(Handle handle) override;
  /// Its process has ended: sockets close (`orderly`), or are forgotten by their host, and operations end.
  void die(bool orderly);
  void stall(TimePoint until) noexcept { stalled_until_ = until; }

  // --- What OperationLoop asks of it ----------------------------------------------------------------
  void stop(Record& record) override { finish_later(record, -ECANCELED); }
  void go_on(Record& record) override { enqueue(record, ready_); }
  void detached(Record&, bool) override {}
  int open_stream(int family) override;
  void shut_down(int descriptor) override;
  void release(int descriptor) override;

  [[nodiscard]] bool stalled() const noexcept;
  [[nodiscard]] Slot* slot(Handle handle) noexcept;
  [[nodiscard]] const Slot* slot(Handle handle) const noexcept { return const_cast<SimLoop*>(this)->slot(handle); }
  /// A descriptor, or -EMFILE.
  int take_handle(Slot::Kind kind);
  Outcome<Handle> open_device(const std::string& path, const OpenOptions& options);
  Outcome<Handle> open_file(const std::string& path, const OpenOptions& options);
  void close_slot(Slot& slot, bool orderly);
  [[nodiscard]] short events_of(const Slot& slot) const;
  void answer_polls(Handle handle);
  /// A dead process' operations end before they began.
  bool begins_dead(Operation& operation, Kind kind);

  std::size_t run(Record& record);
  std::size_t run_accept(Record& record);
  std::size_t run_receive(Record& record);
  std::size_t run_datagrams(Record& record);
  int take_now(const Record& record);
  int give_now(const Record& record);
  int take_signal(Handle handle);
  bool push(Record& record);

  static constexpr std::size_t kBufferSize = 16 * 1024;  // As of the other loops.
  /// What a change of the interfaces is among the signals, none of which has the number 0.
  static constexpr int kInterfacesChange = 0;

  SimNetwork& network_;
  HostNumber host_;
  std::uint32_t number_;
  bool dead_ = false;
  bool turning_ = false;
  int handles_max_ = 1024;  ///< As RLIMIT_NOFILE is as a rule.
  std::atomic<bool> woken_{false};
  TimePoint stalled_until_{};
  Queue ready_;
  std::vector<Slot> slots_;                           ///< By handle.
  std::optional<std::vector<Interface>> interfaces_;  ///< As set_interfaces() said.
  std::unique_ptr<char[]> buffer_;
};

}  // namespace pulpo::io
