// SPDX-License-Identifier: Apache-2.0
//
// Configuration files that are wrong: each error is one line with the place, what was found and what was expected.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "pulpo/config.hpp"

namespace pulpo::config_refused_test {
namespace {

std::string refusal(std::string_view text, const ConfigFiles& files = {}) {
  const auto config = parse_config(text, "x.config", files);
  if (config) return "accepted";
  EXPECT_EQ(config.error().code, Errc::bad_argument);
  EXPECT_EQ(config.error().text().find('\n'), std::string::npos);
  return config.error().text();
}

struct Case {
  std::string_view text;
  std::string_view error;  ///< Behind "x.config:".
};

void expect_refused(std::initializer_list<Case> cases) {
  for (const Case& each : cases) EXPECT_EQ(refusal(each.text), "x.config:" + std::string(each.error)) << each.text;
}

TEST(ConfigRefused, WhatIsNoErlang) {
  expect_refused({
      {"", "1:1: found the end of the text, expected [{Application, [{Key, Value}]}]."},
      {"% nothing\n", "1:1: found the end of the text, expected [{Application, [{Key, Value}]}]."},
      {"[{kernel, []}]", "1:15: found the end of the text, expected `.` to end the term that begins at line 1, column 1"},
      {"[{kernel,\n  [{net_ticktime, 8}\n}].", "3:1: found `}`, expected `,`, `|` or `]`"},
      {"[{kernel, [{net_ticktime, 8},]}].", "1:30: found `]`, expected a term"},
      {"[{kernel, [{net_ticktime, 8}.", "1:29: found `.`, expected `,`, `|` or `]`, for the bracket of line 1, column 11 is open"},
      {"[{kernel, [{net_ticktime, Time}]}].", "1:27: `Time` would be a variable; write 'Time' for the atom"},
      {"[].\n[].", "2:1: found a second term, expected the file to end after one list"},
  });
}

TEST(ConfigRefused, ANodesNameWithoutItsQuotes) {
  expect_refused({
      {"[{kernel, [{sync_nodes_mandatory, [one@127.0.0.1]}]}].",
       "1:44: found `0`, expected a blank or a new line behind the `.`; a node's name stands in single quotes: 'one@127.0.0.1'"},
      {"[{kernel, [{sync_nodes_mandatory, [b@pi-4]}]}].",
       "1:40: found `-4`, expected `,`, `|` or `]`; a node's name stands in single quotes: 'b@pi-4'"},
  });
  // Where there is none, none is spoken of.
  EXPECT_EQ(refusal("[{kernel, ['a@h' 'b@h']}]."), "x.config:1:18: found `'b@h'`, expected `,`, `|` or `]`");
}

TEST(ConfigRefused, WhatIsNoListOfApplications) {
  expect_refused({
      {"{kernel, []}.", "1:1: found {kernel,[]}, expected a list, [{Application, [{Key, Value}]}]"},
      {"[{kernel, []} | more].", "1:1: found [{kernel,[]}|more], expected a list, [{Application, [{Key, Value}]}]"},
      {"[kernel].", "1:2: found kernel, expected {Application, [{Key, Value}]}, or the path of another file in double quotes"},
      {"[[]].", "1:2: found [], expected {Application, [{Key, Value}]}, or the path of another file in double quotes"},
      {"[{\"kernel\", []}].", "1:3: found \"kernel\", expected an application's name, an atom"},
      {"[\n {kernel, net_ticktime}].", "2:11: found net_ticktime, expected the list of kernel's settings, [{Key, Value}]"},
      {"[{weather, [port]}].", "1:13: found port, expected a setting, {Key, Value}"},
      {"[{weather, [{port, 1, 2}]}].", "1:13: found {port,1,2}, expected a setting, {Key, Value}"},
      {"[{weather, [{\"port\", 1}]}].", "1:14: found \"port\", expected a setting's name, an atom"},
      {"[{weather, [{port, 1},\n            {port, 2}]}].",
       "2:14: port of weather stands here a second time, first at x.config:1:14; leave one of the two"},
  });
}

/// The settings of kernel, from line 2, column 2 on.
void expect_kernel_refused(std::initializer_list<Case> cases) {
  for (const Case& each : cases) {
    EXPECT_EQ(refusal("[{kernel,\n[" + std::string(each.text) + "]}]."), "x.config:" + std::string(each.error)) << each.text;
  }
}

TEST(ConfigRefused, SettingsOfKernel) {  // AC-9
  expect_kernel_refused({
      {"{sync_nodes_timeout, foo}", "2:23: found foo, expected the milliseconds to wait for other nodes, 1 or more, or infinity"},
      {"{sync_nodes_timeout, 0}", "2:23: found 0, expected the milliseconds to wait for other nodes, 1 or more, or infinity"},
      {"{sync_nodes_timeout, 4294967296}",
       "2:23: found 4294967296, expected the milliseconds to wait for other nodes, 1 or more, or infinity"},
      {"{sync_nodes_mandatory, 'a@h'}", "2:25: found a@h, expected a list of nodes' names, as ['two@127.0.0.1', 'three@127.0.0.1']"},
      {"{sync_nodes_mandatory, ['a@h',\n foo]}", "3:2: found foo, expected a node's name in single quotes, as 'one@127.0.0.1'"},
      {"{sync_nodes_optional, [\"a@h\"]}", "2:25: found \"a@h\", expected a node's name in single quotes, as 'one@127.0.0.1'"},
      {"{sync_nodes_optional, \"a@h\"}", "2:24: found \"a@h\", expected a list of nodes' names, as ['two@127.0.0.1', 'three@127.0.0.1']"},
      {"{sync_nodes_optional, ['a@', 'a@h']}", "2:25: found a@, expected a node's name in single quotes, as 'one@127.0.0.1'"},
      {"{sync_nodes_optional, ['a b@h']}", "2:25: found 'a b@h', expected a node's name in single quotes, as 'one@127.0.0.1'"},
      {"{sync_nodes_optional, ['a@b@h']}", "2:25: found a@b@h, expected a node's name in single quotes, as 'one@127.0.0.1'"},
      {"{permissions, [distro]}", "2:17: found distro, expected {Application, true} or {Application, false}"},
      {"{permissions, [{distro, yes}]}", "2:26: found yes, expected true or false"},
      {"{permissions, [{distro, true}, {distro, false}]}", "2:33: the permission of distro stands twice; give it once"},
      {"{net_ticktime, 0}", "2:17: found 0, expected the seconds after which a silent node is taken for dead, from 1 to 3600"},
      {"{net_ticktime, {8, 3}}", "2:21: found 3, expected a number of ticks from 4 to 1000"},
      {"{net_ticktime, 8.5}", "2:17: found 8.5, expected the seconds after which a silent node is taken for dead, from 1 to 3600"},
      {"{dist_auto_connect, sometimes}", "2:22: found sometimes, expected always, once or never"},
      {"{connect_all, 1}", "2:16: found 1, expected true or false"},
      {"{logger_level, loud}", "2:17: found loud, expected all, debug, info, notice, warning, error, critical, alert, emergency or none"},
  });
}

TEST(ConfigRefused, Distributed) {  // AC-5
  expect_kernel_refused({
      {"{distributed, distro}",
       "2:16: found distro, expected a list of applications, as [{distro, 5000, ['a@host', {'b@host', 'c@host'}]}]"},
      {"{distributed, [distro]}",
       "2:17: found distro, expected {Application, [Milliseconds,] Nodes}, as {distro, 5000, ['a@host', {'b@host', 'c@host'}]}"},
      {"{distributed, [{distro, 5000}]}",
       "2:17: found {distro,5000}, expected {Application, [Milliseconds,] Nodes}, as {distro, 5000, ['a@host', {'b@host', 'c@host'}]}"},
      {"{distributed, [{\"distro\", ['a@h']}]}", "2:18: found \"distro\", expected an application's name, an atom"},
      {"{distributed, [{distro, -1, ['a@h']}]}",
       "2:26: found -1, expected the milliseconds until distro starts on another node, 0 or more, or infinity, or else its list of nodes"},
      {"{distributed, [{distro, soon, ['a@h']}]}",
       "2:26: found soon, expected the milliseconds until distro starts on another node, 0 or more, or infinity, or else its list of "
       "nodes"},
      {"{distributed, [{distro, 5000, {'a@h'}}]}",
       "2:32: found {a@h}, expected a list of nodes by priority, those of equal priority in a tuple, as ['a@host', {'b@host', "
       "'c@host'}]"},
      {"{distributed, [{distro, []}]}",
       "2:26: found [], expected a list of nodes by priority, those of equal priority in a tuple, as ['a@host', {'b@host', 'c@host'}]"},
      {"{distributed, [{distro, ['a@h', {}]}]}", "2:34: found {}, expected at least one node in the tuple"},
      {"{distributed, [{distro, ['a@h', ['b@h']]}]}", "2:34: found [b@h], expected a node's name in single quotes, as 'one@127.0.0.1'"},
      {"{distributed, [{distro, ['a@h',\n  {'b@h', 'a@h'}]}]}", "3:11: the node 'a@h' stands twice in this list; name it once"},
      {"{distributed, [{distro, ['a@h']}, {distro, ['b@h']}]}",
       "2:36: the application distro is distributed twice; name it once, with all its nodes"},
      {"{distributed, [{distro, 0, ['a@h'], strict}]}",
       "2:38: found strict, expected available or consistent, which says what a part of a divided network does"},
      {"{distributed, [{distro, ['a@h'], consistent, 1}]}", "2:47: found 1, expected `}` behind the nodes"},
  });
}

/// 'n0@h', 'n1@h', … between two numbers.
std::string numbered_nodes(int first, int end) {
  std::string text;
  for (int i = first; i < end; ++i) text += (i == first ? "'n" : ", 'n") + std::to_string(i) + "@h'";
  return text;
}

TEST(ConfigRefused, MoreNodesThanAClusterHas) {
  // A thousand in three lists that share some are as many as there may be.
  const auto lists = [](int distributed, const std::string& more) {
    return "{distributed, [{distro, [" + numbered_nodes(0, distributed) + "]}, {other, [{" + numbered_nodes(100, 500) +
           "}]}]},\n {sync_nodes_mandatory, [" + numbered_nodes(450, 900) + "]},\n {sync_nodes_optional, [" + numbered_nodes(850, 1000) +
           ",\n 'n0@h', 'n999@h'" + more + "]}, {sync_nodes_timeout, 1000}";
  };
  EXPECT_EQ(refusal("[{kernel,\n[" + lists(400, "") + "]}]."), "accepted");
  constexpr auto kAllowed =
      ", expected at most 1000 different nodes in distributed, sync_nodes_mandatory and sync_nodes_optional together; this would be one "
      "more";
  EXPECT_EQ(refusal("[{kernel,\n[" + lists(400, ", 'more@h'") + "]}]."), std::string("x.config:5:20: found more@h") + kAllowed);
  // In one list.
  for (const char* const list : {"{sync_nodes_mandatory, [%]}", "{sync_nodes_optional, [%]}", "{distributed, [{distro, [%]}]}"}) {
    std::string text = list;
    text.replace(text.find('%'), 1, numbered_nodes(0, 1000) + ",\n 'n1000@h'," + numbered_nodes(1001, 30'000));
    EXPECT_EQ(refusal("[{kernel,\n[" + text + "]}]."), std::string("x.config:3:2: found n1000@h") + kAllowed) << list;
  }
}

TEST(ConfigRefused, ALongTermIsQuotedInPart) {
  std::string nodes;
  for (int i = 0; i < 20; ++i) nodes += "{'é@host', " + std::to_string(i) + "}, ";
  const std::string error = refusal("[{kernel, [{sync_nodes_timeout, [" + nodes + "1]}]}].");
  EXPECT_NE(error.find("…, expected the milliseconds"), std::string::npos) << error;
  EXPECT_LT(error.size(), 200u);
}

TEST(ConfigRefused, IncludedFiles) {
  const std::map<std::string, std::string> texts{{"self.config", "[\"self\"]."}, {"broken.config", "[{kernel, [{net_ticktime, x}]}]."}};
  const ConfigFiles files = [&](const std::string& path) -> Outcome<std::string> {
    const auto found = texts.find(path);
    if (found == texts.end()) return Fault{.code = Errc::not_found, .where = "", .detail = path + ": there is no such file"};
    return found->second;
  };
  EXPECT_EQ(refusal("[\n\"missing\"].", files), "x.config:2:1: cannot include missing.config: there is no such file");
  EXPECT_EQ(refusal("[\"broken\"].", files),
            "broken.config:1:27: found x, expected the seconds after which a silent node is taken for dead, from 1 to 3600");
  EXPECT_EQ(refusal("[\"self\"].", files), "self.config:1:2: more than 64 files; does one of them include itself?");
  EXPECT_EQ(refusal("[\"self\"]."), "x.config:1:2: a text that is no file includes no others");
}

TEST(ConfigRefused, FilesThatAreNone) {  // ST-28
  const auto missing = read_config("/nonexistent/a");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_EQ(missing.error().text(), "/nonexistent/a.config: there is no such file; nor a folder /nonexistent");
  const std::string folder = PULPO_CONFIGS_DIR;
  EXPECT_EQ(read_config(folder + "/abd").error().text(),
            folder + "/abd.config: there is no such file; " + folder +
                " has a.config, abc.config, b.config, bcd.config, c.config, def.config, one.config, three.config, two.config");
  EXPECT_EQ(read_config(folder + "/systemd/a").error().text(),
            folder + "/systemd/a.config: there is no such file; " + folder + "/systemd has no *.config");
  const std::string large(std::size_t{2} << 20, ' ');
  EXPECT_EQ(refusal(large), "x.config: more than 1024 KiB; is it a configuration file?");
}

}  // namespace
}  // namespace pulpo::config_refused_test
