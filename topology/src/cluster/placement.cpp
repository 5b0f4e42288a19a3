#include "rankmesh/topology/placement.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

[[noreturn]] void refuse(std::string value, std::string rule) {
  throw ConfigError({{.field = "placement", .value = std::move(value), .rule = std::move(rule)}});
}

void require_ranks(std::int64_t ranks) {
  if (ranks < 1) refuse(std::to_string(ranks), "has no ranks");
}

}  // namespace

Placement Placement::identity(int ranks) {
  require_ranks(ranks);
  return of_digits({{ranks, 1}});
}

Placement Placement::of_digits(std::vector<Digit> digits) {
  Placement placement;
  std::int64_t ranks = 1;
  std::vector<Digit> ascending = digits;
  std::sort(ascending.begin(), ascending.end(), [](Digit a, Digit b) { return a.stride < b.stride; });
  std::int64_t reach = 1;
  for (const Digit& digit : ascending) {
    constexpr std::int64_t most = std::int64_t{1} << 31;
    if (digit.size == 1) continue;
    if (digit.size < 1 || digit.stride < reach || digit.stride * digit.size > most) {
      refuse(std::to_string(digit.size) + ":" + std::to_string(digit.stride),
             "does not fit: strides must be at least the size times the stride before, and slots below "
             "2147483648");
    }
    ranks *= digit.size;
    reach = digit.size * digit.stride;
  }
  placement.ranks_ = static_cast<int>(ranks);
  for (const Digit& digit : digits) {
    if (digit.size == 1) continue;
    // Neighbouring digits that continue each other are one, so that equal placements have equal digits.
    if (!placement.digits_.empty() &&
        digit.stride == placement.digits_.back().size * placement.digits_.back().stride) {
      placement.digits_.back().size *= digit.size;
    } else {
      placement.digits_.push_back(digit);
    }
  }
  if (placement.digits_.empty()) placement.digits_.push_back({1, 1});
  return placement;
}

Placement::Placement(std::vector<int> slot_of_rank) : slot_of_rank_(std::move(slot_of_rank)) {
  require_ranks(static_cast<std::int64_t>(slot_of_rank_.size()));
  ranks_ = static_cast<int>(slot_of_rank_.size());
  Diagnostics diagnostics;
  std::vector<std::pair<int, int>> sorted;
  sorted.reserve(slot_of_rank_.size());
  for (int rank = 0; rank < ranks_; ++rank)
    sorted.emplace_back(slot_of_rank_[static_cast<std::size_t>(rank)], rank);
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const std::string slot = std::to_string(sorted[i].first);
    if (sorted[i].first < 0) diagnostics.add("slot", slot, "is below 0");
    if (i > 0 && sorted[i].first == sorted[i - 1].first) {
      diagnostics.add("slot", slot,
                      "has both rank " + std::to_string(sorted[i - 1].second) + " and rank " +
                          std::to_string(sorted[i].second));
    }
  }
  if (!diagnostics.empty()) throw ConfigError(diagnostics.take());
}

Placement Placement::in_turns(const Cluster& cluster, int ranks, int turn) {
  require_ranks(ranks);
  if (turn < 1) refuse(std::to_string(turn), "is no number of ranks in a turn: the least is 1");
  if (ranks > cluster.slots()) {
    refuse(counted(ranks, "rank"), "do not fit: the cluster has " + counted(cluster.slots(), "slot"));
  }
  std::vector<int> used(static_cast<std::size_t>(cluster.hosts()));
  std::vector<int> slots;
  while (static_cast<int>(slots.size()) < ranks) {
    for (int host = 0; host < cluster.hosts(); ++host) {
      int& taken = used[static_cast<std::size_t>(host)];
      const int room =
          std::min({turn, cluster.slots_of_host(host) - taken, ranks - static_cast<int>(slots.size())});
      for (int i = 0; i < room; ++i) slots.push_back(cluster.first_slot(host) + taken++);
    }
  }
  return Placement(std::move(slots));
}

Placement Placement::on_hosts(const Cluster& cluster, std::span<const int> host_of_rank) {
  require_ranks(static_cast<std::int64_t>(host_of_rank.size()));
  Diagnostics diagnostics;
  std::vector<int> used(static_cast<std::size_t>(cluster.hosts()));
  std::vector<int> slots;
  slots.reserve(host_of_rank.size());
  for (const int host : host_of_rank) {
    if (host < 0 || host >= cluster.hosts()) {
      diagnostics.add("host", std::to_string(host),
                      "does not exist: the cluster has " + counted(cluster.hosts(), "host"));
      continue;
    }
    const int index = used[static_cast<std::size_t>(host)]++;
    if (index >= cluster.slots_of_host(host)) {
      diagnostics.add("host", cluster.domain_name(cluster.host_level(), host),
                      "has more ranks than its " + counted(cluster.slots_of_host(host), "slot"));
    }
    slots.push_back(cluster.first_slot(host) + index);
  }
  if (!diagnostics.empty()) throw ConfigError(diagnostics.take());
  return Placement(std::move(slots));
}

int Placement::slot_of(int rank) const noexcept {
  if (!slot_of_rank_.empty()) return slot_of_rank_[static_cast<std::size_t>(rank)];
  std::int64_t rest = rank;
  std::int64_t slot = 0;
  for (const Digit& digit : digits_) {
    slot += rest % digit.size * digit.stride;
    rest /= digit.size;
  }
  return static_cast<int>(slot);
}

std::vector<int> Placement::slots() const {
  if (!slot_of_rank_.empty()) return slot_of_rank_;
  std::vector<int> slots(static_cast<std::size_t>(ranks_));
  for (int rank = 0; rank < ranks_; ++rank) slots[static_cast<std::size_t>(rank)] = slot_of(rank);
  return slots;
}

std::optional<int> Placement::rank_on(int slot) const noexcept {
  if (!slot_of_rank_.empty()) {
    const auto found = std::find(slot_of_rank_.begin(), slot_of_rank_.end(), slot);
    if (found == slot_of_rank_.end()) return std::nullopt;
    return static_cast<int>(found - slot_of_rank_.begin());
  }
  // Strides may leave gaps, so the digits are taken off from the slowest.
  std::vector<std::size_t> slowest(digits_.size());
  for (std::size_t i = 0; i < slowest.size(); ++i) slowest[i] = i;
  std::sort(slowest.begin(), slowest.end(),
            [&](std::size_t a, std::size_t b) { return digits_[a].stride > digits_[b].stride; });
  std::vector<std::int64_t> values(digits_.size());
  std::int64_t rest = slot;
  for (const std::size_t i : slowest) {
    values[i] = std::min(rest / digits_[i].stride, digits_[i].size - 1);
    rest -= values[i] * digits_[i].stride;
  }
  if (slot < 0 || rest != 0) return std::nullopt;
  std::int64_t rank = 0;
  std::int64_t weight = 1;
  for (std::size_t i = 0; i < digits_.size(); ++i) {
    rank += values[i] * weight;
    weight *= digits_[i].size;
  }
  return static_cast<int>(rank);
}

bool Placement::is_identity() const noexcept {
  if (slot_of_rank_.empty()) return digits_.size() == 1 && digits_.front().stride == 1;
  for (int rank = 0; rank < ranks_; ++rank) {
    if (slot_of_rank_[static_cast<std::size_t>(rank)] != rank) return false;
  }
  return true;
}

}  // namespace rankmesh
