// SPDX-License-Identifier: Apache-2.0
//
// What a node tells an observer (OBS-1 to OBS-6).
#include "otp/observer_backend.hpp"

#include <algorithm>
#include <set>

#include "pulpo/rpc.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::observer_backend_test {
namespace {

using namespace pulpo::testing;

class ObserverBackendTest : public OnEachLoop {};
PULPO_ON_EACH_LOOP(ObserverBackendTest);

Term asked(std::string_view name, std::vector<Term> arguments = {}) {
  return rpc::call("nonode@nohost", FunctionName(":observer_backend." + std::string(name)), std::move(arguments));
}

/// The value of `key` in a keyword list; nil when there is none.
Term value_of(const Term& rows, std::string_view key) {
  for (std::size_t i = 0; rows.is_proper_list() && i < rows.list_size(); ++i) {
    const Term row = rows.list_at(i);
    if (row.is_tuple(2) && row.elements()[0].is_atom(Atom(key))) return row.elements()[1];
  }
  return {};
}

std::string words_of(const Term& rows, std::string_view key) {
  const Term value = value_of(rows, key);
  return value.is_binary() ? std::string(value.bytes()) : std::string();
}

std::string text_of(const Term& map, std::string_view key) {
  const Term* const value = map.map_find(Atom(key));
  return value != nullptr && value->is_binary() ? std::string(value->bytes()) : std::string();
}

struct Counted {
  using Message = Call<"counted", std::int64_t>;
};
class Counter {
 public:
  using Protocol = pulpo::Protocol<Counted>;
  std::int64_t handle_call(const Counted&) { return ++count_; }
  [[nodiscard]] Term describe() const { return Term::tuple({"counted"_atom, count_}); }

