#include "rankmesh/output/writer.hpp"

#include <cstdint>
#include <limits>

#include "support/catch.hpp"

using namespace rankmesh::cli;

TEST_CASE("a writer keeps the order of its input") {
  StringSink sink;
  Writer out(sink);
  std::string expected;
  for (int i = 0; i < 30000; ++i) {
    out.number(i);
    out.put(',');
    out.put(std::string_view("word"));
    expected += std::to_string(i) + ",word";
  }
  const std::string larger_than_the_buffer(200000, 'x');
  out.put(larger_than_the_buffer);
  expected += larger_than_the_buffer;
  out.flush();
  CHECK((sink.text() == expected));
}

TEST_CASE("numbers at the ends of their range") {
  StringSink sink;
  Writer out(sink);
  out.number(std::numeric_limits<std::int64_t>::min());
  out.put(' ');
  out.number(std::numeric_limits<std::uint64_t>::max());
  out.flush();
  CHECK(sink.text() == "-9223372036854775808 18446744073709551615");
}

TEST_CASE("text that is not flushed is not written") {
  StringSink sink;
  {
    Writer out(sink);
    out.put(std::string_view("text"));
  }
  CHECK(sink.text().empty());
}
