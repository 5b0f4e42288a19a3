#include "rankmesh/files/yaml.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/file_text.hpp"

namespace rankmesh::files {
namespace {

SourcePlace place_of(const YAML::Mark& mark) {
  return mark.is_null() ? SourcePlace{} : SourcePlace{.line = mark.line + 1, .column = mark.column + 1};
}

/// Turns the events of the parser into a `Yaml`. The tree of yaml-cpp itself loses the places of aliases and,
/// from version 0.9 on, refuses equal keys without naming the first.
class Builder : public YAML::EventHandler {
 public:
  [[nodiscard]] Yaml take() { return std::move(yaml_); }

  void OnDocumentStart(const YAML::Mark&) override { anchors_.clear(); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add({}, mark, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    place({anchors_.at(anchor), place_of(mark)});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    add({.sort = YamlValue::Sort::scalar, .text = text, .is_plain = tag == "?", .tag = written(tag)}, mark,
        anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open({.sort = YamlValue::Sort::list, .tag = written(tag)}, mark, anchor);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open({.sort = YamlValue::Sort::map, .tag = written(tag)}, mark, anchor);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  /// A list or map that has not ended.
  struct Open {
    YamlValue* value = nullptr;
    /// Of a map: the key whose value comes next.
    std::optional<YamlUse> key{};
  };

  /// The parser passes `?` or `!` for a value without a tag.
  static std::string written(const std::string& tag) { return tag == "?" || tag == "!" ? "" : tag; }

  YamlValue& add(YamlValue value, const YAML::Mark& mark, YAML::anchor_t anchor) {
    YamlValue& added = yaml_.values.emplace_back(std::move(value));
    if (anchor != YAML::NullAnchor) anchors_[anchor] = &added;
    place({&added, place_of(mark)});
    return added;
  }

  void open(YamlValue value, const YAML::Mark& mark, YAML::anchor_t anchor) {
    open_.push_back({&add(std::move(value), mark, anchor)});
  }

  void place(YamlUse use) {
    if (open_.empty()) {
      yaml_.documents.push_back(use);
    } else if (Open& inner = open_.back(); inner.value->sort == YamlValue::Sort::map) {
      if (inner.key) {
        inner.value->entries.push_back({*std::exchange(inner.key, std::nullopt), use});
      } else {
        inner.key = use;
      }
    } else {
      inner.value->parts.push_back(use);
    }
  }

  Yaml yaml_;
  std::map<YAML::anchor_t, const YamlValue*> anchors_;
  std::vector<Open> open_;
};

[[noreturn]] void refuse(std::string_view source, const YAML::Mark& mark, std::string rule) {
  SourcePlace place = place_of(mark);
  place.source = source;
  throw FileError(std::move(place), std::move(rule));
}

/// The parser takes some control characters for the end of the text. Text in UTF-16 has many of them.
void require_no_control_characters(std::string_view text, std::string_view source) {
  SourcePlace place{.source = std::string(source), .line = 1, .column = 1};
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f) {
      throw FileError(place, "is not YAML in UTF-8: it has the control character " + std::to_string(byte));
    }
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else {
      ++place.column;
    }
  }
}

}  // namespace

bool can_read_yaml() noexcept {
  return true;
}

Yaml read_yaml(std::string_view text, std::string_view source) {
  require_size(text, source);
  require_no_control_characters(text, source);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder;
    // At most two documents: for some invalid texts, for example one that begins with a comma, the parser
    // finds empty documents without end.
    for (int i = 0; i < 2 && parser.HandleNextDocument(builder); ++i) continue;
    return builder.take();
  } catch (const YAML::DeepRecursion& error) {
    refuse(source, error.mark, "is not YAML that can be read: maps and lists are nested too deeply");
  } catch (const YAML::Exception& error) {
    refuse(source, error.mark, "is not YAML: " + error.msg);
  }
}

}  // namespace rankmesh::files
