// SPDX-License-Identifier: Apache-2.0
#include "top_report.hpp"

#include <gtest/gtest.h>

#include "text_cells.hpp"
#include "unit/cli/top_samples.hpp"

namespace pulpo::cli::top {
namespace {

TEST(TopReport, TextHoldsAllOfASampleInLinesThatFit) {
  const std::string text = report_text(sample_of_two(), 80);
  for (const char* const part : {"Nodes\n", "a@h *", "c@h: no connection", "Processes of a@h, the first by memory\n", "Process0", "MEMORY*",
                                 "ping_pong", "  PingPong.Supervisor", "Connections of a@h\n", "sealed"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    EXPECT_LE(cells_of(std::string_view(text).substr(begin, end - begin)), 80u);
    begin = end + 1;
  }
}

TEST(TopReport, JsonSaysWhatIsNotKnownAsNull) {
  Sample sample = sample_of_two();
  sample.processes->rows.resize(1);
  const std::string text = report_json(sample);
  EXPECT_EQ(text.substr(0, 31), R"({"node":"a@h","nodes":[{"name":)") << text;
  for (
      const char* const part :
      {R"("cpu_percent":null)", R"({"name":"c@h","up":false,"cause":"no connection"})",
       R"("processes":{"sort":"memory","count":17,"reductions_per_second":99.0,"messages_waiting":8,"list":[{"pid":"#PID<0.0.1>","name":"Process0","registered":true,"memory":10000,"reductions":123456,"reductions_per_second":42.0,"mailbox":7,)",
       R"({"depth":2,"pid":null,"name":"Other","kind":":restarting","children":null})", R"("queue_bytes":5000000)"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  Sample nothing;
  nothing.selected = "a@h";
  EXPECT_EQ(report_json(nothing), "{\"node\":\"a@h\",\"nodes\":[],\"processes\":null,\"applications\":null,\"connections\":null}\n");
}

TEST(TopReport, JsonStaysJsonWhateverANameHolds) {
  Sample sample = sample_of_two();
  sample.processes->rows = {process_row(1, "\xff\x1b\"\\\n", 1)};
  EXPECT_NE(report_json(sample).find(R"("name":"??\"\\?")"), std::string::npos) << report_json(sample);
}

}  // namespace
}  // namespace pulpo::cli::top
