#include "letters.hpp"

#include <string>

#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::pmix;

namespace {

Bytes bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::vector<Letter> some_letters() {
  std::vector<Letter> letters;
  add(letters, 2, 1, bytes_of("b"));
  add(letters, 5, 1, bytes_of("b"));
  add(letters, 2, 1, bytes_of("b"));
  add(letters, 2, 0, bytes_of("b"));
  add(letters, 7, 0, {});
  return letters;
}

}  // namespace

TEST_CASE("messages are read as they were written") {
  CHECK(decode(encode({})) == std::vector<Letter>{});
  CHECK(decode(encode(some_letters())) == some_letters());
}

TEST_CASE("one message to several ranks is stored once, two messages to one rank twice") {
  const std::vector<Letter> letters = some_letters();
  CHECK(letters.size() == 4);
  CHECK(letters[0] == Letter{{2, 5}, 1, bytes_of("b")});
  CHECK(letters[1] == Letter{{2}, 1, bytes_of("b")});
  CHECK(letters[2] == Letter{{2}, 0, bytes_of("b")});
  CHECK(letters[3] == Letter{{7}, 0, {}});
}

TEST_CASE("no other bytes are messages: none cut short, none with more behind, none of another version") {
  const Bytes good = encode(some_letters());
  for (std::size_t length = 0; length < good.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(decode(std::span(good).first(length)).has_value());
  }
  Bytes longer = good;
  longer.push_back(std::byte{0});
  CHECK_FALSE(decode(longer).has_value());
  Bytes other = good;
  other[17] = std::byte{'2'};
  CHECK_FALSE(decode(other).has_value());
  // Counts and sizes beyond the end.
  const std::size_t first_number = 19;
  for (std::size_t at = first_number; at + 8 <= good.size(); at += 8) {
    Bytes changed = good;
    for (std::size_t i = 0; i < 8; ++i) changed[at + i] = std::byte{0xff};
    CAPTURE(at);
    const auto read = decode(changed);
    CHECK(read != std::optional(some_letters()));
  }
}
