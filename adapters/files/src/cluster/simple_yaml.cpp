#include "cluster/simple_yaml.hpp"

#include <algorithm>

#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

using Sort = YamlNode::Sort;

/// A list in a list in ... of a topology is 4 deep.
constexpr int deepest = 32;

struct Line {
  int number = 0;
  std::size_t indent = 0;
  std::string text{};
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

/// The text before a comment: a `#` outside quotes, at the beginning or behind a blank. A quote opens a text
/// only where a value may begin.
std::string_view without_comment(std::string_view text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char before = i == 0 ? ' ' : text[i - 1];
    if (quote != 0) {
      if (quote == '"' && c == '\\') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if ((c == '"' || c == '\'') &&
               std::string_view(" \t[{,:-").find(before) != std::string_view::npos) {
      quote = c;
    } else if (c == '#' && (before == ' ' || before == '\t')) {
      return text.substr(0, i);
    }
  }
  return text;
}

class Parser {
 public:
  Parser(std::string_view text, std::string source) : source_(std::move(source)) {
    int number = 0;
    for (const std::string_view whole : split_text(text, '\n')) {
      ++number;
      const std::string_view bare = trimmed(without_comment(whole));
      const std::size_t indent = std::min(whole.find_first_not_of(' '), whole.size());
      if (bare.empty() || (indent == 0 && (bare.starts_with('%') || bare == "..."))) continue;
      if (whole[indent] == '\t') refuse(number, "is indented by a tab, which YAML does not allow");
      if (indent == 0 && bare == "---") {
        if (!lines_.empty()) refuse(number, "begins a second document; a topology has one");
        continue;
      }
      lines_.push_back({number, indent, std::string(bare)});
    }
  }

  YamlNode read() {
    if (lines_.empty()) return {};
    YamlNode node = block(lines_.front().indent, 0);
    if (at_ < lines_.size()) refuse(lines_[at_].number, "is indented otherwise than the lines before");
    return node;
  }

 private:
  [[noreturn]] void refuse(int line, const std::string& rule) const {
    throw FileError({.source = source_, .line = line, .column = 1}, "this line " + rule);
  }

  static bool is_item(std::string_view text) { return text == "-" || text.starts_with("- "); }

