#include "settings.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/toml.hpp"
#include "rankmesh/files/yaml.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::launch {
namespace {

using files::TomlEntry;
using files::TomlValue;
using files::YamlUse;
using files::YamlValue;

/// Values that aliases repeat are read again each time.
constexpr std::size_t most_settings = 100000;

std::string joined_path(const std::string& parent, const std::string& key) {
  return parent.empty() ? key : parent + "." + key;
}

Setting setting_at(const std::string& parent, const std::string& key, SourcePlace place) {
  return {.parent = parent,
          .key = canonical(key),
          .name = key.starts_with("--") ? key : joined_path(parent, key),
          .place = std::move(place)};
}

bool is_null(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

class YamlSettings {
 public:
  explicit YamlSettings(Settings& settings) : settings_(settings) {}

  void add_map(const YamlValue& map, const std::string& parent) {
    for (const files::YamlEntry& entry : map.entries) {
      if (entry.key.value->sort != YamlValue::Sort::scalar) continue;
      const std::string& key = entry.key.value->text;
      const YamlValue& value = *entry.value.value;
      // The keys of an anchor are those of the map that takes it, unless it has its own.
      if (key == "<<" && value.sort == YamlValue::Sort::map) {
        add_map(value, parent);
      } else {
        add(key, entry.value, parent);
      }
    }
  }

 private:
  void add(const std::string& key, const YamlUse& use, const std::string& parent) {
    const YamlValue& value = *use.value;
    if (value.sort == YamlValue::Sort::map) return add_map(value, joined_path(parent, key));
    SourcePlace place = use.place;
    place.source = settings_.source;
    if (settings_.items.size() >= most_settings)
      throw files::FileError(place, "is too much: more than 100000 values");
    Setting setting = setting_at(parent, key, place);
    if (value.sort == YamlValue::Sort::scalar && !(value.is_plain && is_null(value.text)))
      setting.text = value.text;
    for (const YamlUse& part : value.parts) {
      if (part.value->sort == YamlValue::Sort::scalar) setting.list.push_back(part.value->text);
      if (part.value->sort == YamlValue::Sort::map) add_map(*part.value, joined_path(parent, key));
    }
    settings_.items.push_back(std::move(setting));
  }

  Settings& settings_;
};

/// Replaces `${a.b}` by the value of that key, as OmegaConf does; marks what cannot be replaced.
void interpolate(Settings& settings) {
  for (int turn = 0; turn < 4; ++turn) {
    for (Setting& setting : settings.items) {
      if (!setting.text || !setting.text->starts_with("${") || !setting.text->ends_with('}')) continue;
      const std::string path = setting.text->substr(2, setting.text->size() - 3);
      const std::size_t dot = path.rfind('.');
      const Setting* target =
          settings.find(dot == std::string::npos ? "" : path.substr(0, dot),
                        canonical(dot == std::string::npos ? path : path.substr(dot + 1)));
      if (target != nullptr && target != &setting) setting.text = target->text;
    }
  }
  for (Setting& setting : settings.items) {
    if (!setting.text || setting.text->find("${") == std::string::npos) continue;
    setting.open = *setting.text;
    setting.open_place = setting.place;
  }
}

Settings settings_of_yaml(std::string_view text, const std::string& source, Syntax syntax) {
  Settings settings{.syntax = syntax, .source = source};
  const files::Yaml yaml = files::read_yaml(text, source);
  for (const YamlUse& document : yaml.documents) {
    if (document.value->sort == YamlValue::Sort::map) YamlSettings(settings).add_map(*document.value, "");
    if (!settings.items.empty()) break;
  }
  interpolate(settings);
  return settings;
}

void add_value(const std::string& key, const TomlValue& value, const std::string& parent,
               Settings& settings) {
  if (value.sort == TomlValue::Sort::table) {
    for (std::size_t i = 0; i < value.keys.size(); ++i)
      add_value(value.keys[i].name, value.parts[i], joined_path(parent, key), settings);
    return;
  }
  Setting setting = setting_at(parent, key, value.place);
  if (value.sort != TomlValue::Sort::list && value.sort != TomlValue::Sort::other) setting.text = value.text;
  for (const TomlValue& part : value.parts) setting.list.push_back(part.text);
  settings.items.push_back(std::move(setting));
}

/// Whether each line but for comments is a table or `key = value`, as in TOML; the first line that is neither
/// decides.
bool looks_like_toml(std::string_view text) {
  for (std::string_view line : split_text(text, '\n')) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    line.remove_prefix(begin);
    const std::size_t equals = line.find('=');
    if (line[0] == '[') return true;
    // In a shell, no blank is around the equals sign.
    return equals != std::string_view::npos && equals > 0 && line[equals - 1] == ' ' &&
           line.substr(0, equals).find_first_of(":$-\"") == std::string_view::npos;
  }
  return false;
}

/// Whether the first line but for comments is `key:` or `key: value`, as in YAML.
bool looks_like_yaml(std::string_view text) {
  for (const std::string_view line : split_text(text, '\n')) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    if (line.starts_with("---") || line.starts_with("%YAML")) return true;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const bool ends_key = colon + 1 == line.size() || line[colon + 1] == ' ' || line[colon + 1] == '\r';
    return ends_key && line.substr(0, colon).find_first_of(" =$") == std::string_view::npos;
  }
  return false;
}

Syntax syntax_of(std::string_view text, std::string_view source) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (source.ends_with(".sh") || text.starts_with("#!")) return Syntax::shell;
  if (source.ends_with(".yaml") || source.ends_with(".yml")) return Syntax::yaml;
  if (source.ends_with(".toml")) return Syntax::toml;
  if (source.ends_with(".json") || (begin != std::string_view::npos && text[begin] == '{'))
    return Syntax::json;
  if (looks_like_toml(text)) return Syntax::toml;
  return looks_like_yaml(text) ? Syntax::yaml : Syntax::shell;
}

}  // namespace

std::string canonical(std::string_view key) {
  key.remove_prefix(std::min(key.find_first_not_of('-'), key.size()));
  std::string result = lower_case(key);
  std::replace(result.begin(), result.end(), '-', '_');
  return result;
}

const Setting* Settings::find(std::string_view parent, std::string_view key) const {
  const auto found = std::find_if(items.rbegin(), items.rend(),
                                  [&](const Setting& s) { return s.key == key && s.parent == parent; });
  return found == items.rend() ? nullptr : &*found;
}

bool Settings::has_table(std::string_view parent) const {
  return std::any_of(items.begin(), items.end(), [&](const Setting& s) {
    return s.parent == parent || (s.parent.starts_with(parent) && s.parent[parent.size()] == '.');
  });
}

bool Settings::has_key(std::string_view key) const {
  return std::any_of(items.begin(), items.end(), [&](const Setting& s) { return s.key == key; });
}

std::vector<Settings> settings_of(std::string_view text, const std::string& source) {
  files::require_size(text, source);
  const Syntax syntax = syntax_of(text, source);
  if (syntax == Syntax::shell) return settings_of_script(text, source);
  if (syntax == Syntax::toml) {
    Settings settings{.syntax = syntax, .source = source};
    for (const TomlEntry& entry : files::read_toml(text, source).entries)
      add_value(entry.key, entry.value, "", settings);
    return {std::move(settings)};
  }
  return {settings_of_yaml(text, source, syntax)};
}

}  // namespace rankmesh::launch
