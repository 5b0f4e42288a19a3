#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/files/layout.hpp"
#include "rankmesh/topology/config_text.hpp"

namespace rankmesh::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 2> formats{"text", "json"};

/// A file with all that there is to say of it.
struct Verdict {
  std::string file;
  files::LayoutReading reading;
  std::vector<std::string> warnings;
};

Verdict verdict_on(const std::string& file, std::optional<int> gpus_per_node) {
  Verdict verdict{file, files::check_layout(files::parse_layout_file(file)), {}};
  if (!verdict.reading.problems.empty()) return verdict;
  const Topology topology(verdict.reading.config);
  verdict.warnings = warnings(topology);
  if (gpus_per_node) {
    for (std::string& warning : placement_warnings(topology, *gpus_per_node)) {
      verdict.warnings.push_back(std::move(warning));
    }
  }
  return verdict;
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json problem_json(const files::LayoutProblem& problem) {
  const bool has_place = problem.line > 0;
  Json suggestions = Json::array();
  for (const std::int64_t value : problem.diagnostic.nearest) suggestions.push_back(value);
  for (const std::string& word : problem.suggestions) suggestions.push_back(word);
  return {{"severity", "error"},
          {"file", problem.source},
          {"line", has_place ? Json(problem.line) : Json(nullptr)},
          {"column", has_place ? Json(problem.column) : Json(nullptr)},
          {"field", text_or_null(problem.diagnostic.field)},
          {"value", text_or_null(problem.diagnostic.value)},
          {"message", problem.text()},
          {"suggestions", suggestions}};
}

Json warning_json(const std::string& file, const std::string& warning) {
  return {{"severity", "warning"}, {"file", file},     {"line", nullptr},    {"column", nullptr},
          {"field", nullptr},      {"value", nullptr}, {"message", warning}, {"suggestions", Json::array()}};
}

int print_json(const std::vector<Verdict>& verdicts, Writer& out) {
  std::string_view separator = "[";
  bool is_fine = true;
  const auto put = [&](const Json& json) {
    // A file may hold any bytes.
    out.put(fmt::format("{}{}", separator, json.dump(-1, ' ', false, Json::error_handler_t::replace)));
    separator = ",\n ";
  };
  for (const Verdict& verdict : verdicts) {
    is_fine = is_fine && verdict.reading.problems.empty();
    for (const files::LayoutProblem& problem : verdict.reading.problems) put(problem_json(problem));
    for (const std::string& warning : verdict.warnings) put(warning_json(verdict.file, warning));
  }
  out.put(separator == "[" ? "[]\n" : "]\n");
  return is_fine ? success : bad_input;
}

class CheckCommand : public Command {
 public:
  explicit CheckCommand(CLI::App& program)
      : Command(program, "check", "Whether layout files are right, for scripts and CI"),
        files_(add_values(
            app(),
            {.name = "FILE", .description = "layouts in TOML, see docs/files.md", .group = "Arguments"})),
        gpus_per_node_(add_gpus_per_node(app())),
        format_(add_format(app(), "text or json")) {
    gpus_per_node_->description("also warn of groups that cross nodes of so many GPUs");
    app().footer(
        "Examples\n"
        "  rankmesh check layout.toml\n"
        "  rankmesh check layouts/*.toml --gpus-per-node 8 --format json\n"
        "\n"
        "Exit status: 0 if every file is right, 2 if one is not: with all that is wrong with each, on the\n"
        "standard error, or with --format json as an array on the standard output, warnings included.");
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const bool as_json = format_of(*format_, formats, problems) == Format::json;
    const auto gpus_per_node = gpus_per_node_of(*gpus_per_node_, problems);
    const std::vector<std::string> names = values_of(*files_, problems);
    if (files_->count() == 0) problems.emplace_back("FILE is missing: rankmesh check layout.toml");
    if (!problems.empty()) return {};
    std::vector<Verdict> verdicts;
    verdicts.reserve(names.size());
    for (const std::string& name : names) verdicts.push_back(verdict_on(name, gpus_per_node));
    if (as_json) return {.run = [verdicts](Writer& out, Style) { return print_json(verdicts, out); }};
    Task task;
    for (const Verdict& verdict : verdicts) {
      for (const files::LayoutProblem& problem : verdict.reading.problems)
        problems.push_back(problem.message());
      for (const std::string& warning : verdict.warnings)
        task.warnings.push_back(verdict.file + ": " + warning);
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
  CLI::Option* files_;
  CLI::Option* gpus_per_node_;
  CLI::Option* format_;
};

}  // namespace

std::unique_ptr<Command> add_check_command(CLI::App& program) {
  return std::make_unique<CheckCommand>(program);
}

}  // namespace rankmesh::cli
