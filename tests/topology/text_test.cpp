#include "rankmesh/topology/text.hpp"

#include "support/catch.hpp"

using rankmesh::lower_case;
using rankmesh::printable;
using rankmesh::upper_case;

TEST_CASE("text that is printable stays as it is", "[text]") {
  for (const std::string text : {"", "tp-dp", "a \"quoted\" \\ text", "größe", "規模", "🙂"})
    CHECK(printable(text) == text);
}

TEST_CASE("control characters become escapes", "[text]") {
  CHECK(printable("a\nb") == "a\\x0ab");
  CHECK(printable("\x1b[31mred\x7f\t") == "\\x1b[31mred\\x7f\\x09");
  CHECK(printable(std::string_view("\0", 1)) == "\\x00");
  // U+009B begins an escape sequence of a terminal, as ESC [ does.
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\xc2\\x9b31m");
  CHECK(printable("\xc2\xa0") == "\xc2\xa0");
}

TEST_CASE("bytes that are not UTF-8 become escapes", "[text]") {
  CHECK(printable("\x9b"
                  "31m") == "\\x9b31m");
  CHECK(printable("\xe8\xa6") == "\\xe8\\xa6");
  CHECK(printable("\xe8z") == "\\xe8z");
  // An overlong slash, a surrogate, and a code point beyond the last.
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");
  CHECK(printable("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
}

TEST_CASE("no text of two bytes leaves a control character", "[text]") {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = printable(std::string{static_cast<char>(first), static_cast<char>(second)});
      for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) FAIL_CHECK(first << " " << second);
      }
      if (text.size() == 2 && static_cast<unsigned char>(text[0]) == 0xc2 &&
          static_cast<unsigned char>(text[1]) < 0xa0) {
        FAIL_CHECK(first << " " << second);
      }
    }
  }
}

TEST_CASE("one thing is singular, all other numbers are plural", "[text]") {
  CHECK(rankmesh::counted(1, "group") == "1 group");
  CHECK(rankmesh::counted(0, "group") == "0 groups");
  CHECK(rankmesh::counted(2, "group") == "2 groups");
  CHECK(rankmesh::counted(1, "axis") == "1 axis");
  CHECK(rankmesh::counted(2, "axis") == "2 axes");
  CHECK(rankmesh::with_article("tensor group") == "a tensor group");
  CHECK(rankmesh::with_article("expert group") == "an expert group");
}

TEST_CASE("lines are broken at blanks", "[text]") {
  using Lines = std::vector<std::string>;
  CHECK(rankmesh::wrapped("one two three", 7) == Lines{"one two", "three"});
  CHECK(rankmesh::wrapped("one\ntwo three", 20) == Lines{"one", "two three"});
  CHECK(rankmesh::wrapped("a considerable word", 5) == Lines{"a", "considerable", "word"});
  CHECK(rankmesh::wrapped("", 5) == Lines{""});
}

TEST_CASE("only ASCII letters have another case", "[text]") {
  CHECK(upper_case("tp-dp_1 größe") == "TP-DP_1 GRößE");
  CHECK(lower_case("TP-DP_1 GRößE") == "tp-dp_1 größe");
}
