// SPDX-License-Identifier: Apache-2.0
#include "io/datagram_socket.hpp"

#include <cerrno>
#include <string>

#include "io/callback_timer.hpp"

namespace pulpo::io {
namespace {

constexpr Duration kPause = 100ms;  // as Loop::accept() has it

}  // namespace

struct DatagramSocket::State {
  State(Loop& loop_, Owner& owner_, Handle handle_) noexcept : loop(loop_), owner(&owner_), handle(handle_) {}

  struct Receive final : Operation {
    explicit Receive(State& state_) noexcept : state(state_) {}
    void completed(const Completion& completion) override { state.received(completion); }
    State& state;
  };
  struct Send final : Operation {
    Send(State& state_, ByteView bytes_) : state(state_), bytes(bytes_) {}
    void completed(const Completion& completion) override {
      state.send_error = completion.result < 0 ? -completion.result : 0;
      State& its = state;
      delete this;
      --its.sends;
      its.send_next();
      its.end_if_quiet();
    }
    State& state;
    const std::string bytes;
    Address to;
    Send* next = nullptr;
  };

  void received(const Completion& completion) {
    if (completion.more && socket != nullptr && completion.from != nullptr) owner->received(*socket, completion.data, *completion.from);
    if (completion.more) return;
    // What the kernel reports of the network (ENETDOWN) ends a receive, and the socket is well. A loop that ends cancels it.
    if (socket != nullptr && completion.result != -ECANCELED) loop.timers().arm(pause, loop.now() + kPause);
    end_if_quiet();
  }
  void receive_again() { loop.receive(receive, handle); }
  // One send under way at a time (Loop::send); the others wait in a list.
  void send_next() {
    if (first == nullptr || socket == nullptr) return;
    Send* const send = first;
    first = send->next;
    if (first == nullptr) last = nullptr;
    loop.send_to(*send, handle, send->bytes, send->to);
  }
  void end_if_quiet() {
    if (socket == nullptr && !receive.is_pending() && sends == 0) delete this;
  }

  Loop& loop;
  Owner* owner;
  DatagramSocket* socket = nullptr;  ///< Null once its owner has let go.
  Handle handle;
  Receive receive{*this};
  CallbackTimer<State> pause{*this, &State::receive_again};
  Send* first = nullptr;  ///< Those that wait.
  Send* last = nullptr;
  std::size_t sends = 0;  ///< With the one under way.
  int send_error = 0;
};

Outcome<std::unique_ptr<DatagramSocket>> DatagramSocket::open(Loop& loop, Owner& owner, const Address& address,
                                                              const DatagramOptions& options) {
  PULPO_TRY(const Handle handle, loop.bind(address, options));
  auto* const state = new State(loop, owner, handle);
  std::unique_ptr<DatagramSocket> socket(new DatagramSocket(*state));
  state->socket = socket.get();
  loop.receive(state->receive, handle);
  return socket;
}

DatagramSocket::~DatagramSocket() {
  state_.socket = nullptr;
  while (state_.first != nullptr) {
    State::Send* const send = state_.first;
    state_.first = send->next;
    delete send;
    --state_.sends;
  }
  state_.loop.timers().cancel(state_.pause);
  // Its operations' final completions are still to come, as a rule: the last of them deletes the state.
  state_.loop.close(state_.handle);
  state_.end_if_quiet();
}

Outcome<void> DatagramSocket::join(const Address& group, const Address& interface) {
  return state_.loop.join(state_.handle, group, interface);
}

void DatagramSocket::send(ByteView bytes, const Address& to) {
  if (state_.sends >= kSendsMax) return;
  auto* const send = new State::Send(state_, bytes);
  send->to = to;
  if (state_.sends++ != 0) {
    (state_.last == nullptr ? state_.first : state_.last->next) = send;
    state_.last = send;
    return;
  }
  state_.loop.send_to(*send, state_.handle, send->bytes, send->to);
}

Outcome<Address> DatagramSocket::address() const { return state_.loop.local_address(state_.handle); }
int DatagramSocket::send_error() const noexcept { return state_.send_error; }

}  // namespace pulpo::io
