#include "rankmesh/topology/config_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <variant>

namespace rankmesh {
namespace {

using Config = ParallelConfig;

/// A field with two named values, the default first.
template <typename Rule>
struct RuleField {
  Rule Config::*member;
  std::array<std::pair<std::string_view, Rule>, 2> values;
};

using Field = std::variant<std::int64_t Config::*, std::optional<std::int64_t> Config::*, bool Config::*,
                           RuleField<AmaxRule>, RuleField<VirtualPipelineRule>>;

/// How one field is called, here and in the struct.
struct Word {
  std::string_view word;
  std::string_view field;
  Field access;
};

constexpr std::array<Word, 10> words{{
    {"world", "world_size", &Config::world_size},
    {"tp", "tensor", &Config::tensor},
    {"pp", "pipeline", &Config::pipeline},
    {"sp", "sequence", &Config::sequence},
    {"vpp", "virtual_pipeline", &Config::virtual_pipeline},
    {"split-rank", "split_rank", &Config::split_rank},
    {"fp8", "fp8", &Config::fp8},
    {"distributed-optimizer", "distributed_optimizer", &Config::distributed_optimizer},
    {"amax-rule", "amax_rule",
     RuleField<AmaxRule>{
         &Config::amax_rule,
         {{{"reference", AmaxRule::reference_blocks}, {"product", AmaxRule::data_tensor_product}}}}},
    {"vpp-rule", "virtual_pipeline_rule",
     RuleField<VirtualPipelineRule>{
         &Config::virtual_pipeline_rule,
         {{{"reference", VirtualPipelineRule::reference}, {"megatron", VirtualPipelineRule::megatron}}}}},
}};

/// The value of a field as text.
struct Write {
  const Config& config;

  std::string operator()(std::int64_t Config::*member) const { return std::to_string(config.*member); }
  std::string operator()(std::optional<std::int64_t> Config::*member) const {
    return config.*member ? std::to_string(*(config.*member)) : "none";
  }
  std::string operator()(bool Config::*member) const { return config.*member ? "true" : "false"; }
  template <typename Rule>
  std::string operator()(const RuleField<Rule>& rule) const {
    const auto& [usual, other] = rule.values;
    return std::string(config.*rule.member == usual.second ? usual.first : other.first);
  }
};

/// Stores the value of a field; returns the rule that the value breaks, empty if none.
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
  template <typename Rule>
  std::string operator()(const RuleField<Rule>& rule) const {
    for (const auto& [text, meaning] : rule.values) {
      if (value != text) continue;
      config.*rule.member = meaning;
      return "";
    }
    return "is neither " + std::string(rule.values[0].first) + " nor " + std::string(rule.values[1].first);
  }

 private:
  std::string number_into(std::int64_t& number) const {
    if (!value || value->empty()) return "has no value: a whole number is needed";
    const char* end = value->data() + value->size();
    std::int64_t read = 0;
    const auto [stop, error] = std::from_chars(value->data(), end, read);
    if (error == std::errc::result_out_of_range) return "is beyond 64 bits";
    if (error != std::errc() || stop != end) return "is not a whole number";
    number = read;
    return "";
  }
};

std::string known_words() {
  std::string text;
  for (const Word& word : words) text.append(text.empty() ? "" : ", ").append(word.word);
  return text;
}

std::vector<std::string_view> split_words(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  std::vector<std::string_view> result;
  while (true) {
    const std::size_t begin = text.find_first_not_of(space);
    if (begin == std::string_view::npos) return result;
    text.remove_prefix(begin);
    result.push_back(text.substr(0, text.find_first_of(space)));
    text.remove_prefix(result.back().size());
  }
}

}  // namespace

std::string to_string(const ParallelConfig& config) {
  const ParallelConfig defaults;
  std::string text;
  for (const Word& word : words) {
    std::string value = std::visit(Write{config}, word.access);
    if (word.word != "world" && value == std::visit(Write{defaults}, word.access)) continue;
    text.append(text.empty() ? "" : " ").append(word.word);
    if (!std::holds_alternative<bool Config::*>(word.access)) text.append("=").append(value);
  }
  return text;
}

ConfigReading read_config(std::string_view text) {
  ConfigReading reading;
  std::vector<std::string_view> seen;
  for (const std::string_view item : split_words(text)) {
    const std::size_t equals = item.find('=');
    const std::string_view name = item.substr(0, equals);
    const auto value =
        equals == std::string_view::npos ? std::nullopt : std::optional(item.substr(equals + 1));
    const auto refuse = [&](std::string_view field, std::string rule) {
      reading.violations.push_back(
          {std::string(field), std::string(value.value_or("")), std::move(rule), {}});
    };
    const auto* word =
        std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.word == name; });
    if (word == words.end()) {
      refuse(name, "is no word of a configuration; known are " + known_words());
    } else if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      refuse(word->field, "is given twice");
    } else if (std::string rule = std::visit(Read{reading.config, value}, word->access); !rule.empty()) {
      refuse(word->field, std::move(rule));
    }
    seen.push_back(name);
  }
  if (std::find(seen.begin(), seen.end(), "world") == seen.end()) {
    reading.violations.push_back({.field = "world_size", .value = "", .rule = "is missing: write world=N"});
  }
  return reading;
}

ParallelConfig parse_config(std::string_view text) {
  ConfigReading reading = read_config(text);
  if (!reading.violations.empty()) throw ConfigError(std::move(reading.violations));
  return reading.config;
}

std::vector<FieldText> field_texts(const ParallelConfig& config) {
  std::vector<FieldText> result;
  for (const Word& word : words) {
    result.push_back({std::string(word.field), std::visit(Write{config}, word.access)});
  }
  return result;
}

}  // namespace rankmesh
