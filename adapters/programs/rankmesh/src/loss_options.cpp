#include "loss_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "rankmesh/files/hostlist.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// `5` or `3-5`.
struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

std::optional<Range> range_of(std::string_view text) {
  Range range;
  const std::size_t dash = text.find('-', 1);
  if (!read_number(text.substr(0, dash), range.first).empty()) return std::nullopt;
  range.last = range.first;
  const bool is_range = dash != std::string_view::npos;
  if (is_range && !read_number(text.substr(dash + 1), range.last).empty()) return std::nullopt;
  return range;
}

/// Adds the numbers of a range, of which each must be below `count`; none if that is not known.
/// @param things `rank of the layout`
void add_range(const Option& option, std::string_view text, Range range, std::optional<int> count,
               const std::string& things, std::vector<int>& numbers, Problems& problems) {
  if (range.first > range.last) {
    problems.push_back(
        fmt::format("{}: the range {} ends before it begins", option.name(), files::shown(text)));
    return;
  }
  if (!count) return;
  if (range.first < 0 || range.last >= *count) {
    problems.push_back(fmt::format("{}: {} is no {}, which has 0 .. {}", option.name(), files::shown(text),
                                   things, *count - 1));
    return;
  }
  for (std::int64_t number = range.first; number <= range.last; ++number)
    numbers.push_back(static_cast<int>(number));
}

void sort_unique(std::vector<int>& numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

}  // namespace

LossOptions::LossOptions(Command& command, std::string layout, const std::string& heading)
    : layout_(std::move(layout)),
      ranks_(command.add({.name = "--lost-ranks",
                          .value_name = "LIST",
                          .description = fmt::format("the lost ranks of {}: \"3,5\", \"8-15\"", layout_),
                          .heading = heading})),
      nodes_(
          command.add({.name = "--lost-nodes",
                       .value_name = "LIST",
                       .description = "the lost hosts of the cluster, by number from 0 or by name: \"17\", "
                                      "\"0-3\", \"node[07,12]\"",
                       .heading = heading})) {}

GivenLoss LossOptions::read(std::optional<int> ranks, const std::optional<PlacedRanks>& where,
                            Problems& problems) const {
  GivenLoss loss{.names_ranks = ranks_.count() > 0};
  read_ranks(ranks, loss, problems);
  if (ranks && where) read_hosts(*ranks, *where, loss, problems);
  sort_unique(loss.ranks);
  return loss;
}

void LossOptions::read_ranks(std::optional<int> ranks, GivenLoss& loss, Problems& problems) const {
  const auto text = value_of(ranks_, problems);
  if (!text) return;
  for (const std::string_view part : split_text(*text, ',')) {
    if (const auto range = range_of(part)) {
      add_range(ranks_, part, *range, ranks, "rank of " + layout_, loss.ranks, problems);
    } else {
      problems.push_back(
          fmt::format("--lost-ranks: {} is neither a rank nor a range such as 8-15", files::in_quotes(part)));
    }
  }
}

void LossOptions::read_hosts(int ranks, const PlacedRanks& where, GivenLoss& loss, Problems& problems) const {
  const auto text = value_of(nodes_, problems);
  if (!text) return;
  const Cluster& cluster = where.cluster;
  std::map<std::string, int, std::less<>> numbers;
  for (int host = 0; host < cluster.hosts(); ++host)
    numbers.emplace(cluster.domain_name(cluster.host_level(), host), host);
  for (const std::string_view part : files::split_hostlist(*text)) {
    // A host may have a number as its name.
    const auto host = numbers.find(part);
    if (host != numbers.end()) {
      loss.hosts.push_back(host->second);
    } else if (const auto range = range_of(part)) {
      add_range(nodes_, part, *range, cluster.hosts(), "host of the cluster", loss.hosts, problems);
    } else {
      const files::Hostlist list = files::expand_hostlist(part);
      for (const Diagnostic& diagnostic : list.diagnostics)
        problems.push_back("--lost-nodes: " + diagnostic.value + " " + diagnostic.rule.text());
      for (const std::string& name : list.names) {
        const auto found = numbers.find(name);
        if (found != numbers.end()) {
          loss.hosts.push_back(found->second);
        } else {
          problems.push_back(fmt::format("--lost-nodes: the cluster has no host {}; it has {} .. {}",
                                         files::shown(name), cluster.domain_name(cluster.host_level(), 0),
                                         cluster.domain_name(cluster.host_level(), cluster.hosts() - 1)));
        }
      }
    }
  }
  sort_unique(loss.hosts);
  for (int rank = 0; rank < ranks; ++rank) {
    const int host = cluster.host_of(where.placement.slot_of(rank));
    if (std::binary_search(loss.hosts.begin(), loss.hosts.end(), host)) loss.ranks.push_back(rank);
  }
}

std::string ranges_text(const std::vector<int>& ascending) {
  constexpr std::size_t most = 8;
  std::vector<std::string> runs;
  for (std::size_t begin = 0; begin < ascending.size();) {
    std::size_t end = begin + 1;
    while (end < ascending.size() && ascending[end] == ascending[end - 1] + 1) ++end;
    if (runs.size() == most) {
      runs.emplace_back("...");
      break;
    }
    runs.push_back(end - begin == 1 ? fmt::format("{}", ascending[begin])
                                    : fmt::format("{}-{}", ascending[begin], ascending[end - 1]));
    begin = end;
  }
  return joined(runs, ", ");
}

}  // namespace rankmesh::cli
