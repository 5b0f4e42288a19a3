#include "rankmesh/comm/errors.hpp"

#include "support/catch.hpp"

using namespace rankmesh;
using namespace std::chrono_literals;

TEST_CASE("a disagreement names each field, its values and the ranks") {
  const DisagreementError error(
      {{"tensor", {{"2", RankSet::of({{0, 3}, {6, 7}})}, {"4", RankSet::of({{4, 5}})}}, {}},
       {"world_size", {{"16", RankSet::first_ranks(8)}}, "8"}});
  CHECK(std::string(error.what()) ==
        "the ranks do not agree on 2 fields:\n"
        "  tensor = 2 on ranks 0-3 and 6-7, 4 on ranks 4-5\n"
        "  world_size = 16; it must be 8\n"
        "start every rank with the same configuration");
  CHECK(error.disagreements().size() == 2);
}

TEST_CASE("a layout that no rank can have here is told as such, not as a disagreement") {
  const DisagreementError error({{"world_size", {{"5", RankSet::first_ranks(4)}}, "4"}});
  CHECK(std::string(error.what()) ==
        "the layout does not fit the job of 4 ranks:\n"
        "  world_size = 5; it must be 4\n"
        "start as many ranks as the layout needs, or change the layout");
  CHECK(Disagreement{"world_size", {{"5", RankSet(0)}, {"6", RankSet(1)}}, "4"}.message() ==
        "world_size = 5 on rank 0, 6 on rank 1; it must be 4");
}

TEST_CASE("a field with many values prints some of them and says how many more there are") {
  Disagreement disagreement{"seed", {}, {}};
  for (int rank = 0; rank < 20; ++rank) disagreement.values.push_back({std::to_string(rank), RankSet(rank)});
  CHECK(disagreement.message() ==
        "seed = 0 on rank 0, 1 on rank 1, 2 on rank 2, 3 on rank 3, 4 on rank 4, 5 on rank 5, 6 on rank 6, "
        "7 on rank 7 and 12 more values");
}

TEST_CASE("a missed deadline tells ranks that are silent from those that are not done") {
  const DeadlineError::Details details{
      .step = "initialisation", .missing = RankSet(3), .unfinished = RankSet::of({{0, 2}}), .waited = 4s};
  CHECK(std::string(DeadlineError(details).what()) ==
        "deadline missed at step initialisation: rank 3 did not arrive within 4.0 s, and ranks 0-2 had not "
        "finished; look at the output of that rank, or allow more time");
  CHECK(
      std::string(DeadlineError({.step = "initialisation", .unfinished = RankSet::of({{0, 2}}), .waited = 4s})
                      .what()) ==
      "deadline missed at step initialisation: ranks 0-2 had come, but had not finished within 4.0 s; look "
      "at "
      "the output of those ranks, or allow more time");
}

TEST_CASE("a missed deadline names the step, the ranks and the time") {
  CHECK(std::string(
            DeadlineError({.step = "agreement", .missing = RankSet::of({{3, 3}, {8, 9}}), .waited = 300s})
                .what()) ==
        "deadline missed at step agreement: ranks 3 and 8-9 did not arrive within 300.0 s; look at the "
        "output of "
        "those ranks, or allow more time");
  CHECK(std::string(
            DeadlineError(
                {.step = "agreement", .missing = RankSet::of({{0, 1}}), .waited = 310s, .complete = false})
                .what()) ==
        "deadline missed at step agreement: ranks 0-1 did not arrive within 310.0 s; these ranks collect who "
        "is "
        "missing, so others may be missing too; look at the output of those ranks, or allow more time");
}

TEST_CASE("the exception that is being handled has a text, whatever its type") {
  const auto text_after = [](const auto& thrown) {
    try {
      throw thrown;
    } catch (...) {
      return text_of_current_exception();
    }
  };
  CHECK(text_after(StateError("the communicators are closed")) == "the communicators are closed");
  CHECK(text_after(7) == "an exception of an unknown type ended the bring-up");
}
