// SPDX-License-Identifier: Apache-2.0
//
// IoServer: the processes `user` and `standard_error`: the far end of the IO protocol (IO-2), at the program's standard streams.
//
// It never waits in a handler: what stdout does not take, and what stdin does not have, a process of its own waits for, so that
// prompts and lines of others go on meanwhile. What comes while a piece is being written is gathered and leaves as one.
//
//   Order      Requests are carried out in the order of their arrival; readers get lines in that order, too.
//   Bounds     16 MiB of text waiting; 64 KiB of input that nobody has asked for yet (a line's longest), and what one read brings.
//   Ownership  Replies go to whoever asked, once: when stdout has taken the text, or the input is there.
//   Threads    Its process.
//   Errors     In the replies: {:error, :request} for what it does not know, {:error, :enotsup} for what it cannot do.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/standard_stream.hpp"
#include "pulpo/gen_server.hpp"

namespace pulpo {

class IoServer final : public detail::ServerBody {
 public:
  struct Options {
    int descriptor = 1;                                      ///< stdout, or stderr as 2.
    std::function<void(std::string_view)> output = {};       ///< Instead of it.
    bool output_is_descriptor = false;                       ///< Which writes there all the same: its size is told.
    std::function<std::optional<std::string>()> input = {};  ///< More input, or its end; instead of stdin.
    int input_descriptor = 0;                                ///< stdin.
    std::function<void(bool)> reading = {};  ///< Told when somebody begins to wait for input, and when nobody does any more.
    /// Asked for what is not in this protocol: the reply, if it is known there.
    std::function<std::optional<Term>(const Term& request)> other = {};
    bool reads = true;
  };
  explicit IoServer(Options options) : options_(std::move(options)), stream_(options_.descriptor) {}
  [[nodiscard]] static Atom user_name() { return "user"_atom; }
  [[nodiscard]] static Atom standard_error_name() { return "standard_error"_atom; }
  /// Sent to it: who waits for input gets `:eof`, as at a terminal's ^D.
  [[nodiscard]] static Term end_of_input() { return "$end_of_input"_atom; }

 protected:
  void construct() override;
  bool on_call(const Term& request, const detail::Caller& caller) override;
  bool on_info(const Term& message) override;
  void on_terminate(const Term& reason) override;
  [[nodiscard]] std::string_view class_name() const override { return "io_server"; }

 private:
  /// A request: steps that are carried out one after another, until one fails.
  struct Job {
    Pid from{};
    Term reply_as{};
    std::vector<Term> steps{};
    std::size_t next = 0;
  };
  struct Reader {
    Job job;
    std::optional<std::size_t> characters = {};  ///< A line when empty.
    Ref monitor = {};                            ///< Of who reads.
  };

  void go_on(Job job);
  void finish(const Job& job, const Term& result);
  /// A step has its result: the next one, or the reply.
  void step_done(Job job, const Term& result);
  /// The step's result, unless it has to be waited for; `job` is taken then.
  [[nodiscard]] std::optional<Term> carry_out(const Term& step, Job& job);
  [[nodiscard]] std::optional<Term> read_step(std::span<const Term> words, Job& job);
  [[nodiscard]] std::optional<Term> gather(std::string_view text);

  void flush_soon();
  void flush();
  [[nodiscard]] std::int32_t write_some();
  void serve_readers();
  [[nodiscard]] Job take_reader();
  void forget_reader(const Ref& monitor);
  [[nodiscard]] std::optional<Term> take_input(const Reader& reader);
  [[nodiscard]] std::int32_t read_more();
  /// Becomes an EXIT of the pid that is returned once one of `events` holds.
  [[nodiscard]] Pid watch(int descriptor, short events);

  const Options options_;
  io::StandardOutput stream_;

  std::string gathered_;            ///< What leaves next.
  std::vector<Job> gathered_jobs_;  ///< Who waits for that.
  std::string leaving_;
  std::size_t left_ = 0;  ///< How much of it has.
  std::vector<Job> leaving_jobs_;
  bool flush_asked_ = false;
  Pid out_watch_{};  ///< Waits for room at stdout.

  std::string input_;
  bool input_ended_ = false;
  bool serving_ = false;  ///< serve_readers() is at work.
  std::deque<Reader> readers_;
  Pid in_watch_{};  ///< Waits for input.
};

}  // namespace pulpo
