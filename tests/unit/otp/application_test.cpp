// SPDX-License-Identifier: Apache-2.0
#include "pulpo/application.hpp"

#include <stdexcept>

#include "pulpo/supervisor.hpp"
#include "pulpo/system.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::application_test {
namespace {

using testing::CapturedLog;
using testing::elixir;
using testing::eventually;

struct Crash {
  using Message = Cast<"crash">;
};
struct Type {
  using Message = Call<"type", Term>;
};

/// Remembers why its application started.
class Server {
 public:
  using Protocol = pulpo::Protocol<Crash, Type>;
  Server() : type_(start_type()) {}
  Term handle_call(const Type&) { return to_term(type_); }
  void handle_cast(const Crash&) { exit("boom"_atom); }

 private:
  StartType type_;
};

/// An application of one server named as the application is.
Application application(const std::string& name, SupervisorOptions options = {}) {
  return {.name = name, .start = [name, options](const StartType&, const Env&) {
            SupervisorOptions own = options;
            own.children = {worker<Server>({.name = ":" + name + "_server"})};
            return start_supervisor(own);
          }};
}

class ApplicationTest : public testing::OnEachLoop {
 protected:
  /// Runs `test` in a system with these applications.
  void run_with(std::vector<Application> applications, std::function<void()> test, RuntimeOptions options = {}) {
    run(
        [&] {
          auto started = start_system({.applications = applications});
          ASSERT_TRUE(started) << started.error().text();
          test();
          EXPECT_TRUE(stop_system());
        },
        options);
  }
  CapturedLog log_;
};
PULPO_ON_EACH_LOOP(ApplicationTest);

std::string names_of(const std::vector<RunningApplication>& running) {
  std::string text;
  for (const auto& each : running) text += std::string(each.name.text()) + " ";
  return text;
}

TEST_P(ApplicationTest, ItStartsRunsAndStops) {  // AC-46, AC-56, AC-70
  run_with({application("first")}, [this] {
    EXPECT_EQ(which_applications()->size(), 0u);
    ASSERT_TRUE(start_application("first"_atom));
    EXPECT_TRUE(whereis("first_server"_atom));
    EXPECT_EQ(names_of(*which_applications()), "first ");
    ASSERT_TRUE(stop_application("first"_atom));
    EXPECT_FALSE(whereis("first_server"_atom));
    EXPECT_EQ(which_applications()->size(), 0u);
    EXPECT_EQ(log_.all(), "[info] Application first exited: :stopped\n");
    ASSERT_TRUE(start_application("first"_atom)) << "and again";
  });
}

TEST_P(ApplicationTest, TheStartTypeIsKnownInInitAndLocalAfterARestart) {  // AC-27, AC-57
  run_with({application("first")}, [] {
    const Address server = "first_server"_atom;
    EXPECT_EQ(start_type(), StartType::local()) << "no application";
    ASSERT_TRUE(start_application("first"_atom));
    EXPECT_EQ(call(server, Type{}), Term(atoms::normal));
    const auto before = whereis("first_server"_atom);
    cast(server, Crash{});
    EXPECT_TRUE(eventually([&] {
      const auto after = whereis("first_server"_atom);
      return after && after != before;
    }));
    EXPECT_EQ(call(server, Type{}), Term("local"_atom));
    ASSERT_TRUE(stop_application("first"_atom));
    ASSERT_TRUE(start_application("first"_atom, StartType::takeover("b@host"_atom)));
    EXPECT_EQ(call(server, Type{}), elixir("{:takeover, :b@host}"));
  });
}

TEST_P(ApplicationTest, WhatCannotBeDoneIsSaidInWords) {  // AC-46, AC-53
  run_with({application("first")}, [] {
    const auto unknown = start_application("chess"_atom);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Errc::refused);
    EXPECT_EQ(unknown.error().reason, elixir("{:not_loaded, :chess}"));
    EXPECT_EQ(unknown.error().detail, "there is no application chess in this program");
    EXPECT_EQ(stop_application("first"_atom).error().reason, elixir("{:not_started, :first}"));
    ASSERT_TRUE(start_application("first"_atom));
    EXPECT_EQ(start_application("first"_atom).error().reason, elixir("{:already_started, :first}"));
  });
}

