// SPDX-License-Identifier: Apache-2.0
//
// What configuration files say. What is wrong in them: config_refused_test.cpp.
#include "pulpo/config.hpp"

#include <gtest/gtest.h>

#include <map>

#include "pulpo/system.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::config_test {
namespace {

using Names = std::vector<std::string>;

Names names(const std::vector<Atom>& atoms) {
  Names names;
  for (const Atom atom : atoms) names.emplace_back(atom.text());
  return names;
}

/// Reads what must be right; files that it includes are those of `files`.
Config read(std::string_view text, const std::map<std::string, std::string>& files = {}, const std::string& name = "x.config") {
  auto config = parse_config(text, name, [&](const std::string& path) -> Outcome<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return Fault{.code = Errc::not_found, .where = "", .detail = path + ": there is no such file"};
    return found->second;
  });
  EXPECT_TRUE(config.has_value()) << (config ? "" : config.error().text());
  return config ? std::move(config).value() : Config{};
}

KernelConfig kernel(const std::string& settings) { return read("[{kernel, [" + settings + "]}].").kernel; }

/// {name, milliseconds, [[node]]} of an application, as text.
std::string shown(const DistributedApplication& application) {
  std::string text = std::string(application.name.text()) + " " +
                     (application.wait.is_infinite() ? "infinity" : std::to_string(application.wait.duration() / 1ms));
  for (const auto& group : application.nodes) {
    text += " [";
    for (const Atom node : group) text += std::string(node == group.front() ? "" : " ") + std::string(node.text());
    text += "]";
  }
  return text + (application.consistent ? " consistent" : "");
}

/// What the four configuration texts of the tutorials have in common.
void expect_tutorial(const Config& config, const Names& nodes, const std::string& own) {
  ASSERT_EQ(config.kernel.distributed.size(), 1u);
  EXPECT_EQ(shown(config.kernel.distributed[0]), "distro 5000 [" + nodes[0] + "] [" + nodes[1] + " " + nodes[2] + "]");
  EXPECT_EQ(names(configured_nodes(config.kernel)), nodes);
  Names others = nodes;
  std::erase(others, own);
  EXPECT_EQ(names(config.kernel.sync_nodes_mandatory), others);
  EXPECT_EQ(config.kernel.sync_nodes_timeout, Timeout(30s));
  EXPECT_TRUE(config.kernel.sync_nodes_optional.empty());
  EXPECT_EQ(config.warnings, Names{});
}

// Letter by letter as they stand there, tabs and stray blanks included.
TEST(ConfigTest, TheTextsOfTheTutorialsAreReadUnchanged) {  // AC-4, AC-9, ST-28
  expect_tutorial(read(R"([{kernel,
  [{distributed, [{'distro', 5000, ['one@127.0.0.1', {'two@127.0.0.1', 'three@127.0.0.1'}]}]},
   {sync_nodes_mandatory, ['two@127.0.0.1', 'three@127.0.0.1']},
   {sync_nodes_timeout, 30000}
]}].
)"),
                  {"one@127.0.0.1", "two@127.0.0.1", "three@127.0.0.1"}, "one@127.0.0.1");
  const Names boards{"abc@192.168.8.104", "bcd@192.168.8.104", "def@192.168.8.104"};
  expect_tutorial(
      read(
          "[{kernel,\n\t[\n\t    {\n\t        distributed,\n\t        [{\n\t            'distro', 5000, [\n\t                "
          "'abc@192.168.8.104',\n\t                {'bcd@192.168.8.104', 'def@192.168.8.104'}\n\t            ]\n            }]\n        "
          "},\n"
          "        {sync_nodes_mandatory, ['bcd@192.168.8.104', 'def@192.168.8.104']},\n        {sync_nodes_timeout, 30000}\n    ]\n}].\n"),
      boards, boards[0]);
  expect_tutorial(read(R"([{kernel,
[
    {
        distributed,
        [
            {distro,5000, [
                'abc@192.168.8.104',
                {'bcd@192.168.8.104', 'def@192.168.8.104'}
                ]
            }
        ]
    },
    {sync_nodes_mandatory, ['abc@192.168.8.104', 'def@192.168.8.104']},
    {sync_nodes_timeout, 30000}
]}].
)"),
                  boards, boards[1]);
  expect_tutorial(
      read(
          "[{kernel,\n\t[\n\t    {\n\t        distributed, [\n\t        {\n\t            distro,5000, [\n\t                "
          "'abc@192.168.8.104',\n\t                {'bcd@192.168.8.104', 'def@192.168.8.104'}\n\t            ]\n            }\n        "
          "]},\n"
          "        {sync_nodes_mandatory, ['abc@192.168.8.104', 'bcd@192.168.8.104']},\n        {sync_nodes_timeout, 30000}\n    ]\n}].\n"),
      boards, boards[2]);
}

