#include "options_file.hpp"

#include "rankmesh/files/nccl_options.hpp"

namespace rankmesh::bringup {

nccl::KindOptionsMap read_options_file(const std::string& path, const Topology& topology) {
  return files::load_nccl_options(path, topology);
}

}  // namespace rankmesh::bringup
