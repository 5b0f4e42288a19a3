// Prints the table of keys of docs/files.md from the library's table of fields.

#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

#include "rankmesh/options/config_options.hpp"
#include "rankmesh/topology/config_values.hpp"

using namespace rankmesh;

namespace {

std::string value_text(const FieldDescription& field) {
  switch (field.type) {
    case FieldType::number:
      return "number";
    case FieldType::flag:
      return "`true` or `false`";
    case FieldType::text:
      return "string";
    case FieldType::numbers:
      return "array of numbers";
    case FieldType::meshes:
      return "array of strings, `\"tp=2,dp=4\"`";
    case FieldType::kinds:
      return "array of strings, `\"zero:dp+tp\"`";
    case FieldType::choice:
      break;
  }
  std::string text;
  for (const FieldChoice& choice : field.choices) {
    text.append(text.empty() ? "" : ", ").append("`\"").append(choice.word).append("\"`");
  }
  return text;
}

}  // namespace

int main() {
  const std::vector<FieldDescription> fields = describe_fields();
  const std::vector<FieldText> defaults = field_texts({});
  std::cout << "| key | value | default | option |\n| --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string option = cli::option_of_field(fields[i].field);
    std::cout << "| `" << fields[i].field << "` | " << value_text(fields[i]) << " | "
              << (fields[i].is_required ? "required" : defaults[i].value) << " | "
              << (option.empty() ? "" : "`" + option + "`") << " |\n";
  }
}
