#include "letters.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace rankmesh::pmix {
namespace {

constexpr std::string_view mark = "rankmesh letters 1\n";

class Writer {
 public:
  void put(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void put(std::uint64_t number) { put(std::as_bytes(std::span(&number, 1))); }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

  [[nodiscard]] std::span<const std::byte> take(std::uint64_t size) {
    if (size > rest_.size()) {
      is_good_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  /// 0 behind the end, so that no loop goes on.
  [[nodiscard]] std::uint64_t number() {
    std::uint64_t value = 0;
    if (const auto bytes = take(sizeof value); !bytes.empty())
      std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  [[nodiscard]] bool is_good() const noexcept { return is_good_; }
  [[nodiscard]] bool is_at_end() const noexcept { return is_good_ && rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  bool is_good_ = true;
};

}  // namespace

void add(std::vector<Letter>& letters, int to, int channel, std::span<const std::byte> bytes) {
  if (!letters.empty()) {
    Letter& last = letters.back();
    const bool is_new_reader = std::find(last.to.begin(), last.to.end(), to) == last.to.end();
    if (is_new_reader && last.channel == channel &&
        std::equal(last.bytes.begin(), last.bytes.end(), bytes.begin(), bytes.end())) {
      last.to.push_back(to);
      return;
    }
  }
  letters.push_back({{to}, channel, Bytes(bytes.begin(), bytes.end())});
}

Bytes encode(std::span<const Letter> letters) {
  Writer writer;
  writer.put(std::as_bytes(std::span(mark)));
  writer.put(letters.size());
  for (const Letter& letter : letters) {
    writer.put(letter.to.size());
    for (const int to : letter.to) writer.put(static_cast<std::uint64_t>(to));
    writer.put(static_cast<std::uint64_t>(letter.channel));
    writer.put(letter.bytes.size());
    writer.put(letter.bytes);
  }
  return writer.take();
}

std::optional<std::vector<Letter>> decode(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  const auto beginning = reader.take(mark.size());
  if (beginning.size() != mark.size() || std::memcmp(beginning.data(), mark.data(), mark.size()) != 0) {
    return std::nullopt;
  }
  std::vector<Letter> letters;
  for (std::uint64_t left = reader.number(); left > 0 && reader.is_good(); --left) {
    Letter& letter = letters.emplace_back();
    for (std::uint64_t readers = reader.number(); readers > 0 && reader.is_good(); --readers) {
      letter.to.push_back(static_cast<int>(reader.number()));
    }
    letter.channel = static_cast<int>(reader.number());
    const auto contents = reader.take(reader.number());
    letter.bytes.assign(contents.begin(), contents.end());
  }
  if (!reader.is_at_end()) return std::nullopt;
  return letters;
}

}  // namespace rankmesh::pmix
