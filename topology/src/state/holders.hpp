#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rankmesh/topology/reshard.hpp"
#include "state/state_map.hpp"

namespace rankmesh {

/// Lists of processes that hold the same, and which of them sends.
class Holders {
 public:
  /// Nobody.
  static constexpr int none = -1;

  /// @param places may be null; outlives the holders
  Holders(const StateMap& map, std::span<const int> lost, const ProcessPlaces* places);

  /// The processes that have one of some keys.
  /// @return the number of the list, or `none` if all of them are lost
  [[nodiscard]] int list_of(std::size_t kind, std::vector<int> keys);
  /// Whether a process is in a list.
  [[nodiscard]] bool holds(int list, int process) const;
  /// The process of a list that sends to another process: of the nearest, the one that sends the least.
  [[nodiscard]] int choose(int list, int process, std::int64_t bytes);
  /// What each process sends.
  [[nodiscard]] std::vector<std::int64_t>& sent() noexcept { return sent_; }

 private:
  /// Processes in a heap, the one with the fewest bytes on top. The bytes are from when a process entered.
  using Heap = std::vector<std::pair<std::int64_t, int>>;
  struct List {
    std::vector<int> processes{};
    Heap all{};
    /// For each domain of a level of the cluster.
    std::unordered_map<std::uint64_t, Heap> domains{};
  };

  [[nodiscard]] std::uint64_t domain_of(int process, std::size_t level) const;
  [[nodiscard]] Heap& nearest(List& list, int process) const;
  void fill_heaps(List& list) const;

  const ProcessPlaces* places_;
  /// Of each kind of key, the processes of each key.
  std::array<std::vector<std::vector<int>>, StateMap::key_kinds> processes_;
  std::map<std::pair<std::size_t, std::vector<int>>, int> numbers_;
  std::vector<List> lists_;
  std::vector<std::int64_t> sent_;
};

}  // namespace rankmesh
