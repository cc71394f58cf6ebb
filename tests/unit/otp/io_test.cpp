// SPDX-License-Identifier: Apache-2.0
#include "pulpo/io.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "otp/chardata.hpp"
#include "otp/io_server.hpp"
#include "pulpo/supervisor.hpp"
#include "pulpo/system.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::io_test {
namespace {

using testing::elixir;
using testing::eventually;

/// What `user` printed.
class Output {
 public:
  void add(std::string_view text) {
    const std::lock_guard lock(mutex_);
    text_ += text;
    ++pieces_;
  }
  [[nodiscard]] std::string take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(text_, {});
  }
  [[nodiscard]] std::size_t pieces() {
    const std::lock_guard lock(mutex_);
    return std::exchange(pieces_, 0);
  }

 private:
  std::mutex mutex_;
  std::string text_;
  std::size_t pieces_ = 0;
};

class IoTest : public testing::OnEachLoop {
 protected:
  void run_with(std::vector<Application> applications, std::vector<std::string> input, std::function<void()> test,
                RuntimeOptions options = {}) {
    run(
        [&] {
          const auto lines = std::make_shared<std::vector<std::string>>(input);
          ASSERT_TRUE(start_system({.applications = applications,
                                    .output = [this](std::string_view text) { output_.add(text); },
                                    .input = [lines]() -> std::optional<std::string> {
                                      if (lines->empty()) return std::nullopt;
                                      std::string next = lines->front();
                                      lines->erase(lines->begin());
                                      return next;
                                    }}));
          test();
          EXPECT_TRUE(stop_system());
        },
        options);
  }
  void run_with(std::function<void()> test) { run_with({}, {}, std::move(test)); }
  static Term ask(std::string_view request) { return io::io_request("user"_atom, elixir(request)); }
  testing::CapturedLog log_;
  Output output_;
};
PULPO_ON_EACH_LOOP(IoTest);

TEST_P(IoTest, TextGoesToTheLeaderAndTheCallReturnsOnceItIsTaken) {  // IO-1, IO-3
  run_with([this] {
    EXPECT_EQ(io::puts("Starting server"), Term(atoms::ok));
    EXPECT_EQ(output_.take(), "Starting server\n");
    EXPECT_EQ(io::write("a"), Term(atoms::ok));
    EXPECT_EQ(io::puts("{} of {}", 1, "two"), Term(atoms::ok));
    EXPECT_EQ(output_.take(), "a1 of two\n");
    EXPECT_EQ(io::inspect(elixir("{:ok, \"text\"}")), elixir("{:ok, \"text\"}"));
    EXPECT_EQ(io::inspect(std::vector<int>{1, 2}, {.label = "list"}).size(), 2u);
    EXPECT_EQ(output_.take(), "{:ok, \"text\"}\nlist: [1, 2]\n");
  });
}

TEST_P(IoTest, LinesOfOneProcessKeepTheirOrderAndThoseOfSeveralStayWhole) {  // IO-3
  run_with({}, {},
           [this] {
             std::vector<Ref> monitors;
             for (unsigned writer = 0; writer < 8; ++writer) {
               monitors.push_back(spawn_monitor(
                                      [writer] {
                                        for (int line = 0; line < 50; ++line) io::puts("writer {} line {}", writer, line);
                                      },
                                      {.core = writer % 2})
                                      .monitor);
             }
             for (const Ref& each : monitors) EXPECT_EQ(testing::down_reason(each), Term(atoms::normal));
             const std::string all = output_.take();
             std::size_t lines = 0;
             int next[8] = {};
             for (std::size_t at = 0; at < all.size(); ++lines) {
               const std::string line = all.substr(at, all.find('\n', at) - at);
               at += line.size() + 1;
               unsigned writer = 0;
               int number = 0;
               ASSERT_EQ(std::sscanf(line.c_str(), "writer %u line %d", &writer, &number), 2) << line;
               EXPECT_EQ(number, next[writer]++);
             }
             EXPECT_EQ(lines, 400u);
             EXPECT_LT(output_.pieces(), 400u) << "what comes together leaves together";
           },
           {.cores = 2});
}

