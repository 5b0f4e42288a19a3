#include "pipeline/layout_text.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// A letter or `|`, several times.
struct Element {
  char letter = 0;
  std::int64_t count = 1;
  std::size_t column = 0;
};

/// Elements that follow each other several times: a group in brackets, or a single element.
struct Item {
  std::vector<Element> elements;
  std::int64_t copies = 1;
  std::size_t column = 0;
};

/// A mistake that keeps the rest from being read.
struct Mistake {
  std::size_t column;
  std::string rule;
};

/// Reads items. Megatron-Core removes all commas first, so that they may stand anywhere.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] std::vector<Item> read() {
    std::vector<Item> items;
    while (peek() != 0) items.push_back(peek() == '(' ? group() : Item{{element()}, 1, column()});
    return items;
  }

 private:
  /// The next character that is no comma; 0 at the end.
  [[nodiscard]] char peek() {
    while (at_ < text_.size() && text_[at_] == ',') ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  [[nodiscard]] std::size_t column() const { return at_ + 1; }
  [[noreturn]] void refuse(std::string rule) const { throw Mistake{column(), std::move(rule)}; }

  Element element() {
    const char letter = peek();
    Element result{.letter = letter, .count = 1, .column = column()};
    if (std::string_view("EtmL|").find(letter) == std::string_view::npos) {
      if (letter == '(') refuse("is a bracket inside brackets, which Megatron-Core cannot read");
      if (letter == '*') refuse("is no letter or group to repeat");
      refuse("is none of E (embedding), t (layer), m (MTP layer) and L (loss)");
    }
    ++at_;
    result.count = repetitions().value_or(1);
    return result;
  }

  Item group() {
    Item item{.elements = {}, .copies = 1, .column = column()};
    ++at_;
    while (peek() != ')') {
      if (peek() == 0) throw Mistake{item.column, "opens a group that is not closed"};
      item.elements.push_back(element());
    }
    if (item.elements.empty()) refuse("closes an empty group");
    ++at_;
    const auto copies = repetitions();
    if (!copies) throw Mistake{item.column, "opens a group without a repetition: write (...)*N"};
    item.copies = *copies;
    return item;
  }

  /// `*3`
  std::optional<std::int64_t> repetitions() {
    if (peek() != '*') return std::nullopt;
    ++at_;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!is_digit(peek())) refuse("is no number of repetitions");
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    const std::string_view digits = text_.substr(begin, at_ - begin);
    std::int64_t number = 0;
    if (!read_number(digits, number).empty() || number > std::numeric_limits<int>::max())
      throw Mistake{begin + 1, "is above 2147483647"};
    if (is_digit(peek())) refuse("continues a number behind a comma, which Megatron-Core ignores");
    if (peek() == '*') refuse("repeats a second time: multiply the numbers");
    return number;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Follows the letters from chunk to chunk.
class Builder {
 public:
  Builder(std::string_view text, LayoutText& result) : text_(text), result_(result) {}

  void add(const Item& item) {
    if (item.copies == 0) return;
    const Mark begin = mark();
    for (const Element& element : item.elements) add(element);
    if (item.copies == 1) return;
    const bool has_chunks = std::any_of(item.elements.begin(), item.elements.end(),
                                        [](const Element& e) { return e.letter == '|' && e.count > 0; });
    if (has_chunks) {
      add_copies(item, begin);
      return;
    }
    // The second copy shows whether the order is right.
    for (Element element : item.elements) {
      if (element.letter == 't' || element.letter == 'm')
        element.count = times(element.count, item.copies - 1);
      add(element);
    }
  }

  void finish() {
    if (!has_embedding_) refuse(1, "has no embedding: begin with E");
    if (has_embedding_ && !early_columns_.empty())
      refuse(early_columns_.front(), "comes before the embedding, E");
    if (!has_loss_) refuse(std::max<std::size_t>(text_.size(), 1), "has no loss: end with L");
    if (has_loss_ && loss_chunk_ != result_.chunks)
      refuse(loss_column_, "is not in the last chunk: Megatron-Core puts the loss there whatever is written");
    close(1);
    flush();
    result_.layers = closed_layers_;
    if (result_.layers == 0 && has_embedding_) refuse(1, "has no layer: write t for each");
    if (is_too_large_) refuse(1, "has too many layers or chunks to count");
  }

 private:
  /// How far the text has been followed.
  struct Mark {
    std::int64_t chunks;
    std::int64_t layers;
    std::int64_t open;
    std::vector<ChunkRun> runs;
  };
  [[nodiscard]] Mark mark() const { return {result_.chunks, closed_layers_, open_, runs_}; }

  /// Adds all copies of a group but the first, which has been added. Each copy ends the same chunks, the
  /// first of which the copy before it began; the first copy, too, if no chunk lies in two copies.
  /// @param begin before the first copy
  void add_copies(const Item& item, Mark begin) {
    const bool is_first_alike = begin.open == 0 && open_ == 0;
    if (!is_first_alike) begin = mark();
    runs_.clear();
    const Mark second = mark();
    for (const Element& element : item.elements) add(element);
    const std::int64_t copies = is_first_alike ? item.copies : item.copies - 1;
    std::vector<ChunkRun> copy = std::exchange(runs_, std::move(begin.runs));
    result_.chunks = plus(begin.chunks, times(result_.chunks - second.chunks, copies));
    closed_layers_ = plus(begin.layers, times(closed_layers_ - second.layers, copies));
    if (is_too_large_) return;
    if (copy.size() == 1) {
      append_run(runs_, {copy.front().layers, copy.front().chunks * copies});
      return;
    }
    flush();
    result_.parts.push_back({std::move(copy), copies});
  }

  void add(const Element& element) {
    if (element.count == 0) return;
    switch (element.letter) {
      case '|':
        close(element.count);
        return;
      case 'E':
        add_embedding(element);
        return;
      case 'L':
        add_loss(element);
        return;
      default:
        break;
    }
    if (!has_embedding_) early_columns_.push_back(element.column);
    if (has_loss_) refuse(element.column, "comes after the loss, L");
    if (element.letter == 't') {
      if (result_.mtp_layers > 0) refuse(element.column, "is a layer after an MTP layer, m");
      open_ = plus(open_, element.count);
      return;
    }
    if (result_.mtp_layers > 0 && result_.mtp_chunk != result_.chunks)
      refuse(element.column, "is in another chunk than the MTP layer before it: put all in one chunk");
    if (result_.mtp_layers == 0) result_.mtp_chunk = result_.chunks;
    result_.mtp_layers = plus(result_.mtp_layers, element.count);
  }

  void add_embedding(const Element& element) {
    if (has_embedding_ || element.count > 1) {
      refuse(element.column, "is a second embedding");
    } else if (result_.chunks > 0) {
      refuse(element.column,
             "is not in the first chunk: Megatron-Core puts the embedding there whatever is written");
    }
    has_embedding_ = true;
  }

  void add_loss(const Element& element) {
    if (has_loss_ || element.count > 1) refuse(element.column, "is a second loss");
    if (!has_embedding_) early_columns_.push_back(element.column);
    has_loss_ = true;
    loss_chunk_ = result_.chunks;
    loss_column_ = element.column;
  }

  void close(std::int64_t count) {
    // Before the runs, so that none of them is too long.
    result_.chunks = plus(result_.chunks, count);
    if (is_too_large_) return;
    append_run(runs_, {open_, 1});
    append_run(runs_, {0, count - 1});
    closed_layers_ = plus(closed_layers_, open_);
    open_ = 0;
  }

  void flush() {
    if (!runs_.empty()) result_.parts.push_back({std::exchange(runs_, {}), 1});
  }

  std::int64_t plus(std::int64_t a, std::int64_t b) {
    if (a <= most_layers - b) return a + b;
    is_too_large_ = true;
    return most_layers;
  }
  std::int64_t times(std::int64_t a, std::int64_t b) {
    if (a == 0 || b <= most_layers / a) return a * b;
    is_too_large_ = true;
    return most_layers;
  }

  void refuse(std::size_t column, const std::string& rule) {
    Diagnostic diagnostic = diagnostic_at(text_, column, rule);
    auto& all = result_.diagnostics;
    // Each repeats the whole text.
    if (all.size() == 8) return;
    if (std::find(all.begin(), all.end(), diagnostic) == all.end()) all.push_back(std::move(diagnostic));
  }

 public:
  /// `pipeline_layout = Et|x is wrong in column 4: x is none of ...`
  static Diagnostic diagnostic_at(std::string_view text, std::size_t column, const std::string& rule) {
    const std::string_view letter = text.substr(std::min(column - 1, text.size()), 1);
    const std::string subject = rule.starts_with("has ") ? "it"
                                : letter.empty()         ? "the end"
                                                         : "\"" + printable(letter) + "\"";
    return {.field = "pipeline_layout",
            .value = std::string(text),
            .rule = "is wrong in column " + std::to_string(column) + ": " + subject + " " + rule};
  }

 private:
  std::string_view text_;
  LayoutText& result_;
  /// Chunks that ended since the last part.
  std::vector<ChunkRun> runs_;
  /// Layers of the chunk that has not ended.
  std::int64_t open_ = 0;
  std::int64_t closed_layers_ = 0;
  /// Of letters before the embedding.
  std::vector<std::size_t> early_columns_;
  std::int64_t loss_chunk_ = 0;
  std::size_t loss_column_ = 0;
  bool has_embedding_ = false;
  bool has_loss_ = false;
  bool is_too_large_ = false;
};

}  // namespace

LayoutText read_layout_text(std::string_view text) {
  LayoutText result;
  // More than any pipeline needs; the rest of the program takes time in proportion.
  if (text.size() > 65536) {
    result.diagnostics.push_back(
        {.field = "pipeline_layout",
         .rule = "has " + std::to_string(text.size()) + " characters, and may have at most 65536"});
    return result;
  }
  try {
    Builder builder(text, result);
    for (const Item& item : Reader(text).read()) builder.add(item);
    builder.finish();
  } catch (const Mistake& mistake) {
    result.diagnostics = {Builder::diagnostic_at(text, mistake.column, mistake.rule)};
  }
  return result;
}

}  // namespace rankmesh
