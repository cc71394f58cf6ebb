// SPDX-License-Identifier: Apache-2.0
#include "proc/process.hpp"

#include "proc/core.hpp"

namespace pulpo {

const char* to_string(WaitKind kind) noexcept {
  switch (kind) {
    case WaitKind::none:
      return "nothing";
    case WaitKind::message:
      return "message";
    case WaitKind::reply:
      return "reply";
    case WaitKind::spawn:
      return "spawn";
    case WaitKind::sleep:
      return "sleep";
    case WaitKind::turn:
      return "turn";
    case WaitKind::link:
      return "link";
    case WaitKind::io:
      return "io";
    case WaitKind::mailbox:
      return "mailbox";
  }
  return "";
}

Wait::~Wait() {
  if (process.wait != this) return;
  process.wait = nullptr;
  process.waits_for = WaitKind::none;
}

ReplyWait::ReplyWait(Process& process_, Core& core_, Ref ref_, WaitKind kind_) noexcept : Wait(kind_, process_, core_), ref(ref_) {
  PULPO_ASSERT(!process.answered && process.awaited == 0);
  process.awaited = ref.number();
}

ReplyWait::~ReplyWait() {
  if (process.answered) (void)take_answer();
  process.awaited = 0;
}

bool ReplyWait::is_answered() const noexcept { return taken_ || process.answered; }

MessagePtr ReplyWait::take_answer() noexcept {
  PULPO_ASSERT(process.answered);
  taken_ = true;
  process.answered = false;
  MessagePtr answer(process.answer);
  process.awaited = 0;
  return answer;
}

Process* ProcessTable::make() {
  if (free_ == nullptr) {
    if (made_ == processes_max_ || made_ == 1u << Pid::kSlotBits) return nullptr;
    if (made_ % kChunk == 0) chunks_.push_back(std::make_unique<Process[]>(kChunk));
    Process& fresh = chunks_[made_ / kChunk][made_ % kChunk];
    fresh.slot = made_++;
    fresh.run_next = free_;
    free_ = &fresh;
  }
  Process& process = *free_;
  free_ = process.run_next;
  process.run_next = nullptr;
  if (++process.serial == 0) process.serial = 1;  // 0 is nobody
  process.state = Process::State::runnable;
  ++living_;
  return &process;
}

void ProcessTable::free(Process& process) noexcept {
  const std::uint32_t slot = process.slot;
  const std::uint32_t serial = process.serial;
  process.~Process();
  new (&process) Process;
  process.slot = slot;
  process.serial = serial;
  process.run_next = free_;
  free_ = &process;
  --living_;
}

Term Address::term() const {
  if (!by_name_) return pid_;
  if (node_) return Term::tuple({name_, *node_});
  return name_;
}

void Body::handle(const Message&) { PULPO_ASSERT(!"start() made a server of a body that has no handle()"); }

void Message::make_term() {
  PULPO_ASSERT(is_typed());
  Term made = type->to_term(payload);
  kind = kind == Signal::typed_cast ? Signal::cast : Signal::message;
  ref = {};
  new (&body) Term(std::move(made));
}

Term term_of(const Message& message) {
  switch (message.kind) {
    case Signal::typed:
      return message.type->to_term(message.payload);
    case Signal::typed_cast:
      return Term::tuple({atoms::gen_cast, message.type->to_term(message.payload)});
    case Signal::cast:
      return Term::tuple({atoms::gen_cast, message.body});
    case Signal::request:
      return Term::tuple({atoms::gen_call, Term::tuple({message.from, message.ref}), message.body});
    case Signal::exit_message:
      return Term::tuple({atoms::EXIT, message.from, message.body});
    case Signal::down_message: {
      const auto parts = message.body.elements();  // {object, reason}
      return Term::tuple({atoms::DOWN, message.ref, atoms::process, parts[0], parts[1]});
    }
    default:
      return message.body;
  }
}

}  // namespace pulpo
