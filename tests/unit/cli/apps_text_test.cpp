// SPDX-License-Identifier: Apache-2.0
#include "apps_text.hpp"

#include <gtest/gtest.h>

namespace pulpo::cli {
namespace {

Term read_list(std::string_view text) { return *read_elixir(text); }

std::vector<ApplicationRow> rows_of(std::optional<std::string_view> distributed, std::string_view running) {
  const auto rows = read_applications(distributed ? std::optional(read_list(*distributed)) : std::nullopt, read_list(running), "one@h");
  EXPECT_TRUE(rows.has_value());
  return *rows;
}

constexpr std::string_view kDistro =
    "[%{name: :distro, node: :\"one@h\", running_ms: 61000, mode: :available, next: :\"three@h\", nodes: [:\"one@h\", [:\"two@h\", "
    ":\"three@h\"]]}]";

TEST(AppsText, DistributedApplicationsComeFirstThenThoseOfTheNodeInTheOrderOfTheirStart) {  // AC-26
  const auto rows =
      rows_of(kDistro, "[%{name: :early, running_ms: 7260000}, %{name: :distro, running_ms: 61000}, %{name: :late, running_ms: 4200}]");
  EXPECT_EQ(applications_table(rows),
            "application  runs on  for        mode       next in line  nodes\n"
            "distro       one@h    1 min 1 s  available  three@h       one@h, {two@h, three@h}\n"
            "early        one@h    2 h 1 min  local      -             -\n"
            "late         one@h    4.2 s      local      -             -\n");
}

TEST(AppsText, WhatRunsNowhereHasADash) {
  const auto rows =
      rows_of("[%{name: :distro, node: nil, running_ms: 0, mode: :consistent, next: nil, nodes: [[:\"a@h\", :\"b@h\"]]}]", "[]");
  EXPECT_EQ(applications_table(rows),
            "application  runs on  for  mode        next in line  nodes\n"
            "distro       -        -    consistent  -             {a@h, b@h}\n");
  EXPECT_EQ(
      applications_json(rows),
      "[{\"name\":\"distro\",\"node\":null,\"running_ms\":null,\"mode\":\"consistent\",\"next\":null,\"nodes\":[[\"a@h\",\"b@h\"]]}]");
}

TEST(AppsText, AProgramReadsTheSameAsJson) {
  EXPECT_EQ(applications_json(rows_of(kDistro, "[%{name: :early, running_ms: 7260000}]")),
            "[{\"name\":\"distro\",\"node\":\"one@h\",\"running_ms\":61000,\"mode\":\"available\",\"next\":\"three@h\","
            "\"nodes\":[[\"one@h\"],[\"two@h\",\"three@h\"]]},"
            "{\"name\":\"early\",\"node\":\"one@h\",\"running_ms\":7260000,\"mode\":\"local\",\"next\":null,\"nodes\":[]}]");
}

TEST(AppsText, ANodeThatDoesNotSayForHowLongHasADash) {
  EXPECT_EQ(applications_table(rows_of(std::nullopt, "[%{name: :early}]")),
            "application  runs on  for  mode   next in line  nodes\n"
            "early        one@h    -    local  -             -\n");
}

TEST(AppsText, ANodeWithoutDistributedApplicationsListsItsOwn) {
  EXPECT_EQ(rows_of(std::nullopt, "[%{name: :ping_pong, running_ms: 0}]").size(), 1u);
  EXPECT_EQ(applications_table(rows_of(std::nullopt, "[]")), "no application runs there\n");
}

TEST(AppsText, AnAgeHasTwoUnitsAtMost) {
  const auto shown = [](std::chrono::milliseconds age) {
    return applications_table({{.name = "a", .node = "n", .since = age, .mode = "m"}});
  };
  EXPECT_NE(shown(std::chrono::milliseconds(4200)).find("4.2 s"), std::string::npos);
  EXPECT_NE(shown(std::chrono::seconds(59)).find("59 s"), std::string::npos);
  EXPECT_NE(shown(std::chrono::hours(3) + std::chrono::minutes(7)).find("3 h 7 min"), std::string::npos);
  EXPECT_NE(shown(std::chrono::hours(49)).find("2 d 1 h"), std::string::npos);
}

TEST(AppsText, WhatIsNoSuchAnswerIsAnError) {
  EXPECT_EQ(read_applications(read_list(":nope"), read_list("[]"), "n").error().code, Errc::bad_message);
  EXPECT_EQ(read_applications(read_list("[%{name: 5}]"), read_list("[]"), "n").error().code, Errc::bad_message);
  EXPECT_EQ(read_applications(read_list("[5]"), read_list("[]"), "n").error().code, Errc::bad_message);
  EXPECT_EQ(read_applications(std::nullopt, read_list(":nope"), "n").error().code, Errc::bad_message);
  EXPECT_EQ(read_applications(std::nullopt, read_list("[5]"), "n").error().code, Errc::bad_message);
  EXPECT_EQ(read_applications(std::nullopt, read_list("[%{running_ms: 5}]"), "n").error().code, Errc::bad_message);
}

}  // namespace
}  // namespace pulpo::cli