TEST(ConfigTest, TheFilesThatComeWithTheProgramAreReadAndNameTheirNode) {
  const std::map<std::string, std::string> nodes{{"a", "a@localhost"},         {"b", "b@localhost"},         {"c", "c@localhost"},
                                                 {"one", "one@127.0.0.1"},     {"two", "two@127.0.0.1"},     {"three", "three@127.0.0.1"},
                                                 {"abc", "abc@192.168.8.104"}, {"bcd", "bcd@192.168.8.104"}, {"def", "def@192.168.8.104"}};
  for (const auto& [file, own] : nodes) {
    const auto config = read_config(std::string(PULPO_CONFIGS_DIR) + "/" + file);
    ASSERT_TRUE(config) << config.error().text();
    EXPECT_TRUE(config->warnings.empty()) << config->warnings[0];
    Names others = names(configured_nodes(config->kernel));
    EXPECT_EQ(others.size(), 3u);
    EXPECT_EQ(std::erase(others, own), 1u) << file;
    EXPECT_EQ(names(config->kernel.sync_nodes_mandatory), others) << file;
    EXPECT_EQ(config->kernel.sync_nodes_timeout, Timeout(30s)) << file;
    ASSERT_EQ(config->kernel.distributed.size(), 1u);
    EXPECT_EQ(config->kernel.distributed[0].wait, Timeout(5s)) << file;
  }
}

TEST(ConfigTest, ADistributedApplicationMayLeaveOutItsTimeAndSayWhatAPartDoes) {  // AC-4
  const KernelConfig read = kernel(
      "{distributed, [{none, ['a@h']}, {zero, 0, [{'a@h', 'b@h'}]}, {never, infinity, ['a@h', 'b@h']}, {kept, 5000, ['a@h', 'c@h'], "
      "consistent}, {usual, ['b@h'], available}]}");
  ASSERT_EQ(read.distributed.size(), 5u);
  EXPECT_EQ(shown(read.distributed[0]), "none 0 [a@h]");
  EXPECT_EQ(shown(read.distributed[1]), "zero 0 [a@h b@h]");
  EXPECT_EQ(shown(read.distributed[2]), "never infinity [a@h] [b@h]");
  EXPECT_EQ(shown(read.distributed[3]), "kept 5000 [a@h] [c@h] consistent");
  EXPECT_EQ(shown(read.distributed[4]), "usual 0 [b@h]");
  EXPECT_EQ(names(configured_nodes(read)), (Names{"a@h", "b@h", "c@h"}));
  EXPECT_EQ(read.distributed_place, "x.config:1:13");
}

TEST(ConfigTest, WithoutSettingsNothingIsSaid) {
  for (const char* const text : {"[].", "[{kernel, []}].", "[{other, []}]."}) {
    const Config config = read(text);
    EXPECT_TRUE(config.kernel.distributed.empty());
    EXPECT_EQ(config.kernel.distributed_place, "");
    EXPECT_FALSE(config.kernel.sync_nodes_timeout.has_value());
    EXPECT_FALSE(config.kernel.net_ticktime.has_value());
    EXPECT_EQ(config.warnings, Names{}) << text;
  }
}

