#include "protocol/rank_names.hpp"

#include <algorithm>
#include <vector>

namespace rankmesh {
namespace {

RankSet renamed(const RankSet& ranks, std::span<const int> names) {
  std::vector<int> result = ranks.to_vector();
  for (int& rank : result) rank = names[static_cast<std::size_t>(rank)];
  return RankSet::of_ranks(result);
}

/// In the order of the first rank that holds each value.
void rename(std::vector<HeldValue>& values, std::span<const int> names) {
  for (HeldValue& held : values) held.ranks = renamed(held.ranks, names);
  const auto first_of = [](const HeldValue& held) {
    return held.ranks.empty() ? 0 : held.ranks.ranges().front().first;
  };
  std::stable_sort(values.begin(), values.end(),
                   [&](const HeldValue& a, const HeldValue& b) { return first_of(a) < first_of(b); });
}

}  // namespace

Verdict with_rank_names(Verdict verdict, std::span<const int> names) {
  for (Disagreement& disagreement : verdict.disagreements) rename(disagreement.values, names);
  for (RankFailure& failure : verdict.failures) failure.rank = names[static_cast<std::size_t>(failure.rank)];
  std::sort(verdict.failures.begin(), verdict.failures.end(),
            [](const RankFailure& a, const RankFailure& b) { return a.rank < b.rank; });
  verdict.deadline.missing = renamed(verdict.deadline.missing, names);
  verdict.deadline.unfinished = renamed(verdict.deadline.unfinished, names);
  rename(verdict.deadline.places, names);
  return verdict;
}

}  // namespace rankmesh