TEST_P(ApplicationTest, AStartThatFailsGivesItsReason) {  // AC-29, SUP-3
  struct Bad {
    Bad() { exit("no_port"_atom); }
  };
  const Application fails{.name = "fails", .start = [](const StartType&, const Env&) {
                            return start_supervisor({.children = {worker<Bad>({.id = Term("bad"_atom)})}});
                          }};
  const Application throws{.name = "throws", .start = [](const StartType&, const Env&) -> Result<Pid> { throw std::runtime_error("oh"); }};
  const Application leaves{.name = "leaves", .start = [](const StartType&, const Env&) -> Result<Pid> { exit(atoms::normal); }};
  run_with({fails, throws, leaves}, [this] {
    const auto failed = start_application("fails"_atom);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().reason, elixir("{{:shutdown, {:failed_to_start_child, :bad, :no_port}}, {:fails, :start, [:normal, []]}}"));
    EXPECT_EQ(failed.error().detail, "application fails did not start: its child :bad failed: :no_port");
    const auto threw = start_application("throws"_atom);
    ASSERT_FALSE(threw);
    EXPECT_EQ(threw.error().reason,
              elixir("{:bad_return, {{:throws, :start, [:normal, []]}, {:EXIT, {:exception, \"std::runtime_error\", \"oh\"}}}}"));
    EXPECT_EQ(threw.error().detail, "application throws did not start: an exception was raised:\n    ** (std::runtime_error) oh");
    const auto left = start_application("leaves"_atom);
    EXPECT_EQ(left.error().reason, elixir("{{:EXIT, :normal}, {:leaves, :start, [:normal, []]}}"));
    EXPECT_EQ(left.error().detail, "application leaves did not start: normal");
    EXPECT_EQ(which_applications()->size(), 0u);
    EXPECT_TRUE(eventually([this] {
      return log_.count("[info] Application fails exited: it did not start: its child :bad failed: :no_port") == 1;
    })) << log_.all();
  });
}

TEST_P(ApplicationTest, ATreeThatEndsByItselfIsReported) {  // AC-49, AC-70
  run_with({application("first", {.intensity = 0})}, [this] {
    ASSERT_TRUE(start_application("first"_atom));
    cast(Address("first_server"_atom), Crash{});
    EXPECT_TRUE(eventually([this] { return log_.count("[info] Application first exited: shutdown") == 1; })) << log_.all();
    EXPECT_EQ(which_applications()->size(), 0u);
    EXPECT_TRUE(start_application("first"_atom)) << "a temporary application takes nothing with it";
  });
}

TEST_P(ApplicationTest, TheControllerKnowsForHowLongEachHasRun) {  // AC-26
  const auto ages = [] {
    std::vector<std::pair<std::string, std::int64_t>> all;
    const Term rows = call(Address("application_controller"_atom), "list_applications"_atom);
    for (std::size_t i = 0; i < rows.list_size(); ++i) {
      const Term row = rows.list_at(i);
      all.emplace_back(row.map_find("name"_atom)->atom().text(), row.map_find("running_ms"_atom)->integer());
    }
    return all;
  };
  Application slow = application("slow");
  slow.start = [start = slow.start](const StartType& type, const Env& env) {
    sleep(50ms);
    return start(type, env);
  };
  run_with({slow, application("second"), {.name = "library"}}, [&] {
    EXPECT_EQ(ages().size(), 0u);
    const TimePoint begun = now();
    ASSERT_TRUE(start_application("slow"_atom));
    const TimePoint started = now();
    sleep(20ms);
    for (const char* name : {"library", "second"}) ASSERT_TRUE(start_application(Atom(name)));
    const auto first = ages();
    ASSERT_EQ(first.size(), 3u);
    EXPECT_EQ(first[0].first + " " + first[1].first + " " + first[2].first, "slow library second");
    EXPECT_GE(first[0].second, 20);
    EXPECT_LE(std::chrono::milliseconds(first[0].second), now() - begun - 50ms) << "it counts from when its start has returned";
    for (const auto& [name, age] : {first[1], first[2]}) EXPECT_LE(std::chrono::milliseconds(age), now() - started - 20ms) << name;
    ASSERT_TRUE(stop_application("slow"_atom));
    const TimePoint again = now();
    ASSERT_TRUE(start_application("slow"_atom));
    const auto second = ages();
    EXPECT_EQ(second.back().first, "slow");
    EXPECT_LE(std::chrono::milliseconds(second.back().second), now() - again - 50ms) << "another life";
  });
}

