#include "shell/parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rankmesh::launch::shell {
namespace {

using Kind = Node::Kind;

constexpr int deepest_nesting = 100;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Node script() {
    Node list = read_list({});
    if (token().kind != Token::Kind::end) refuse();
    return list;
  }

 private:
  [[nodiscard]] const Token& token() const { return tokens_[at_]; }
  [[nodiscard]] bool is_operation(std::string_view text) const {
    return token().kind == Token::Kind::operation && token().text == text;
  }
  [[nodiscard]] bool is_word(std::string_view text) const {
    return token().kind == Token::Kind::word && token().text == text;
  }
  Token take() { return tokens_[token().kind == Token::Kind::end ? at_ : at_++]; }

  [[noreturn]] void refuse() const {
    const Token& found = token();
    if (found.kind == Token::Kind::end) throw SyntaxError{found.place, "ends inside a command"};
    throw SyntaxError{found.place, "is no shell script: \"" +
                                       (found.kind == Token::Kind::newline ? "end of line" : found.text) +
                                       "\" cannot stand here"};
  }
  void expect_word(std::string_view text) {
    if (!is_word(text)) refuse();
    take();
  }
  void skip_newlines() {
    while (token().kind == Token::Kind::newline) take();
  }
  /// Skips line ends and one semicolon.
  void skip_separator() {
    skip_newlines();
    if (is_operation(";")) take();
    skip_newlines();
  }

  /// Reads up to a word that ends the list, a closing bracket or `;;`.
  Node read_list(std::initializer_list<std::string_view> ends) {
    if (++depth_ > deepest_nesting) throw SyntaxError{token().place, "is nested too deeply"};
    Node list{.kind = Kind::list, .place = token().place};
    std::string joint = ";";
    while (true) {
      skip_newlines();
      const bool is_end = token().kind == Token::Kind::end || is_operation(")") ||
                          token().text.starts_with(";;") ||
                          (token().kind == Token::Kind::word &&
                           std::find(ends.begin(), ends.end(), token().text) != ends.end());
      if (is_end) break;
      list.children.push_back(read_pipeline());
      list.joints.push_back(std::exchange(joint, ";"));
      if (is_operation("&&") || is_operation("||")) {
        joint = take().text;
      } else if (is_operation(";") || is_operation("&")) {
        take();
      } else if (token().kind != Token::Kind::newline && token().kind != Token::Kind::end &&
                 !is_operation(")") && !token().text.starts_with(";;")) {
        refuse();
      }
    }
    --depth_;
    return list;
  }

  Node read_pipeline() {
    Node pipeline{.kind = Kind::pipeline, .place = token().place};
    if (is_word("time")) take();
    while (is_word("!")) {
      take();
      pipeline.is_negated = !pipeline.is_negated;
    }
    pipeline.children.push_back(read_command());
    while (is_operation("|") || is_operation("|&")) {
      take();
      skip_newlines();
      pipeline.children.push_back(read_command());
    }
    return pipeline;
  }

  Node read_command() {
    Node command = read_compound();
    while (read_redirection(command)) continue;
    return command;
  }

  Node read_compound() {
    const Place place = token().place;
    if (token().kind == Token::Kind::arithmetic)
      return {.kind = Kind::arithmetic, .place = place, .name = take().text};
    if (is_operation("(")) {
      take();
      Node group = read_list({});
      group = {.kind = Kind::group, .place = place, .children = {std::move(group)}};
      if (!is_operation(")")) refuse();
      take();
      return group;
    }
    if (is_word("{")) {
      take();
      Node group{.kind = Kind::group, .place = place, .children = {read_list({"}"})}};
      expect_word("}");
      return group;
    }
    if (is_word("if")) return read_if();
    if (is_word("for")) return read_for();
    if (is_word("while") || is_word("until")) {
      Node loop{.kind = Kind::while_loop, .place = place, .is_negated = take().text == "until"};
      loop.children.push_back(read_list({"do"}));
      loop.children.push_back(read_body());
      return loop;
    }
    if (is_word("case")) return read_case();
    if (is_word("function")) {
      take();
      const std::string name = take().text;
      return read_function(name, place);
    }
    if (is_word("[[")) return read_condition();
    return read_simple();
  }

  Node read_body() {
    skip_separator();
    expect_word("do");
    Node body = read_list({"done"});
    expect_word("done");
    return body;
  }

