#include "rankmesh/nccl/kind_options.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <limits>

namespace rankmesh::nccl {
namespace {

using Config = CommunicatorConfig;

/// An option and, for numbers, the values it can have.
struct Row {
  ConfigKey option;
  int least = 0;
  int most = std::numeric_limits<int>::max();
};

constexpr std::array<Row, 13> rows{{
    {.option = {"min_ctas", 21700, &Config::min_ctas}, .least = 1},
    {.option = {"max_ctas", 21700, &Config::max_ctas}, .least = 1},
    {.option = {"cga_cluster_size", 21700, &Config::cga_cluster_size}, .most = 8},
    {.option = {"net_name", 21700, &Config::net_name}},
    {.option = {"split_share", 21800, &Config::split_share}},
    {.option = {"traffic_class", 22600, &Config::traffic_class}},
    {.option = {"name", 22700, &Config::name}},
    {.option = {"collnet", 22700, &Config::collnet}},
    {.option = {"cta_policy", 22700, &Config::cta_policy}, .most = 3},
    {.option = {"shrink_share", 22700, &Config::shrink_share}},
    {.option = {"nvls_ctas", 22700, &Config::nvls_ctas}, .least = 1},
    {.option = {"channels_per_net_peer", 22800, &Config::channels_per_net_peer}, .least = 1},
    {.option = {"nvlink_centric_scheduling", 22800, &Config::nvlink_centric_scheduling}},
}};

constexpr auto keys = [] {
  std::array<ConfigKey, rows.size()> result{};
  for (std::size_t i = 0; i < rows.size(); ++i) result[i] = rows[i].option;
  return result;
}();

bool is_set(const Config& config, const ConfigKey& option) {
  return std::visit([&](auto member) { return (config.*member).has_value(); }, option.member);
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string text_of(int value) {
  return std::to_string(value);
}

std::string text_of(bool value) {
  return value ? "true" : "false";
}

/// In quotes and on one line, with escapes as in C: different for different text.
std::string text_of(const std::string& value) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_control(c)) {
      text.append("\\x").append(1, hex[byte / 16]).append(1, hex[byte % 16]);
    } else {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text + "\"";
}

/// The value of an option that is set, as text.
std::string value_text(const Config& config, const ConfigKey& option) {
  return std::visit([&](auto member) { return text_of(*(config.*member)); }, option.member);
}

/// The rule that a value breaks; empty if none.
std::string broken_rule(int value, const Row& row) {
  if (value < row.least) return "is below " + std::to_string(row.least);
  if (value > row.most) return "is above " + std::to_string(row.most);
  return "";
}

std::string broken_rule(bool, const Row&) {
  return "";
}

std::string broken_rule(const std::string& value, const Row&) {
  if (value.empty()) return "is empty";
  return std::any_of(value.begin(), value.end(), is_control) ? "has a control character in it" : "";
}

}  // namespace

std::span<const ConfigKey> config_keys() noexcept {
  return keys;
}

std::string to_string(const CommunicatorConfig& config) {
  std::string text;
  for (const ConfigKey& option : keys) {
    if (!is_set(config, option)) continue;
    text.append(text.empty() ? "" : " ").append(option.key).append("=").append(value_text(config, option));
  }
  return text;
}

std::vector<std::string> check(const CommunicatorConfig& config) {
  std::vector<std::string> problems;
  for (const Row& row : rows) {
    if (!is_set(config, row.option)) continue;
    const std::string rule =
        std::visit([&](auto member) { return broken_rule(*(config.*member), row); }, row.option.member);
    if (rule.empty()) continue;
    problems.push_back(std::string(row.option.key) + " = " + value_text(config, row.option) + " " + rule);
  }
  if (config.min_ctas && config.max_ctas && *config.min_ctas > *config.max_ctas) {
    problems.push_back("min_ctas = " + text_of(*config.min_ctas) +
                       " is above max_ctas = " + text_of(*config.max_ctas));
  }
  return problems;
}

std::vector<ConfigKey> newer_than(const CommunicatorConfig& config, int version) {
  std::vector<ConfigKey> result;
  std::copy_if(keys.begin(), keys.end(), std::back_inserter(result),
               [&](const ConfigKey& option) { return option.since > version && is_set(config, option); });
  return result;
}

std::string version_text(int version) {
  return std::to_string(version / 10000) + "." + std::to_string(version % 10000 / 100) + "." +
         std::to_string(version % 100);
}

std::string_view to_string(Stream stream) noexcept {
  switch (stream) {
    case Stream::none:
      return "none";
    case Stream::normal:
      return "normal";
    case Stream::high_priority:
      return "high_priority";
  }
  return "unknown";
}

}  // namespace rankmesh::nccl
