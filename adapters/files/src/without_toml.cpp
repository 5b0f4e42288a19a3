// For a build without toml++.

#include "rankmesh/files/layout.hpp"
#include "rankmesh/files/toml.hpp"

namespace rankmesh::files {

bool can_read_layouts() noexcept {
  return false;
}

Toml read_toml(std::string_view, std::string_view source) {
  throw FileError(
      {.source = std::string(source)},
      "cannot be read: this program was built without a reader of TOML files; build it where toml++ is "
      "installed (libtomlplusplus-dev)");
}

}  // namespace rankmesh::files
