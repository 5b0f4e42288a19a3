#include "nccl_bringup/report.hpp"

#include "support/catch.hpp"

using namespace rankmesh::bench;
using namespace rankmesh::tests;

namespace {

Report report_of(std::vector<Sample> samples) {
  return {.rows = {{.layout = {.world_size = 4, .tensor = 2},
                    .name = {.strategy = "unique_id", .blocking = false},
                    .samples = std::move(samples)}}};
}

}  // namespace

TEST_CASE("the median is the middle value, or the mean of the two middle values") {
  CHECK(median({3}) == 3);
  CHECK(median({9, 1, 2}) == 2);
  CHECK(median({4, 1, 100, 2}) == 3);
}

TEST_CASE("one repetition that is not proven makes the report fail") {
  CHECK(report_of({{}, {}}).is_good());
  CHECK(!report_of({{}, {.members_proven = false}}).is_good());
  CHECK(!report_of({{.order_proven = false}, {}}).is_good());
  CHECK(!report_of({}).is_good());
}

TEST_CASE("an unavailable strategy is no failure, and is not called proven") {
  const Report report =
      report_of({{.members_proven = false, .error = "needs NCCL 2.18", .unavailable = true}});
  CHECK(report.is_good());
  CHECK(!report.rows.front().is_proven());
}

TEST_CASE("the text shows medians, ranges and maximum counts") {
  const auto sample = [](double milliseconds, std::int64_t mebibytes, std::int64_t threads,
                         std::int64_t messages) {
    return Sample{.milliseconds = milliseconds,
                  .bytes_made = mebibytes << 20,
                  .bytes_used = 5 << 20,
                  .threads = threads,
                  .communicators = 3,
                  .messages = messages};
  };
  const std::string text =
      to_text(report_of({sample(1.5, 3, 2, 12), sample(4.5, 1, 4, 11), sample(2.5, 2, 3, 12)}));
  CHECK_THAT(text, ContainsSubstring("world=4 tp=2\n"));
  CHECK_THAT(text, ContainsSubstring("  unique_id        non-blocking yes          2.5       1.5       4.5   "
                                     "    2        5       4     3    12\n"));
}

TEST_CASE("the text says whether ranks share a GPU") {
  Report report = report_of({{}});
  report.ranks = 4;
  report.gpus = 4;
  CHECK_THAT(to_text(report), !ContainsSubstring("share a GPU"));
  report.gpus = 1;
  CHECK_THAT(to_text(report), ContainsSubstring("share a GPU"));
  CHECK_THAT(to_markdown(report), ContainsSubstring("share a GPU"));
}