TEST_P(IoTest, TheProtocolIsErlangs) {  // IO-2
  run_with([this] {
    // By hand, as a process of Erlang would say it; reply_as is any term.
    send(Address("user"_atom), Term::tuple({"io_request"_atom, self(), "any_term"_atom, elixir("{:put_chars, :unicode, \"ä\"}")}));
    EXPECT_TRUE(testing::receive_exactly(elixir("{:io_reply, :any_term, :ok}")));
    EXPECT_EQ(output_.take(), "ä");
    EXPECT_EQ(ask("{:put_chars, :unicode, [\"a\", [98, 'c'] | \"d\"]}"), Term(atoms::ok));
    EXPECT_EQ(ask("{:put_chars, :latin1, [228, 'b']}"), Term(atoms::ok));
    EXPECT_EQ(output_.take(), "abcdäb");
    EXPECT_EQ(ask("{:put_chars, :unicode, [:atom]}"), elixir("{:error, {:put_chars, :unicode, [:atom]}}"));
    EXPECT_EQ(ask("{:put_chars, :latin1, [256]}"), elixir("{:error, {:put_chars, :latin1, [256]}}"));
    EXPECT_EQ(ask(":getopts"), elixir("[binary: true, encoding: :unicode]"));
    EXPECT_EQ(ask("{:setopts, [:binary, {:encoding, :unicode}]}"), Term(atoms::ok));
    EXPECT_EQ(ask("{:setopts, [echo: false]}"), elixir("{:error, :enotsup}"));
    EXPECT_EQ(ask("{:requests, [{:put_chars, :unicode, \"one \"}, {:put_chars, :unicode, \"two\"}, :getopts]}"),
              elixir("[binary: true, encoding: :unicode]"));
    EXPECT_EQ(output_.take(), "one two");
    EXPECT_EQ(ask("{:requests, [{:put_chars, :unicode, \"one\"}, :rubbish, {:put_chars, :unicode, \"two\"}]}"),
              elixir("{:error, :request}"));
    EXPECT_EQ(output_.take(), "one");
    EXPECT_EQ(ask("{:requests, []}"), Term(atoms::ok));
  });
}

TEST_P(IoTest, WhatIsNotKnownAndWhatCannotBeDoneIsSaid) {  // IO-2
  run_with([] {
    for (const char* unknown : {":rubbish", "{:put_chars, :utf7, \"a\"}", "{:get_chars, :unicode, \"\", -1}", "{}", "{:setopts, :all}",
                                "[]", "{:requests, :all}", "{:get_line, :unicode, 1.5}"}) {
      EXPECT_EQ(ask(unknown), elixir("{:error, :request}")) << unknown;
    }
    for (const char* unsupported : {"{:put_chars, :unicode, :io_lib, :format, ['~p', [1]]}", "{:get_until, :unicode, \"\", :m, :f, []}",
                                    "{:get_geometry, :rows}", "{:get_geometry, :columns}", "{:get_password, :unicode}"}) {
      EXPECT_EQ(ask(unsupported), elixir("{:error, :enotsup}")) << unsupported;
    }
    EXPECT_EQ(io::io_request("standard_error"_atom, elixir("{:get_line, :unicode, \"\"}")), elixir("{:error, :enotsup}"));
  });
}

TEST_P(IoTest, LinesAndCharactersAreReadAsTheyCome) {  // IO-2
  run_with({},
           {"one\ntw", "o\n", "ab\xc3",
            "\xa4"
            "c",
            "last"},
           [this] {
             EXPECT_EQ(*io::gets("name? "), "one\n");
             EXPECT_EQ(output_.take(), "name? ");
             EXPECT_EQ(*io::gets(), "two\n");
             EXPECT_EQ(ask("{:get_chars, :unicode, :prompt, 3}"), Term("abä"));
             EXPECT_EQ(output_.take(), "prompt");
             EXPECT_EQ(ask("{:get_chars, :unicode, \"\", 0}"), Term(""));
             EXPECT_EQ(ask("{:requests, [{:put_chars, :unicode, \"? \"}, {:get_chars, :unicode, \"\", 1}, {:get_line, :unicode, \"\"}]}"),
                       Term("last"));
             const auto end = io::gets();
             ASSERT_FALSE(end);
             EXPECT_EQ(end.error().code, Errc::closed);
             EXPECT_EQ(end.error().reason, Term("eof"_atom));
             EXPECT_EQ(ask("{:get_chars, :unicode, \"\", 5}"), Term("eof"_atom));
           });
}

TEST_P(IoTest, ManyReadsInOneRequestTakeNoStack) {
  std::string lines;
  std::vector<Term> reads;
  for (int i = 0; i < 20'000; ++i) {
    lines += "x\n";
    reads.push_back(elixir("{:get_line, :unicode, \"\"}"));
  }
  run_with({}, {lines, "end\n"}, [&reads] {
    EXPECT_EQ(io::io_request("user"_atom, Term::tuple({"requests"_atom, Term::list(reads)})), Term("x\n"));
    EXPECT_EQ(*io::gets(), "end\n");
  });
}

