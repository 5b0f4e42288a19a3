#include "rankmesh/files/convention.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/files/toml.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

using Sort = TomlValue::Sort;

constexpr std::array<std::string_view, 6> keys{"name", "summary", "sizes", "rules", "meshes", "kinds"};

class ConventionReader {
 public:
  explicit ConventionReader(std::string source) : source_(std::move(source)) {}

  ConventionTable read(std::string_view toml) {
    for (const TomlEntry& entry : read_toml(toml, source_).entries) read(entry);
    if (diagnostics_.empty()) check_table();
    if (!diagnostics_.empty()) {
      sort_by_place(diagnostics_);
      throw FileError(std::move(diagnostics_));
    }
    return std::move(table_);
  }

 private:
  /// Where a row of the table is written, and its text.
  struct Row {
    std::string field;
    std::string text;
    SourcePlace place;
  };

  void refuse(const SourcePlace& place, std::string field, std::string value, Phrase rule) {
    diagnostics_.push_back(
        {.field = std::move(field), .value = std::move(value), .rule = std::move(rule), .place = place});
  }

  void read(const TomlEntry& entry) {
    if (entry.key == "name") return read_text(entry, table_.name);
    if (entry.key == "summary") return read_text(entry, table_.summary);
    if (entry.key == "sizes")
      return read_rows(entry, table_.sizes, parse_convention_size, &ConventionTable::Size::name);
    if (entry.key == "rules")
      return read_rows(entry, table_.rules, parse_convention_rule, &ConventionTable::Rule::size);
    if (entry.key == "kinds")
      return read_rows(entry, table_.kinds, parse_convention_kind, &ConventionTable::Kind::name);
    if (entry.key == "meshes") {
      for_each_text(entry, [&](const TomlValue& value) {
        table_.meshes.push_back(value.text);
        rows_.push_back({"meshes", value.text, value.place});
      });
      return;
    }
    const std::vector<std::string> known(keys.begin(), keys.end());
    const std::string meant = did_you_mean(closest_matches(entry.key, known));
    refuse(entry.place, shown(entry.key), "",
           "is no key of a convention" + (meant.empty() ? "; there are " + joined(known, ", ") : meant));
  }

  void read_text(const TomlEntry& entry, std::string& text) {
    if (entry.value.sort != Sort::text)
      return refuse(entry.value.place, entry.key, entry.value.text,
                    "is " + std::string(entry.value.noun) + ": text in quotes is needed");
    text = entry.value.text;
    rows_.push_back({entry.key, text, entry.value.place});
  }

  template <typename Use>
  void for_each_text(const TomlEntry& entry, Use use) {
    constexpr const char* needed = ": an array of texts is needed";
    if (entry.value.sort != Sort::list)
      return refuse(entry.value.place, entry.key, entry.value.text,
                    "is " + std::string(entry.value.noun) + needed);
    for (const TomlValue& value : entry.value.parts) {
      if (value.sort == Sort::text) {
        use(value);
      } else {
        refuse(value.place, entry.key, value.text, "is " + std::string(value.noun) + needed);
      }
    }
  }

  template <typename Entry, typename Parse>
  void read_rows(const TomlEntry& entry, std::vector<Entry>& rows, Parse parse, std::string Entry::*name) {
    for_each_text(entry, [&](const TomlValue& value) {
      try {
        rows.push_back(parse(value.text));
        rows_.push_back({entry.key + "." + rows.back().*name, value.text, value.place});
      } catch (const ConfigError& error) {
        for (const Diagnostic& diagnostic : error.diagnostics())
          refuse(value.place, entry.key, in_quotes(value.text), diagnostic.rule);
      }
    });
  }

  void check_table() {
    for (Diagnostic& diagnostic : check(table_)) {
      const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const Row& r) {
        return r.field == diagnostic.field && r.text.find(diagnostic.value) != std::string::npos;
      });
      diagnostic.place = row == rows_.end() ? SourcePlace{.source = source_} : row->place;
      diagnostics_.push_back(std::move(diagnostic));
    }
  }

  std::string source_;
  ConventionTable table_;
  std::vector<Row> rows_;
  std::vector<Diagnostic> diagnostics_;
};

template <typename Rows, typename Project>
void add_rows(std::string& text, const char* key, const Rows& rows, Project project) {
  if (rows.empty()) return;
  text += std::string(key) + " = [\n";
  for (const auto& row : rows) text += "  " + toml_text(project(row)) + ",\n";
  text += "]\n";
}

}  // namespace

ConventionTable parse_convention(std::string_view toml, const std::string& source) {
  return ConventionReader(source).read(toml);
}

ConventionTable load_convention(const std::filesystem::path& path) {
  return parse_convention(file_text(path.string()), source_name(path.string()));
}

std::string to_toml(const ConventionTable& table) {
  const auto as_text = [](const auto& row) { return to_string(row); };
  std::string text = "name = " + toml_text(table.name) + "\n";
  if (!table.summary.empty()) text += "summary = " + toml_text(table.summary) + "\n";
  add_rows(text, "sizes", table.sizes, as_text);
  add_rows(text, "rules", table.rules, as_text);
  add_rows(text, "meshes", table.meshes, std::identity());
  add_rows(text, "kinds", table.kinds, as_text);
  return text;
}

}  // namespace rankmesh::files
