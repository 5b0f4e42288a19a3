// For a build without yaml-cpp.

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/yaml.hpp"

namespace rankmesh::files {

bool can_read_yaml() noexcept {
  return false;
}

Yaml read_yaml(std::string_view, std::string_view source) {
  throw FileError(
      {.source = std::string(source)},
      "cannot be read: this program was built without a reader of YAML files; build it where yaml-cpp is "
      "installed (libyaml-cpp-dev)");
}

}  // namespace rankmesh::files