TEST(ConfigTest, SynchronisationMayWaitForEver) {  // AC-9, ST-55
  const KernelConfig read = kernel("{sync_nodes_optional, ['a@h', 'b@h', 'a@h']}, {sync_nodes_timeout, infinity}");
  EXPECT_EQ(names(read.sync_nodes_optional), (Names{"a@h", "b@h"}));
  ASSERT_TRUE(read.sync_nodes_timeout.has_value());
  EXPECT_TRUE(read.sync_nodes_timeout->is_infinite());
}

TEST(ConfigTest, TheRestOfKernel) {  // AC-8, NODE-11
  const KernelConfig read = kernel(
      "{permissions, [{distro, false}, {other, true}]}, {net_ticktime, {20, 4}}, {net_tickintensity, 4}, {dist_auto_connect, once}, "
      "{connect_all, false}, {logger_level, warning}, {prevent_overlapping_partitions, false}");
  ASSERT_EQ(read.permissions.size(), 2u);
  EXPECT_EQ(read.permissions[0], (std::pair{"distro"_atom, false}));
  EXPECT_EQ(read.permissions[1], (std::pair{"other"_atom, true}));
  EXPECT_EQ(read.net_ticktime, 20s);
  EXPECT_EQ(read.dist_auto_connect, "once"_atom);
  EXPECT_EQ(read.connect_all, false);
  EXPECT_EQ(read.logger_level, log::Level::warning);
  EXPECT_EQ(kernel("{net_ticktime, 5}").net_ticktime, 5s);
  EXPECT_EQ(kernel("{logger_level, all}").logger_level, log::Level::debug);
  EXPECT_EQ(kernel("{logger_level, none}").logger_level, log::Level::emergency);
}

TEST(ConfigTest, SeveralByteOrderMarksAreAsOne) {
  // An editor that puts one in front of another's.
  EXPECT_TRUE(parse_config("\xef\xbb\xbf\xef\xbb\xbf[{kernel, [{net_ticktime, 7}]}].", "two.config").has_value());
}

TEST(ConfigTest, EnvironmentsHoldAnyTerm) {
  const Config config =
      read("\xef\xbb\xbf%% of weather\n[{weather, [{port, \"/dev/ttyUSB0\"}, {rates, #{fast => [1, 2.5]}}, {'A key', <<\"é\"/utf8>>}]}].");
  ASSERT_EQ(config.env.size(), 1u);
  EXPECT_EQ(config.env[0].first, "weather");
  const Env& env = config.env[0].second;
  EXPECT_EQ(env.get<std::string>("port", ""), "/dev/ttyUSB0");
  EXPECT_EQ(env.find("rates"_atom)->text(), "%{fast: [1, 2.5]}");
  EXPECT_EQ(env.find("A key"_atom)->text(), "\"é\"");
}

TEST(ConfigTest, TwoElementsOfOneApplicationAreOne) {
  const Config config = read("[{weather, [{a, 1}]}, {other, []}, {weather, [{b, 2}]}].");
  ASSERT_EQ(config.env.size(), 2u);
  EXPECT_EQ(config.env[0].second.all().size(), 2u);
}

TEST(ConfigTest, AnIncludedFileTakesItsPlaceInTheOrder) {
  const std::map<std::string, std::string> files{{"etc/more.config", "[{weather, [{a, 2}, {b, 2}]}, \"sub/deep\"]."},
                                                 {"etc/sub/deep.config", "[{weather, [{c, 3}]}]."},
                                                 {"elsewhere.config", "[{kernel, [{net_ticktime, 9}]}]."}};
  const Config config = read("[{weather, [{a, 1}]}, \"more\", {weather, [{b, 1}]}, \"elsewhere.config\"].", files, "etc/sys.config");
  const Env& env = config.env[0].second;
  EXPECT_EQ(env.get<int>("a", 0), 2);
  EXPECT_EQ(env.get<int>("b", 0), 1);
  EXPECT_EQ(env.get<int>("c", 0), 3);
  EXPECT_EQ(config.kernel.net_ticktime, 9s);
}

