#include "rank_ranges.hpp"

namespace rankmesh::mpi {

std::vector<RankRange> ranges_of(const RankList& ranks) {
  std::vector<RankRange> ranges;
  bool has_stride = false;
  for (const int rank : ranks) {
    if (ranges.empty()) {
      ranges.push_back({rank, rank, 1});
      continue;
    }
    auto& [first, last, stride] = ranges.back();
    if (!has_stride && rank != last) {
      stride = rank - last;
      has_stride = true;
    }
    if (rank == last + stride) {
      last = rank;
    } else {
      ranges.push_back({rank, rank, 1});
      has_stride = false;
    }
  }
  return ranges;
}

}  // namespace rankmesh::mpi
