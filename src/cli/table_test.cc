#include "cli/table.h"

#include <gtest/gtest.h>

namespace lips::cli {
namespace {

Json::Array Rows() {
  return {Json::Object({{"engine", "ort"}, {"median_ms", 57.25}, {"threads", 2}, {"mouth_only", false}}),
          Json::Object({{"engine", "reference"}, {"median_ms", nullptr}, {"threads", 10}, {"mouth_only", true}})};
}

TEST(RowTable, AlignsColumnsAndPutsNumbersRight) {
  EXPECT_EQ(RowTable(Rows(), TableStyle::kText),
            "engine     median ms  threads  mouth only\n"
            "ort            57.25        2  no\n"
            "reference          -       10  yes\n");
}

TEST(RowTable, IsMarkdownWhenAsked) {
  EXPECT_EQ(RowTable(Rows(), TableStyle::kMarkdown),
            "| engine    | median ms | threads | mouth only |\n"
            "|---|--:|--:|---|\n"
            "| ort       |     57.25 |       2 | no |\n"
            "| reference |         - |      10 | yes |\n");
}

TEST(RowTable, ShowsWhatAMeasurementIsWorth) {
  const Json::Array rows = {Json::Object({{"a", 1234.5678}, {"b", 12.345678}, {"c", 1.2345678}, {"d", 0.0}})};
  EXPECT_EQ(RowTable(rows, TableStyle::kText), "     a      b      c      d\n1234.6  12.35  1.235  0.000\n");
}

TEST(RowTable, OfNothingIsNothing) { EXPECT_EQ(RowTable({}, TableStyle::kText), ""); }

TEST(FactTable, AlignsAndIndents) {
  const Json facts = Json::Object({{"name", "anna"}, {"frame_count", 7}, {"mask", Json::Object({{"x", 5}})}});
  EXPECT_EQ(FactTable(facts), "name         anna\nframe count  7\nmask\n  x  5\n");
}

}  // namespace
}  // namespace lips::cli
