// SPDX-License-Identifier: Apache-2.0
#include "mapper/client.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pulpo::mapper {
namespace {

Fault no_mapper(const io::Address& mapper, int error) {
  return {.code = Errc::nodedown, .sys = error, .where = "mapper", .detail = fmt::format("no mapper at {}", mapper.text())};
}

Fault no_answer(const io::Address& mapper) {
  return {.code = Errc::timeout, .where = "mapper", .detail = fmt::format("{} did not answer in time", mapper.text())};
}

Fault closed(const io::Address& mapper, int error) {
  return {.code = Errc::nodedown, .sys = error, .where = "mapper", .detail = fmt::format("{} closed without an answer", mapper.text())};
}

Fault no_mapper_speaks(const io::Address& mapper, const Fault& fault) {
  return {.code = Errc::bad_message,
          .where = "mapper",
          .detail = fmt::format("what listens at {} is no mapper: {}", mapper.text(), fault.detail)};
}

bool is_whole_port_reply(ByteView answer) {
  auto decoded = decode_port_reply(answer);
  return !decoded.has_value() || decoded->has_value();
}

}  // namespace

// --- Query -----------------------------------------------------------------------------------------

Query::Query(io::Loop& loop, const io::Address& mapper, const Request& request, Timeout timeout, Done done, IsWhole is_whole)
    : loop_(loop), mapper_(mapper), request_(encode_request(request)), is_whole_(is_whole), done_(std::move(done)) {
  stream_ = Stream::connect(loop, *this, mapper);
  loop.timers().arm(timer_, timeout.after(loop.refresh()));
}

void Query::connected() { stream_->send(std::move(request_)); }

void Query::received(ByteView bytes) {
  if (answer_.size() + bytes.size() > kAnswerSizeMax) {
    return finish(no_mapper_speaks(mapper_, {.detail = fmt::format("it answers with more than {} bytes", kAnswerSizeMax)}));
  }
  answer_ += bytes;
  if (is_whole_ != nullptr && is_whole_(answer_)) finish(std::move(answer_));
}

void Query::ended(int error) {
  if (stream_->handle() < 0) return finish(no_mapper(mapper_, error));
  // A mapper that closes with our request half read resets the connection, and its answer counts nevertheless.
  if (answer_.empty()) return finish(closed(mapper_, error));
  finish(std::move(answer_));
}

void Query::expired() { finish(no_answer(mapper_)); }

void Query::finish(Outcome<std::string> answer) {
  stream_.reset();
  loop_.timers().cancel(timer_);
  const Done done = std::move(done_);  // it may destroy this
  done(std::move(answer));
}

// --- Lookup and Names ------------------------------------------------------------------------------

Lookup::Lookup(io::Loop& loop, const io::Address& mapper, std::string name, Timeout timeout, Done done)
    : query_(
          loop, mapper, {.kind = RequestKind::port_please, .node = {.name = name.substr(0, kNameBytesMax + 1)}}, timeout,
          [mapper, name, done = std::move(done)](Outcome<std::string> answer) {
            if (!answer.has_value()) return done(std::move(answer).error());
            auto decoded = decode_port_reply(*answer);
            if (!decoded.has_value() && decoded.error().code == Errc::not_found) {
              return done(Fault{.code = Errc::not_found,
                                .where = "mapper",
                                .detail = fmt::format("\"{}\" is not registered at {}", printable(name), mapper.text())});
            }
            if (!decoded.has_value()) return done(no_mapper_speaks(mapper, decoded.error()));
            if (!decoded->has_value()) return done(closed(mapper, 0));
            done(std::move(**decoded));
          },
          is_whole_port_reply) {}

Names::Names(io::Loop& loop, const io::Address& mapper, Timeout timeout, Done done)
    : query_(loop, mapper, {.kind = RequestKind::names}, timeout, [mapper, done = std::move(done)](Outcome<std::string> answer) {
        if (!answer.has_value()) return done(std::move(answer).error());
        auto decoded = decode_text_reply(*answer);
        if (!decoded.has_value()) return done(no_mapper_speaks(mapper, decoded.error()));
        done(std::move(*decoded));
      }) {}

