#include "rankmesh/files/hostlist.hpp"

#include <random>

#include "rankmesh/topology/text.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::files;

namespace {

std::string names_of(std::string_view text) {
  const Hostlist list = expand_hostlist(text);
  CHECK(list.diagnostics.empty());
  return joined(list.names, " ");
}

/// The diagnostic of a list with one bad part.
std::string hostlist_error(std::string_view text) {
  const Hostlist list = expand_hostlist(text);
  REQUIRE(list.diagnostics.size() == 1);
  return list.diagnostics.front().message();
}

}  // namespace

TEST_CASE("hostlists are expanded in order", "[hostlist]") {
  CHECK(names_of("node1") == "node1");
  CHECK(names_of("a,b,a") == "a b a");
  CHECK(names_of("n[1-3]") == "n1 n2 n3");
  CHECK(names_of("login,n[08-11,3]") == "login n08 n09 n10 n11 n3");
  CHECK(names_of("lx[15,18,32-33]-ib0.example") ==
        "lx15-ib0.example lx18-ib0.example lx32-ib0.example lx33-ib0.example");
  CHECK(names_of("[1-2]") == "1 2");
}

TEST_CASE("the leftmost of several brackets varies slowest", "[hostlist]") {
  CHECK(names_of("rack[0-1]_blade[00-01]") == "rack0_blade00 rack0_blade01 rack1_blade00 rack1_blade01");
}

TEST_CASE("what is no hostlist is refused with the reason", "[hostlist]") {
  CHECK(hostlist_error("gpu[1-9:2]") ==
        "host = \"gpu[1-9:2]\" has the range \"1-9:2\", which is not N or N-M with numbers of at most 18 "
        "digits; a hostlist has "
        "no steps");
  CHECK(hostlist_error("n[3-1]") == "host = \"n[3-1]\" has the range \"3-1\", which goes down: write 1-3");
  CHECK(hostlist_error("n[1-2") == "host = \"n[1-2\" has a [ without a ]");
  CHECK(hostlist_error("n1-2]") ==
        "host = \"n1-2]\" is not the name of a host: \"]\" is no letter, digit, -, . or _");
  CHECK(hostlist_error("n[]") ==
        "host = \"n[]\" has the range \"\", which is not N or N-M with numbers of at most 18 digits");
  CHECK(hostlist_error("a,,b") == "host = \"\" is empty: a name is missing");
  CHECK(hostlist_error("-n") ==
        "host = \"-n\" is not the name of a host, which begins with a letter or a digit");
  CHECK(hostlist_error("fe80::1") ==
        "host = \"fe80::1\" is not the name of a host: \":\" is no letter, digit, -, . or _; write the name "
        "of a host instead of "
        "an IPv6 address");
  CHECK(hostlist_error("a\nb") ==
        "host = \"a\\x0ab\" is not the name of a host: \"\\x0a\" is no letter, digit, -, . or _");
}

TEST_CASE("the names of a bad part are left out, those of the others are kept", "[hostlist]") {
  const Hostlist list = expand_hostlist("a,n[1,b[2-3]c,d");
  CHECK(list.names == std::vector<std::string>{"a", "d"});
  CHECK(list.diagnostics.size() == 1);
}

TEST_CASE("a short text cannot ask for more memory than 2^20 names", "[hostlist]") {
  CHECK(expand_hostlist("n[1-1048576]").names.size() == 1048576);
  CHECK(hostlist_error("n[0-1048576]") == "host = \"n[0-1048576]\" names more than 1048576 hosts");
  CHECK(hostlist_error("n[0-999999999999999999]").find("names more than") != std::string::npos);
  CHECK(hostlist_error("n[0-1023][0-1023]x[0-1]").find("names more than") != std::string::npos);
  CHECK(hostlist_error("n[1-1048576],a") ==
        "host = \"a\" is too much: the list names more than 1048576 hosts");
  CHECK(hostlist_error(std::string(256, 'n') + "[1-1000000]").find("is longer than 255 characters") !=
        std::string::npos);
}

TEST_CASE("an expanded hostlist is a hostlist of the same names", "[hostlist]") {
  std::mt19937 random(1);
  const auto pick = [&](int least, int most) { return std::uniform_int_distribution(least, most)(random); };
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    std::vector<std::string> expected{""};
    for (int part = pick(1, 3); part > 0; --part) {
      const std::string plain(1, static_cast<char>('a' + pick(0, 25)));
      const int first = pick(0, 20);
      const int last = first + pick(0, 5);
      const auto digits = static_cast<std::size_t>(pick(1, 4));
      const auto number = [&](int n) {
        const std::string shortest = std::to_string(n);
        return std::string(digits > shortest.size() ? digits - shortest.size() : 0, '0') + shortest;
      };
      text += plain + "[" + number(first) + "-" + number(last) + "]";
      std::vector<std::string> longer;
      for (const std::string& name : expected) {
        for (int n = first; n <= last; ++n) longer.push_back(name + plain + number(n));
      }
      expected = longer;
    }
    REQUIRE(expand_hostlist(text).names == expected);
    REQUIRE(expand_hostlist(joined(expected, ",")).names == expected);
  }
}
