// Files of other systems with what must come out of them.

#include "support/vectors.hpp"
#include "messages.hpp"
#include "rankmesh/launch/launch_file.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using rankmesh::Topology;
using rankmesh::launch::Known;
using rankmesh::launch::LaunchFile;
using rankmesh::launch::NamedSize;
using rankmesh::launch::read_file;
using rankmesh::tests::Json;
using rankmesh::tests::messages;
using rankmesh::tests::read_vectors;

namespace {

Json as_json(const std::optional<std::int64_t>& number) {
  return number ? Json(*number) : Json(nullptr);
}

std::map<std::string, Json> by_name(const std::vector<NamedSize>& sizes) {
  std::map<std::string, Json> result;
  for (const NamedSize& size : sizes) result[size.name] = as_json(size.size);
  return result;
}

std::map<std::string, Json> by_name(const Json& sizes) {
  std::map<std::string, Json> result;
  for (const auto& [name, size] : sizes.items()) result[name] = size;
  return result;
}

/// The parts of each chunk in one text.
std::vector<std::vector<std::string>> texts_of(const Json& stages) {
  std::vector<std::vector<std::string>> result;
  for (const Json& stage : stages) {
    auto& chunks = result.emplace_back();
    for (const Json& chunk : stage) {
      std::string& text = chunks.emplace_back();
      for (const Json& part : chunk) text += part.get<std::string>();
    }
  }
  return result;
}

/// A word of the message about a wrong size.
std::string word_of(const std::string& field) {
  const std::map<std::string, std::string> words{{"tp", "tensor"},
                                                 {"pp", "pipeline"},
                                                 {"cp", "context"},
                                                 {"dp_shard", "shard"},
                                                 {"dp_replicate", "dp_replicate"},
                                                 {"layers", "num_layers"},
                                                 {"world_size", "world_size"}};
  return words.contains(field) ? words.at(field) : field;
}

LaunchFile read(const Json& expected, const Known& known) {
  return read_file(std::string(RANKMESH_VECTORS) + "/launch/" + expected["file"].get<std::string>(), known);
}

}  // namespace

TEST_CASE("files of other systems give their sizes") {
  const Json all = read_vectors("launch/expected.json");
  REQUIRE(all.size() >= 20);
  for (const Json& expected : all) {
    // The heads of a model are not in the file.
    Known known;
    if (expected.contains("heads")) known.heads = expected["heads"].get<std::int64_t>();
    const LaunchFile file = read(expected, known);
    INFO(expected["file"].get<std::string>() << ": " << messages(file));
    CHECK(file.system == expected["system"].get<std::string>());
    CHECK(as_json(file.world_size) == expected["world_size"]);
    CHECK(by_name(file.sizes) == by_name(expected["sizes"]));
    CHECK(std::set<std::string>(file.stated.begin(), file.stated.end()) ==
          expected["stated"].get<std::set<std::string>>());
    CHECK(as_json(file.layers) == expected["layers"]);
    CHECK(as_json(file.micro_batch) == expected["micro_batch"]);
    CHECK(as_json(file.global_batch) == expected["global_batch"]);
    CHECK((file.order.empty() ? Json(nullptr) : Json(file.order)) == expected["order"]);
    if (expected.contains("layers_per_stage"))
      CHECK(Json(file.layers_per_stage) == expected["layers_per_stage"]);
    if (expected.contains("stages")) CHECK(file.stages == texts_of(expected["stages"]));
    if (expected.contains("generation")) CHECK(by_name(file.generation) == by_name(expected["generation"]));
    CHECK(file.diagnostics.empty() == expected["valid"].get<bool>());
    CHECK(file.config.has_value() == (file.diagnostics.empty() && file.world_size));
    if (file.config) CHECK(Topology(*file.config).layout_size() >= 1);
    if (!expected.contains("fault_fields")) continue;
    for (const Json& field : expected["fault_fields"]) {
      CHECK(messages(file).find(word_of(field.get<std::string>())) != std::string::npos);
    }
  }
}

TEST_CASE("a world size fills in what files leave open") {
  for (const Json& expected : read_vectors("launch/expected.json")) {
    if (!expected.contains("resolved_for_world")) continue;
    for (const auto& [world, sizes] : expected["resolved_for_world"].items()) {
      const LaunchFile file = read(expected, {.world_size = std::stoll(world)});
      INFO(expected["file"].get<std::string>() << " with " << world << " ranks: " << messages(file));
      REQUIRE(file.config);
      CHECK(file.config->world_size == std::stoll(world));
      for (const auto& [name, size] : sizes.items()) {
        if (name != "global_batch") CHECK(by_name(file.sizes)[name] == size);
      }
    }
  }
}