TEST_P(ApplicationTest, AllStopInTheReverseOfTheirStart) {  // AC-51
  run_with({application("first"), application("second"), application("third")}, [this] {
    for (const char* name : {"second", "first", "third"}) ASSERT_TRUE(start_application(Atom(name)));
    EXPECT_EQ(names_of(*which_applications()), "third first second ");
    EXPECT_EQ(loaded_applications()->size(), 3u);
    ASSERT_TRUE(stop_applications());
    EXPECT_EQ(log_.all(),
              "[info] Application third exited: :stopped\n[info] Application first exited: :stopped\n"
              "[info] Application second exited: :stopped\n");
    EXPECT_TRUE(stop_applications()) << "nothing runs: nothing to wait for";
  });
}

TEST_P(ApplicationTest, TheSystemStopsApplicationsFirst) {  // AC-51
  run([this] {
    ASSERT_TRUE(start_system({.applications = {application("first"), application("second")}}));
    ASSERT_TRUE(start_application("first"_atom));
    ASSERT_TRUE(start_application("second"_atom));
    EXPECT_TRUE(stop_system());
    EXPECT_EQ(log_.all(), "[info] Application second exited: :stopped\n[info] Application first exited: :stopped\n");
    EXPECT_FALSE(whereis("first_server"_atom));
    EXPECT_FALSE(whereis("application_controller"_atom));
    EXPECT_EQ(stop_system().error().code, Errc::noproc);
  });
}

TEST_P(ApplicationTest, StopCallsRunAroundTheEndOfTheTree) {  // AC-56
  const auto seen = std::make_shared<std::vector<bool>>();
  const auto note = [seen] { seen->push_back(whereis("first_server"_atom).has_value()); };
  Application first = application("first");
  first.prep_stop = note;
  first.stop = [note] {
    note();
    throw std::runtime_error("ignored");
  };
  run_with({first}, [seen] {
    ASSERT_TRUE(start_application("first"_atom));
    ASSERT_TRUE(stop_application("first"_atom));
    EXPECT_EQ(*seen, (std::vector<bool>{true, false}));
  });
}

TEST_P(ApplicationTest, TheControllerAnswersWhileAnApplicationStarts) {
  Application slow{.name = "slow", .start = [](const StartType&, const Env&) {
                     EXPECT_EQ(which_applications()->size(), 0u) << "asked from inside its own start";
                     return start_supervisor({});
                   }};
  run_with({slow}, [] { EXPECT_TRUE(start_application("slow"_atom)); });
}

TEST_P(ApplicationTest, TheEnvironmentIsReadAsTheTypeAskedFor) {
  Application first{.name = "first", .start = [](const StartType&, const Env& env) {
                      EXPECT_EQ(env.get<std::string>("port", "none"), "/dev/ttyUSB0");
                      EXPECT_EQ(env.get<int>("baud", 9600), 9600);
                      EXPECT_EQ(env.get<Duration>("period", 1s), 250ms);
                      (void)env.get<int>("port", 1);
                      return start_supervisor({});
                    }};
  first.env.set("port"_atom, Term::charlist("/dev/ttyUSB0"));
  first.env.set("period"_atom, 250);
  run_with({first}, [] {
    EXPECT_EQ(start_application("first"_atom).error().detail,
              "application first did not start: bad setting :port: " + Term::charlist("/dev/ttyUSB0").text() +
                  "; expected -2147483648..2147483647");
  });
}

TEST_P(ApplicationTest, ItRunsOnSeveralCores) {
  run_with({application("first")},
           [] {
             for (int i = 0; i < 20; ++i) {
               ASSERT_TRUE(start_application("first"_atom));
               EXPECT_EQ(call(Address("first_server"_atom), Type{}), Term(atoms::normal));
               ASSERT_TRUE(stop_application("first"_atom));
             }
           },
           {.cores = 2});
}

}  // namespace
}  // namespace pulpo::application_test
