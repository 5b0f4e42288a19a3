#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "loggp.hpp"

namespace rankmesh::simulate {

/// Future events by time, as a binary heap. Events of the same time are taken in the order they were put in,
/// so every simulation gives the same result.
template <typename What>
class EventQueue {
 public:
  struct Event {
    Time at{};
    std::uint64_t number = 0;
    What what{};
  };

  void push(Time at, What what) {
    heap_.push_back({at, next_number_++, std::move(what)});
    std::push_heap(heap_.begin(), heap_.end(), is_later);
  }

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }

  /// Takes the next event. The queue must not be empty.
  [[nodiscard]] Event pop() {
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    return event;
  }

 private:
  [[nodiscard]] static bool is_later(const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.number > b.number;
  }

  std::vector<Event> heap_;
  std::uint64_t next_number_ = 0;
};

}  // namespace rankmesh::simulate