  /// The place of the colon behind a key; npos if the text is no entry of a map.
  static std::size_t colon_of(std::string_view text) {
    std::size_t begin = 0;
    if (!text.empty() && (text[0] == '"' || text[0] == '\'')) begin = text.find(text[0], 1);
    for (std::size_t i = begin; i < text.size(); ++i) {
      if (text[i] == ':' && (i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\t')) return i;
    }
    return std::string_view::npos;
  }

  void require_shallow(int depth) const {
    if (depth > deepest) refuse(lines_[std::min(at_, lines_.size() - 1)].number, "is nested too deeply");
  }

  /// The lists, maps or text whose lines begin at an indentation.
  YamlNode block(std::size_t indent, int depth) {
    require_shallow(depth);
    const std::string& text = lines_[at_].text;
    if (is_item(text)) return block_list(indent, depth);
    const bool is_flow = text[0] == '[' || text[0] == '{';
    if (!is_flow && colon_of(text) != std::string::npos) return block_map(indent, depth);
    const Line line = lines_[at_++];
    return value(line.text, line.number, depth);
  }

  YamlNode block_list(std::size_t indent, int depth) {
    YamlNode list{.sort = Sort::list, .line = lines_[at_].number};
    while (at_ < lines_.size() && lines_[at_].indent == indent && is_item(lines_[at_].text)) {
      Line& line = lines_[at_];
      const std::size_t begin = std::min(line.text.find_first_not_of(" \t", 1), line.text.size());
      if (begin == line.text.size()) {
        ++at_;
        list.items.push_back(nested(indent + 1, line.number, depth));
        continue;
      }
      // What follows the dash is a block of its own, indented as far as it stands.
      line.indent += begin;
      line.text.erase(0, begin);
      list.items.push_back(block(line.indent, depth + 1));
    }
    return list;
  }

  YamlNode block_map(std::size_t indent, int depth) {
    YamlNode map{.sort = Sort::map, .line = lines_[at_].number};
    while (at_ < lines_.size() && lines_[at_].indent == indent && !is_item(lines_[at_].text)) {
      const Line line = lines_[at_];
      const std::size_t colon = colon_of(line.text);
      if (colon == std::string::npos) refuse(line.number, "is not of the form KEY: VALUE");
      const std::string key = unquoted(trimmed(std::string_view(line.text).substr(0, colon)), line.number);
      if (map.find(key)) refuse(line.number, "gives " + shown(key) + " again");
      const std::string_view rest = trimmed(std::string_view(line.text).substr(colon + 1));
      ++at_;
      if (!rest.empty()) {
        map.entries.emplace_back(key, value(std::string(rest), line.number, depth));
      } else {
        // The items of a list may stand as far left as its key.
        const bool has_list =
            at_ < lines_.size() && lines_[at_].indent == indent && is_item(lines_[at_].text);
        map.entries.emplace_back(key, nested(has_list ? indent : indent + 1, line.number, depth));
      }
    }
    return map;
  }

  /// The block of the next lines if they are indented far enough, otherwise null.
  YamlNode nested(std::size_t least, int line, int depth) {
    if (at_ < lines_.size() && lines_[at_].indent >= least) return block(lines_[at_].indent, depth + 1);
    return {.line = line};
  }

  /// A text, or a list or map in brackets, which may go on in the next lines.
  YamlNode value(std::string text, int line, int depth) {
    if (text[0] == '[' || text[0] == '{') {
      while (!is_closed(text)) {
        if (at_ == lines_.size()) refuse(line, "has a bracket that is not closed");
        text += " " + lines_[at_++].text;
      }
      std::size_t place = 0;
      YamlNode node = flow(text, place, line, depth);
      if (!trimmed(std::string_view(text).substr(place)).empty()) refuse(line, "goes on behind a bracket");
      return node;
    }
    if (std::string_view("&*!|>@`").find(text[0]) != std::string_view::npos) {
      refuse(line, "uses a part of YAML that is not read here: " + in_quotes(text.substr(0, 1)));
    }
    return scalar(unquoted(text, line), line);
  }

  static YamlNode scalar(std::string text, int line) {
    return {.sort = Sort::scalar, .line = line, .text = std::move(text)};
  }

  static bool is_closed(std::string_view text) {
    int open = 0;
    char quote = 0;
    for (const char c : text) {
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '[' || c == '{') {
        ++open;
      } else if (c == ']' || c == '}') {
        --open;
      }
    }
    return open <= 0;
  }

  YamlNode flow(std::string_view text, std::size_t& place, int line, int depth) {
    require_shallow(depth);
    const bool is_map = text[place] == '{';
    const char end = is_map ? '}' : ']';
    YamlNode node{.sort = is_map ? Sort::map : Sort::list, .line = line};
    ++place;
    const auto skip = [&] {
      place = std::min(text.find_first_not_of(" \t", place), text.size());
      if (place == text.size()) refuse(line, "has a bracket that is not closed");
    };
    for (skip(); text[place] != end; skip()) {
      std::string key;
      if (is_map) {
        key = flow_text(text, place, ":,}]{[", line);
        skip();
        if (text[place] != ':') refuse(line, "is not of the form KEY: VALUE");
        ++place;
        skip();
      }
      const bool is_nested = text[place] == '[' || text[place] == '{';
      YamlNode part = is_nested ? flow(text, place, line, depth + 1)
                                : scalar(flow_text(text, place, ",}]{[", line), line);
      if (is_map) {
        node.entries.emplace_back(std::move(key), std::move(part));
      } else {
        node.items.push_back(std::move(part));
      }
      skip();
      if (text[place] == ',') {
        ++place;
      } else if (text[place] != end) {
        refuse(line, "has no comma between two values in brackets; put texts with brackets in quotes");
      }
    }
    ++place;
    return node;
  }

  /// A text in brackets, which ends at one of some characters.
  std::string flow_text(std::string_view text, std::size_t& place, std::string_view ends, int line) const {
    const bool is_quoted = text[place] == '"' || text[place] == '\'';
    const std::size_t begin = place;
    const std::size_t end = is_quoted ? text.find(text[place], place + 1) : text.find_first_of(ends, place);
    if (end == std::string_view::npos) refuse(line, "has a bracket or a quote that is not closed");
    place = is_quoted ? end + 1 : end;
    return unquoted(trimmed(text.substr(begin, place - begin)), line);
  }

  std::string unquoted(std::string_view text, int line) const {
    if (text.empty() || (text[0] != '"' && text[0] != '\'')) return std::string(text);
    if (text.size() < 2 || text.back() != text[0] || text.find(text[0], 1) != text.size() - 1) {
      refuse(line, "has a quote that is not closed, or text behind it");
    }
    if (text[0] == '"' && text.find('\\') != std::string_view::npos) {
      refuse(line, "has an escape in quotes, which is not read here");
    }
    return std::string(text.substr(1, text.size() - 2));
  }

  std::string source_;
  std::vector<Line> lines_;
  std::size_t at_ = 0;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name == key) return &value;
  }
  return nullptr;
}

YamlNode read_simple_yaml(std::string_view text, const std::string& source) {
  return Parser(text, source).read();
}

}  // namespace rankmesh::files
