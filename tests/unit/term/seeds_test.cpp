// SPDX-License-Identifier: Apache-2.0
//
// The configuration files of the seeds, letter by letter as they stand there, tabs and stray blanks included.
#include <gtest/gtest.h>

#include <string>

#include "pulpo/result.hpp"
#include "pulpo/term.hpp"

namespace pulpo {
namespace {

/// The one term of a configuration file.
Term config(std::string_view text) {
  auto terms = read_erlang_file(text);
  EXPECT_TRUE(terms.has_value()) << (terms ? "" : terms.error().text());
  EXPECT_EQ(terms.value().size(), 1u);
  return terms.value()[0];
}

TEST(SeedConfig, OfTheDistroExampleLoads) {
  const Term one = config(R"([{kernel,
  [{distributed, [{'distro', 5000, ['one@127.0.0.1', {'two@127.0.0.1', 'three@127.0.0.1'}]}]},
   {sync_nodes_mandatory, ['two@127.0.0.1', 'three@127.0.0.1']},
   {sync_nodes_timeout, 30000}
]}].
)");
  EXPECT_EQ(one.text(),
            "[kernel: [distributed: [{:distro, 5000, [:\"one@127.0.0.1\", {:\"two@127.0.0.1\", :\"three@127.0.0.1\"}]}], "
            "sync_nodes_mandatory: [:\"two@127.0.0.1\", :\"three@127.0.0.1\"], sync_nodes_timeout: 30000]]");
}

TEST(SeedConfig, OfTheFailoverTutorialLoadInAllTheirLayouts) {
  const char* const kA =
      "[{kernel,\n\t[\n\t    {\n\t        distributed,\n\t        [{\n\t            'distro', 5000, [\n\t                "
      "'abc@192.168.8.104',\n\t                {'bcd@192.168.8.104', 'def@192.168.8.104'}\n\t            ]\n            }]\n        },\n"
      "        {sync_nodes_mandatory, ['bcd@192.168.8.104', 'def@192.168.8.104']},\n        {sync_nodes_timeout, 30000}\n    ]\n}].\n";
  const char* const kB = R"([{kernel,
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
)";
  const char* const kC =
      "[{kernel,\n\t[\n\t    {\n\t        distributed, [\n\t        {\n\t            distro,5000, [\n\t                "
      "'abc@192.168.8.104',\n\t                {'bcd@192.168.8.104', 'def@192.168.8.104'}\n\t            ]\n            }\n        ]},\n"
      "        {sync_nodes_mandatory, ['abc@192.168.8.104', 'bcd@192.168.8.104']},\n        {sync_nodes_timeout, 30000}\n    ]\n}].\n";
  const auto expected = [](const std::string& mandatory) {
    return "[{kernel,[{distributed,[{distro,5000,['abc@192.168.8.104',{'bcd@192.168.8.104','def@192.168.8.104'}]}]},"
           "{sync_nodes_mandatory,[" +
           mandatory + "]},{sync_nodes_timeout,30000}]}]";
  };
  EXPECT_EQ(config(kA).erlang_text(), expected("'bcd@192.168.8.104','def@192.168.8.104'"));
  EXPECT_EQ(config(kB).erlang_text(), expected("'abc@192.168.8.104','def@192.168.8.104'"));
  EXPECT_EQ(config(kC).erlang_text(), expected("'abc@192.168.8.104','bcd@192.168.8.104'"));
}

}  // namespace
}  // namespace pulpo
