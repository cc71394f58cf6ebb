// SPDX-License-Identifier: Apache-2.0
//
// StackPool: the stacks of one core, kept warm and handed out last in, first out.
//
// A free stack either was never run, or holds the core's loop, parked: taking it and switching to it goes on
// with the loop either way. Nothing is given back to the kernel on release; a warm stack costs 7 ns to reuse, a cold page 2 µs.
//
//   Bounds     `stacks_max`; take() returns null beyond it, or when the kernel refuses memory.
//   Ownership  Owns all memory. give() takes back what take() gave.
//   Threads    One core's.
//   Errors     A guard page lies under each stack while the kernel allows it: by MADV_GUARD_INSTALL (Linux 6.13), else by mprotect
//              for the first stacks, since each costs two of the 65,530 mappings of a program (vm.max_map_count). The rest have a
//              canary, looked at when they are given back.
//   Cost       take() and give(): a few ns. A new stack: about 2 µs and one page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "proc/context.hpp"

namespace pulpo {

class StackPool {
 public:
  StackPool(std::size_t stack_bytes, std::size_t stacks_max, void (*entry)(void*), void* argument);
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  /// Every stack must be free: what they hold is abandoned, not unwound.
  ~StackPool();

  [[nodiscard]] Stack* take() noexcept;
  void give(Stack& stack) noexcept;

  [[nodiscard]] std::size_t made() const noexcept { return made_; }
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }
  [[nodiscard]] std::size_t stack_bytes() const noexcept { return stack_bytes_; }
  [[nodiscard]] std::size_t page_bytes() const noexcept { return page_bytes_; }
  /// How much of the deepest stack was ever touched, in whole pages; 0 when the kernel does not tell. Asks for each stack: slow.
  [[nodiscard]] std::size_t deepest_bytes() const;
  /// The same of one stack.
  [[nodiscard]] std::size_t resident_bytes(const Stack& stack) const;

  /// Below 16 KiB a signal frame of a CPU with wide registers (3.4 KiB) and a formatted log line no longer fit.
  static constexpr std::size_t kBytesMin = 16 * 1024;

 private:
  struct Slab {
    char* memory;
    std::size_t stacks;  ///< Made so far; their control blocks live in the slab.
  };
  [[nodiscard]] Stack* make() noexcept;
  [[nodiscard]] bool reserve_slab() noexcept;
  [[nodiscard]] bool guard(char* page) noexcept;
  [[nodiscard]] Stack* control_block(char* stack_memory, std::size_t number) const noexcept;

  const std::size_t page_bytes_;
  const std::size_t stack_bytes_;
  const std::size_t slab_stacks_;
  const std::size_t stacks_max_;
  void (*const entry_)(void*);
  void* const argument_;
  std::vector<Slab> slabs_;
  Stack* free_ = nullptr;
  std::size_t made_ = 0;
  std::size_t in_use_ = 0;
  std::size_t mprotected_ = 0;
  bool guard_install_works_ = true;
  bool guard_install_seen_ = false;
};

}  // namespace pulpo
