// SPDX-License-Identifier: Apache-2.0
//
// TopSampler: looks at nodes for `pulpo top`, in a process of a runtime, while the terminal's thread goes on.
//
//   Ownership  What a look has found belongs to both sides: a look that is under way when the view ends is dropped.
//   Threads    One thread that is no core's. descriptor() becomes readable when a look is over.
//   Bounds     One look at a time. Each node is given kAnswerMax for its summary, the selected one as much for each of its lists.
//   Errors     A node that does not answer is one that is not up, with its cause.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "pulpo/runtime.hpp"
#include "top_state.hpp"

namespace pulpo::cli::top {

inline constexpr Duration kAnswerMax = 2s;

/// What is wanted of the selected node: what a screen shows, or, for --once, all there is, with what passed meanwhile.
struct Look {
  Wants wants;
  Duration window = 500ms;  ///< For reductions per second.
  bool everything = false;
};

/// Whom a view knows: the first of `known` that answers is asked which nodes there are.
struct Around {
  Atom first;
  std::vector<Atom> known{first};
};
/// The look itself, inside a process.
[[nodiscard]] Sample look_at(Around& around, const Look& look);

class Sampler {
 public:
  /// `first`: the node whose neighbours are shown; that of `runtime`, or another.
  Sampler(Runtime& runtime, Atom first);
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;
  ~Sampler();

  [[nodiscard]] int descriptor() const noexcept;
  [[nodiscard]] bool is_looking() const noexcept { return looking_; }
  /// Begins a look; not while another is under way.
  void begin(Look look);
  /// What it has found, once the descriptor is readable.
  [[nodiscard]] std::optional<Sample> take();
  /// Ends a process of whatever node.
  void kill(const Pid& pid);

 private:
  struct Shared;
  Runtime& runtime_;
  std::shared_ptr<Shared> shared_;
  bool looking_ = false;
};

}  // namespace pulpo::cli::top
