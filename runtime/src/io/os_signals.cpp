// SPDX-License-Identifier: Apache-2.0
#include "io/os_signals.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <memory>
#include <mutex>

#include "pulpo/assert.hpp"

namespace pulpo::io::os_signals {
namespace {

struct Watcher {
  int descriptor = -1;
  std::atomic<Watcher*> next{nullptr};
};
static_assert(std::atomic<Watcher*>::is_always_lock_free, "a signal handler follows these");

std::atomic<Watcher*> watchers[kEnd];
/// Handlers at work: what they may have found in `watchers` stays until there are none.
std::atomic<unsigned> at_work{0};

std::mutex changing;                 // Guards the rest, and the writing of `watchers`.
struct sigaction before[kEnd] = {};  // What the watched ones did.

// Sequentially consistent throughout: who unlinks a watcher and then sees nobody at work knows that whoever comes later sees it unlinked.
void handler(int number) {
  const int error = errno;
  at_work.fetch_add(1);
  const std::uint64_t one = 1;
  for (const Watcher* watcher = watchers[number].load(); watcher != nullptr; watcher = watcher->next.load()) {
    // It fails only when the counter is full, and then the descriptor is readable already.
    [[maybe_unused]] const ssize_t written = ::write(watcher->descriptor, &one, sizeof one);
  }
  at_work.fetch_sub(1);
  errno = error;
}

void wait_for_handlers() noexcept {
  constexpr timespec kPause{0, 20'000};
  while (at_work.load() != 0) (void)::nanosleep(&kPause, nullptr);
}

bool install(int number) noexcept {
  struct sigaction ours {};
  ours.sa_handler = &handler;
  ours.sa_flags = SA_RESTART | SA_ONSTACK;
  ::sigemptyset(&ours.sa_mask);
  return ::sigaction(number, &ours, &before[number]) == 0;
}

void put_back(int number) noexcept {
  struct sigaction now {};
  if (::sigaction(number, nullptr, &now) != 0) return;
  if ((now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == &handler) (void)::sigaction(number, &before[number], nullptr);
}

}  // namespace

Outcome<int> watch(int number) {
  PULPO_ASSERT(number > 0 && number < kEnd);
  auto watcher = std::make_unique<Watcher>();
  const int descriptor = watcher->descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) return Fault{.code = Errc::io, .sys = errno, .where = "watch a signal"};
  const std::lock_guard lock(changing);
  const bool is_first = watchers[number].load() == nullptr;
  watcher->next.store(watchers[number].load());
  watchers[number].store(watcher.get());  // before the handler, so that none comes in vain
  if (is_first && !install(number)) {
    const int error = errno;
    watchers[number].store(nullptr);
    ::close(descriptor);
    return Fault{.code = Errc::io, .sys = error, .where = "watch a signal"};
  }
  (void)watcher.release();
  return descriptor;
}

void unwatch(int descriptor) noexcept {
  const std::lock_guard lock(changing);
  for (int number = 1; number < kEnd; ++number) {
    std::atomic<Watcher*>* link = &watchers[number];
    Watcher* watcher = link->load();
    while (watcher != nullptr && watcher->descriptor != descriptor) {
      link = &watcher->next;
      watcher = link->load();
    }
    if (watcher == nullptr) continue;
    const bool is_last = link == &watchers[number] && watcher->next.load() == nullptr;
    if (is_last) put_back(number);  // before it is unlinked: from here on the signal does again what it did
    link->store(watcher->next.load());
    wait_for_handlers();
    delete watcher;
    return;
  }
}

}  // namespace pulpo::io::os_signals
