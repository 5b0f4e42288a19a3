#pragma once

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::tests {

/// Keeps the keys of an object in the order of the file: the order of creation is part of what is expected.
using Json = nlohmann::ordered_json;

/// A file of tests/vectors; the program is compiled with the folder's path in RANKMESH_VECTORS.
inline Json read_vectors(const std::string& file) {
  const std::string path = std::string(RANKMESH_VECTORS) + "/" + file;
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot open " + path);
  return Json::parse(in);
}

/// The `config` of a case in reference.json. A key that is not understood is an error, not ignored.
inline ParallelConfig read_vector_config(const Json& json) {
  ParallelConfig config;
  for (const auto& [key, value] : json.items()) {
    if (key == "world_size") {
      value.get_to(config.world_size);
    } else if (key == "tensor") {
      value.get_to(config.tensor);
    } else if (key == "pipeline") {
      value.get_to(config.pipeline);
    } else if (key == "sequence") {
      value.get_to(config.sequence);
    } else if (key == "fp8") {
      value.get_to(config.fp8);
    } else if (key == "distributed_optimizer") {
      value.get_to(config.distributed_optimizer);
    } else if (key == "split_rank") {
      config.split_rank = value.get<std::int64_t>();
    } else if (key == "virtual_pipeline") {
      config.virtual_pipeline = value.get<std::int64_t>();
    } else {
      throw std::runtime_error("unknown key in a configuration: " + key);
    }
  }
  return config;
}

}  // namespace rankmesh::tests
