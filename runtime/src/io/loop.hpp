// SPDX-License-Identifier: Apache-2.0
//
// Loop: the one door between a core and the kernel (or the simulated world).
//
// A core submits operations, turns the loop, and gets their completions. `uring` and `epoll` are two
// rooms behind this door and pass the same conformance tests; a simulation (`sim`) is a third. Nothing above
// this door reads a clock or opens a socket or a file by itself.
//
//   Order      Completions of one operation arrive in order; of several, in any order.
//   Ownership  An Operation and the bytes it sends belong to the loop from the call until its final
//              completion (`more` is false), and so does the room that it reads into. Received bytes are lent
//              for the length of completed().
//              A Handle belongs to whoever got it, until close().
//   Threads    The thread that turns the loop. Only wake() may be called from others.
//   Suspends   Never, but turn(), when it is allowed to wait; and on epoll, which cannot wait for a regular
//              file, read() and write() of one for as long as its disk takes.
//   Errors     completed() gets -errno as result; the calls that answer at once return a Fault.
//   Bounds     Receive buffers come from one pool per loop (64 x 16 KiB), handed back as soon as
//              completed() returns: a slow reader holds none.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/address.hpp"
#include "io/timer_wheel.hpp"
#include "pulpo/bytes.hpp"
#include "pulpo/result.hpp"
#include "pulpo/time.hpp"

namespace pulpo::io {

/// A socket, file or device (or, in a simulation, the number of one). Values below zero mean none.
using Handle = int;

struct Completion {
  std::int32_t result = 0;        ///< Bytes, a Handle, poll events; or -errno.
  bool more = false;              ///< Further completions of this operation will come.
  ByteView data = {};             ///< receive: the bytes, valid until completed() returns.
  const Address* from = nullptr;  ///< receive of datagrams: whose this one is, as long as `data`.
};

/// Something under way. Derive, and override completed().
class Operation {
 public:
  Operation() noexcept = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual ~Operation() { PULPO_ASSERT(!is_pending()); }

  /// Runs on the loop's thread inside turn(), never inside the submitting call. May submit, cancel and
  /// close anything, and, when `more` is false, destroy this operation or submit it again.
  virtual void completed(const Completion& completion) = 0;
  [[nodiscard]] bool is_pending() const noexcept { return state_ != nullptr; }

 private:
  friend struct OperationAccess;
  void* state_ = nullptr;  ///< The loop's own record of it; null when idle.
};

/// For the loops alone.
struct OperationAccess {
  static void*& state(Operation& operation) noexcept { return operation.state_; }
};

struct ListenOptions {
  int backlog = 128;
  bool v6_only = false;
};

struct DatagramOptions {
  bool broadcast = false;      ///< May send to broadcast addresses.
  bool reuse_address = false;  ///< Others that say so too may bind the port; all get what is broadcast or multicast.
  bool v6_only = false;
  bool multicast_loop = true;  ///< What it multicasts reaches members on this host as well.
  int multicast_hops = 1;      ///< 1: stays on the link.
};

/// An address of an interface of this host; one with two addresses is there twice.
struct Interface {
  std::string name = {};
  unsigned number = 0;  ///< What a scope is ("%eth0"); never 0.
  Address address = {};
  Address broadcast = {};  ///< None where the interface has none.
  bool is_loopback = false;
  bool has_multicast = false;

  friend bool operator==(const Interface& one, const Interface& other) noexcept {
    return one.name == other.name && one.number == other.number && one.address.same_host(other.address) &&
           one.is_loopback == other.is_loopback && one.has_multicast == other.has_multicast;
  }
};

struct OpenOptions {
  bool read = true;
  bool write = false;
  bool append = false;    ///< Every write goes to the end, whatever its offset. Implies `write`.
  bool create = false;    ///< When there is none; with `mode`, less what umask(2) forbids.
  bool truncate = false;  ///< Empties it first.
  bool device = false;    ///< A terminal, pty or FIFO: opened without waiting for the other side.
  bool raw = false;       ///< A terminal: bytes as they come, no echo, no lines, no signals. Nothing for other devices.
  unsigned baud = 0;      ///< A terminal: bits a second both ways; 0 leaves them as they are.
  unsigned mode = 0600;
};

class Loop {
 public:
  virtual ~Loop() = default;

  // --- Sockets (TCP) -------------------------------------------------------------------------
  /// Binds and listens; port 0 lets the kernel choose (see local_address()). SO_REUSEADDR is set.
  [[nodiscard]] virtual Outcome<Handle> listen(const Address& address, const ListenOptions& options) = 0;
  [[nodiscard]] virtual Outcome<Address> local_address(Handle handle) const = 0;
  [[nodiscard]] virtual Outcome<Address> peer_address(Handle handle) const = 0;
  /// Adopts a listening socket made elsewhere (socket activation). The loop owns it from then on.
  [[nodiscard]] virtual Outcome<Handle> adopt(int descriptor) = 0;

