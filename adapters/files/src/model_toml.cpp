#include <algorithm>

#include "model_reader.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/files/toml.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

using planner::ModelField;
using Sort = TomlValue::Sort;

class ModelReader {
 public:
  explicit ModelReader(ModelReading& reading) : reading_(reading) {}

  void read(const TomlEntry& entry) {
    if (entry.key == "name") {
      if (is(entry, Sort::text, "text in quotes is needed")) reading_.model.name = entry.value.text;
      return;
    }
    if (entry.key == "dense_layers") return read_dense_layers(entry);
    const auto fields = planner::model_fields();
    const auto field =
        std::find_if(fields.begin(), fields.end(), [&](const ModelField& f) { return f.name == entry.key; });
    if (field == fields.end()) return refuse_key(entry);
    given_.push_back(field->name);
    if (field->size != nullptr) {
      if (is(entry, Sort::number, "a whole number is needed, without quotes"))
        static_cast<void>(read_number(entry.value.text, reading_.model.*field->size));
    } else if (is(entry, Sort::boolean, "true or false is needed, without quotes")) {
      reading_.model.*field->flag = entry.value.text == "true";
    }
  }

  /// What a file must give, and what follows from it.
  void finish() {
    planner::ModelConfig& model = reading_.model;
    for (const std::string_view name : {"layers", "hidden", "vocabulary", "heads"}) {
      // A misspelt key may stand for it.
      const bool is_meant =
          std::any_of(reading_.diagnostics.begin(), reading_.diagnostics.end(), [&](const Diagnostic& d) {
            return std::find(d.suggestions.begin(), d.suggestions.end(), name) != d.suggestions.end();
          });
      if (is_given(name) || is_meant) continue;
      reading_.diagnostics.push_back(
          {.field = std::string(name), .rule = "is missing", .kind = Diagnostic::Kind::missing});
    }
    if (!is_given("kv_heads")) model.kv_heads = model.heads;
    if (!is_given("head_dim") && model.heads > 0) model.head_dim = model.hidden / model.heads;
  }

 private:
  [[nodiscard]] bool is_given(std::string_view name) const {
    return std::find(given_.begin(), given_.end(), name) != given_.end();
  }

  bool is(const TomlEntry& entry, Sort sort, std::string_view words) {
    return is(entry.key, entry.value, sort, words);
  }

  bool is(const std::string& key, const TomlValue& value, Sort sort, std::string_view words) {
    if (value.sort == sort) return true;
    reading_.diagnostics.push_back({.field = key,
                                    .value = value.sort == Sort::text ? in_quotes(value.text) : value.text,
                                    .rule = "is " + std::string(value.noun) + ": " + std::string(words),
                                    .place = value.place});
    return false;
  }

  void read_dense_layers(const TomlEntry& entry) {
    const std::string_view words = "an array of whole numbers is needed: [2, 4]";
    if (!is(entry, Sort::list, words)) return;
    for (const TomlValue& part : entry.value.parts) {
      std::int64_t layer = 0;
      if (is(entry.key, part, Sort::number, words) && read_number(part.text, layer).empty())
        reading_.model.dense_layers.push_back(layer);
    }
  }

  void refuse_key(const TomlEntry& entry) {
    std::vector<std::string> names{"name", "dense_layers"};
    for (const ModelField& field : planner::model_fields()) names.emplace_back(field.name);
    std::vector<std::string> close = closest_matches(entry.key, names);
    std::string rule = "is no key of a model";
    rule += close.empty() ? "; there are " + joined(names, ", ") : did_you_mean(close);
    reading_.diagnostics.push_back({.field = shown(entry.key),
                                    .rule = std::move(rule),
                                    .suggestions = std::move(close),
                                    .place = entry.place});
  }

  ModelReading& reading_;
  std::vector<std::string_view> given_;
};

}  // namespace

void read_model_toml(std::string_view text, const std::string& source, ModelReading& reading) {
  ModelReader reader(reading);
  for (const TomlEntry& entry : read_toml(text, source).entries) reader.read(entry);
  reader.finish();
}

}  // namespace rankmesh::files
