#include "rankmesh/topology/closest_matches.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <utility>

#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// The least number of letters to insert, delete or replace, and of neighbours to swap, to turn one word into
/// the other. No letter is part of two changes.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> next(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      next[j] = std::min({replaced, row[j] + 1, next[j - 1] + 1});
      const bool is_swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swapped) next[j] = std::min(next[j], before[j - 2] + 1);
    }
    before = std::exchange(row, std::move(next));
  }
  return row.back();
}

/// The letters from which on a word is taken for the beginning of others.
constexpr std::size_t shortest_beginning = 3;

/// The word without dashes and underscores, so that `-world_size` and `--world-size` are equal.
std::string bare(std::string_view word) {
  std::string result;
  std::copy_if(word.begin(), word.end(), std::back_inserter(result),
               [](char c) { return c != '-' && c != '_'; });
  return result;
}

}  // namespace

std::vector<std::string> closest_matches(std::string_view word, std::span<const std::string> known) {
  // Rounded down, so that no letter of a two-letter word may be wrong: --dp is not a misspelt --tp.
  const std::string wanted = bare(word);
  std::size_t best = wanted.size() / 3;
  std::vector<std::string> close;
  for (const std::string& candidate : known) {
    const std::string letters = bare(candidate);
    // The difference in length is a lower bound of the distance.
    const std::size_t longer = std::max(wanted.size(), letters.size());
    if (longer - std::min(wanted.size(), letters.size()) > best) continue;
    const std::size_t distance = edit_distance(wanted, letters);
    if (distance > best) continue;
    if (distance < best) close.clear();
    best = distance;
    close.push_back(candidate);
  }
  if (!close.empty() || wanted.size() < shortest_beginning) return close;
  std::copy_if(known.begin(), known.end(), std::back_inserter(close),
               [&](const std::string& candidate) { return bare(candidate).starts_with(wanted); });
  return close;
}

std::string did_you_mean(std::span<const std::string> matches) {
  return matches.empty() ? "" : "; did you mean " + joined(matches, " or ") + "?";
}

}  // namespace rankmesh