TEST(ConfigTest, WhatALaterFileSaysStandsAboveTheEarlier) {
  const std::string folder = PULPO_CONFIGS_DIR;
  const auto config = read_configs({folder + "/a", folder + "/one.config"});
  ASSERT_TRUE(config) << config.error().text();
  ASSERT_EQ(config->kernel.distributed.size(), 1u);
  EXPECT_EQ(config->kernel.distributed[0].name, "distro"_atom);
  EXPECT_NE(config->kernel.distributed_place.find("/one.config:"), std::string::npos);
  EXPECT_TRUE(read_configs({})->env.empty());
}

// --- Warnings -------------------------------------------------------------------------------------------------------

/// The one warning of these settings of kernel, which begin in the second line.
std::string warning(const std::string& settings) {
  const Config config = read("[{kernel,\n[" + settings + "]}].");
  EXPECT_EQ(config.warnings.size(), 1u);
  return config.warnings.empty() ? "" : config.warnings[0];
}

TEST(ConfigTest, AnUnknownSettingOfKernelIsAWarningThatNamesTheNearest) {
  EXPECT_EQ(warning("{sync_node_timeout, 30000}"),
            "x.config:2:3: kernel has no setting sync_node_timeout; did you mean sync_nodes_timeout?");
  EXPECT_EQ(warning("{net_ticktime, 8},\n {'Frob', 1}"), "x.config:3:3: kernel has no setting 'Frob'; it is not used");
}

TEST(ConfigTest, SettingsOfErlangThatMeanNothingHereAreAWarningThatSaysWhatDoes) {
  EXPECT_EQ(warning("{inet_dist_listen_min, 9100}"),
            "x.config:2:3: kernel's inet_dist_listen_min means nothing here; --listen says where a node listens");
  EXPECT_EQ(warning("{shell_history, enabled}"), "x.config:2:3: kernel's shell_history means nothing here");
  EXPECT_EQ(warning("{net_ticktime, {20, 8}}"),
            "x.config:2:22: the number of ticks in a net_ticktime is always 4 here; this one is not used");
  EXPECT_EQ(warning("{net_tickintensity, 8}"),
            "x.config:2:22: the number of ticks in a net_ticktime is always 4 here; this one is not used");
  EXPECT_EQ(warning("{prevent_overlapping_partitions, true}"),
            "x.config:2:3: prevent_overlapping_partitions is never true here: one lost connection ends no others");
}

TEST(ConfigTest, ListsWithoutATimeAndATimeWithoutListsAreWarnings) {  // AC-9, WK-19
  EXPECT_NE(warning("{sync_nodes_mandatory, ['a@h']}")
                .find("x.config:2:3: sync_nodes_mandatory without sync_nodes_timeout: the node waits for nobody"),
            std::string::npos);
  EXPECT_NE(warning("{sync_nodes_optional, ['a@h']}").find("x.config:2:3: sync_nodes_optional without sync_nodes_timeout"),
            std::string::npos);
  EXPECT_NE(warning("{sync_nodes_timeout, 1}").find("x.config:2:3: sync_nodes_timeout without sync_nodes_mandatory or"), std::string::npos);
  EXPECT_NE(warning("{sync_nodes_mandatory, []}, {sync_nodes_timeout, 1}").find("there is nobody to wait for"), std::string::npos);
}

// --- In a system ----------------------------------------------------------------------------------------------------

class ConfigOfSystem : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(ConfigOfSystem);

TEST_P(ConfigOfSystem, SettingsOfKernelCanBeAskedFor) {
  run([] {
    const Config config = read("[{kernel, [{net_ticktime, 5}]}, {weather, [{port, 1}]}].");
    ASSERT_TRUE(start_system({.applications = {{.name = "weather"}}, .env = config.env}));
    EXPECT_EQ(get_env("kernel"_atom, "net_ticktime", 0), 5);
    EXPECT_EQ(get_env("weather"_atom, "port", 0), 1);
    EXPECT_FALSE(get_env("other"_atom, "port").has_value());
    EXPECT_TRUE(stop_system());
  });
}

}  // namespace
}  // namespace pulpo::config_test