  Node read_if() {
    Node clause{.kind = Kind::if_clause, .place = take().place};
    while (true) {
      clause.children.push_back(read_list({"then"}));
      expect_word("then");
      clause.children.push_back(read_list({"elif", "else", "fi"}));
      const std::string word = take().text;
      if (word == "elif") continue;
      if (word == "else") {
        clause.children.push_back(read_list({"fi"}));
        expect_word("fi");
      } else if (word != "fi") {
        refuse();
      }
      return clause;
    }
  }

  Node read_for() {
    Node loop{.kind = Kind::for_loop, .place = take().place};
    const Token name = take();
    if (name.kind == Token::Kind::arithmetic) {
      // A loop with a counter: its body is read once, with an unknown counter.
      const std::string counter(std::string_view(name.text).substr(
          name.text.find_first_not_of(' ') == std::string::npos ? 0 : name.text.find_first_not_of(' ')));
      loop.name = counter.substr(0, name_length(counter));
      loop.words.push_back({.kind = Token::Kind::word, .text = "$(for)", .place = name.place});
    } else {
      loop.name = name.text;
      skip_newlines();
      if (is_word("in")) {
        take();
        while (token().kind == Token::Kind::word) loop.words.push_back(take());
      } else {
        loop.words.push_back({.kind = Token::Kind::word, .text = "\"$@\"", .place = name.place});
      }
    }
    loop.children.push_back(read_body());
    return loop;
  }

  Node read_case() {
    Node clause{.kind = Kind::case_clause, .place = take().place};
    clause.words.push_back(take());
    skip_newlines();
    expect_word("in");
    skip_newlines();
    while (!is_word("esac")) {
      if (is_operation("(")) take();
      std::string patterns;
      while (!is_operation(")")) {
        if (token().kind != Token::Kind::word && !is_operation("|")) refuse();
        const Token part = take();
        if (part.kind == Token::Kind::word) patterns += part.text + "\n";
      }
      take();
      clause.joints.push_back(std::move(patterns));
      clause.children.push_back(read_list({"esac"}));
      if (token().text.starts_with(";;") || is_operation(";&")) take();
      skip_newlines();
      if (token().kind == Token::Kind::end) refuse();
    }
    take();
    return clause;
  }

  Node read_function(const std::string& name, Place place) {
    if (is_operation("(")) {
      take();
      if (!is_operation(")")) refuse();
      take();
    }
    skip_newlines();
    if (++depth_ > deepest_nesting) throw SyntaxError{token().place, "is nested too deeply"};
    Node function{.kind = Kind::function, .place = place, .name = name, .children = {read_command()}};
    --depth_;
    return function;
  }

  Node read_condition() {
    Node condition{.kind = Kind::condition, .place = take().place};
    while (!is_word("]]")) {
      if (token().kind == Token::Kind::end) refuse();
      condition.words.push_back(take());
    }
    take();
    return condition;
  }

  Node read_simple() {
    Node command{.place = token().place};
    while (true) {
      if (token().kind == Token::Kind::word) {
        command.words.push_back(take());
        const bool is_function = command.words.size() == 1 && is_operation("(") && at_ + 1 < tokens_.size() &&
                                 tokens_[at_ + 1].kind == Token::Kind::operation &&
                                 tokens_[at_ + 1].text == ")";
        if (is_function) return read_function(command.words.front().text, command.place);
      } else if (!read_redirection(command)) {
        break;
      }
    }
    if (command.words.empty() && command.redirections.empty()) refuse();
    return command;
  }

  bool read_redirection(Node& command) {
    constexpr std::array<std::string_view, 12> operations{"<",  ">",   ">>", "<<", "<<-", "<<<",
                                                          "&>", "&>>", ">&", "<&", "<>",  ">|"};
    if (token().kind != Token::Kind::operation ||
        std::find(operations.begin(), operations.end(), token().text) == operations.end())
      return false;
    // The number of a stream, as in 2>&1, belongs to the redirection.
    const auto is_number = [](const std::string& text) {
      return text.size() == 1 && text[0] >= '0' && text[0] <= '9';
    };
    if (!command.words.empty() && is_number(command.words.back().text) &&
        command.words.back().place.line == token().place.line &&
        command.words.back().place.column + 1 == token().place.column) {
      command.words.pop_back();
    }
    const Token operation = take();
    if (token().kind != Token::Kind::word) refuse();
    const Token target = take();
    const bool is_document = operation.text == "<<" || operation.text == "<<-";
    command.redirections.push_back({operation.text, is_document ? operation : target});
    return true;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Node parse(std::string_view text, Place begin) {
  return Parser(tokens_of(text, begin)).script();
}

}  // namespace rankmesh::launch::shell
