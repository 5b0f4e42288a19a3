#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "common_options.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/files/layout.hpp"
#include "rankmesh/options/job_options.hpp"
#include "rankmesh/options/layout_text.hpp"
#include "rankmesh/options/split_options.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "topology_task.hpp"

namespace rankmesh::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A file with its mistakes and warnings.
struct Verdict {
  std::string file;
  ConfigReading reading;
  std::vector<std::string> warnings;
};

/// The reading of a file, or of a layout on one line.
ConfigReading read_layout(const std::string& argument) {
  const bool is_text = argument.find('=') != std::string::npos || argument.starts_with("from:") ||
                       argument.starts_with("layout:") || argument.starts_with("--");
  if (!is_text || std::filesystem::exists(argument))
    return files::check_layout(files::parse_layout_file(argument));
  Problems problems;
  ConfigReading reading;
  const auto text = parse_layout_text("LAYOUT", argument, problems);
  if (text && text->form == LayoutText::Form::words && text->dialect == dialects::Dialect::rankmesh)
    return files::check_layout(words_as_file(text->text));
  if (const auto config = text ? read_layout_text("LAYOUT", *text, std::nullopt, problems) : std::nullopt)
    reading.config = *config;
  for (std::string& problem : problems) reading.diagnostics.push_back({.rule = std::move(problem)});
  return reading;
}

/// What is checked beside the layout itself.
struct Further {
  std::optional<int> gpus_per_node{};
  const ClusterOptions* cluster = nullptr;
  std::optional<LayerSplit> layers{};
  std::optional<JobSizes> job{};
};

/// What is wrong with the layers and the sizes of a job in a layout without mistakes.
void check_job(const Further& further, Verdict& verdict) {
  ParallelConfig& config = verdict.reading.config;
  std::vector<Diagnostic> found;
  if (further.layers) static_cast<void>(SplitOptions::apply(*further.layers, config, found));
  if (further.job) {
    const std::vector<Diagnostic> of_job = check_job_sizes(*further.job, config);
    found.insert(found.end(), of_job.begin(), of_job.end());
  }
  for (Diagnostic& diagnostic : found) diagnostic.place = SourcePlace{.source = verdict.file};
  verdict.reading.diagnostics = std::move(found);
}

