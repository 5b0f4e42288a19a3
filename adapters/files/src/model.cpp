#include "rankmesh/files/model.hpp"

#include "model_reader.hpp"
#include "rankmesh/files/file_text.hpp"

namespace rankmesh::files {

ModelReading parse_model(std::string_view text, const std::string& source) {
  ModelReading reading;
  try {
    require_size(text, source);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool is_json = first != std::string_view::npos && text[first] == '{';
    (is_json ? read_model_json : read_model_toml)(text, source, reading);
  } catch (const FileError& error) {
    reading.diagnostics.assign(error.diagnostics().begin(), error.diagnostics().end());
  }
  if (reading.diagnostics.empty()) reading.diagnostics = planner::check(reading.model);
  for (Diagnostic& diagnostic : reading.diagnostics) {
    if (!diagnostic.place) diagnostic.place = SourcePlace{.source = source};
  }
  return reading;
}

ModelReading parse_model_file(const std::string& path) {
  const std::string source = source_name(path);
  try {
    return parse_model(file_text(path), source);
  } catch (const FileError& error) {
    return {.diagnostics = {error.diagnostics().begin(), error.diagnostics().end()}};
  }
}

}  // namespace rankmesh::files