TEST_P(IoTest, ALineWithoutEndComesInPieces) {
  run_with({}, {std::string(70'000, 'x'), "y\n"}, [] {
    EXPECT_EQ(io::gets()->size(), 70'000u);
    EXPECT_EQ(*io::gets(), "y\n");
  });
}

TEST_P(IoTest, ALeaderThatIsGoneIsAnErrorAndNotReplaced) {  // IO-6
  run_with([] {
    const Pid leader = spawn([] { (void)receive_any(); });
    const Term reason = testing::reason_of([leader] {
      set_group_leader(leader);
      const Pid waiting = spawn([parent = self()] { send(parent, io::puts("while it lives")); });
      EXPECT_EQ(testing::end_of(leader), Term(atoms::normal)) << "it takes the request for its word to end";
      EXPECT_TRUE(testing::receive_exactly(elixir("{:error, :terminated}")));
      (void)waiting;
      EXPECT_EQ(io::puts("afterwards"), elixir("{:error, :terminated}"));
      EXPECT_EQ(io::gets().error().code, Errc::exited);
      EXPECT_EQ(group_leader(), leader);
    });
    EXPECT_EQ(reason, Term(atoms::normal));
    EXPECT_EQ(io::puts(Address("nobody"_atom), "x"), elixir("{:error, :terminated}"));
    EXPECT_FALSE(receive_any(Duration::zero())) << "no DOWN is left behind";
  });
}

TEST_P(IoTest, EveryProcessInheritsItsLeader) {  // IO-1
  const auto leader = std::make_shared<Pid>();
  const Application noting{.name = "noting", .start = [leader](const StartType&, const Env&) {
                             *leader = group_leader();
                             return start_supervisor({});
                           }};
  run_with({noting}, {}, [leader] {
    const Pid user = *whereis("user"_atom);
    set_group_leader(user);
    EXPECT_EQ(testing::reason_of([] { exit(group_leader()); }), Term(user));
    EXPECT_EQ(testing::reason_of([] { exit(group_leader()); }), Term(user));
    ASSERT_TRUE(start_application("noting"_atom));
    EXPECT_NE(*leader, user) << "the application's master, whatever the leader of who starts it";
    EXPECT_TRUE(is_alive(*leader));
  });
}

// --- Applications -----------------------------------------------------------------------------------------------------

struct Say {
  using Message = Call<"say", Term>;
  std::string text;
};
class Speaker {
 public:
  using Protocol = pulpo::Protocol<Say>;
  Speaker() { io::puts("Starting speaker"); }
  Term handle_call(const Say& say) { return io::puts(say.text); }
};

Application speaking() {
  return {.name = "speaking",
          .start =
              [](const StartType& type, const Env&) {
                io::puts("mode {}", to_term(type).text());
                return start_supervisor({.children = {worker<Speaker>({.name = ":speaker"})}});
              },
          .prep_stop = [] { io::puts("prep_stop"); },
          .stop = [] { io::puts("stop"); }};
}

TEST_P(IoTest, AnApplicationPrintsWhereItRunsWhoeverAsked) {  // IO-5, AC-55
  run_with({speaking()}, {}, [this] {
    ASSERT_TRUE(start_application("speaking"_atom));
    EXPECT_EQ(output_.take(), "mode :normal\nStarting speaker\n");
    // The caller's own leader is another one, and stays out of it.
    const Term reason = testing::reason_of([] {
      set_group_leader(spawn([] { (void)receive_any(); }));
      EXPECT_EQ(call(Address("speaker"_atom), Say{"hello"}), Term(atoms::ok));
    });
    EXPECT_EQ(reason, Term(atoms::normal));
    EXPECT_EQ(output_.take(), "hello\n");
    ASSERT_TRUE(stop_application("speaking"_atom));
    EXPECT_EQ(output_.take(), "prep_stop\nstop\n");
  });
}

TEST_P(IoTest, AnApplicationPrintsAlsoWhileItsControllerIsKilled) {  // AC-55, AC-56
  run([this] {
    ASSERT_TRUE(start_system({.applications = {speaking()}, .output = [this](std::string_view text) { output_.add(text); }}));
    ASSERT_TRUE(start_application("speaking"_atom));
    (void)output_.take();
    const Ref speaker = monitor("speaker"_atom);
    // Its prep_stop prints, and would wait for its master for ever, did that not go on relaying. `user` may be gone by then.
    exit(*whereis("application_controller"_atom), atoms::kill);
    EXPECT_EQ(testing::down_reason(speaker), Term(atoms::shutdown));
  });
}

struct Ask {
  using Message = Call<"ask", Term>;
};
class Reader {
 public:
  using Protocol = pulpo::Protocol<Ask, Say>;
  Term handle_call(const Ask&) {
    const auto line = io::gets();
    return line ? Term(*line) : line.error().reason;
  }
  Term handle_call(const Say& say) { return io::puts(say.text); }
};

TEST_P(IoTest, ARequestThatUserNeverAnswersEndsWithUser) {  // IO-6, AC-55
  // Goal:   an application's process does not wait for ever when `user` dies under its request, and prints by the next `user`.
  // Method: the input blocks inside `user`, which is killed there.
  const Application reading{.name = "reading", .start = [](const StartType&, const Env&) {
                              return start_supervisor({.children = {worker<Reader>({.name = ":reader"})}});
                            }};
  run([this, reading] {
    const auto asked = std::make_shared<std::atomic<bool>>(false);
    ASSERT_TRUE(start_system({.applications = {reading},
                              .output = [this](std::string_view text) { output_.add(text); },
                              .input = [asked]() -> std::optional<std::string> {
                                *asked = true;
                                (void)receive_if([](const Term&) { return false; });
                                return std::nullopt;
                              }}));
    ASSERT_TRUE(start_application("reading"_atom));
    const Pid me = self();
    spawn([me] { send(me, Term::tuple({"answer"_atom, call(Address("reader"_atom), Ask{})})); });
    ASSERT_TRUE(eventually([asked] { return asked->load(); }));
    const Pid user = *whereis("user"_atom);
    exit(user, atoms::kill);
    EXPECT_TRUE(testing::receive_exactly(elixir("{:answer, :terminated}")));
    EXPECT_TRUE(eventually([user] { return whereis("user"_atom).value_or(user) != user; }));
    EXPECT_EQ(call(Address("reader"_atom), Say{"again"}), Term(atoms::ok));
    EXPECT_EQ(output_.take(), "again\n");
    EXPECT_TRUE(stop_system());
  });
}

// --- Without a system -------------------------------------------------------------------------------------------------

TEST_P(IoTest, WithoutASystemNothingCanBeRead) {
  run([] {
    EXPECT_FALSE(group_leader());
    EXPECT_EQ(io::gets().error().code, Errc::unsupported);
  });
}

TEST_P(IoTest, AnOutputThatFailsIsAnErrorOfThePrinter) {
  run([this] {
    ASSERT_TRUE(start_system({.output = [this](std::string_view text) {
      if (text == "bad\n") throw std::runtime_error("full");
      output_.add(text);
    }}));
    EXPECT_EQ(io::puts("bad"), elixir("{:error, :eio}"));
    EXPECT_EQ(io::puts("good"), Term(atoms::ok));
    EXPECT_EQ(output_.take(), "good\n");
    EXPECT_TRUE(stop_system());
  });
}

TEST(Chardata, IsBinariesAndCodePointsInLists) {
  const auto text = [](std::string_view term, Encoding encoding) -> std::optional<std::string> {
    std::string out;
    if (!append_chardata(elixir(term), encoding, out)) return std::nullopt;
    return out;
  };
  EXPECT_EQ(text("[]", Encoding::unicode), "");
  EXPECT_EQ(text("[104, [\"i\" | \" th\"], 'ere', [[]] | \"!\"]", Encoding::unicode), "hi there!");
  EXPECT_EQ(text("[8364]", Encoding::unicode), "€");
  for (const char* wrong : {"65", ":a", "[-1]", "[55296]", "[1114112]", "[1.5]", "[65 | 66]", "%{}"}) {
    EXPECT_FALSE(text(wrong, Encoding::unicode)) << wrong;
  }
  EXPECT_FALSE(text("[8364]", Encoding::latin1));
  Term deep = Term::empty_list();
  for (int i = 0; i < 9'000; ++i) deep = Term::list({deep, 97});
  std::string out;
  EXPECT_TRUE(append_chardata(deep, Encoding::unicode, out));
  EXPECT_EQ(out.size(), 9'000u);
}

// --- Descriptors ------------------------------------------------------------------------------------------------------

/// With the kernel's own pipes, which a simulated loop does not have.
class IoServerTest : public testing::OnEachLoop {
 protected:
  IoServerTest() {
    EXPECT_EQ(::pipe2(out_, O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(out_[0], F_SETFL, O_NONBLOCK), 0);
    EXPECT_EQ(::pipe2(in_, O_CLOEXEC), 0);
  }
  ~IoServerTest() override {
    for (const int each : {out_[0], out_[1], in_[0], in_[1]}) {
      if (each >= 0) ::close(each);
    }
  }
  Pid start_server() {
    return detail::start_server(std::make_unique<IoServer>(IoServer::Options{.descriptor = out_[1], .input_descriptor = in_[0]}), {})
        .value();
  }
  /// So much of what was printed; the core goes on while it is still to come.
  std::string read_all(std::size_t size) {
    std::string text(size, '\0');
    std::size_t got = 0;
    EXPECT_TRUE(eventually([&] {
      const ssize_t now = ::read(out_[0], text.data() + got, size - got);
      if (now > 0) got += static_cast<std::size_t>(now);
      return got == size;
    }));
    text.resize(got);
    return text;
  }
  int out_[2];
  int in_[2];
};
PULPO_ON_EACH_KERNEL_LOOP(IoServerTest);

TEST_P(IoServerTest, AnOutputThatTakesNothingHoldsUpWhoPrintsAndNobodyElse) {  // IO-3
  run([this] {
    const Pid server = start_server();
    const Pid me = self();
    const std::string large(300'000, 'x');
    const Pid printer = spawn([server, me, large] { send(me, Term::tuple({"printed"_atom, io::write(server, large)})); });
    // Behind it in the server's mailbox: it has tried to write by then, and answers others.
    EXPECT_EQ(io::io_request(server, "getopts"_atom), elixir("[binary: true, encoding: :unicode]"));
    EXPECT_EQ(io::io_request(server, "getopts"_atom), elixir("[binary: true, encoding: :unicode]"));
    EXPECT_TRUE(is_alive(printer));
    EXPECT_FALSE(receive_any(Duration::zero()));
    const Pid second = spawn([server, me] { send(me, Term::tuple({"printed"_atom, io::write(server, "after it")})); });
    (void)second;
    EXPECT_EQ(read_all(large.size() + 8), large + "after it");
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(testing::receive_exactly(elixir("{:printed, :ok}")));
    EXPECT_TRUE(stop(server));
  });
}

TEST_P(IoServerTest, TextBeyondItsBoundIsRefused) {
  run([this] {
    const Pid server = start_server();
    const Pid me = self();
    for (int i = 0; i < 4; ++i) {
      spawn([server, me] { send(me, Term::tuple({"printed"_atom, io::write(server, std::string(5'000'000, 'x'))})); });
    }
    EXPECT_TRUE(testing::receive_exactly(elixir("{:printed, {:error, :system_limit}}"))) << "16 MiB, of which a pipe takes 64 KiB";
    ::close(std::exchange(out_[0], -1));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(testing::receive_exactly(elixir("{:printed, {:error, :epipe}}")));
    EXPECT_EQ(io::write(server, "x"), elixir("{:error, :epipe}"));
    EXPECT_TRUE(stop(server));
  });
}

TEST_P(IoServerTest, WhoReadsWaitsWhileOthersPrint) {  // IO-2
  run([this] {
    const Pid server = start_server();
    const Pid me = self();
    for (int i = 0; i < 2; ++i) {
      spawn([server, me] {
        const auto line = io::gets(server, "? ");
        send(me, Term::tuple({"line"_atom, line ? Term(*line) : line.error().reason}));
      });
    }
    EXPECT_EQ(read_all(4), "? ? ");
    EXPECT_EQ(io::write(server, "meanwhile"), Term(atoms::ok));
    EXPECT_EQ(read_all(9), "meanwhile");
    ASSERT_EQ(::write(in_[1], "one\ntwo\n", 8), 8);
    EXPECT_TRUE(testing::receive_exactly(elixir("{:line, \"one\\n\"}")));
    EXPECT_TRUE(testing::receive_exactly(elixir("{:line, \"two\\n\"}")));
    spawn([server, me] { send(me, Term::tuple({"end"_atom, io::gets(server, "").error().reason})); });
    ::close(std::exchange(in_[1], -1));
    EXPECT_TRUE(testing::receive_exactly(elixir("{:end, :eof}")));
    EXPECT_TRUE(stop(server));
  });
}

TEST_P(IoServerTest, ItEndsWhileSomebodyReads) {  // IO-6
  run([this] {
    const Pid server = start_server();
    const Pid me = self();
    unlink(server);
    const auto before = pulpo::runtime().process_count();
    spawn([server, me] { send(me, Term::tuple({"end"_atom, io::gets(server, "").error().reason})); });
    EXPECT_TRUE(eventually([before] { return pulpo::runtime().process_count() == before + 2; })) << "the reader, and who waits for input";
    exit(server, atoms::kill);
    EXPECT_TRUE(testing::receive_exactly(elixir("{:end, :terminated}")));
    EXPECT_TRUE(eventually([before] { return pulpo::runtime().process_count() == before - 1; }));
  });
}

}  // namespace
}  // namespace pulpo::io_test
