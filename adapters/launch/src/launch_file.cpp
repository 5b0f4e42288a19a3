#include "rankmesh/launch/launch_file.hpp"

#include <algorithm>

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/file_text.hpp"
#include "reading.hpp"
#include "settings.hpp"
#include "systems.hpp"

namespace rankmesh::launch {
namespace {

/// What is compared of two commands of a script.
bool same_layout(const LaunchFile& a, const LaunchFile& b) {
  return a.system == b.system && a.sizes == b.sizes;
}

LaunchFile read_with(const System& system, const Settings& settings, const Known& known) {
  LaunchFile file{.system = std::string(system.name), .format = std::string(system.title)};
  Reading reading(settings, known, file);
  system.read(reading, system.name);
  if (!file.diagnostics.empty()) file.config.reset();
  return file;
}

const System* system_of(const Settings& settings) {
  const auto& systems = settings.syntax == Syntax::shell ? systems_of_commands() : systems_of_files();
  const auto found = std::find_if(systems.begin(), systems.end(),
                                  [&](const System& system) { return system.is_of(settings); });
  return found == systems.end() ? nullptr : &*found;
}

LaunchFile unknown(const std::string& source) {
  LaunchFile file;
  file.diagnostics.push_back(
      {.rule = "has no layout that is known: no flags or keys of Megatron, NeMo, torchtitan, DeepSpeed, "
               "accelerate, vLLM, SGLang or TensorRT-LLM",
       .place = SourcePlace{.source = source}});
  return file;
}

LaunchFile read_all(std::string_view text, const std::string& source, const Known& known) {
  std::optional<LaunchFile> result;
  int line = 0;
  for (const Settings& settings : settings_of(text, source)) {
    const System* system = system_of(settings);
    if (system == nullptr) continue;
    LaunchFile file = read_with(*system, settings, known);
    if (!result) {
      result = std::move(file);
      line = settings.line;
      continue;
    }
    if (same_layout(*result, file) || file.system != result->system) continue;
    result->diagnostics.push_back(
        {.rule = "has another layout than the command in line " + std::to_string(line) +
                 ": keep one of them in the text",
         .place = SourcePlace{.source = source, .line = settings.line, .column = 1}});
    result->config.reset();
  }
  return result ? std::move(*result) : unknown(source);
}

}  // namespace

LaunchFile read(std::string_view text, std::string source, const Known& known) {
  try {
    LaunchFile file = read_all(text, source, known);
    sort_by_place(file.diagnostics);
    return file;
  } catch (const files::FileError& error) {
    LaunchFile file;
    file.diagnostics.assign(error.diagnostics().begin(), error.diagnostics().end());
    for (Diagnostic& diagnostic : file.diagnostics) {
      if (diagnostic.place && diagnostic.place->source.empty()) diagnostic.place->source = source;
    }
    return file;
  }
}

LaunchFile read_file(const std::filesystem::path& path, const Known& known) {
  try {
    return read(files::file_text(path.string()), files::source_name(path.string()), known);
  } catch (const files::FileError& error) {
    LaunchFile file;
    file.diagnostics.assign(error.diagnostics().begin(), error.diagnostics().end());
    return file;
  }
}

bool is_flags(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  return begin != std::string_view::npos && text.substr(begin).starts_with("--");
}

bool is_layout_flag(std::string_view word) {
  return word.starts_with("--") && is_megatron_key(canonical(word));
}

}  // namespace rankmesh::launch
