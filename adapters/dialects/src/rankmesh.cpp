#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/text.hpp"
#include "readers.hpp"

namespace rankmesh::dialects {
namespace {

bool has_world(std::string_view text) {
  for (const std::string_view word : split_words(text)) {
    if (word.starts_with("world=")) return true;
  }
  return false;
}

}  // namespace

ParallelConfig read_rankmesh(std::string_view text, WorldSize world_size) {
  if (world_size && !has_world(text)) {
    return parse_config("world=" + std::to_string(*world_size) + " " + std::string(text));
  }
  ConfigReading reading = read_config(text);
  if (reading.diagnostics.empty() && world_size && reading.config.world_size != *world_size) {
    reading.diagnostics.push_back(
        {"world_size",
         std::to_string(reading.config.world_size),
         "is not the world size that is given beside the text, " + std::to_string(*world_size),
         {}});
  }
  if (!reading.diagnostics.empty()) throw ConfigError(std::move(reading.diagnostics));
  return reading.config;
}

std::string write_rankmesh(const ParallelConfig& config) {
  return to_string(config);
}

}  // namespace rankmesh::dialects
