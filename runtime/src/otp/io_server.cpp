// SPDX-License-Identifier: Apache-2.0
#include "otp/io_server.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <exception>

#include "otp/chardata.hpp"
#include "proc/io_error.hpp"
#include "pulpo/poll.hpp"
#include "pulpo/runtime.hpp"
#include "term/utf8.hpp"

namespace pulpo {
namespace {

/// A quarter of what a mailbox may hold: whoever prints waits, so this is many processes that print to a stdout nobody reads.
constexpr std::size_t kTextMax = 16u << 20;
/// Four times what a terminal lets a person type in one line (4 KiB), times four.
constexpr std::size_t kLineMax = 64u << 10;
constexpr std::size_t kReadSize = 4u << 10;

Atom flush_word() { return "$flush"_atom; }

Term error(Term reason) { return Term::tuple({atoms::error, std::move(reason)}); }
bool is_error(const Term& result) { return result.is_tuple(2) && result.elements()[0].is_atom(atoms::error); }
Term not_known() { return error("request"_atom); }
Term not_supported() { return error("enotsup"_atom); }

std::optional<Encoding> encoding_of(const Term& word) {
  if (word.is_atom("unicode"_atom)) return Encoding::unicode;
  if (word.is_atom("latin1"_atom)) return Encoding::latin1;
  return std::nullopt;
}

/// A prompt may be an atom, too: Erlang's shell has such.
bool append_prompt(const Term& prompt, Encoding encoding, std::string& out) {
  if (!prompt.is_atom()) return append_chardata(prompt, encoding, out);
  out += prompt.atom().text();
  return true;
}

Term set_options(const Term& options) {
  if (!options.is_proper_list()) return not_known();
  for (std::size_t i = 0; i < options.list_size(); ++i) {
    const Term option = options.list_at(i);
    const bool is_as_it_is = option.is_atom("binary"_atom) || option == Term::tuple({"binary"_atom, true}) ||
                             option == Term::tuple({"encoding"_atom, "unicode"_atom}) ||
                             option == Term::tuple({"encoding"_atom, "utf8"_atom});
    if (!is_as_it_is) return not_supported();
  }
  return atoms::ok;
}

Term present_options() { return Term::list({Term::tuple({"binary"_atom, true}), Term::tuple({"encoding"_atom, "unicode"_atom})}); }

/// How many bytes the first `characters` of `text` are; empty when it has fewer. A byte that is no UTF-8 counts as one.
std::optional<std::size_t> size_of_characters(std::string_view text, std::size_t characters, bool is_all) {
  std::string_view rest = text;
  for (; characters > 0; --characters) {
    if (rest.empty()) return std::nullopt;
    if (utf8::take(rest) != utf8::kInvalid) continue;
    if (!is_all && rest.size() < 4) return std::nullopt;  // the rest of it may come
    rest.remove_prefix(1);
  }
  return text.size() - rest.size();
}

bool is_simulated() { return std::string_view(runtime().loop_name()) == "sim"; }

}  // namespace

void IoServer::construct() {
  trap_exit(true);
  set_group_leader(self());
}

bool IoServer::on_call(const Term&, const detail::Caller&) { return false; }

bool IoServer::on_info(const Term& message) {
  if (message.is_atom(flush_word())) {
    flush_asked_ = false;
    flush();
    return true;
  }
  if (message.is_tuple(4) && message.elements()[0].is_atom("io_request"_atom) && message.elements()[1].is_pid()) {
    const auto words = message.elements();
    go_on({.from = words[1].pid(), .reply_as = words[2], .steps = {words[3]}});
    return true;
  }
  if (message == end_of_input()) {
    if (!readers_.empty()) step_done(take_reader(), "eof"_atom);
    if (options_.reading && readers_.empty()) options_.reading(false);
    return true;
  }
  if (const auto gone = match<Down>(message)) {
    forget_reader(gone->ref);
    return true;
  }
  const auto ended = match<Exit>(message);
  if (!ended) return false;
  if (ended->from == out_watch_) {
    out_watch_ = Pid{};
    flush();
  } else if (ended->from == in_watch_) {
    in_watch_ = Pid{};
    serve_readers();
  }
  return true;
}

/// What has been accepted gets one more chance.
void IoServer::on_terminate(const Term&) { flush(); }

// --- Requests ---------------------------------------------------------------------------------------------------------

void IoServer::finish(const Job& job, const Term& result) { send(job.from, Term::tuple({"io_reply"_atom, job.reply_as, result})); }

void IoServer::step_done(Job job, const Term& result) {
  if (is_error(result) || job.next == job.steps.size()) return finish(job, result);
  go_on(std::move(job));
}

void IoServer::go_on(Job job) {
  Term result = atoms::ok;
  while (job.next < job.steps.size()) {
    const Term step = job.steps[job.next++];
    if (step.is_tuple(2) && step.elements()[0].is_atom("requests"_atom) && step.elements()[1].is_proper_list()) {
      std::vector<Term> steps;
      for (std::size_t i = 0; i < step.elements()[1].list_size(); ++i) steps.push_back(step.elements()[1].list_at(i));
      steps.insert(steps.end(), job.steps.begin() + static_cast<std::ptrdiff_t>(job.next), job.steps.end());
      job.steps = std::move(steps);
      job.next = 0;
      continue;
    }
    auto value = carry_out(step, job);
    if (!value) return;  // `job` is with those who wait
    result = *std::move(value);
    if (is_error(result)) break;
  }
  finish(job, result);
}

std::optional<Term> IoServer::carry_out(const Term& step, Job& job) {
  if (step.is_atom("getopts"_atom)) return present_options();
  if (!step.is_tuple() || step.elements().empty()) return not_known();
  const auto words = step.elements();
  const auto is = [&words](Atom name, std::size_t size) { return words[0].is_atom(name) && words.size() == size; };
  if (is("put_chars"_atom, 3)) {
    const auto encoding = encoding_of(words[1]);
    if (!encoding) return not_known();
    std::string text;
    if (!append_chardata(words[2], *encoding, text)) return error(step);
    if (auto refused = gather(text)) return refused;
    gathered_jobs_.push_back(std::move(job));
    return std::nullopt;
  }
  if (is("get_line"_atom, 3) || is("get_chars"_atom, 4)) return read_step(words, job);
  if (is("setopts"_atom, 2)) return set_options(words[1]);
  if (is("get_geometry"_atom, 2)) {
    const auto geometry = options_.output && !options_.output_is_descriptor ? std::nullopt : stream_.geometry();
    if (!geometry) return not_supported();
    if (words[1].is_atom("columns"_atom)) return Term(geometry->columns);
    if (words[1].is_atom("rows"_atom)) return Term(geometry->rows);
    return not_known();
  }
  // They name a function of Erlang's that would have to run here, or a terminal's silence.
  if (is("put_chars"_atom, 5) || is("get_until"_atom, 6) || is("get_password"_atom, 2)) return not_supported();
  if (options_.other) {
    if (auto reply = options_.other(step)) return reply;
  }
  return not_known();
}

// --- Output -------------------------------------------------------------------------------------------------------------

std::optional<Term> IoServer::gather(std::string_view text) {
  const std::size_t waiting = gathered_.size() + leaving_.size() - left_;
  if (waiting > 0 && text.size() > kTextMax - std::min(waiting, kTextMax)) return error(atoms::system_limit);
  gathered_ += text;
  flush_soon();
  return std::nullopt;
}

/// Behind the requests that are in the mailbox already: their text leaves with ours.
void IoServer::flush_soon() {
  if (!std::exchange(flush_asked_, true)) send(self(), flush_word());
}

void IoServer::flush() {
  while (!out_watch_) {
    if (leaving_jobs_.empty() && left_ == leaving_.size()) {
      if (gathered_.empty() && gathered_jobs_.empty()) return;
      leaving_.clear();
      leaving_.swap(gathered_);
      left_ = 0;
      leaving_jobs_.swap(gathered_jobs_);
    }
    const std::int32_t written = write_some();
    if (written > 0) left_ += static_cast<std::size_t>(written);
    if (written >= 0 && left_ < leaving_.size()) {
      if (written == 0) out_watch_ = watch(stream_.descriptor(), POLLOUT);
      continue;
    }
    leaving_ = {};  // a large text's memory is not kept
    left_ = 0;
    const Term result = written < 0 ? error(errno_atom(-written)) : Term(atoms::ok);
    for (Job& job : std::exchange(leaving_jobs_, {})) step_done(std::move(job), result);
  }
}

/// As StandardOutput::write().
std::int32_t IoServer::write_some() {
  const std::string_view text = std::string_view(leaving_).substr(left_);
  if (options_.output) {
    try {
      if (!text.empty()) options_.output(text);
    } catch (const std::exception&) {
      return -EIO;
    }
    return static_cast<std::int32_t>(text.size());
  }
  if (!is_simulated()) return stream_.write(text);
  const std::int32_t written = io::write_waiting(options_.descriptor, text);  // a simulated loop knows no descriptors
  return written < 0 ? written : static_cast<std::int32_t>(text.size());
}

// --- Input --------------------------------------------------------------------------------------------------------------

std::optional<Term> IoServer::read_step(std::span<const Term> words, Job& job) {
  if (!options_.reads) return not_supported();
  const auto encoding = encoding_of(words[1]);
  if (!encoding) return not_known();
  Reader reader;
  if (words.size() == 4) {
    if (!words[3].is_integer() || words[3].integer() < 0) return not_known();
    reader.characters = static_cast<std::size_t>(words[3].integer());
  }
  std::string prompt;
  if (!append_prompt(words[2], *encoding, prompt)) return not_known();
  if (!prompt.empty()) {
    if (auto refused = gather(prompt)) return refused;
  }
  reader.job = std::move(job);
  reader.monitor = monitor(reader.job.from);
  readers_.push_back(std::move(reader));
  if (options_.reading && readers_.size() == 1) options_.reading(true);
  serve_readers();
  return std::nullopt;
}

IoServer::Job IoServer::take_reader() {
  Reader reader = std::move(readers_.front());
  readers_.pop_front();
  demonitor(reader.monitor, {.flush = true});
  return std::move(reader.job);
}

/// What would have been its line is the next one's.
void IoServer::forget_reader(const Ref& monitor) {
  std::erase_if(readers_, [&](const Reader& reader) { return reader.monitor == monitor; });
  if (options_.reading && readers_.empty()) options_.reading(false);
}

void IoServer::serve_readers() {
  if (std::exchange(serving_, true)) return;  // a step of a reader's job that is another read: the loop below comes to it
  while (!readers_.empty() && !in_watch_) {
    if (auto data = take_input(readers_.front())) {
      step_done(take_reader(), *data);
      continue;
    }
    const std::int32_t got = read_more();
    if (got == -EAGAIN) {
      in_watch_ = watch(options_.input_descriptor, POLLIN);
    } else if (got < 0) {
      step_done(take_reader(), error(errno_atom(-got)));
    }
  }
  serving_ = false;
  if (options_.reading && readers_.empty()) options_.reading(false);
}

/// What `reader` wants, when it is there.
std::optional<Term> IoServer::take_input(const Reader& reader) {
  std::optional<std::size_t> size;
  if (reader.characters) {
    size = size_of_characters(input_, *reader.characters, input_ended_);
  } else if (const std::size_t end = input_.find('\n'); end != std::string::npos) {
    size = end + 1;
  }
  if (!size && !input_ended_ && input_.size() < kLineMax) return std::nullopt;
  if (!size && input_.empty()) {
    input_ended_ = false;  // a terminal's ^D is no end for ever
    return "eof"_atom;
  }
  Term data = std::string_view(input_).substr(0, size.value_or(input_.size()));
  input_.erase(0, size.value_or(input_.size()));
  return data;
}

/// As io::read_standard_input(); its end is noted.
std::int32_t IoServer::read_more() {
  if (options_.input) {
    try {
      const auto more = options_.input();
      input_ended_ = !more;
      if (more) input_ += *more;
      return 1;
    } catch (const std::exception&) {
      return -EIO;
    }
  }
  char bytes[kReadSize];
  const std::int32_t got = is_simulated() ? 0 : io::read_standard_input(options_.input_descriptor, bytes);
  if (got > 0) input_.append(bytes, static_cast<std::size_t>(got));
  if (got == 0) input_ended_ = true;
  return got;
}

Pid IoServer::watch(int descriptor, short events) {
  return spawn_link([descriptor, events] { (void)poll(descriptor, events); });
}

}  // namespace pulpo
