// Layouts of conventions that are tables: --convention NAME or --convention-file FILE, with --sizes.

#include <algorithm>
#include <utility>

#include "rankmesh/files/convention.hpp"
#include "rankmesh/options/config_options.hpp"
#include "rankmesh/topology/convention_table.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// Reads `tp=4,pp=2`. A value of null is not given.
void read_sizes(const std::string& text, ConventionValues& values, Problems& problems) {
  for (const std::string_view part : split_text(text, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      problems.push_back("--sizes: \"" + std::string(part) + "\" is not NAME=VALUE");
      continue;
    }
    const std::string name(part.substr(0, equals));
    const std::string_view value = part.substr(equals + 1);
    if (value == "null") continue;
    if (!values.sizes.emplace(name, value).second) problems.push_back("--sizes: " + name + " is given twice");
  }
}

/// Makes the layout of a table, or adds what is wrong with the sizes.
void make_layout(const ConventionTable& table, const ConventionValues& values, OptionReading& reading) {
  try {
    reading.config = layout_of(table, values);
    for (const ConventionTable::Kind& kind : table.kinds) {
      if (!kind.listed_as.empty()) reading.listed_as[kind.name] = kind.listed_as;
    }
  } catch (const ConfigError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      reading.diagnostics.push_back(diagnostic);
      const std::string option = option_of_field(diagnostic.field);
      const bool is_size =
          option.empty() || std::any_of(table.sizes.begin(), table.sizes.end(),
                                        [&](const auto& size) { return size.name == diagnostic.field; });
      reading.messages.push_back((is_size ? "--sizes" : option) + ": " + diagnostic.message());
    }
  }
}

}  // namespace

std::optional<ConventionTable> ConfigOptions::table_of_options(Problems& problems) const {
  const std::vector<std::string> names = option_of("convention").words();
  const ConventionTable* shipped = names.size() == 1 ? find_convention_table(names.front()) : nullptr;
  if (const auto path = value_of(convention_file_, problems)) {
    if (!names.empty())
      problems.emplace_back("--convention-file: is a convention itself; leave out --convention");
    try {
      return files::load_convention(*path);
    } catch (const files::FileError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) problems.push_back(diagnostic.message());
      return std::nullopt;
    }
  }
  if (shipped != nullptr) return *shipped;
  if (problems.empty()) {
    problems.push_back("--sizes: needs a convention that is a table: --convention " +
                       joined(convention_tables(), ", ", &ConventionTable::name) +
                       ", or --convention-file FILE");
  }
  return std::nullopt;
}

bool ConfigOptions::read_table(std::optional<std::int64_t> default_world_size, OptionReading& reading) const {
  const std::vector<std::string> names = option_of("convention").words();
  const bool is_shipped = names.size() == 1 && find_convention_table(names.front()) != nullptr;
  if (!is_shipped && convention_file_.count() == 0 && sizes_.count() == 0) return false;

  Problems problems;
  const std::optional<ConventionTable> table = table_of_options(problems);
  reading.config.convention = Convention::mesh;
  ConventionValues values;
  reading.unreadable.emplace_back("world_size");
  const auto world_size = number_of(option_of("world_size"), {.max = max_ranks}, problems);
  if (!world_size && !default_world_size && option_of("world_size").count() == 0)
    problems.emplace_back("--world-size: world_size is missing: give --world-size N");
  values.world_size = world_size.value_or(default_world_size.value_or(1));
  reading.config.world_size = values.world_size;
  if (world_size || default_world_size) reading.unreadable.clear();
  values.rank_offset = number_of(option_of("rank_offset"), {.min = 0}, problems).value_or(0);
  values.job_size = number_of(option_of("job_size"), {}, problems);
  if (layout_.count() > 0)
    problems.emplace_back("--layout: a file has a convention of its own; leave out one of both");
  if (table) {
    refuse_others({"convention", "world_size", "rank_offset", "job_size"},
                  "means nothing in the convention " + table->name + "; its sizes are given as --sizes " +
                      joined(table->sizes, ",", [](const auto& size) { return size.name + "=..."; }),
                  problems);
  }
  if (const auto sizes = value_of(sizes_, problems)) read_sizes(*sizes, values, problems);
  if (problems.empty()) make_layout(*table, values, reading);
  // Without a field, so that nothing is taken from the configuration.
  for (const std::string& problem : problems) reading.diagnostics.push_back({.rule = problem});
  reading.messages.insert(reading.messages.end(), problems.begin(), problems.end());
  return true;
}

void ConfigOptions::refuse_others(std::initializer_list<std::string_view> allowed, const std::string& rule,
                                  Problems& problems) const {
  for (const auto& [field, option] : options_) {
    if (option->count() == 0 || std::find(allowed.begin(), allowed.end(), field) != allowed.end()) continue;
    problems.push_back(option->name() + ": " + rule);
  }
}

}  // namespace rankmesh::cli
