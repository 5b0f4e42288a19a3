// The value of one field: as text, as typed data, and read from text.

#include "config/config_fields.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

using Config = ParallelConfig;

/// Separates meshes in texts.
constexpr char next_mesh = '/';

struct Write {
  const Config& config;

  std::string operator()(std::int64_t Config::*member) const { return std::to_string(config.*member); }
  std::string operator()(std::optional<std::int64_t> Config::*member) const {
    return config.*member ? std::to_string(*(config.*member)) : "none";
  }
  std::string operator()(bool Config::*member) const { return config.*member ? "true" : "false"; }
  std::string operator()(std::string Config::*member) const { return config.*member; }
  std::string operator()(std::vector<std::int64_t> Config::*member) const {
    std::vector<std::string> numbers;
    for (const std::int64_t number : config.*member) numbers.push_back(std::to_string(number));
    return list(numbers, ",");
  }
  std::string operator()(std::vector<std::vector<Axis>> Config::*member) const {
    std::vector<std::string> meshes;
    for (const std::vector<Axis>& axes : config.*member) meshes.push_back(to_string(axes));
    return list(meshes, std::string_view(&next_mesh, 1));
  }
  std::string operator()(std::vector<KindSpec> Config::*member) const {
    std::vector<std::string> kinds;
    for (const KindSpec& kind : config.*member) kinds.push_back(to_string(kind));
    return list(kinds, ",");
  }
  template <typename Choice>
  std::string operator()(const ChoiceField<Choice>& choice) const {
    for (const auto& named : choice.values) {
      if (config.*choice.member == named.value) return std::string(named.word);
    }
    return "unknown";
  }

 private:
  static std::string list(const std::vector<std::string>& texts, std::string_view separator) {
    return texts.empty() ? "none" : joined(texts, separator);
  }
};

struct GetData {
  const Config& config;

  FieldValue::Data operator()(std::int64_t Config::*member) const { return config.*member; }
  FieldValue::Data operator()(std::optional<std::int64_t> Config::*member) const {
    return config.*member ? FieldValue::Data(*(config.*member)) : std::monostate();
  }
  FieldValue::Data operator()(bool Config::*member) const { return config.*member; }
  FieldValue::Data operator()(std::vector<std::int64_t> Config::*member) const { return config.*member; }
  template <typename T>
  FieldValue::Data operator()(std::vector<T> Config::*member) const {
    return (config.*member).empty() ? FieldValue::Data() : Write{config}(member);
  }
  FieldValue::Data operator()(std::string Config::*member) const { return config.*member; }
  template <typename Choice>
  FieldValue::Data operator()(const ChoiceField<Choice>& choice) const {
    return Write{config}(choice);
  }
};

/// Reads the value of a field; returns the rule that the text breaks, empty if none.
struct Read {
  Config& config;
  std::optional<std::string_view> value;

  std::string operator()(std::int64_t Config::*member) const { return number_into(config.*member); }
  std::string operator()(std::optional<std::int64_t> Config::*member) const {
    std::int64_t number = 0;
    std::string rule = number_into(number);
    if (rule.empty()) (config.*member).emplace(number);
    return rule;
  }
  std::string operator()(bool Config::*member) const {
    if (value) return "takes no value: write the word alone";
    config.*member = true;
    return "";
  }
  std::string operator()(std::string Config::*member) const {
    if (!value || value->empty()) return "has no value";
    config.*member = *value;
    return "";
  }
  std::string operator()(std::vector<std::int64_t> Config::*member) const {
    std::vector<std::int64_t> numbers;
    for (const std::string_view part : split_text(value.value_or(""), ',')) {
      if (const std::string rule = read_number(part, numbers.emplace_back()); !rule.empty()) {
        return "is no list of whole numbers with commas between them: \"" + std::string(part) + "\" " + rule;
      }
    }
    config.*member = std::move(numbers);
    return "";
  }
  std::string operator()(std::vector<std::vector<Axis>> Config::*member) const {
    return parts_into<std::vector<Axis>>(config.*member, next_mesh,
                                         [](std::string_view text) { return parse_axes(text); });
  }
  std::string operator()(std::vector<KindSpec> Config::*member) const {
    return parts_into<KindSpec>(config.*member, ',', [](std::string_view text) { return parse_kind(text); });
  }
  template <typename Choice>
  std::string operator()(const ChoiceField<Choice>& choice) const {
    std::vector<std::string> words;
    for (const auto& named : choice.values) {
      words.emplace_back(named.word);
      if (value != named.word) continue;
      config.*choice.member = named.value;
      return "";
    }
    return (words.size() == 2 ? "is neither " + joined(words, " nor ")
                              : "is none of " + joined(words, ", ")) +
           did_you_mean(closest_matches(value.value_or(""), words));
  }

 private:
  std::string number_into(std::int64_t& number) const { return read_number(value.value_or(""), number); }

  template <typename Part, typename Parse>
  std::string parts_into(std::vector<Part>& parts, char separator, Parse parse) const {
    if (!value || value->empty()) return "has no value";
    std::vector<Part> read;
    std::vector<std::string> problems;
    for (const std::string_view part : split_outside_brackets(*value, separator)) {
      try {
        read.push_back(parse(part));
      } catch (const ConfigError& error) {
        for (const Diagnostic& diagnostic : error.diagnostics()) problems.push_back(diagnostic.message());
      }
    }
    if (!problems.empty()) return "cannot be read: " + joined(problems, "; ");
    parts = std::move(read);
    return "";
  }
};

}  // namespace

std::string value_text(const ConfigField& field, const ParallelConfig& config) {
  return std::visit(Write{config}, field.access);
}

FieldValue::Data value_data(const ConfigField& field, const ParallelConfig& config) {
  return std::visit(GetData{config}, field.access);
}

std::string read_value(const ConfigField& field, std::optional<std::string_view> text,
                       ParallelConfig& config) {
  return std::visit(Read{config, text}, field.access);
}

}  // namespace rankmesh