  /// One completion a connection: result is its Handle (TCP_NODELAY set, close-on-exec), or -errno. Goes
  /// on until cancelled; running out of descriptors (EMFILE) is reported with `more` set, and retried
  /// after a pause of 100 ms rather than in a busy loop.
  virtual void accept(Operation& operation, Handle listener) = 0;
  /// One completion: result is the connected Handle (TCP_NODELAY set) or -errno.
  virtual void connect(Operation& operation, const Address& address) = 0;
  /// Completions with data while bytes come; then a final one: 0 at the end of the stream, or -errno.
  virtual void receive(Operation& operation, Handle handle) = 0;
  /// One completion when all of `bytes` are with the kernel (result is their number), or -errno. At most
  /// one send per handle at a time: two in flight may interleave after a short write. A second send, or a second
  /// receive or accept, is answered -EBUSY.
  virtual void send(Operation& operation, Handle handle, ByteView bytes) = 0;
  /// No more bytes will be sent, but those of a send in flight; the peer reads the end of the stream.
  virtual void shutdown_send(Handle handle) = 0;
  /// The kernel gives the connection up (-ETIMEDOUT) when that of the peer has acknowledged nothing for about `patience`, whether or not
  /// there was anything to acknowledge: TCP_USER_TIMEOUT and SO_KEEPALIVE, tcp(7). At least four seconds. Nothing in a simulation.
  virtual void keep_alive(Handle handle, Duration patience) {
    static_cast<void>(handle);
    static_cast<void>(patience);
  }
  /// A send ends only when the kernel has less than `bytes` that it has not sent yet: TCP_NOTSENT_LOWAT, tcp(7), where there is such a
  /// thing. What is sent next then waits for no more than that. Nothing in a simulation.
  virtual void limit_unsent(Handle handle, std::size_t bytes) {
    static_cast<void>(handle);
    static_cast<void>(bytes);
  }
  /// Hands the kernel what it takes of `bytes` at once, around the loop, and returns how many it took; nothing in a simulation. For another
  /// thread while the loop's stands still; the caller sees to it that no send is in flight.
  virtual std::size_t send_at_once(Handle handle, std::string_view bytes) noexcept {
    static_cast<void>(handle);
    return bytes.size();
  }
  /// The kernel keeps about `bytes` for us that we have not received yet, and the peer's sends wait beyond that: SO_RCVBUF, socket(7).
  /// Nothing in a simulation.
  virtual void limit_unread(Handle handle, std::size_t bytes) {
    static_cast<void>(handle);
    static_cast<void>(bytes);
  }

  // --- Datagrams (UDP) -------------------------------------------------------------------------------
  // receive() on such a socket: each completion is one datagram, of any size from 0, with `from` set; it goes on until cancelled. What
  // comes while nobody receives waits in the kernel's buffer, and is dropped when that is full.
  /// Port 0 lets the kernel choose.
  [[nodiscard]] virtual Outcome<Handle> bind(const Address& address, const DatagramOptions& options) = 0;
  /// Receives what is sent to `group` from now on. On the interface that has the address `interface`; none lets the kernel choose. That
  /// interface is also the one which this socket multicasts by. An IPv6 group names its interface itself (ff02::1%eth0).
  [[nodiscard]] virtual Outcome<void> join(Handle handle, const Address& group, const Address& interface) = 0;
  /// One completion when the kernel has taken the datagram (its size), or -errno (EMSGSIZE). Counts as a send.
  virtual void send_to(Operation& operation, Handle handle, ByteView bytes, const Address& to) = 0;

  // --- Interfaces ------------------------------------------------------------------------------------
  /// The addresses of those interfaces that are up and have a carrier. Tens of µs.
  [[nodiscard]] virtual Outcome<std::vector<Interface>> interfaces() const = 0;
  /// Something to receive() from: a completion, with bytes that say nothing, whenever interfaces() may have changed. Its end with ENOBUFS
  /// means that changes came faster than they were received.
  [[nodiscard]] virtual Outcome<Handle> watch_interfaces() = 0;

  // --- Files and devices -------------------------------------------------------------------------
  /// A regular file or block device, for read() and write(); or, with `device`, something that bytes come from and go to, for receive() and
  /// send(): the end of its stream is a final completion with 0, be it hung up (EIO) or closed by all writers.
  /// Close-on-exec; never the controlling terminal.
  [[nodiscard]] virtual Outcome<Handle> open(const std::string& path, const OpenOptions& options) = 0;
  /// One completion: how many bytes of the file from `offset` on are in `into` (fewer only at its end, 0 behind it), or -errno. At
  /// most one read and one write per handle at a time, as of receive() and send().
  virtual void read(Operation& operation, Handle file, std::span<char> into, std::uint64_t offset) = 0;
  /// One completion when all of `bytes` are written (result is their number), or -errno.
  virtual void write(Operation& operation, Handle file, ByteView bytes, std::uint64_t offset) = 0;

