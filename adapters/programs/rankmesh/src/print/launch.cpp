#include "print/launch.hpp"

#include <optional>
#include <vector>

#include "print/optional_json.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

using Json = nlohmann::ordered_json;

Json sizes_json(const std::vector<launch::NamedSize>& sizes) {
  Json json = Json::object();
  for (const launch::NamedSize& size : sizes) json[size.name] = optional_json(size.size);
  return json;
}

/// The parts of each chunk of each stage as letters.
Json stages_json(const std::vector<std::vector<std::string>>& stages) {
  Json json = Json::array();
  for (const std::vector<std::string>& chunks : stages) {
    Json stage = Json::array();
    for (const std::string& chunk : chunks) {
      Json parts = Json::array();
      for (const char part : chunk) parts.push_back(std::string(1, part));
      stage.push_back(std::move(parts));
    }
    json.push_back(std::move(stage));
  }
  return json.empty() ? Json(nullptr) : json;
}

std::string sizes_text(const std::vector<launch::NamedSize>& sizes) {
  return joined(sizes, " ", [](const launch::NamedSize& size) {
    return size.name + "=" + (size.size ? std::to_string(*size.size) : "?");
  });
}

}  // namespace

Json launch_json(const launch::LaunchFile& file) {
  return {{"system", file.system},
          {"format", file.format},
          {"world_size", optional_json(file.world_size)},
          {"sizes", sizes_json(file.sizes)},
          {"stated", file.stated},
          {"layers", optional_json(file.layers)},
          {"micro_batch", optional_json(file.micro_batch)},
          {"global_batch", optional_json(file.global_batch)},
          {"order", file.order.empty() ? Json(nullptr) : Json(file.order)},
          {"layers_per_stage", file.layers_per_stage.empty() ? Json(nullptr) : Json(file.layers_per_stage)},
          {"stages", stages_json(file.stages)},
          {"generation", file.generation.empty() ? Json(nullptr) : sizes_json(file.generation)}};
}

std::string launch_text(const launch::LaunchFile& file) {
  std::string text = "read as: " + file.format + "\nsizes: " + sizes_text(file.sizes);
  if (!file.order.empty()) text += ", ranks in the order " + file.order;
  text += "\n";
  std::vector<std::string> model;
  if (file.layers) model.push_back(counted(*file.layers, "layer"));
  if (file.micro_batch) model.push_back("micro batch " + std::to_string(*file.micro_batch));
  if (file.global_batch) model.push_back("global batch " + std::to_string(*file.global_batch));
  if (!model.empty()) text += "model: " + joined(model, ", ") + "\n";
  if (!file.layers_per_stage.empty() && file.layers_per_stage.size() <= 64)
    text += "layers of the stages: " + joined(file.layers_per_stage, " ") + "\n";
  if (!file.generation.empty()) text += "generation: " + sizes_text(file.generation) + "\n";
  return text;
}

}  // namespace rankmesh::cli
