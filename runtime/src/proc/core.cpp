// SPDX-License-Identifier: Apache-2.0
#include "proc/core.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "proc/io_wait.hpp"
#include "proc/orders.hpp"
#include "proc/watchdog.hpp"
#include "pulpo/log.hpp"

namespace pulpo {

constinit thread_local Core* detail::this_core = nullptr;

using detail::this_core;

namespace {

std::string type_name(const std::type_info* type) {
  if (type == nullptr) return "unknown";
  int status = 0;
  char* const text = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  std::string name = text != nullptr ? text : type->name();
  std::free(text);  // NOLINT: __cxa_demangle's contract
  return name;
}

io::LoopKind loop_kind(LoopChoice choice) noexcept {
  switch (choice) {
    case LoopChoice::automatic:
      return io::LoopKind::automatic;
    case LoopChoice::uring:
      return io::LoopKind::uring;
    case LoopChoice::epoll:
      return io::LoopKind::epoll;
  }
  return io::LoopKind::automatic;
}

}  // namespace

Term reason_of_exception(const Process& process) {
  try {
    throw;
  } catch (const Exiting& exiting) {
    return exiting.reason;
  } catch (const Killed&) {
    return process.exit_pending ? process.pending_reason() : Term(atoms::killed);
  } catch (const std::exception& error) {
    return Term::tuple({"exception"_atom, type_name(abi::__cxa_current_exception_type()), error.what()});
  } catch (...) {
    return Term::tuple({"exception"_atom, type_name(abi::__cxa_current_exception_type()), ""});
  }
}

Core::Core(Runtime& runtime, Registry& registry, unsigned index, unsigned count)
    : runtime_(runtime),
      registry_(registry),
      index_(index),
      count_(count),
      mail_messages_max_(runtime.options().mailbox_messages_max),
      mail_bytes_max_(runtime.options().mailbox_bytes_max),
      driver_(runtime.options().driver),
      outboxes_(count),
      send_timers_(*this, runtime.options().timers_max),
      messages_(static_cast<std::uint8_t>(index)),
      processes_(runtime.options().processes_max),
      // Every process may be suspended at once, and the loop needs one stack for itself.
      stacks_(runtime.options().stack_bytes, runtime.options().processes_max + 1, &Core::loop_entry, this) {}

Core::~Core() {
  if (driver_ != nullptr && loop_ != nullptr) driver_->retire(*this);
}

void Core::discard_left() {
  send_timers_.clear();
  // What was still on its way when the threads ended is let go; blocks of pools die with their pools.
  while (Message* message = inbox_.pop()) discard_order_or_body(message);
  for (Outbox& outbox : outboxes_) {
    for (Message* message = outbox.leaving.take_all(); message != nullptr;) discard_order_or_body(std::exchange(message, message->next));
    outbox.empty = {};
  }
}

Outcome<void> Core::open() {
  if (driver_ != nullptr) {
    PULPO_TRY(loop_, driver_->enlist(*this));
    return {};
  }
  PULPO_TRY(loop_, io::make_loop(loop_kind(runtime_.options().loop), &loop_reason_));
  const bool looks_are_free = loop_->name() == std::string_view("uring");
  spin_plan_ = plan_spin(runtime_.options().spin, count_, count_cpus(), looks_are_free, is_board_processor());
  spinner_ = Spinner(spin_plan_);
  return {};
}

void Core::run() {
  this_core = this;
  const RuntimeOptions& options = runtime_.options();
  const SignalStack signal_stack(options.crash_reports || options.watchdog.backtrace);
  if (options.watchdog.backtrace) watch_.probe.belongs_here();
  this_stack_ = stacks_.take();
  PULPO_ASSERT(this_stack_ != nullptr && "no memory for the first stack");
  switch_stack(thread_stack_, *this_stack_);
  watch_.probe.belongs_nowhere();
  watch_.falls_asleep();
  // run_loop() came back here: nothing lives any more, and the stack it left is the last one in use.
  stacks_.give(*this_stack_);
  this_core = nullptr;
}

Core::Step Core::step(unsigned slices) {
  PULPO_ASSERT(this_core == nullptr && "the driver steps one core at a time");
  this_core = this;
  if (this_stack_ == nullptr) {
    this_stack_ = stacks_.take();
    PULPO_ASSERT(this_stack_ != nullptr && "no memory for the first stack");
  }
  step_slices_ = slices;
  switch_stack(thread_stack_, *this_stack_);
  this_core = nullptr;
  run_blocking_jobs();
  if (ended_) {
    stacks_.give(*std::exchange(this_stack_, nullptr));
    return Step::ended;
  }
  return step_slices_ == 0 ? Step::cut_short : Step::rests;
}

// Back to whoever called step(); the next one goes on here.
void Core::leave_step() noexcept { switch_stack(*this_stack_, thread_stack_); }

void Core::loop_entry(void* self) { static_cast<Core*>(self)->run_loop(); }

// Runs on whichever stack is the loop's. Keeps nothing in local variables across activate(): it may come back on another stack.
void Core::run_loop() {
  for (;;) {
    if (slice_left_ > 0) {
      if (outbox_is_full_) flush_outboxes();
      if (Process* const process = runnable_.pop()) {
        --slice_left_;
        activate(*process);
        continue;
      }
    }
    if (stopping_ && processes_.living() == 0) {
      close_descriptors();
      if (loop_->pending() == 0) {
        ended_ = true;
        switch_stack(*this_stack_, thread_stack_);
      }
    }
    between_slices();
  }
}

void Core::between_slices() {
  if (!held_back_.empty()) ask_held_back();
  while (Flusher* flusher = flushers_.pop_front()) flusher->flush();
  flush_outboxes();
  watch_.ends_slice();
  std::size_t handled = 0;
  int activations = kSliceActivations;
  if (!reclaimer_.is_empty()) reclaimer_.release_piece();
  const bool is_idle = runnable_.empty() && reclaimer_.is_empty() && !spin();
  if (is_idle) return_all_empty();
  if (is_idle && inbox_.prepare_to_sleep()) {
    loop_->timers().drop_unwanted();       // so that an idle core is not woken for nothing
    if (driver_ != nullptr) leave_step();  // the loop of a simulation never sleeps: its driver knows when it has something to do
    spinner_.sleeps();
    watch_.falls_asleep();
    handled = loop_->turn(io::Loop::Wait::yes);
    watch_.wakes_up();
    activations = kWakingActivations;
    if (Watchdog* const watchdog = watchdog_.load(std::memory_order_acquire)) watchdog->core_wakes();
    inbox_.awake();
  } else {
    if (driver_ != nullptr && --step_slices_ == 0) leave_step();
    handled = loop_->turn(io::Loop::Wait::no);
  }
  if (spinner_.is_waiting() && (handled > 0 || !inbox_.empty())) spinner_.arrived(loop_->now());
  drain_inbox();
  watch_.begin_slice(loop_->now(), !runnable_.empty());
  slice_left_ = activations;
  runnable_.begin_slice();
}

// Once round: what is held back again waits for the next slice.
void Core::ask_held_back() {
  IntrusiveList<HeldBack, HeldBack> asked;
  while (HeldBack* held = held_back_.pop_front()) asked.push_back(*held);
  while (HeldBack* held = asked.pop_front()) held->try_again();
}

void Core::close_descriptors() noexcept {
  while (detail::Descriptor* descriptor = descriptors_.pop_front()) descriptor->outlive_core();
}

/// Looks on for a while before the core sleeps. True: something came, and it must not.
bool Core::spin() {
  return spinner_.is_on() && spinner_.wait([this] { return !inbox_.empty() || loop_->ready(); }, [this] { return loop_->refresh(); },
                                           loop_->timers().next_deadline());
}

void Core::activate(Process& process) {
  current_process_ = &process;
  if (watch_.activates(process.slot, process.serial)) [[unlikely]]
    watch_.take_sample(loop_->refresh());
  process.state = Process::State::running;
  reductions_left_ = kReductions;
  if (process.stack != nullptr) {
    Stack& mine = *this_stack_;
    this_stack_ = std::exchange(process.stack, nullptr);
    stacks_.give(mine);  // parked here: whoever takes it goes on with the loop after the next line
    switch_stack(mine, *this_stack_);
    return;
  }
  if (process.stack_class != 0) return run_on_own_stack(process);
  run_process(process);
}

// A process with a size of its own begins on a stack from that size's pool; the loop goes on where it was once it has left that.
void Core::run_on_own_stack(Process& process) {
  Stack* const own = stack_pools_[process.stack_class - 1]->take();
  if (own == nullptr) {
    finish(process, atoms::system_limit);
    return;
  }
  Stack& mine = *this_stack_;
  this_stack_ = own;
  stacks_.give(mine);
  switch_stack(mine, *own);
}

void Core::own_stack_entry(void* self) { static_cast<Core*>(self)->serve_on_own_stack(); }

// What runs on such a stack: one process after another. Between two of them the stack is in its pool.
void Core::serve_on_own_stack() {
  for (;;) {
    Process& process = *current_process_;
    StackPool& pool = *stack_pools_[process.stack_class - 1];
    run_process(process);
    Stack* const next = stacks_.take();
    PULPO_ASSERT(next != nullptr && "no memory for the loop's stack");
    Stack& own = *this_stack_;
    this_stack_ = next;
    pool.give(own);
    switch_stack(own, *next);
  }
}

Result<std::uint8_t> Core::stack_class_of(std::size_t bytes) {
  if (bytes == 0) return std::uint8_t{0};
  if (bytes > kStackBytesMax) return Error{Errc::bad_argument, "a stack has at most 64 MiB", "spawn"};
  const std::size_t rounded = std::bit_ceil(std::max(bytes, StackPool::kBytesMin));
  if (rounded == std::bit_ceil(stacks_.stack_bytes())) return std::uint8_t{0};
  for (std::size_t i = 0; i < stack_pools_.size(); ++i) {
    if (stack_pools_[i]->stack_bytes() == rounded) return static_cast<std::uint8_t>(i + 1);
  }
  stack_pools_.push_back(std::make_unique<StackPool>(rounded, runtime_.options().processes_max, &Core::own_stack_entry, this));
  return static_cast<std::uint8_t>(stack_pools_.size());
}

// Returns true when the process has come to its end, false when it is a server that waits for messages or for its turn.
bool Core::run_body(Process& process) {
  if (process.exit_pending) return true;
  if (!process.started) {
    process.started = true;
    process.serves = process.body->start();
    if (!process.serves) return true;
  }
  for (unsigned left = kHandlerMessages; !process.exit_pending; --left) {
    if (left == 0) {
      slice_left_ -= static_cast<int>(kHandlerMessages) - 1;
      current_process_ = nullptr;
      run_queue_push(process);
      return false;
    }
    Message* const message = take_mail(process, &process.mail_head);
    if (message == nullptr) {
      slice_left_ -= static_cast<int>(kHandlerMessages - left);
      current_process_ = nullptr;
      process.state = Process::State::idle;
      return false;
    }
    ++process.reductions;
    // Owned by the process, also when its handler throws: finish() lets go of it.
    process.handling = message;
    process.settled = message->kind != Signal::request;
    process.body->handle(*message);
    process.handling = nullptr;
    if (!process.settled) owe(process, *message);  // settled from now on by what is owed
    recycle(message);
  }
  return true;
}

void Core::run_process(Process& process) noexcept {
  Term reason;
  try {
    if (!run_body(process)) return;
    reason = process.exit_pending ? process.pending_reason() : Term(atoms::normal);
  } catch (const Exiting& exiting) {
    reason = exiting.reason;  // whoever exits with an exception's reason has caught and reported it
  } catch (...) {
    reason = reason_of_exception(process);
    if (reason.is_tuple(3) && reason.elements()[0].is_atom("exception"_atom) && !process.serves) {
      report_exception(process, reason);
    }
  }
  finish(process, reason);
}

void Core::finish(Process& process, const Term& reason) noexcept {
  current_process_ = &process;
  process.ending = true;
  delete std::exchange(process.body, nullptr);
  announce_end(process, reason);
  if (process.has_alarm) alarms_.erase(process.slot);
  send_timers_.forget(process.slot);
  current_process_ = nullptr;
  processes_.free(process);
  process_count_.store(processes_.living(), std::memory_order_relaxed);
}

void Core::queue_spawned(Process& process) noexcept {
  if (current_process_ == nullptr) return run_queue_push(process);
  process.state = Process::State::runnable;
  watch_.queued();
  runnable_.push_spawned(process);
}

// The rest of the core goes on, on `next`; this returns when the process is resumed.
[[gnu::always_inline]] inline void Core::leave(Wait& wait, Stack& next) noexcept {
  Process& process = *current_process_;
  if (wait.deadline < process.alarm_due) set_alarm(process, wait.deadline);
  process.wait = &wait;
  process.waits_for = wait.kind;
  process.stack = this_stack_;
  if (wait.kind == WaitKind::turn) {
    run_queue_push(process);
  } else {
    process.state = Process::State::waiting;
  }
  current_process_ = nullptr;
  this_stack_ = &next;
  switch_stack(*process.stack, next);
  // Resumed: activate() made this stack the loop's and this process the running one again.
  process.wait = nullptr;
  process.waits_for = WaitKind::none;
}

bool Core::suspend(Wait& wait) {
  check_exit();
  if (current_process_->exit_pending) return false;
  Stack* const next = stacks_.take();
  if (next == nullptr) throw Exiting{atoms::system_limit};
  Process& process = *current_process_;
  leave(wait, *next);
  check_exit();
  return !process.exit_pending;
}

bool Core::prepare_to_park() {
  check_exit();
  if (current_process_->exit_pending) return false;
  // Nobody else takes one before we park: nobody else runs.
  Stack* const next = stacks_.take();
  if (next == nullptr) throw Exiting{atoms::system_limit};
  stacks_.give(*next);
  return true;
}

void Core::park(IoWait& wait) noexcept {
  Stack* const next = stacks_.take();
  PULPO_ASSERT(next != nullptr && "park() without prepare_to_park()");
  leave(wait, *next);
}

void Core::check_exit() {
  const Process& process = *current_process_;
  if (process.exit_pending && process.no_kill == 0 && !process.ending && std::uncaught_exceptions() == 0) throw Killed{};
}

void Core::make_way() {
  const Process* const process = current_process_;
  reductions_left_ = kReductions;
  if (process->no_kill != 0 || process->ending || std::uncaught_exceptions() != 0) return;
  yield();
}

Result<Term> Core::ask(unsigned core, std::function<Term(Core&)> question) {
  return ask_later(
      core, [question = std::move(question)](Core& its, const Pid& asker, const Ref& ref) { its.answer(asker, ref, question(its)); });
}

Result<Term> Core::ask_later(unsigned core, Later question) {
  Process& process = *current_process_;
  ReplyWait wait(process, *this, make_ref());
  Core& its = runtime_.core(core);
  its.post([&its, question = std::move(question), asker = pid_of(process), ref = wait.ref] { question(its, asker, ref); });
  while (!wait.is_answered()) {
    if (!suspend(wait)) return Error{Errc::killed, {}, "ask a core"};
  }
  return std::move(wait.take_answer()->body);
}

void Core::answer(const Pid& asker, const Ref& ref, const Term& value) {
  MessagePtr signal = make(Signal::reply);
  signal->to = asker;
  signal->ref = ref;
  signal->body = value;
  send(std::move(signal));
}

Term Core::group_of(const Pid& leader) {
  std::vector<Term> group;
  processes_.for_each_living([&](const Process& process) {
    if (process.group_leader == leader) group.emplace_back(pid_of(process));
  });
  return Term::list(group);
}

Ref Core::make_ref() noexcept {
  const std::uint64_t number = next_ref_++;
  // The core in the first word keeps the cores' references apart; the count would take centuries to wrap.
  return {kOwnNode, index_, static_cast<std::uint32_t>(number >> 32), static_cast<std::uint32_t>(number)};
}

void Core::stop_processes() {
  stopping_ = true;
  processes_.for_each_living([this](Process& process) { end_process(process, atoms::shutdown); });
}

}  // namespace pulpo
