#include "rankmesh/nccl/options_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include "options_file/diagnostic_list.hpp"
#include "options_file/group_names.hpp"
#include "options_file/scalars.hpp"
#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/files/yaml.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::nccl {
namespace options_file {
namespace {

using files::in_quotes;
using files::shown;
using files::YamlUse;
using files::YamlValue;

constexpr std::array streams = {Stream::none, Stream::normal, Stream::high_priority};

constexpr std::string_view stream_key = "stream";
constexpr std::string_view priority_key = "is_high_priority_stream";

const ConfigKey* find_option(std::string_view name) {
  for (const ConfigKey& option : config_keys()) {
    if (option.key == name) return &option;
  }
  return nullptr;
}

std::string known_options() {
  std::vector<std::string_view> names;
  for (const ConfigKey& option : config_keys()) names.push_back(option.key);
  names.insert(names.end(), {stream_key, priority_key});
  return joined(names, ", ");
}

/// Text without quotes, which may be a number or a boolean; empty where there is none.
std::string_view plain_text(const YamlValue& value) {
  return value.sort == YamlValue::Sort::scalar && value.is_plain ? std::string_view(value.text) : "";
}

/// Stores a value. Returns what is needed instead; empty if nothing is.
std::string read_into(std::optional<int>& result, const YamlValue& value) {
  std::string_view text = plain_text(value);
  if (!is_decimal(text)) return "a whole number is needed, in decimal digits and without quotes";
  if (text.starts_with('+')) text.remove_prefix(1);
  int number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) {
    return "a whole number of at most 32 bits is needed";
  }
  result = number;
  return "";
}

std::string read_into(std::optional<bool>& result, const YamlValue& value) {
  result = boolean(plain_text(value));
  return result ? "" : "true or false is needed, without quotes";
}

std::string read_into(std::optional<std::string>& result, const YamlValue& value) {
  const std::string_view plain = plain_text(value);
  if (value.sort != YamlValue::Sort::scalar || boolean(plain) || looks_like_number(plain)) {
    return "text is needed, in quotes where it could be a number or a boolean";
  }
  result = value.text;
  return "";
}

std::string read_into(Stream& result, const YamlValue& value) {
  const auto* named = std::find_if(streams.begin(), streams.end(),
                                   [&](Stream stream) { return to_string(stream) == value.text; });
  if (named == streams.end()) return "none, normal or high_priority is needed";
  result = *named;
  return "";
}

/// What a value is, to go between a name and what is needed.
std::string described(const YamlValue& value) {
  switch (value.sort) {
    case YamlValue::Sort::null:
      return " has no value";
    case YamlValue::Sort::list:
      return " is a list";
    case YamlValue::Sort::map:
      return " is a map";
    case YamlValue::Sort::scalar:
      break;
  }
  return " = " + (value.is_plain ? shown(value.text) : in_quotes(value.text));
}

/// What is given already: where, and how it is called there.
class GivenOnce {
 public:
  /// Keeps the first place. Returns what is wrong if there is one; empty if not.
  std::string add(std::string_view what, const std::string& name, SourcePlace place,
                  const DiagnosticList& diagnostics) {
    const auto [first, is_new] = places_.try_emplace(std::string(what), name, place);
    if (is_new) return "";
    const auto& [first_name, first_place] = first->second;
    return "is given already" + (first_name == name ? "" : ", as " + first_name) + " at " +
           diagnostics.place_text(first_place);
  }

  [[nodiscard]] std::optional<SourcePlace> place_of(const std::string& what) const {
    const auto found = places_.find(what);
    return found == places_.end() ? std::nullopt : std::optional(found->second.second);
  }

 private:
  std::map<std::string, std::pair<std::string, SourcePlace>> places_;
};

/// Whether the value has a tag, which is a problem.
bool refuse_tag(DiagnosticList& diagnostics, SourcePlace place, const std::string& name,
                const YamlValue& value) {
  if (value.tag.empty()) return false;
  diagnostics.add(place, name + " has the tag " + shown(value.tag) + ": write it without");
  return true;
}

/// The text of a key, which names a group or an option.
std::optional<std::string> read_name(DiagnosticList& diagnostics, const YamlUse& key,
                                     const std::string& what) {
  if (refuse_tag(diagnostics, key.place, "the name of " + what, *key.value)) return std::nullopt;
  if (key.value->sort == YamlValue::Sort::scalar) return key.value->text;
  diagnostics.add(key.place, "the name of " + what + described(*key.value) + ": text is needed");
  return std::nullopt;
}

/// Reads the options of one group.
class OptionsReader {
 public:
  OptionsReader(DiagnosticList& diagnostics, std::string name, SourcePlace place)
      : diagnostics_(diagnostics),
        name_(std::move(name)),
        place_(place) {}

