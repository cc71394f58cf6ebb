// SPDX-License-Identifier: Apache-2.0
//
// Message: one signal from process to process, in one block, whatever its kind.
//
// A signal that never leaves its core is handed from sender to mailbox. One for another core travels through that
// core's inbox; one for another node goes to the Router.
//
//   Ownership  MessagePtr owns it. The block returns to the pool of the core that made it, in a chain with others.
//   Threads    One at a time: whoever owns it. Its term is share()d before it crosses.
//   Cost       From a per-core free list: a few ns.
#pragma once

#include <cstdint>
#include <new>
#include <utility>

#include "pulpo/detail/typed_message.hpp"
#include "pulpo/pid.hpp"
#include "pulpo/term.hpp"

namespace pulpo {

class MessagePool;

enum class Signal : std::uint8_t {
  // What ends in a mailbox:
  message,       ///< body
  typed,         ///< type, payload: a message struct as it is, between servers; as a term like `message`
  typed_cast,    ///< type, payload: the same as a cast
  cast,          ///< body; as a term {'$gen_cast', body}
  request,       ///< from, ref, body; as a term {'$gen_call', {from, ref}, body}. Its own monitor: see request()
  exit_message,  ///< from, body = reason; as a term {'EXIT', from, reason}
  down_message,  ///< ref, body = {object, reason}; as a term {'DOWN', ref, process, object, reason}
  // What is handled on arrival:
  reply,          ///< to, ref, body
  request_down,   ///< to, ref, body = reason: the server ended, or is not there
  cancel,         ///< from, ref: the caller gave up
  exit_link,      ///< from, to, body = reason: a link broke
  exit,           ///< from, to, body = reason: exit/2
  link,           ///< from, to
  unlink,         ///< from, to, ref.third = id
  unlink_ack,     ///< from, to, ref.third = id
  monitor,        ///< from, to or name, ref
  demonitor,      ///< from, to or name, ref
  down,           ///< to, ref, body = reason
  alias_message,  ///< to.core, ref, body: for whoever made that alias; becomes a message. To another node: to.node, by_name
  hold,           ///< from, to: the sender `to` has filled the mailbox of `from` and should wait
  release,        ///< from, to: it has room again
  spawn_request,  ///< to.node, from, ref, body = a SpawnRequest: a process there; see proc/remote_spawn.hpp
  spawn_reply,    ///< to, ref; from and body = its links and monitors when it began; else body = why it did not
  // Between the cores of one node:
  spawn,    ///< a SpawnOrder
  task,     ///< a function to run on the core itself
  recycle,  ///< others: empty blocks on their way home
};

struct Message {
  Message* next = nullptr;
  Signal kind = Signal::message;
  std::uint8_t owner = 0;  ///< Core whose pool it came from.
  bool by_name = false;    ///< `name` says who it is for; `to.node` on which node.
  bool counted = false;    ///< It counts against the mailbox limit.
  Atom name{};
  Pid to{};
  Pid from{};
  union {
    std::uint32_t bytes = 0;  ///< In a mailbox: what it counts for, block and terms.
    Message* older;           ///< In an inbox, of the first of a chain: the chain that came before.
  };
  union {
    Ref ref{};
    const detail::TypedMessage* type;
    struct {
      Message* first;
      Message* last;
    } others;  ///< Of `recycle`: those that travel with it, or null.
  };
  union {
    Term body{};
    char payload[detail::kTypedBytesMax];
  };

  Message() noexcept { static_assert(sizeof(Message) <= 96); }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  /// Of one that is no struct.
  Message(Message&& other) noexcept
      : kind(other.kind),
        by_name(other.by_name),
        counted(other.counted),
        name(other.name),
        to(other.to),
        from(other.from),
        bytes(other.bytes),
        ref(other.ref),
        body(std::move(other.body)) {
    PULPO_ASSERT(!is_typed());
  }
  ~Message() {
    if (!is_typed()) body.~Term();
  }
  [[nodiscard]] bool is_typed() const noexcept { return kind == Signal::typed || kind == Signal::typed_cast; }
  /// The struct becomes the term that it stands for.
  void make_term();
  /// Lets go of what it holds.
  void clear() noexcept {
    if (is_typed()) {
      new (&body) Term();
      kind = Signal::message;
    } else {
      body = Term();
    }
  }
};

/// Where an alias_message for an alias of this node goes: its reference tells the core, which knows whose it is.
[[nodiscard]] inline Pid address_of_alias(const Ref& alias) noexcept { return Pid{kOwnNode, alias.first << Pid::kSlotBits, 0}; }

/// The message as a process sees it; `message` keeps its body.
[[nodiscard]] Term term_of(const Message& message);

/// Gives a message back to where it came from. Defined in between_cores.cpp: blocks of other cores travel home.
void release_message(Message* message) noexcept;

class MessagePtr {
 public:
  MessagePtr() noexcept = default;
  explicit MessagePtr(Message* message) noexcept : message_(message) {}
  MessagePtr(MessagePtr&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  MessagePtr& operator=(MessagePtr&& other) noexcept {
    reset(std::exchange(other.message_, nullptr));
    return *this;
  }
  ~MessagePtr() { reset(); }
  void reset(Message* message = nullptr) noexcept {
    if (message_ != nullptr) release_message(message_);
    message_ = message;
  }
  [[nodiscard]] Message* release() noexcept { return std::exchange(message_, nullptr); }
  [[nodiscard]] Message* get() const noexcept { return message_; }
  Message* operator->() const noexcept { return message_; }
  Message& operator*() const noexcept { return *message_; }
  explicit operator bool() const noexcept { return message_ != nullptr; }

 private:
  Message* message_ = nullptr;
};

}  // namespace pulpo
