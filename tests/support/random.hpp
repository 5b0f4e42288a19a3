#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <utility>

namespace rankmesh::tests {

/// Numbers that are the same in every run and with every standard library, unlike the distributions of
/// <random>.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  /// 0 .. limit - 1
  int below(int limit) { return static_cast<int>(engine_() % static_cast<unsigned>(limit)); }

  /// One of some values.
  std::int64_t of(std::initializer_list<std::int64_t> values) {
    return values.begin()[below(static_cast<int>(values.size()))];
  }

  template <typename Items>
  void shuffle(Items& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[static_cast<std::size_t>(below(static_cast<int>(i)))]);
    }
  }

 private:
  std::mt19937 engine_;
};

}  // namespace rankmesh::tests
