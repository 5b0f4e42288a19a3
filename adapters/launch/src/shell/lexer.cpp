#include "shell/lexer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rankmesh::launch::shell {
namespace {

/// Quotes and brackets in one another; more would overflow the stack.
constexpr int deepest_quotes = 100;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool ends_word(char c) {
  return is_blank(c) || std::string_view("\n;&|<>()").find(c) != npos;
}

/// The end of a text in brackets, behind the closing one.
std::size_t end_of_brackets(std::string_view text, std::size_t inside, char open, char close, int depth);

std::size_t end_of(std::string_view text, std::size_t begin, int depth) {
  if (depth > deepest_quotes) return npos;
  const char c = text[begin];
  if (c == '\'') {
    const std::size_t end = text.find('\'', begin + 1);
    return end == npos ? npos : end + 1;
  }
  if (c == '"' || c == '`') {
    for (std::size_t i = begin + 1; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == c) {
        return i + 1;
      } else if (text[i] == '$' && c == '"') {
        const std::size_t end = end_of(text, i, depth + 1);
        if (end == npos) return npos;
        i = end - 1;
      }
    }
    return npos;
  }
  const char next = begin + 1 < text.size() ? text[begin + 1] : '\0';
  if (next == '(') return end_of_brackets(text, begin + 2, '(', ')', depth + 1);
  if (next == '{') return end_of_brackets(text, begin + 2, '{', '}', depth + 1);
  if (next == '\'') {
    for (std::size_t i = begin + 2; i < text.size(); ++i) {
      if (text[i] == '\\')
        ++i;
      else if (text[i] == '\'')
        return i + 1;
    }
    return npos;
  }
  return begin + 1;
}