Verdict verdict_on(const std::string& file, const Further& further) {
  Verdict verdict{file, read_layout(file), {}};
  if (verdict.reading.diagnostics.empty()) check_job(further, verdict);
  if (!verdict.reading.diagnostics.empty()) return verdict;
  const Topology topology(verdict.reading.config);
  Problems problems;
  const auto where = further.cluster->read(verdict.reading, further.gpus_per_node, problems);
  for (const std::string& problem : problems) {
    verdict.reading.diagnostics.push_back({.rule = problem, .place = SourcePlace{.source = file}});
  }
  verdict.warnings = all_warnings(topology, further.gpus_per_node, where);
  return verdict;
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json error_json(const std::string& file, const Diagnostic& diagnostic) {
  const SourcePlace place = diagnostic.place.value_or(SourcePlace{});
  const bool has_line = place.line > 0;
  Json suggestions = Json::array();
  for (const std::int64_t value : diagnostic.nearest) suggestions.push_back(value);
  for (const std::string& word : diagnostic.suggestions) suggestions.push_back(word);
  return {{"severity", "error"},
          {"file", file},
          {"line", has_line ? Json(place.line) : Json(nullptr)},
          {"column", has_line ? Json(place.column) : Json(nullptr)},
          {"field", text_or_null(diagnostic.field)},
          {"value", text_or_null(diagnostic.value)},
          {"message", diagnostic.text()},
          {"suggestions", suggestions}};
}

Json warning_json(const std::string& file, const std::string& warning) {
  return {{"severity", "warning"}, {"file", file},     {"line", nullptr},    {"column", nullptr},
          {"field", nullptr},      {"value", nullptr}, {"message", warning}, {"suggestions", Json::array()}};
}

int print_json(const std::vector<Verdict>& verdicts, bool is_strict, Writer& out) {
  std::string_view separator = "[";
  bool is_fine = true;
  const auto put = [&](const Json& json) {
    // A file may hold any bytes.
    out.put(fmt::format("{}{}", separator, json.dump(-1, ' ', false, Json::error_handler_t::replace)));
    separator = ",\n ";
  };
  for (const Verdict& verdict : verdicts) {
    is_fine = is_fine && verdict.reading.diagnostics.empty() && !(is_strict && !verdict.warnings.empty());
    for (const Diagnostic& diagnostic : verdict.reading.diagnostics)
      put(error_json(verdict.file, diagnostic));
    for (const std::string& warning : verdict.warnings) put(warning_json(verdict.file, warning));
  }
  out.put(separator == "[" ? "[]\n" : "]\n");
  return is_fine ? success : bad_input;
}

class CheckCommand : public RunnableCommand {
 public:
  CheckCommand()
      : RunnableCommand(
            {.name = "check",
             .summary = "Whether layout files are right, for scripts and CI",
             .examples = {"rankmesh check layout.toml",
                          "rankmesh check layouts/*.toml --gpus-per-node 8 --format json",
                          "rankmesh check layouts/*.toml --strict",
                          "rankmesh check layout.toml --layers 126 --global-batch 1024"},
             .exit_status =
                 "0 if every file is right, 2 if one is not, or with --strict if one has a warning. The "
                 "standard error then lists everything that is wrong with each file; with --format "
                 "json, the standard output does, as an array that has the warnings too."}),
        files_(add({.name = "FILE",
                    .description =
                        "a layout in TOML (docs/files.md), a layout on one line, or from:FILE, a launch "
                        "script (docs/launch_files.md)",
                    .heading = "Arguments",
                    .is_repeatable = true,
                    .takes_file = true,
                    .is_required = true})),
        gpus_per_node_(add_gpus_per_node(*this, "also warn of groups that cross nodes with N GPUs each")),
        cluster_(*this),
        split_(*this),
        job_(*this),
        strict_(add({.name = "--strict", .description = "a warning is a mistake too: exit with 2"})),
        format_(add_format(*this, {"text", "json"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const bool as_json = format_of(format_, problems) == Format::json;
    const bool is_strict = is_given(strict_, problems);
    const Further further{.gpus_per_node = gpus_per_node_of(gpus_per_node_, problems),
                          .cluster = &cluster_,
                          .layers = split_.read(problems),
                          .job = job_.read(problems)};
    const std::vector<std::string> names = values_of(files_, problems);
    if (!problems.empty()) return {};
    std::vector<Verdict> verdicts;
    verdicts.reserve(names.size());
    for (const std::string& name : names) verdicts.push_back(verdict_on(name, further));
    if (as_json) {
      return {.run = [=](Writer& out, Style) { return print_json(verdicts, is_strict, out); }};
    }
    Task task;
    for (const Verdict& verdict : verdicts) {
      for (const Diagnostic& diagnostic : verdict.reading.diagnostics)
        problems.push_back(diagnostic.message());
      for (const std::string& warning : verdict.warnings) {
        if (is_strict) {
          problems.push_back(verdict.file + ": " + warning + " (a warning, and --strict)");
        } else {
          task.warnings.push_back(verdict.file + ": " + warning);
        }
      }
    }
    task.run = [verdicts](Writer& out, Style) {
      for (const Verdict& verdict : verdicts) {
        out.put(fmt::format("{}: fine: {}\n", verdict.file, to_string(verdict.reading.config)));
      }
      return success;
    };
    return task;
  }

 private:
  const Option& files_;
  const Option& gpus_per_node_;
  ClusterOptions cluster_;
  SplitOptions split_;
  JobOptions job_;
  const Option& strict_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_check_command() {
  return std::make_unique<CheckCommand>();
}

}  // namespace rankmesh::cli
