#include "state/holders.hpp"

#include <algorithm>
#include <functional>

namespace rankmesh {

Holders::Holders(const StateMap& map, std::span<const int> lost, const ProcessPlaces* places)
    : places_(places),
      sent_(static_cast<std::size_t>(map.world_size())) {
  std::vector<bool> is_lost(static_cast<std::size_t>(map.world_size()));
  for (const int rank : lost) is_lost[static_cast<std::size_t>(rank)] = true;
  for (std::size_t kind = 0; kind < StateMap::key_kinds; ++kind) {
    processes_[kind].resize(static_cast<std::size_t>(map.keys(kind)));
    for (int rank = 0; rank < map.world_size(); ++rank) {
      if (!map.contains(rank) || is_lost[static_cast<std::size_t>(rank)]) continue;
      processes_[kind][static_cast<std::size_t>(map.key_of(kind, rank))].push_back(rank);
    }
  }
}

int Holders::list_of(std::size_t kind, std::vector<int> keys) {
  std::sort(keys.begin(), keys.end());
  const auto [place, is_new] = numbers_.try_emplace({kind, std::move(keys)}, none);
  if (!is_new) return place->second;
  List list;
  for (const int key : place->first.second) {
    const std::vector<int>& processes = processes_[kind][static_cast<std::size_t>(key)];
    list.processes.insert(list.processes.end(), processes.begin(), processes.end());
  }
  if (list.processes.empty()) return none;
  std::sort(list.processes.begin(), list.processes.end());
  lists_.push_back(std::move(list));
  return place->second = static_cast<int>(lists_.size()) - 1;
}

bool Holders::holds(int list, int process) const {
  const std::vector<int>& processes = lists_[static_cast<std::size_t>(list)].processes;
  return std::binary_search(processes.begin(), processes.end(), process);
}

std::uint64_t Holders::domain_of(int process, std::size_t level) const {
  const int domain = places_->cluster.domain_of(places_->placement.slot_of(process), level);
  return (std::uint64_t{level} << 32U) + static_cast<std::uint64_t>(domain);
}

void Holders::fill_heaps(List& list) const {
  for (const int process : list.processes) {
    // The bytes are found to be out of date when the process is on top. Ascending pairs are a heap.
    list.all.emplace_back(0, process);
    if (places_ == nullptr) continue;
    for (std::size_t level = 0; level + 1 < places_->cluster.level_count(); ++level)
      list.domains[domain_of(process, level)].emplace_back(0, process);
  }
}

Holders::Heap& Holders::nearest(List& list, int process) const {
  if (places_ != nullptr) {
    for (std::size_t level = places_->cluster.level_count() - 1; level-- > 0;) {
      const auto found = list.domains.find(domain_of(process, level));
      if (found != list.domains.end()) return found->second;
    }
  }
  return list.all;
}

int Holders::choose(int number, int process, std::int64_t bytes) {
  List& list = lists_[static_cast<std::size_t>(number)];
  int chosen = list.processes.front();
  if (list.processes.size() > 1) {
    if (list.all.empty()) fill_heaps(list);
    Heap& heap = nearest(list, process);
    const auto refresh = [&](std::int64_t more) {
      std::pop_heap(heap.begin(), heap.end(), std::greater<>());
      heap.back().first = sent_[static_cast<std::size_t>(heap.back().second)] + more;
      std::push_heap(heap.begin(), heap.end(), std::greater<>());
    };
    while (heap.front().first != sent_[static_cast<std::size_t>(heap.front().second)]) refresh(0);
    chosen = heap.front().second;
    refresh(bytes);
  }
  sent_[static_cast<std::size_t>(chosen)] += bytes;
  return chosen;
}

}  // namespace rankmesh