std::size_t end_of_brackets(std::string_view text, std::size_t inside, char open, char close, int depth) {
  int level = 1;
  for (std::size_t i = inside; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (c == '#' && close == ')' && (i == inside || is_blank(text[i - 1]) || text[i - 1] == '\n')) {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (c == '\'' || c == '"' || c == '`' || c == '$') {
      const std::size_t end = end_of(text, i, depth + 1);
      if (end == npos) return npos;
      i = end - 1;
    } else if (c == open) {
      ++level;
    } else if (c == close && --level == 0) {
      return i + 1;
    }
  }
  return npos;
}

class Lexer {
 public:
  Lexer(std::string_view text, Place begin) : text_(text), place_(begin) {}

  std::vector<Token> run() {
    while (skip_blanks(), at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        tokens_.push_back({.kind = Token::Kind::newline, .text = "\n", .place = place_});
        advance(1);
        read_documents();
      } else if (text_.substr(at_, 2) == "((") {
        read_arithmetic();
      } else if (ends_word(c) && !is_substitution()) {
        read_operation();
      } else {
        read_word();
      }
    }
    tokens_.push_back({.kind = Token::Kind::end, .place = place_});
    return std::move(tokens_);
  }

 private:
  void advance(std::size_t count) {
    for (; count > 0 && at_ < text_.size(); --count, ++at_) {
      if (text_[at_] == '\n') {
        ++place_.line;
        place_.column = 1;
      } else {
        ++place_.column;
      }
    }
  }

  void skip_blanks() {
    while (at_ < text_.size()) {
      if (is_blank(text_[at_])) {
        advance(1);
      } else if (const std::size_t length = continuation(); length > 0) {
        advance(length);
      } else if (text_[at_] == '#') {
        advance(std::min(text_.find('\n', at_), text_.size()) - at_);
      } else {
        return;
      }
    }
  }

  /// The length of the backslash and line end here; 0 if there is none.
  [[nodiscard]] std::size_t continuation() const {
    if (text_.substr(at_, 2) == "\\\n") return 2;
    return text_.substr(at_, 3) == "\\\r\n" ? 3 : 0;
  }

  /// `<(command)` is a word.
  [[nodiscard]] bool is_substitution() const {
    const std::string_view two = text_.substr(at_, 2);
    return two == "<(" || two == ">(";
  }

  void read_arithmetic() {
    const Place place = place_;
    const std::size_t end = end_of_brackets(text_, at_ + 1, '(', ')', 0);
    const bool is_closed = end != npos && end >= at_ + 4 && text_[end - 2] == ')';
    if (!is_closed) return read_operation();
    tokens_.push_back({.kind = Token::Kind::arithmetic,
                       .text = std::string(text_.substr(at_ + 2, end - at_ - 4)),
                       .place = place});
    advance(end - at_);
  }

  void read_operation() {
    constexpr std::array<std::string_view, 17> longer{"<<<", "<<-", ";;&", "&>>", "<<", ">>",
                                                      "&>",  ">&",  "<&",  "<>",  ">|", "&&",
                                                      "||",  ";;",  ";&",  "|&",  "|"};
    const auto* const found = std::find_if(
        longer.begin(), longer.end(), [&](std::string_view op) { return text_.substr(at_).starts_with(op); });
    const std::size_t length = found == longer.end() ? 1 : found->size();
    tokens_.push_back(
        {.kind = Token::Kind::operation, .text = std::string(text_.substr(at_, length)), .place = place_});
    advance(length);
  }

  void read_word() {
    const Place place = place_;
    std::string word;
    while (at_ < text_.size() && (!ends_word(text_[at_]) || (word.empty() && is_substitution()))) {
      const std::size_t begin = at_;
      std::size_t end = at_ + 1;
      if (const std::size_t length = continuation(); length > 0) {
        advance(length);
        continue;
      }
      if (text_[at_] == '\\') {
        end = std::min(at_ + 2, text_.size());
      } else if (std::string_view("'\"`$").find(text_[at_]) != npos) {
        end = end_of(text_, at_, 0);
      } else if (word.empty() && is_substitution()) {
        end = end_of_brackets(text_, at_ + 2, '(', ')', 0);
      } else if (text_.substr(at_, 2) == "=(" &&
                 is_name(std::string_view(word).substr(0, word.find_last_not_of('+') + 1))) {
        end = end_of_brackets(text_, at_ + 2, '(', ')', 0);
      }
      if (end == npos) {
        throw SyntaxError{place_, std::string("has no end of the ") +
                                      (text_[at_] == '\'' || text_[at_] == '"' ? "quotes" : "brackets") +
                                      " that begin here"};
      }
      word.append(text_.substr(begin, end - begin));
      advance(end - at_);
    }
    tokens_.push_back({.kind = Token::Kind::word, .text = std::move(word), .place = place});
    const std::size_t count = tokens_.size();
    if (count >= 2 && tokens_[count - 2].kind == Token::Kind::operation &&
        tokens_[count - 2].text.starts_with("<<") && tokens_[count - 2].text != "<<<") {
      documents_.push_back(count - 2);
    }
  }

  /// Reads the here-documents that the line before announces.
  void read_documents() {
    for (const std::size_t index : documents_) {
      Token& token = tokens_[index];
      std::string delimiter;
      for (const char c : tokens_[index + 1].text) {
        if (c == '\'' || c == '"' || c == '\\')
          token.is_literal = true;
        else
          delimiter += c;
      }
      while (at_ < text_.size()) {
        const std::size_t end = std::min(text_.find('\n', at_), text_.size());
        std::string_view line = text_.substr(at_, end - at_);
        if (token.text == "<<-") line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
        advance(end - at_ + 1);
        if (line == delimiter || (line.ends_with('\r') && line.substr(0, line.size() - 1) == delimiter))
          break;
        token.body.append(line).append("\n");
      }
    }
    documents_.clear();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Place place_;
  std::vector<Token> tokens_;
  /// The tokens `<<` whose documents begin behind the line.
  std::vector<std::size_t> documents_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view text, Place begin) {
  return Lexer(text, begin).run();
}

std::size_t end_of_quoted(std::string_view text, std::size_t begin) {
  return end_of(text, begin, 0);
}

std::size_t name_length(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  std::size_t length = 0;
  while (length < text.size() &&
         (is_letter(text[length]) || (length > 0 && text[length] >= '0' && text[length] <= '9')))
    ++length;
  return length;
}

bool is_name(std::string_view text) {
  return !text.empty() && name_length(text) == text.size();
}

}  // namespace rankmesh::launch::shell
