#include "counts.hpp"

namespace rankmesh::bench {

std::optional<Counts> counts() {
  return std::nullopt;
}

}  // namespace rankmesh::bench
