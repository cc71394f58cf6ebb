// SPDX-License-Identifier: Apache-2.0
//
// Applications that need each other, start in phases, and are loaded while the node runs.
#include "pulpo/application.hpp"
#include "pulpo/supervisor.hpp"
#include "pulpo/system.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::application_order_test {
namespace {

using testing::CapturedLog;
using testing::elixir;
using testing::eventually;

/// What happened, in order; from processes of any core.
class Trace {
 public:
  void add(std::string_view what) {
    const std::lock_guard lock(mutex_);
    text_ += std::string(what) + " ";
  }
  [[nodiscard]] std::string take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(text_, {});
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

class ApplicationOrderTest : public testing::OnEachLoop {
 protected:
  Application application(const std::string& name, std::vector<std::string> needs = {}) {
    return {.name = name,
            .start =
                [this, name](const StartType&, const Env&) {
                  trace_.add("+" + name);
                  return start_supervisor({});
                },
            .applications = std::move(needs),
            .stop = [this, name] { trace_.add("-" + name); }};
  }
  Application failing(const std::string& name) {
    return {.name = name, .start = [](const StartType&, const Env&) -> Result<Pid> { return Error{Errc::refused, "no_disk"_atom}; }};
  }
  void run_with(std::vector<Application> applications, std::function<void()> test) {
    run([&] {
      ASSERT_TRUE(start_system({.applications = applications}));
      test();
      EXPECT_TRUE(stop_system());
    });
  }
  static std::string names(const Result<std::vector<Atom>>& result) {
    if (!result) return result.error().reason.text();
    std::string text;
    for (const Atom name : *result) text += std::string(name.text()) + " ";
    return text;
  }
  CapturedLog log_;
  Trace trace_;
};
PULPO_ON_EACH_LOOP(ApplicationOrderTest);

TEST_P(ApplicationOrderTest, WhatItNeedsMustHaveStarted) {  // AC-20
  run_with({application("a", {"logger", "b"}), application("b")}, [] {
    const auto refused = start_application("a"_atom);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, elixir("{:not_started, :b}"));
    EXPECT_EQ(refused.error().detail, "application a needs b, which does not run; start that first, or use ensure_all_started()");
    ASSERT_TRUE(start_application("b"_atom));
    EXPECT_TRUE(start_application("a"_atom));
  });
}

TEST_P(ApplicationOrderTest, TheConditionsAreLookedAtInOtpsOrder) {  // AC-20
  run_with({application("a", {"b"}), application("b"), application("c")}, [] {
    const auto start = [](std::string_view request) { return call(Address("application_controller"_atom), elixir(request)); };
    EXPECT_EQ(start("{:start_application, :nobody, :often, :normal}"), elixir("{:error, {:invalid_restart_type, :often}}"));
    EXPECT_EQ(start("{:start_application, :nobody, :permanent, :normal}"), elixir("{:error, {:not_loaded, :nobody}}"));
    ASSERT_TRUE(start_application("b"_atom));
    ASSERT_TRUE(start_application("a"_atom));
    ASSERT_TRUE(stop_application("b"_atom));
    EXPECT_EQ(start("{:start_application, :a, :temporary, :normal}"), elixir("{:error, {:already_started, :a}}"))
        << "also when what it needs has been stopped";
    EXPECT_EQ(start("{:start_application, :c, :temporary, :normal}"), Term(atoms::ok));
  });
}

TEST_P(ApplicationOrderTest, AllThatItNeedsStartsBeforeItDepthFirst) {  // AC-51
  run_with({application("a", {"b", "logger", "c"}), application("b", {"d"}), application("c", {"d", "e"}), application("d"),
            application("e"), application("unneeded")},
           [this] {
             EXPECT_EQ(names(ensure_all_started("a"_atom)), "d b e c a ");
             EXPECT_EQ(trace_.take(), "+d +b +e +c +a ");
             EXPECT_EQ(names(ensure_all_started("a"_atom)), "") << "they run already";
             ASSERT_TRUE(stop_applications());
             EXPECT_EQ(trace_.take(), "-a -c -e -b -d ");
           });
}

TEST_P(ApplicationOrderTest, OptionalOnesStartWhenTheProgramHasThem) {  // AC-20, AC-51
  Application a = application("a");
  a.optional_applications = {"missing", "b"};
  run_with({a, application("b")}, [this] {
    ASSERT_TRUE(start_application("a"_atom)) << "an optional one need not run";
    ASSERT_TRUE(stop_application("a"_atom));
    (void)trace_.take();
    EXPECT_EQ(names(ensure_all_started("a"_atom)), "b a ");
    EXPECT_EQ(trace_.take(), "+b +a ");
  });
}

TEST_P(ApplicationOrderTest, WhenOneDoesNotStartThoseBeforeItStopAgain) {  // AC-51
  run_with({application("a", {"b", "bad"}), application("b"), failing("bad"), application("lost", {"nowhere"}), application("x", {"y"}),
            application("y", {"x"})},
           [this] {
             auto failed = ensure_all_started("a"_atom);
             ASSERT_FALSE(failed);
             EXPECT_EQ(failed.error().reason, elixir("{:bad, {:no_disk, {:bad, :start, [:normal, []]}}}"));
             EXPECT_EQ(failed.error().detail, "application a needs bad: application bad did not start: :no_disk");
             EXPECT_EQ(trace_.take(), "+b -b ");
             EXPECT_TRUE(which_applications()->empty());
             failed = ensure_all_started("lost"_atom);
             EXPECT_EQ(failed.error().reason, elixir("{:nowhere, {:not_loaded, :nowhere}}"));
             EXPECT_EQ(failed.error().detail, "application lost needs nowhere: there is no application nowhere in this program");
             failed = ensure_all_started("x"_atom);
             EXPECT_EQ(failed.error().reason, elixir("{:x, {:circular_dependency, [:x, :y, :x]}}"));
             EXPECT_EQ(failed.error().detail, "application x needs itself: [:x, :y, :x]");
             EXPECT_EQ(ensure_all_started("nobody"_atom).error().reason, elixir("{:nobody, {:not_loaded, :nobody}}"));
           });
}

TEST_P(ApplicationOrderTest, ALongChainOfNeedsTakesNoStack) {  // AC-51
  std::vector<Application> chain;
  for (int i = 0; i < 2000; ++i) {
    Application library{.name = "a" + std::to_string(i)};
    if (i > 0) library.applications = {"a" + std::to_string(i - 1)};
    chain.push_back(library);
  }
  run_with(chain, [] {
    const auto started = ensure_all_started("a1999"_atom);
    ASSERT_TRUE(started) << started.error().text();
    EXPECT_EQ(started->size(), 2000u);
    EXPECT_TRUE(stop_applications());
  });
}

TEST_P(ApplicationOrderTest, ALibraryRunsWithoutAProcess) {  // AC-20
  run_with({{.name = "library", .version = "1.0"}, application("a", {"library"})}, [this] {
    EXPECT_EQ(names(ensure_all_started("a"_atom)), "library a ");
    EXPECT_EQ(which_applications()->back().version, "1.0");
    EXPECT_TRUE(stop_application("library"_atom));
    EXPECT_EQ(log_.count("[info] Application library exited: :stopped"), 1u);
    EXPECT_EQ(stop_application("library"_atom).error().reason, elixir("{:not_started, :library}"));
  });
}

TEST_P(ApplicationOrderTest, RequestsWhileItStartsGetTheOneResult) {  // AC-20
  // Goal:   two ask while the first one's start is under way; one start runs, and all three get its result.
  // Method: the start waits for a word, which comes once the controller has both requests.
  const auto starts = std::make_shared<std::atomic<int>>(0);
  const auto slow = [starts](const std::string& name, bool well) {
    return Application{.name = name, .start = [starts, name, well](const StartType&, const Env&) -> Result<Pid> {
                         ++*starts;
                         (void)register_name(Atom(name + "_start"), self());
                         (void)receive_if([](const Term& message) { return message.is_atom("go"_atom); });
                         if (!well) return Error{Errc::refused, "no_disk"_atom};
                         return start_supervisor({});
                       }};
  };
  run_with({slow("well", true), slow("ill", false)}, [starts] {
    for (const char* name : {"well", "ill"}) {
      *starts = 0;
      const Pid me = self();
      for (int i = 0; i < 3; ++i) {
        spawn([me, name] {
          const auto result = start_application(Atom(name));
          send(me, Term::tuple({"result"_atom, result ? Term(atoms::ok) : result.error().reason.elements()[0]}));
        });
      }
      ASSERT_TRUE(eventually([name] { return whereis(Atom(std::string(name) + "_start")).has_value(); }));
      (void)which_applications();  // behind the three requests: the spawned ran before
      send(Address(Atom(std::string(name) + "_start")), "go"_atom);
      const Term wanted = name == std::string_view("well") ? Term(atoms::ok) : Term("no_disk"_atom);
      for (int i = 0; i < 3; ++i) EXPECT_TRUE(testing::receive_exactly(Term::tuple({"result"_atom, wanted})));
      EXPECT_EQ(*starts, 1);
    }
  });
}

TEST_P(ApplicationOrderTest, AStartWhileItStopsWaitsForTheEnd) {  // AC-46
  Application slow = application("slow");
  slow.prep_stop = [] {
    (void)register_name("slow_stop"_atom, self());
    (void)receive_if([](const Term& message) { return message.is_atom("go"_atom); });
  };
  run_with({slow}, [this] {
    ASSERT_TRUE(start_application("slow"_atom));
    const Pid me = self();
    spawn([me] {
      EXPECT_TRUE(stop_application("slow"_atom));
      send(me, "stopped"_atom);
    });
    ASSERT_TRUE(eventually([] { return whereis("slow_stop"_atom).has_value(); }));
    spawn([me] {
      EXPECT_TRUE(start_application("slow"_atom));
      send(me, "started"_atom);
    });
    yield();
    (void)which_applications();
    send(Address("slow_stop"_atom), "go"_atom);
    EXPECT_TRUE(testing::receive_exactly("stopped"_atom));
    EXPECT_TRUE(testing::receive_exactly("started"_atom));
    EXPECT_EQ(trace_.take(), "+slow -slow +slow ");
    spawn([] { send(Address("slow_stop"_atom), "go"_atom); });
    const Pid stopper = spawn([] { (void)stop_application("slow"_atom); });
    ASSERT_TRUE(eventually([] { return whereis("slow_stop"_atom).has_value(); }));
    send(Address("slow_stop"_atom), "go"_atom);
    (void)testing::end_of(stopper);
  });
}

// --- Start phases -----------------------------------------------------------------------------------------------------

TEST_P(ApplicationOrderTest, StartPhasesFollowTheStartInTheirOrder) {  // AC-28, AC-57
  Application phased = application("phased");
  phased.start_phases = {{"warm", Term::list({"a"_atom})}, {"go"}};
  phased.start_phase = [this](Atom phase, const StartType& type, const Term& arguments) -> Result<void> {
    trace_.add(std::string(phase.text()) + ":" + to_term(type).text() + arguments.text());
    EXPECT_EQ(start_type(), type) << "asked inside";
    return {};
  };
  run_with({phased}, [this] {
    ASSERT_TRUE(start_application("phased"_atom));
    EXPECT_EQ(trace_.take(), "+phased warm::normal[:a] go::normal[] ");
  });
}

TEST_P(ApplicationOrderTest, APhaseThatFailsUndoesTheStart) {  // AC-28
  const auto phased = [this](const std::string& name, std::function<Result<void>()> phase) {
    return Application{.name = name,
                       .start =
                           [this, name](const StartType&, const Env&) {
                             trace_.add("+" + name);
                             return start_supervisor({.name = ":" + name + "_top"});
                           },
                       .start_phases = {{"warm"}, {"never"}},
                       .start_phase =
                           [this, phase](Atom which, const StartType&, const Term&) {
                             trace_.add(which.text());
                             return phase ? phase() : Result<void>{};
                           }};
  };
  Application mute = phased("mute", {});
  mute.start_phase = {};
  run_with({phased("refuses",
                   [] {
                     return Result<void>(Error{Errc::refused, "cold"_atom});
                   }),
            phased("throws", []() -> Result<void> { throw std::runtime_error("oh"); }), mute},
           [this] {
             const auto refused = start_application("refuses"_atom);
             ASSERT_FALSE(refused);
             EXPECT_EQ(refused.error().reason, elixir("{:cold, {:refuses, :start_phase, [:warm, :normal, []]}}"));
             EXPECT_EQ(refused.error().detail, "application refuses did not start: its start phase :warm failed: :cold");
             EXPECT_FALSE(whereis("refuses_top"_atom));
             const auto threw = start_application("throws"_atom);
             ASSERT_FALSE(threw);
             EXPECT_EQ(threw.error().reason, elixir("{:bad_return, {{:throws, :start_phase, [:warm, :normal, []]},"
                                                    " {:EXIT, {:exception, \"std::runtime_error\", \"oh\"}}}}"));
             EXPECT_EQ(start_application("mute"_atom).error().reason, elixir("{:undef, {:mute, :start_phase, [:warm, :normal, []]}}"));
             EXPECT_EQ(trace_.take(), "+refuses warm +throws warm +mute ");
             EXPECT_TRUE(which_applications()->empty());
           });
}

TEST_P(ApplicationOrderTest, OnlyApplicationsWithPhasesAreToldOfAFailover) {  // AC-27
  const auto told = [this](const std::string& name, bool phases) {
    Application made{.name = name, .start = [this](const StartType& type, const Env&) {
                       trace_.add(to_term(type).text() + "," + to_term(start_type()).text());
                       return start_supervisor({});
                     }};
    if (phases) {
      made.start_phases = {{"go"}};
      made.start_phase = [](Atom, const StartType&, const Term&) { return Result<void>{}; };
    }
    return made;
  };
  run_with({told("plain", false), told("phased", true)}, [this] {
    const auto start = [](Atom name, const StartType& type) {
      ASSERT_TRUE(start_application(name, type));
      ASSERT_TRUE(stop_application(name));
    };
    start("plain"_atom, StartType::failover("one"_atom));
    EXPECT_EQ(trace_.take(), ":normal,:normal ");
    start("phased"_atom, StartType::failover("one"_atom));
    EXPECT_EQ(trace_.take(), "{:failover, :one},{:failover, :one} ");
    start("plain"_atom, StartType::takeover("one"_atom));
    EXPECT_EQ(trace_.take(), "{:takeover, :one},{:takeover, :one} ");
  });
}

// --- Loading ----------------------------------------------------------------------------------------------------------

TEST_P(ApplicationOrderTest, OneMayBeLoadedWhileTheNodeRuns) {  // AC-48, AC-53
  run_with({application("a")}, [this] {
    Application late = application("late");
    late.env.set("port"_atom, 7);
    EXPECT_EQ(start_application("late"_atom).error().reason, elixir("{:not_loaded, :late}"));
    ASSERT_TRUE(load_application(late));
    EXPECT_EQ(load_application(late).error().reason, elixir("{:already_loaded, :late}"));
    EXPECT_EQ(get_env<int>("late"_atom, "port", 0), 7);
    ASSERT_TRUE(start_application("late"_atom));
    const auto running = unload_application("late"_atom);
    EXPECT_EQ(running.error().reason, elixir("{:running, :late}"));
    EXPECT_EQ(running.error().detail, "application late runs; stop it first");
    ASSERT_TRUE(stop_application("late"_atom));
    ASSERT_TRUE(unload_application("late"_atom));
    EXPECT_EQ(get_env<int>("late"_atom, "port", 0), 0);
    EXPECT_EQ(unload_application("late"_atom).error().reason, elixir("{:not_loaded, :late}"));
    EXPECT_EQ(names(loaded_applications()), "a ");
  });
}

// --- The environment --------------------------------------------------------------------------------------------------

TEST_P(ApplicationOrderTest, TheEnvironmentIsReadAndChangedByAnyProcess) {
  Application a = application("a");
  a.env = Env({{"port"_atom, 80}, {"host"_atom, "altair"}});
  run_with({a}, [] {
    const Atom app = "a"_atom;
    EXPECT_EQ(*get_env(app, "port"), Term(80));
    EXPECT_FALSE(get_env(app, "missing"));
    EXPECT_EQ(get_env<std::string>(app, "host", ""), "altair");
    EXPECT_EQ(get_env<int>(app, "missing", 3), 3);
    EXPECT_EQ(fetch_env<int>(app, "port"), 80);
    EXPECT_EQ(testing::reason_of([app] { (void)fetch_env(app, "missing"); }), elixir("{:missing_env, :a, :missing}"));
    EXPECT_EQ(testing::reason_of([app] { (void)fetch_env<int>(app, "host"); }),
              elixir("{:bad_env, :host, \"altair\", \"-2147483648..2147483647\"}"));
    (void)testing::end_of(spawn([app] { put_env(app, "port", 81); }));
    EXPECT_EQ(fetch_env<int>(app, "port"), 81);
    put_env(app, "list", std::vector<int>{1, 2});
    EXPECT_EQ(get_all_env(app).all().size(), 3u);
    EXPECT_EQ(*get_all_env(app).find("list"_atom), elixir("[1, 2]"));
    delete_env(app, "port");
    EXPECT_FALSE(get_env(app, "port"));
    EXPECT_TRUE(get_all_env("other"_atom).all().empty());
  });
}

TEST_P(ApplicationOrderTest, TheNodesSettingsStandAboveTheApplicationsAndStartGetsASnapshot) {
  Application a{.name = "a", .start = [](const StartType&, const Env& env) {
                  put_env("a"_atom, "port", 82);
                  EXPECT_EQ(env.get<int>("port", 0), 81) << "as it was when start was called";
                  EXPECT_EQ(env.get<std::string>("host", ""), "altair");
                  EXPECT_EQ(fetch_env<int>("a"_atom, "port"), 82);
                  return start_supervisor({});
                }};
  a.env = Env({{"port"_atom, 80}, {"host"_atom, "altair"}});
  run([&] {
    ASSERT_TRUE(start_system({.applications = {a}, .env = {{"a", Env({{"port"_atom, 81}})}, {"late", Env({{"port"_atom, 9}})}}}));
    ASSERT_TRUE(start_application("a"_atom));
    Application late = application("late");
    late.env.set("port"_atom, 8);
    ASSERT_TRUE(load_application(late));
    EXPECT_EQ(fetch_env<int>("late"_atom, "port"), 9);
    EXPECT_TRUE(stop_system());
    ASSERT_TRUE(start_system({.applications = {a}}));
    EXPECT_EQ(fetch_env<int>("a"_atom, "port"), 80) << "a new system has nothing of the one before";
    EXPECT_TRUE(stop_system());
  });
}

TEST_P(ApplicationOrderTest, ProcessesOfAllCoresShareTheEnvironment) {
  run(
      [] {
        ASSERT_TRUE(start_system());
        put_env("a"_atom, "list", elixir("[1, {:two, \"a text of more than fourteen bytes\"}]"));
        const Term wanted = *get_env("a"_atom, "list");
        wanted.share();
        std::vector<Ref> monitors;
        for (unsigned core = 0; core < 2; ++core) {
          for (int i = 0; i < 4; ++i) {
            monitors.push_back(spawn_monitor(
                                   [wanted] {
                                     for (int round = 0; round < 200; ++round) {
                                       if (*get_env("a"_atom, "list") != wanted) exit("changed"_atom);
                                       put_env("a"_atom, "list", wanted);
                                     }
                                   },
                                   {.core = core})
                                   .monitor);
          }
        }
        for (const Ref& each : monitors) EXPECT_EQ(testing::down_reason(each), Term(atoms::normal));
        EXPECT_TRUE(stop_system());
      },
      {.cores = 2});
}

}  // namespace
}  // namespace pulpo::application_order_test