std::string Names::text(const TextReply& reply) {
  return fmt::format("epmd: up and running on port {} with data:\n{}", reply.port, reply.lines);
}

// --- Registration ----------------------------------------------------------------------------------

Registration::Registration(io::Loop& loop, Random& random, Settings settings, Changed changed)
    : loop_(loop), random_(random), settings_(std::move(settings)), changed_(std::move(changed)), pause_(settings_.first_pause) {
  loop_.timers().arm(timer_, loop_.refresh());
}

void Registration::expired() {
  if (stream_ == nullptr) return try_now();
  failed(no_answer(settings_.mapper));
}

void Registration::try_now() {
  if (const char* why = settings_.node.name.empty() ? "the name is empty" : refusal_of(settings_.node)) {
    // Asking would not help, now or later.
    return report({.state = State::refused, .fault = {.code = Errc::bad_argument, .where = "register", .detail = why}});
  }
  answer_.clear();
  stream_ = Stream::connect(loop_, *this, settings_.mapper);
  loop_.timers().arm(timer_, loop_.now() + settings_.answer_timeout);
}

void Registration::connected() { stream_->send(encode_request({.kind = RequestKind::alive, .node = settings_.node})); }

void Registration::received(ByteView bytes) {
  if (state_ == State::registered) return failed(no_mapper_speaks(settings_.mapper, {.detail = "it speaks after the answer"}));
  // The decoder tells after six bytes, whatever comes.
  answer_ += bytes.substr(0, 6);
  auto decoded = decode_alive_reply(answer_);
  if (!decoded.has_value()) return failed(no_mapper_speaks(settings_.mapper, decoded.error()));
  if (!decoded->has_value()) return;
  if (!(*decoded)->accepted) {
    return failed(
        {.code = Errc::already_exists,
         .where = "register",
         .detail = fmt::format("the name \"{}\" is in use at the mapper {}", printable(settings_.node.name), settings_.mapper.text())});
  }
  loop_.timers().cancel(timer_);
  pause_ = settings_.first_pause;
  refused_until_.reset();
  report({.state = State::registered, .creation = (*decoded)->creation});
}

void Registration::ended(int error) {
  if (state_ != State::registered)
    return failed(stream_->handle() < 0 ? no_mapper(settings_.mapper, error) : closed(settings_.mapper, error));
  // The mapper may be restarting: only a retry that fails is news.
  state_ = State::connecting;
  stream_.reset();
  plan_next_try();
}

void Registration::plan_next_try() {
  const Duration half = pause_ / 2;
  const auto chance = static_cast<std::uint64_t>(half.count());
  loop_.timers().arm(timer_, loop_.now() + pause_ - half + Duration(chance == 0 ? 0 : random_.u64() % (chance + 1)));
  pause_ = std::min(2 * pause_, settings_.pause_max);
}

/// Plans the next try, and reports when there is something new.
void Registration::failed(Fault fault) {
  stream_.reset();
  if (fault.code == Errc::nodedown && settings_.start_mapper && !has_asked_for_start_) {
    has_asked_for_start_ = true;
    auto started = settings_.start_mapper();
    if (started.has_value()) {
      start_until_ = loop_.now() + settings_.start_time;
    } else {
      start_fault_ = started.error();
    }
  }
  const State now = fault.code == Errc::already_exists ? State::refused : State::unreachable;
  if (now == State::refused && !refused_until_.has_value()) {
    refused_until_ = loop_.now() + settings_.refusal_time;
    pause_ = settings_.first_pause;
  }
  const bool is_too_early = now == State::refused ? loop_.now() < *refused_until_ : loop_.now() < start_until_;
  if (now == State::refused && !is_too_early) pause_ = settings_.pause_max;
  plan_next_try();
  if (now == state_ || is_too_early) return;
  if (now == State::unreachable && *start_fault_.where != '\0') fault.detail += "; and none could be started: " + start_fault_.text();
  report({.state = now, .fault = std::move(fault)});
}

void Registration::report(Report report) {
  state_ = report.state;
  const Changed changed = changed_;  // it may destroy this
  changed(report);
}

}  // namespace pulpo::mapper
