// SPDX-License-Identifier: Apache-2.0
//
// How applications end, and what ends with them.
#include "pulpo/application.hpp"
#include "pulpo/supervisor.hpp"
#include "pulpo/system.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::application_end_test {
namespace {

using testing::CapturedLog;
using testing::elixir;
using testing::eventually;

struct Stop {
  using Message = Cast<"stop">;
  Term reason;
};

/// Ends with whatever reason it is told to.
class Server {
 public:
  using Protocol = pulpo::Protocol<Stop>;
  void handle_cast(const Stop& how) { exit(how.reason); }
};

/// One that ends as its server does: its start returns the server itself.
Application application(const std::string& name) {
  return {.name = name, .start = [name](const StartType&, const Env&) { return start_link<Server>({.name = ":" + name + "_server"}); }};
}

void end_with(std::string_view name, const Term& reason) { cast(Address(Atom(std::string(name) + "_server")), Stop{reason}); }

class ApplicationEndTest : public testing::OnEachLoop {
 protected:
  /// What the system ended with, after `test`.
  Term end_after(std::vector<Application> applications, std::function<void()> test, RuntimeOptions options = {}) {
    Term reason = "did not end"_atom;
    run(
        [&] {
          ASSERT_TRUE(start_system({.applications = applications}));
          const Pid me = self();
          spawn([me] { send(me, Term::tuple({"ended"_atom, await_system_end()})); });
          yield();
          test();
          const auto ended = receive_if(
              [](const Term& message) { return message.is_tuple(2) && message.elements()[0].is_atom("ended"_atom); }, Timeout(60s));
          if (ended) reason = ended->elements()[1];
        },
        options);
    return reason;
  }
  CapturedLog log_;
};
PULPO_ON_EACH_LOOP(ApplicationEndTest);

TEST_P(ApplicationEndTest, ATemporaryOneIsOnlyReported) {  // AC-49, AC-50, AC-70, LOG-6
  const Term reason = end_after({application("first")}, [this] {
    for (const char* why : {":normal", ":shutdown", ":boom", "{:shutdown, :bye}"}) {
      ASSERT_TRUE(start_application("first"_atom));
      end_with("first", elixir(why));
      ASSERT_TRUE(eventually([] { return which_applications()->empty(); }));
    }
    for (const char* line : {"exited: normal", "exited: shutdown", "exited: :boom", "exited: shutdown: :bye"}) {
      EXPECT_GE(log_.count(std::string("[info] Application first ") + line), 1u) << log_.all();
    }
    EXPECT_TRUE(stop_system());
  });
  EXPECT_EQ(reason, Term(atoms::shutdown));
}

TEST_P(ApplicationEndTest, APermanentOneTakesTheNodeWithItWhateverItsReason) {  // AC-49
  const auto seen = std::make_shared<std::string>();
  Application other = application("other");
  other.prep_stop = [seen] { *seen += whereis("other_server"_atom) ? "prep_stop " : "too late "; };
  other.stop = [seen] { *seen += "stop "; };
  for (const char* why : {":normal", ":boom"}) {
    seen->clear();
    const Term reason = end_after({application("first"), other}, [why] {
      ASSERT_TRUE(start_application("other"_atom));
      ASSERT_TRUE(start_application("first"_atom, {.type = RestartType::permanent}));
      end_with("first", elixir(why));
    });
    EXPECT_EQ(reason, Term::tuple({"application_terminated"_atom, "first"_atom, elixir(why)}));
    EXPECT_EQ(*seen, "prep_stop stop ") << "the others stop in order";
  }
  EXPECT_EQ(log_.count("[critical] application first has ended: :boom; the node ends"), 1u) << log_.all();
  EXPECT_EQ(log_.count("[error]"), 1u) << "the server's own report of :boom, and none of an end in order\n" << log_.all();
}

TEST_P(ApplicationEndTest, ATransientOneTakesTheNodeWithItUnlessItEndedNormally) {  // AC-49
  const Term reason = end_after({application("first")}, [this] {
    ASSERT_TRUE(start_application("first"_atom, {.type = RestartType::transient}));
    end_with("first", atoms::normal);
    ASSERT_TRUE(eventually([] { return which_applications()->empty(); }));
    EXPECT_EQ(log_.count("Application first exited: normal"), 1u);
    ASSERT_TRUE(start_application("first"_atom, {.type = RestartType::transient})) << "the node lives";
    end_with("first", atoms::shutdown);
  });
  EXPECT_EQ(reason, elixir("{:application_terminated, :first, :shutdown}"));
}

TEST_P(ApplicationEndTest, StoppingAPermanentOneEndsNothingElse) {  // AC-49
  const Term reason = end_after({application("first")}, [] {
    ASSERT_TRUE(start_application("first"_atom, {.type = RestartType::permanent}));
    ASSERT_TRUE(stop_application("first"_atom));
    EXPECT_TRUE(start_application("first"_atom));
    EXPECT_TRUE(stop_system());
  });
  EXPECT_EQ(reason, Term(atoms::shutdown));
}

TEST_P(ApplicationEndTest, APermanentOneThatDoesNotStartEndsTheNode) {  // AC-49
  const Application failing{.name = "failing", .start = [](const StartType&, const Env&) -> Result<Pid> {
                              return Error{Errc::refused, "no_disk"_atom};
                            }};
  const Term reason = end_after({failing}, [] {
    EXPECT_FALSE(start_application("failing"_atom));
    EXPECT_FALSE(start_application("failing"_atom, {.type = RestartType::transient}));
    EXPECT_TRUE(which_applications()) << "the node lives";
    EXPECT_FALSE(start_application("failing"_atom, {.type = RestartType::permanent}));
  });
  EXPECT_EQ(reason, elixir("{:application_start_failure, :failing, {:no_disk, {:failing, :start, [:normal, []]}}}"));
  EXPECT_EQ(log_.count("[critical] application failing did not start: :no_disk; the node ends"), 1u) << log_.all();
}

TEST_P(ApplicationEndTest, TheControllersEndIsTheNodes) {  // AC-1
  const Term reason = end_after({application("first")}, [] {
    ASSERT_TRUE(start_application("first"_atom));
    exit(*whereis("application_controller"_atom), atoms::kill);
  });
  EXPECT_EQ(reason, Term("application_controller_terminated"_atom));
  EXPECT_EQ(log_.count("[critical] the application controller has ended"), 1u) << log_.all();
}

// --- Stray processes --------------------------------------------------------------------------------------------------

/// Starts processes that nobody is linked to, on each core, one of which goes on making others.
Application straying(const std::shared_ptr<std::atomic<int>>& alive) {
  struct Count {
    explicit Count(std::shared_ptr<std::atomic<int>> alive) : alive_(std::move(alive)) { ++*alive_; }
    ~Count() { --*alive_; }
    std::shared_ptr<std::atomic<int>> alive_;
  };
  return {.name = "straying", .start = [alive](const StartType&, const Env&) {
            for (unsigned core = 0; core < pulpo::runtime().core_count(); ++core) {
              for (int i = 0; i < 5; ++i) {
                spawn(
                    [alive] {
                      const Count count(alive);
                      trap_exit(true);
                      (void)receive_if([](const Term&) { return false; });
                    },
                    {.core = core});
              }
            }
            spawn([alive] {
              for (;;) {
                spawn([alive] {
                  const Count count(alive);
                  sleep(20ms);
                });
                sleep(1ms);
              }
            });
            return start_supervisor({});
          }};
}

TEST_P(ApplicationEndTest, WhatAStopLeavesBehindIsKilled) {  // AC-56
  const auto alive = std::make_shared<std::atomic<int>>(0);
  const Term reason = end_after({straying(alive), application("other")},
                                [alive] {
                                  ASSERT_TRUE(start_application("other"_atom));
                                  const auto before = pulpo::runtime().process_count();
                                  for (int round = 0; round < 3; ++round) {
                                    ASSERT_TRUE(start_application("straying"_atom));
                                    ASSERT_TRUE(eventually([alive] { return *alive >= 12; }));
                                    ASSERT_TRUE(stop_application("straying"_atom));
                                    EXPECT_EQ(*alive, 0);
                                    EXPECT_EQ(pulpo::runtime().process_count(), before);
                                  }
                                  EXPECT_TRUE(whereis("other_server"_atom)) << "no one else's";
                                  EXPECT_TRUE(stop_system());
                                },
                                {.cores = 2});
  EXPECT_EQ(reason, Term(atoms::shutdown));
}

TEST_P(ApplicationEndTest, WhatATreeLeavesBehindIsKilledToo) {  // AC-56
  const auto stray = std::make_shared<Pid>();
  Application first = application("first");
  first.start = [stray, start = first.start](const StartType& type, const Env& env) {
    *stray = spawn([] { (void)receive_any(); });
    return start(type, env);
  };
  Application failing = first;
  failing.name = "failing";
  failing.start = [stray](const StartType&, const Env&) -> Result<Pid> {
    *stray = spawn([] { (void)receive_any(); });
    return Error{Errc::refused, "no_disk"_atom};
  };
  (void)end_after({first, failing}, [stray] {
    ASSERT_TRUE(start_application("first"_atom));
    const Ref ended = monitor(*stray);
    end_with("first", "boom"_atom);
    EXPECT_EQ(testing::down_reason(ended), Term(atoms::killed));
    EXPECT_FALSE(start_application("failing"_atom));
    EXPECT_FALSE(is_alive(*stray)) << "also when the start failed";
    EXPECT_TRUE(stop_system());
  });
}

TEST_P(ApplicationEndTest, ATreeThatTakesLongerThanItMayIsKilled) {  // AC-56
  Application slow{.name = "slow", .start = [](const StartType&, const Env&) -> Result<Pid> {
                     return spawn_link([] {
                       trap_exit(true);
                       for (;;) (void)receive_any();
                     });
                   }};
  slow.shutdown_timeout = 50ms;
  const auto stopped = std::make_shared<bool>(false);
  slow.stop = [stopped] { *stopped = true; };
  (void)end_after({slow}, [this, stopped] {
    ASSERT_TRUE(start_application("slow"_atom));
    EXPECT_TRUE(stop_application("slow"_atom));
    EXPECT_TRUE(*stopped);
    EXPECT_EQ(log_.count("[warning] Application slow does not stop in the time it has"), 1u);
    EXPECT_TRUE(stop_system());
  });
}

TEST_P(ApplicationEndTest, AProcessKnowsItsApplication) {  // AC-55
  Application first = application("first");
  first.start = [start = first.start](const StartType& type, const Env& env) {
    EXPECT_EQ(get_application(), "first"_atom);
    EXPECT_EQ(testing::reason_of([] { exit(Term(*get_application())); }), Term("first"_atom)) << "inherited";
    return start(type, env);
  };
  (void)end_after({first}, [] {
    EXPECT_FALSE(get_application());
    ASSERT_TRUE(start_application("first"_atom));
    EXPECT_TRUE(stop_system());
  });
}

TEST_P(ApplicationEndTest, AStartMayReturnAProcessThatItIsNotLinkedTo) {  // AC-29
  const Application loose{.name = "loose", .start = [](const StartType&, const Env&) -> Result<Pid> {
                            return pulpo::start<Server>({.name = ":loose_server"});
                          }};
  const Application nobody{.name = "nobody", .start = [](const StartType&, const Env&) -> Result<Pid> { return Pid{}; }};
  (void)end_after({loose, nobody}, [this] {
    ASSERT_TRUE(start_application("loose"_atom));
    end_with("loose", atoms::normal);
    EXPECT_TRUE(eventually([this] { return log_.count("Application loose exited: normal") == 1; }));
    EXPECT_EQ(start_application("nobody"_atom).error().reason, elixir("{:bad_return, {{:nobody, :start, [:normal, []]}, nil}}"));
    EXPECT_TRUE(stop_system());
  });
}

// --- system_stop ------------------------------------------------------------------------------------------------------

TEST_P(ApplicationEndTest, AProcessMayStopTheNode) {
  const auto seen = std::make_shared<std::string>();
  const auto noting = [seen](const std::string& name) {
    Application made = application(name);
    made.stop = [seen, name] { *seen += name + " "; };
    return made;
  };
  Application last = noting("last");
  last.start = [](const StartType&, const Env&) -> Result<Pid> {
    return spawn_link([] {
      (void)register_name("last_top"_atom, self());
      (void)receive_if([](const Term& message) { return message.is_atom("now"_atom); });
      EXPECT_EQ(system_stop(300).error().code, Errc::bad_argument);
      EXPECT_TRUE(system_stop(3));
      EXPECT_TRUE(system_stop(4)) << "the first one counts";
      (void)receive_any();
    });
  };
  const Term reason = end_after({noting("first"), noting("second"), last}, [] {
    for (const char* name : {"first", "second"}) ASSERT_TRUE(start_application(Atom(name)));
    ASSERT_TRUE(start_application("last"_atom, {.type = RestartType::permanent}));
    ASSERT_TRUE(eventually([] { return whereis("last_top"_atom).has_value(); }));
    send(Address("last_top"_atom), "now"_atom);
  });
  EXPECT_EQ(reason, elixir("{:system_stop, 3}"));
  EXPECT_EQ(*seen, "last second first ");
}

TEST_P(ApplicationEndTest, ThereMustBeASystemToStop) {
  run([] {
    EXPECT_EQ(system_stop().error().code, Errc::noproc);
    EXPECT_EQ(stop_system().error().code, Errc::noproc);
  });
}

class SlowApplicationEndTest : public ApplicationEndTest {};
PULPO_ON_THE_SIMULATED_LOOP(SlowApplicationEndTest);  // it waits for half a minute

TEST_P(SlowApplicationEndTest, AnApplicationThatDoesNotStopIsNotWaitedForForEver) {
  Application stuck = application("stuck");
  stuck.prep_stop = [] { (void)receive_if([](const Term&) { return false; }); };
  const Term reason = end_after({application("first"), stuck}, [] {
    ASSERT_TRUE(start_application("first"_atom, {.type = RestartType::permanent}));
    ASSERT_TRUE(start_application("stuck"_atom));
    end_with("first", "boom"_atom);
  });
  EXPECT_EQ(reason, elixir("{:application_terminated, :first, :boom}"));
  EXPECT_EQ(log_.count("[warning] applications take too long to stop"), 1u) << log_.all();
}

}  // namespace
}  // namespace pulpo::application_end_test