 private:
  std::int64_t count_ = 0;
};
inline constexpr auto kCounter = local<Counter::Protocol>("Observed.Counter");

Application observed() {
  return {.name = "observed",
          .start =
              [](const StartType&, const Env&) {
                return start_supervisor(
                    {.name = "Observed.Supervisor",
                     .children = {worker<Counter>({.name = kCounter}),
                                  supervisor({.name = "Observed.Inner", .children = {worker<Counter>({.id = "inner"_atom})}})}});
              },
          .description = "Looked at",
          .version = "1.2.3"};
}

TEST(ObserverFunctions, EachHasANameOfItsOwnAndAWordOfHelp) {
  std::set<std::string> names;
  for (const Function& each : observer_functions()) {
    EXPECT_TRUE(each.module_and_name()) << each.name;
    EXPECT_TRUE(names.insert(std::string(each.name) + "/" + std::to_string(each.arity)).second) << each.name;
    EXPECT_GT(std::string_view(each.documentation).size(), 5u) << each.name;
  }
}

TEST_P(ObserverBackendTest, SysInfoHasOtpsKeysAsFarAsTheyAreTrueHere) {  // OBS-6
  run(
      [] {
        ASSERT_TRUE(start_system());
        const Term info = asked("sys_info");
        for (const char* const key :
             {"uptime", "run_queue", "logical_processors", "logical_processors_online", "schedulers", "process_count", "process_limit",
              "atom_count", "atom_limit", "wordsize_internal", "wordsize_external", "total"})
          EXPECT_TRUE(value_of(info, key).is_integer()) << key;
        EXPECT_EQ(value_of(info, "schedulers"), Term(2));
        EXPECT_GE(value_of(info, "process_count").integer(), 8);
        EXPECT_EQ(value_of(info, "wordsize_internal"), Term(static_cast<std::int64_t>(sizeof(void*))));
        EXPECT_TRUE(value_of(info, "version").is_binary());
        EXPECT_EQ(value_of(info, "loop"), Term(pulpo::runtime().loop_name()));
        const auto messages = value_of(info, "messages").integer();
        for (int i = 0; i < 10; ++i) (void)try_call("Elixir.Pulpo.Echo"_atom, "hello"_atom);
        EXPECT_GE(value_of(asked("sys_info"), "messages").integer(), messages + 10);
        sleep(20ms);
        EXPECT_GE(value_of(asked("sys_info"), "uptime").integer(), value_of(info, "uptime").integer() + 20);
        EXPECT_TRUE(stop_system());
      },
      {.cores = 2});
}

TEST_P(ObserverBackendTest, ProcessesHaveTheColumnsOfTheProcessList) {  // OBS-3
  run([] {
    ASSERT_TRUE(start_system());
    const Pid full = spawn([] { (void)receive_if([](const Term& term) { return term.is_atom("end"_atom); }, 10s); }, {.name = "full"_atom});
    for (int i = 0; i < 5; ++i) send(full, i);
    yield();
    const Term answer = asked("processes", {"message_queue_len"_atom, 2, 0});
    const Term* const rows = answer.map_find("processes"_atom);
    ASSERT_TRUE(rows != nullptr && rows->is_proper_list()) << answer.text();
    ASSERT_EQ(rows->list_size(), 2u);
    const Term first = rows->list_at(0);
    EXPECT_EQ(*first.map_find("pid"_atom), Term(full));
    EXPECT_EQ(text_of(first, "name"), ":full");
    EXPECT_EQ(*first.map_find("message_queue_len"_atom), Term(5));
    EXPECT_GT(first.map_find("reductions"_atom)->integer(), -1);
    EXPECT_GT(first.map_find("memory"_atom)->integer(), 128);
    EXPECT_EQ(text_of(first, "activity").substr(0, 8), "message,") << text_of(first, "activity");
    EXPECT_EQ(answer.map_find("messages_waiting"_atom)->integer(), 5);
    EXPECT_TRUE(asked("processes", {"memory"_atom, 1, 10}).is_map());
    EXPECT_TRUE(asked("processes", {"beauty"_atom, 1, 10}).is_tuple(2));  // {:badrpc, …}
    exit(full, atoms::kill);
    EXPECT_TRUE(stop_system());
  });
}

TEST_P(ObserverBackendTest, AProcessIsToldWithItsLinksMonitorsAndState) {  // OBS-4
  run([] {
    ASSERT_TRUE(start_system());
    const Pid server = start_link<Counter>({.name = kCounter}).value();
    (void)call(kCounter, Counted{});
    const Ref watched = monitor(server);
    const Term rows = asked("process", {server});
    const auto told = [&](std::string_view key) { return words_of(rows, key); };
    EXPECT_EQ(told("registered_name"), "Observed.Counter");
    EXPECT_EQ(told("status"), "idle");
    EXPECT_EQ(told("state"), "{:counted, 1}");
    EXPECT_NE(told("links").find(Term(self()).text()), std::string::npos) << told("links");
    EXPECT_NE(told("monitored_by").find(Term(self()).text()), std::string::npos) << told("monitored_by");
    EXPECT_EQ(told("monitors"), "none");
    EXPECT_EQ(told("message_queue_len"), "0");
    demonitor(watched);
    // Who is in the middle of something is not disturbed by a question that would stay in its mailbox.
    const Pid waits = spawn([] { (void)receive_any(10s); });
    yield();
    EXPECT_EQ(value_of(asked("process", {waits}), "state"), Term("not asked: it is not idle"));
    EXPECT_EQ(process_info(waits)->message_queue_len, 0u);
    const Ref end = monitor(waits);
    exit(waits, atoms::kill);
    EXPECT_EQ(down_reason(end), Term(atoms::killed));
    EXPECT_EQ(asked("process", {waits}), Term());
    EXPECT_TRUE(stop_system());
  });
}

TEST_P(ObserverBackendTest, OfManyLinksSomeAreToldAndTheRestCounted) {
  run([] {
    const Pid middle = spawn([] {
      for (int i = 0; i < 100; ++i) spawn_link([] { (void)receive_any(); });
      (void)receive_any();
    });
    EXPECT_TRUE(eventually([&] { return process_info(middle)->links.size() == 100; }));
    const std::string links = words_of(asked("process", {middle}), "links");
    EXPECT_EQ(links.substr(links.size() - 12), " and 36 more") << links;
    exit(middle, atoms::kill);
  });
}

TEST_P(ObserverBackendTest, AnApplicationsTreeGoesFromItsMasterDown) {  // OBS-5
  run([] {
    ASSERT_TRUE(start_system({.applications = {observed()}}));
    ASSERT_TRUE(start_application("observed"_atom));
    const Term list = asked("applications");
    ASSERT_EQ(list.list_size(), 1u);
    EXPECT_EQ(text_of(list.list_at(0), "name"), "observed");
    EXPECT_EQ(text_of(list.list_at(0), "version"), "1.2.3");
    EXPECT_EQ(text_of(list.list_at(0), "description"), "Looked at");
    EXPECT_TRUE(list.list_at(0).map_find("running_ms"_atom)->is_integer());
    const Term tree = asked("application_tree", {"observed"_atom});
    std::string drawn;
    for (std::size_t i = 0; i < tree.list_size(); ++i) {
      const Term row = tree.list_at(i);
      drawn += std::string(static_cast<std::size_t>(row.map_find("depth"_atom)->integer()), ' ') + text_of(row, "kind");
      if (!text_of(row, "name").empty()) drawn += " " + text_of(row, "name");
      drawn += "\n";
      EXPECT_TRUE(row.map_find("pid"_atom)->is_pid());
    }
    const std::string counter(detail::type_name<Counter>());
    EXPECT_EQ(drawn, "master\n helper\n  Supervisor Observed.Supervisor\n   " + counter +
                         " Observed.Counter\n   Supervisor Observed.Inner\n    " + counter + " :inner\n");
    EXPECT_EQ(*tree.list_at(2).map_find("children"_atom), Term(2));
    EXPECT_EQ(asked("application_tree", {"nothing"_atom}), Term());
    EXPECT_TRUE(stop_system());
  });
}

TEST_P(ObserverBackendTest, ASupervisorOfMoreThanCanBeShownIsCountedAndNotListed) {
  run([] {
    const Application crowd = {.name = "crowd", .start = [](const StartType&, const Env&) {
                                 auto top = start_dynamic_supervisor({.name = "Crowd"});
                                 for (std::size_t i = 0; i < observer::kTreeRowsMax + 1; ++i) (void)start_child(*top, worker<Counter>({}));
                                 return top;
                               }};
    ASSERT_TRUE(start_system({.applications = {crowd}}));
    ASSERT_TRUE(start_application("crowd"_atom));
    const Term tree = asked("application_tree", {"crowd"_atom});
    ASSERT_EQ(tree.list_size(), 3u);
    EXPECT_EQ(*tree.list_at(2).map_find("children"_atom), Term(static_cast<std::int64_t>(observer::kTreeRowsMax + 1)));
    EXPECT_TRUE(stop_system());
  });
}

}  // namespace
}  // namespace pulpo::observer_backend_test
