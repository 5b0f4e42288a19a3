#include "options_file.hpp"

#include "rankmesh/nccl/options_file.hpp"

namespace rankmesh::bringup {

nccl::KindOptionsMap read_options_file(const std::string& path, const Topology& topology) {
  return nccl::load_kind_options(path, topology);
}

}  // namespace rankmesh::bringup
