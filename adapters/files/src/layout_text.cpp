#include "rankmesh/files/layout.hpp"
#include "rankmesh/files/toml.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

/// An array of TOML with the elements of a list in the one-line form.
std::string array(std::string_view text, char separator, bool are_texts) {
  return "[" +
         joined(split_outside_brackets(text, separator), ", ",
                [&](std::string_view part) { return are_texts ? toml_text(part) : std::string(part); }) +
         "]";
}

std::string toml_value(FieldType type, const std::string& text) {
  switch (type) {
    case FieldType::number:
    case FieldType::flag:
      return text;
    case FieldType::text:
    case FieldType::choice:
      return toml_text(text);
    case FieldType::numbers:
      return array(text, ',', false);
    case FieldType::meshes:
      return array(text, '/', true);
    case FieldType::kinds:
      return array(text, ',', true);
  }
  return text;
}

}  // namespace

std::string toml_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string to_toml(const ParallelConfig& config) {
  const std::vector<FieldText> values = field_texts(config);
  const std::vector<FieldText> defaults = field_texts(ParallelConfig{});
  const std::vector<FieldDescription> fields = describe_fields();
  std::string text;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (values[i] == defaults[i] && fields[i].field != "world_size") continue;
    text.append(values[i].field).append(" = ").append(toml_value(fields[i].type, values[i].value)) += '\n';
  }
  return text;
}

}  // namespace rankmesh::files
