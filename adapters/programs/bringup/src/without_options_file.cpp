// The reader of NCCL options files in a program that is built without yaml-cpp.

#include "options_file.hpp"
#include "rankmesh/topology/error.hpp"

namespace rankmesh::bringup {

nccl::KindOptionsMap read_options_file(const std::string& path, const Topology&) {
  throw Error(
      path + ": this program was built without a reader of YAML files; build it where yaml-cpp is installed");
}

}  // namespace rankmesh::bringup