  /// How many bytes the file has at this moment.
  [[nodiscard]] virtual Outcome<std::uint64_t> size(Handle file) const = 0;
  /// One completion when what was written has reached the disk: 0, or -errno. Counts as a write for the rule above.
  virtual void sync(Operation& operation, Handle file) = 0;
  /// Takes over a descriptor made elsewhere (a pipe's end, a GPIO line's events) as a device, for receive() and send(). The loop owns it
  /// from then on, and nothing waits in its reads any more (O_NONBLOCK).
  [[nodiscard]] virtual Outcome<Handle> adopt_device(int descriptor) = 0;

  // --- Other descriptors -----------------------------------------------------------------------
  /// One completion when any of `events` (POLLIN, POLLOUT) holds: result is those that do, or -errno. The
  /// descriptor stays the caller's.
  virtual void poll(Operation& operation, int descriptor, short events) = 0;

  // --- Signals of the operating system -----------------------------------------------------------
  /// Something to receive() from: a completion once the signal has come, with 8 bytes that say nothing; further ones that come before
  /// it is handed out are the same one. While a signal is watched it does nothing else; the end of its last Handle, which is when close()
  /// returns, gives it back what it did before. `number` is a signal that can be handled, and no real-time one.
  [[nodiscard]] virtual Outcome<Handle> watch_signal(int number) = 0;

  // --- Ending ------------------------------------------------------------------------------------
  /// Asks a pending operation to end. Its final completion still comes, later, with -ECANCELED or with what
  /// had already happened. Nothing happens when it is idle.
  virtual void cancel(Operation& operation) = 0;
  /// Cancels every operation on `handle` and closes it when the last has ended. `handle` is no longer the
  /// caller's when this returns; pending operations still get their final completions.
  virtual void close(Handle handle) = 0;

  // --- Time and turning --------------------------------------------------------------------------
  /// The time at which the present turn began to hand out completions: one clock read a turn.
  [[nodiscard]] TimePoint now() const noexcept { return now_; }
  /// Reads the clock (the virtual one in a simulation) and makes it now().
  virtual TimePoint refresh() noexcept = 0;
  /// How long ago this machine booted, by a clock that also runs while it is suspended and that nobody sets: CLOCK_BOOTTIME,
  /// clock_gettime(2). What must not be outlived, a lease, is measured by it. Some 30 ns.
  [[nodiscard]] virtual Duration boot_time() const noexcept = 0;
  /// Wall time in nanoseconds since 1970, for log stamps only.
  [[nodiscard]] virtual std::int64_t wall_time() const noexcept = 0;
  [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }

  enum class Wait : std::uint8_t { no, yes };
  /// Submits what was asked for, hands out completions and fires due timers. With Wait::yes it first
  /// sleeps until there is a completion, a timer is due, or wake() is called. Returns how many completions and
  /// timers were handled; a wake alone counts as none.
  virtual std::size_t turn(Wait wait) = 0;
  /// Ends the present or the next sleep of turn(). Any thread; calls may be merged.
  virtual void wake() noexcept = 0;
  /// True when a turn would find a completion or has something to submit, told without a system call where the loop can; used to
  /// spin before sleeping.
  [[nodiscard]] virtual bool ready() const noexcept = 0;

  /// Calls into the kernel so far: to wait, to submit, to move bytes, to watch a descriptor and to wake; not those that open and close
  /// sockets. Any thread.
  [[nodiscard]] virtual std::uint64_t system_calls() const noexcept { return 0; }
  /// "uring", "epoll" or "sim".
  [[nodiscard]] virtual const char* name() const noexcept = 0;
  /// Operations whose final completion is still to come: zero when it is safe to destroy the loop.
  [[nodiscard]] virtual std::size_t pending() const noexcept = 0;

 protected:
  explicit Loop(TimePoint start) noexcept : timers_(start), now_(start) {}
  void set_now(TimePoint now) noexcept { now_ = now; }

 private:
  TimerWheel timers_;
  TimePoint now_;
};

enum class LoopKind : std::uint8_t { automatic, uring, epoll };

/// Makes a loop for the calling thread, which must be the one that turns it.
/// `automatic` tries uring and falls back to epoll; `why` then says, in half a sentence, what the kernel lacked.
/// A kind asked for by name that cannot be had is a Fault.
[[nodiscard]] Outcome<std::unique_ptr<Loop>> make_loop(LoopKind kind, std::string* why = nullptr);

/// What this kernel offers, found by doing it once in a throw-away ring: for `pulpo doctor` and for make_loop().
struct UringProbe {
  bool available = false;  ///< All that the uring loop needs.
  std::string missing;     ///< Else: what, and what forbids it ("io_uring_setup: Operation not permitted (…)").
  bool defer_taskrun = false;
  bool multishot_accept = false;
  bool multishot_receive = false;
  bool buffer_ring = false;
  bool message_ring = false;
  bool cancel_by_handle = false;
};
[[nodiscard]] UringProbe probe_uring();

}  // namespace pulpo::io
