// For a build without nlohmann-json.

#include "model_reader.hpp"

namespace rankmesh::files {

void read_model_json(std::string_view, const std::string& source, ModelReading&) {
  throw FileError({.source = source},
                  "cannot be read: this program was built without a reader of JSON files; build it where "
                  "nlohmann-json is "
                  "installed (nlohmann-json3-dev)");
}

}  // namespace rankmesh::files