  [[nodiscard]] KindOptions read(const YamlValue& value) {
    if (refuse_tag(diagnostics_, place_, name_, value)) return {};
    if (value.sort != YamlValue::Sort::map) {
      diagnostics_.add(place_,
                       name_ + described(value) + ": a map of options is needed, such as {max_ctas: 16}");
      return {};
    }
    for (const auto& [key, given] : value.entries) {
      if (const auto name = read_name(diagnostics_, key, "an option of " + name_)) {
        read_option(*name, key.place, *given.value);
      }
    }
    for (const std::string& problem : check(options_.communicator)) {
      const std::string key = problem.substr(0, problem.find(' '));
      diagnostics_.add(given_.place_of(key).value_or(place_), name_ + "." + problem);
    }
    return options_;
  }

 private:
  void read_option(const std::string& name, SourcePlace place, const YamlValue& value) {
    if (name == stream_key) {
      read_value(options_.stream, name, stream_key, place, value);
    } else if (name == priority_key) {
      std::optional<bool> is_high;
      read_value(is_high, name, stream_key, place, value);
      options_.stream = is_high.value_or(false) ? Stream::high_priority : Stream::none;
    } else if (const ConfigKey* option = find_option(name)) {
      const auto read = [&](auto member) {
        read_value(options_.communicator.*member, name, name, place, value);
      };
      std::visit(read, option->member);
    } else if (name == "<<") {
      diagnostics_.add(
          place,
          name_ + ".<<: maps are not merged; write the options out, or give the whole map as an alias");
    } else {
      diagnostics_.add(place, name_ + "." + shown(name) + " is no option; known are " + known_options());
    }
  }

  /// @param what what of the result this is: two options can be about the same
  template <typename Result>
  void read_value(Result& result, const std::string& name, std::string_view what, SourcePlace place,
                  const YamlValue& value) {
    const std::string full_name = name_ + "." + name;
    const std::string again = given_.add(what, full_name, place, diagnostics_);
    if (!again.empty()) diagnostics_.add(place, full_name + " " + again);
    if (refuse_tag(diagnostics_, place, full_name, value)) return;
    const std::string needed = read_into(result, value);
    if (!needed.empty()) diagnostics_.add(place, full_name + described(value) + ": " + needed);
  }

  DiagnosticList& diagnostics_;
  std::string name_;
  SourcePlace place_;
  KindOptions options_{};
  GivenOnce given_;
};

KindOptionsMap read_groups(DiagnosticList& diagnostics, const YamlUse& top, const GroupNames& groups) {
  KindOptionsMap result;
  if (refuse_tag(diagnostics, top.place, "the map of groups", *top.value)) return result;
  if (top.value->sort == YamlValue::Sort::null) return result;
  if (top.value->sort != YamlValue::Sort::map) {
    diagnostics.add(top.place, "a map from groups to options is needed, such as tp: {max_ctas: 16}");
    return result;
  }
  GivenOnce given;
  for (const auto& [key, value] : top.value->entries) {
    const std::optional<std::string> name = read_name(diagnostics, key, "a group");
    if (!name) continue;
    const auto kinds = groups.kinds_of(*name);
    if (!kinds) diagnostics.add(key.place, shown(*name) + " is no group; known are " + groups.known());
    for (const GroupKind kind : kinds.value_or(std::vector<GroupKind>())) {
      const auto again = given.add(kind.name(), *name, key.place, diagnostics);
      if (!again.empty()) diagnostics.add(key.place, *name + " " + again);
    }
    // Those of no group and those given again too: for what is wrong with them.
    const KindOptions options = OptionsReader(diagnostics, shown(*name), key.place).read(*value.value);
    for (const GroupKind kind : kinds.value_or(std::vector<GroupKind>())) result[kind] = options;
  }
  return result;
}

KindOptionsMap parse(std::string_view yaml, std::string_view source, const GroupNames& groups) {
  const files::Yaml read = files::read_yaml(yaml, source);
  if (read.documents.empty()) return {};
  DiagnosticList diagnostics(source);
  KindOptionsMap result = read_groups(diagnostics, read.documents.front(), groups);
  if (read.documents.size() > 1) {
    diagnostics.add(read.documents[1].place,
                    "this is no part of the first document, and there may be one only");
  }
  diagnostics.throw_if_any();
  return result;
}

}  // namespace
}  // namespace options_file

KindOptionsMap parse_kind_options(std::string_view yaml, std::string_view source) {
  return options_file::parse(yaml, source, options_file::GroupNames());
}

KindOptionsMap parse_kind_options(std::string_view yaml, const Topology& topology, std::string_view source) {
  return options_file::parse(yaml, source, options_file::GroupNames(topology));
}

KindOptionsMap load_kind_options(const std::filesystem::path& path) {
  return parse_kind_options(files::file_text(path.string()), files::source_name(path.string()));
}

KindOptionsMap load_kind_options(const std::filesystem::path& path, const Topology& topology) {
  return parse_kind_options(files::file_text(path.string()), topology, files::source_name(path.string()));
}

}  // namespace rankmesh::nccl
