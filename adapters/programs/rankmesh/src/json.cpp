#include "json.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh::cli {
namespace {

/// A field's text as what it means: a number, a flag, nothing, or a word.
nlohmann::ordered_json value_json(const std::string& text) {
  if (text == "none") return nullptr;
  if (text == "true" || text == "false") return text == "true";
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end) return number;
  return text;
}

}  // namespace

std::string config_json(const ParallelConfig& config) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const FieldText& field : fields_of_convention(config)) json[field.field] = value_json(field.value);
  // Lists are lists, of one number too.
  for (const auto& [name, list] :
       {std::pair("hierarchical_context", &config.hierarchical_context),
        std::pair("embedding_stages", &config.embedding_stages),
        std::pair("position_embedding_stages", &config.position_embedding_stages)}) {
    if (json.contains(name)) json[name] = *list;
  }
  return json.dump();
}

void put_group_json(Writer& out, const GroupFamily& family, int group) {
  char separator = '[';
  family.group(group).for_each([&](int rank) {
    out.put(separator);
    out.number(rank);
    separator = ',';
  });
  out.put(']');
}

}  // namespace rankmesh::cli
