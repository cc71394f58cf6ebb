// SPDX-License-Identifier: Apache-2.0
#include "proc/stack_pool.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "pulpo/assert.hpp"

namespace pulpo {
namespace {

// Linux 6.13; Debian 12's headers are older.
constexpr int kAdviseGuardInstall = 102;

// Two mappings each, and half of the default vm.max_map_count of 65,530 stays free for everything else.
constexpr std::size_t kMprotectedMax = 16'000;

// A slab is one reservation: large enough that mmap's cost vanishes, small enough for a 32-bit address space.
constexpr std::size_t kSlabBytes = sizeof(void*) == 8 ? 4u << 20 : 1u << 20;

constexpr std::uint64_t kCanary = 0x70756c706f3a2921;

// Whether the kernel refuses to read `page`, asked by a call that reports it instead of raising a signal.
bool is_unreadable(const char* page) noexcept {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  const bool refused = ::write(ends[1], page, 1) < 0 && errno == EFAULT;
  ::close(ends[0]);
  ::close(ends[1]);
  return refused;
}

std::size_t round_up(std::size_t value, std::size_t unit) noexcept { return (value + unit - 1) / unit * unit; }

}  // namespace

StackPool::StackPool(std::size_t stack_bytes, std::size_t stacks_max, void (*entry)(void*), void* argument)
    : page_bytes_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
      stack_bytes_(round_up(std::max(stack_bytes, kBytesMin), page_bytes_)),
      slab_stacks_(std::max<std::size_t>(kSlabBytes / stack_bytes_, 1)),
      stacks_max_(stacks_max),
      entry_(entry),
      argument_(argument) {}

std::size_t StackPool::resident_bytes(const Stack& stack) const {
  // From the first page that may hold frames; a guard page is never resident, a page with a canary always.
  const auto first = reinterpret_cast<std::uintptr_t>(stack.bottom()) / page_bytes_ + (stack.guarded ? 0 : 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(&stack) + page_bytes_ - 1) / page_bytes_;
  std::vector<unsigned char> pages(end - first);
  if (::mincore(reinterpret_cast<void*>(first * page_bytes_), pages.size() * page_bytes_, pages.data()) != 0) return 0;
  const auto deepest = std::find_if(pages.begin(), pages.end(), [](unsigned char page) { return (page & 1) != 0; });
  return static_cast<std::size_t>(pages.end() - deepest) * page_bytes_;
}

std::size_t StackPool::deepest_bytes() const {
  std::size_t most = 0;
  for (const Slab& slab : slabs_) {
    for (std::size_t i = 0; i < slab.stacks; ++i) most = std::max(most, resident_bytes(*control_block(slab.memory + i * stack_bytes_, i)));
  }
  return most;
}

StackPool::~StackPool() {
  PULPO_ASSERT(in_use_ == 0);
  for (const Slab& slab : slabs_) {
    for (std::size_t i = 0; i < slab.stacks; ++i) control_block(slab.memory + i * stack_bytes_, i)->~Stack();
    ::munmap(slab.memory, slab_stacks_ * stack_bytes_);
  }
}

// Tops that differ by some cache lines spare the caches' sets when thousands of stacks take turns. 2 KiB of a page in all, so that a
// call's frames still find room in the same page.
Stack* StackPool::control_block(char* stack_memory, std::size_t number) const noexcept {
  const std::size_t colour = number % 16 * 128;
  return reinterpret_cast<Stack*>(stack_memory + stack_bytes_ - colour - round_up(sizeof(Stack), 64));
}

Stack* StackPool::take() noexcept {
  Stack* stack = free_;
  if (stack != nullptr) {
    free_ = stack->next;
  } else {
    stack = make();
    if (stack == nullptr) return nullptr;
  }
  stack->next = nullptr;
  ++in_use_;
  return stack;
}

void StackPool::give(Stack& stack) noexcept {
  if (!stack.guarded) {
    std::uint64_t canary;
    std::memcpy(&canary, stack.bottom(), sizeof canary);
    PULPO_ASSERT(canary == kCanary && "a process overflowed its stack; give it a larger one (--stack-size)");
  }
  stack.next = free_;
  free_ = &stack;
  --in_use_;
}

bool StackPool::reserve_slab() noexcept {
  void* memory = ::mmap(nullptr, slab_stacks_ * stack_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  // Under huge pages a stack would be resident whole instead of a page at a time.
  ::madvise(memory, slab_stacks_ * stack_bytes_, MADV_NOHUGEPAGE);
  try {
    slabs_.push_back({static_cast<char*>(memory), 0});
  } catch (const std::bad_alloc&) {
    ::munmap(memory, slab_stacks_ * stack_bytes_);
    return false;
  }
  return true;
}

bool StackPool::guard(char* page) noexcept {
  if (guard_install_works_) {
    // Emulators take any advice for a success and do nothing: believe it once it was seen to work.
    if (::madvise(page, page_bytes_, kAdviseGuardInstall) == 0 && (guard_install_seen_ || is_unreadable(page))) {
      guard_install_seen_ = true;
      return true;
    }
    guard_install_works_ = false;
  }
  if (mprotected_ == kMprotectedMax || ::mprotect(page, page_bytes_, PROT_NONE) != 0) return false;
  ++mprotected_;
  return true;
}

Stack* StackPool::make() noexcept {
  if (made_ == stacks_max_) return nullptr;
  if ((slabs_.empty() || slabs_.back().stacks == slab_stacks_) && !reserve_slab()) return nullptr;
  Slab& slab = slabs_.back();
  char* const memory = slab.memory + slab.stacks * stack_bytes_;
  char* bottom = memory;
  const bool guarded = guard(memory);
  if (guarded) {
    bottom += page_bytes_;
  } else {
    std::memcpy(memory, &kCanary, sizeof kCanary);
  }
  Stack* const block = control_block(memory, slab.stacks);
  new (block) Stack(bottom, static_cast<std::size_t>(reinterpret_cast<char*>(block) - bottom), entry_, argument_);
  block->guarded = guarded;
  ++slab.stacks;
  ++made_;
  return block;
}

}  // namespace pulpo
