#include "rankmesh/nccl/options_file.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using rankmesh::GroupKind;
using rankmesh::files::FileError;
using rankmesh::nccl::KindOptions;
using rankmesh::nccl::KindOptionsMap;
using rankmesh::nccl::load_kind_options;
using rankmesh::nccl::parse_kind_options;
using rankmesh::nccl::Stream;
using rankmesh::tests::ContainsSubstring;
using rankmesh::tests::TemporaryFolder;

namespace {

const std::string known_groups =
    " is no group; known are data or dp, sequence or cp, sequence_data or dp_cp, model or mp, tensor or tp, "
    "pipeline or pp, embedding or embd, position_embedding or pos_embd, amax or tp_dp_cp";
const std::string known_options =
    " is no option; known are min_ctas, max_ctas, cga_cluster_size, net_name, split_share, traffic_class, "
    "name, collnet, cta_policy, shrink_share, nvls_ctas, channels_per_net_peer, nvlink_centric_scheduling, "
    "stream, is_high_priority_stream";
const std::string number_needed = ": a whole number is needed, in decimal digits and without quotes";
const std::string boolean_needed = ": true or false is needed, without quotes";
const std::string text_needed = ": text is needed, in quotes where it could be a number or a boolean";
const std::string stream_needed = ": none, normal or high_priority is needed";
const std::string map_needed = ": a map of options is needed, such as {max_ctas: 16}";

template <typename Read>
std::string error_of(Read read) {
  try {
    static_cast<void>(read());
  } catch (const FileError& error) {
    return error.what();
  }
  return "accepted";
}

std::string error_in(std::string_view yaml) {
  return error_of([&] { return parse_kind_options(yaml, "a.yaml"); });
}

/// What is wrong with the value of one option.
std::string error_at(const std::string& key, const std::string& value) {
  return error_in("tp:\n  " + key + ": " + value + "\n");
}

std::string at_option(const std::string& message) {
  return "a.yaml:2:3: tp." + message;
}

KindOptions tensor_options(const std::string& options) {
  return parse_kind_options("tp: {" + options + "}").at(GroupKind::tensor);
}

std::string repeated(std::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("a file is a map from groups to options", "[nccl_options]") {
  const KindOptionsMap expected{
      {GroupKind::data, {.communicator = {.min_ctas = 4, .max_ctas = 16}, .stream = Stream::high_priority}},
      {GroupKind::tensor,
       {.communicator = {.cga_cluster_size = 2, .net_name = "Socket"}, .stream = Stream::normal}}};
  CHECK(parse_kind_options("dp: {min_ctas: 4, max_ctas: 16, is_high_priority_stream: true}\n"
                           "tensor:\n"
                           "  cga_cluster_size: 2\n"
                           "  net_name: Socket\n"
                           "  stream: normal\n") == expected);
}

TEST_CASE("every group has two names", "[nccl_options]") {
  const std::vector<std::pair<std::string, std::string>> names{
      {"data", "dp"},        {"sequence", "cp"},   {"sequence_data", "dp_cp"},
      {"model", "mp"},       {"tensor", "tp"},     {"pipeline", "pp"},
      {"embedding", "embd"}, {"amax", "tp_dp_cp"}, {"position_embedding", "pos_embd"}};
  for (const auto& [ours, theirs] : names) {
    CAPTURE(ours);
    const KindOptionsMap expected{{GroupKind(ours), {.communicator = {.max_ctas = 7}}}};
    CHECK(parse_kind_options(ours + ": {max_ctas: 7}") == expected);
    CHECK(parse_kind_options(theirs + ": {max_ctas: 7}") == expected);
  }
}

TEST_CASE("groups of Megatron-Core are those of the layout, under either name", "[nccl_options]") {
  const rankmesh::Topology topology({.world_size = 32,
                                     .convention = rankmesh::Convention::megatron_core,
                                     .context = 4,
                                     .expert = 2,
                                     .hierarchical_context = {2, 2}});
  const auto kinds = [&](const std::string& yaml) {
    std::string names;
    for (const auto& [kind, options] : parse_kind_options(yaml, topology)) {
      names.append(names.empty() ? "" : " ").append(kind.name());
    }
    return names;
  };
  CHECK(kinds("dp_cp: {max_ctas: 7}") == "data_context");
  CHECK(kinds("cp: {max_ctas: 7}\nexpert_data: {}\ntp_dp_cp: {}") ==
        "context expert_data tensor_data_context");
  CHECK(kinds("hcp: {max_ctas: 7}") == "hierarchical_context_0 hierarchical_context_1");
  CHECK(kinds("hcp_1: {max_ctas: 7}") == "hierarchical_context_1");
  // Kinds that other layouts make.
  CHECK(kinds("inter_ep_dp: {}\nhybrid_dp_cp: {}\ngtp_remat_dp: {}").empty());
  CHECK(error_of([&] { return parse_kind_options("hcp: {}\nhcp_0: {}", topology, "a.yaml"); }) ==
        "a.yaml:2:1: hcp_0 is given already, as hcp at a.yaml:1:1");
  CHECK(error_of([&] {
          return parse_kind_options("sdp: {}", topology, "a.yaml");
        }).starts_with("a.yaml:1:1: sdp is no group; known are remat or gtp_remat, data_context or dp_cp, "));
}

TEST_CASE("every option has its place in the config", "[nccl_options]") {
  CHECK(tensor_options("min_ctas: 2, max_ctas: 16, cga_cluster_size: 4, net_name: IB, split_share: true, "
                       "traffic_class: 105, name: gradients, collnet: false, cta_policy: 1, "
                       "shrink_share: true, nvls_ctas: 8, channels_per_net_peer: 3, "
                       "nvlink_centric_scheduling: false")
            .communicator == rankmesh::nccl::CommunicatorConfig{.min_ctas = 2,
                                                                .max_ctas = 16,
                                                                .cga_cluster_size = 4,
                                                                .net_name = "IB",
                                                                .split_share = true,
                                                                .traffic_class = 105,
                                                                .name = "gradients",
                                                                .collnet = false,
                                                                .cta_policy = 1,
                                                                .shrink_share = true,
                                                                .nvls_ctas = 8,
                                                                .channels_per_net_peer = 3,
                                                                .nvlink_centric_scheduling = false});
}

TEST_CASE("the stream is named, or given as Megatron-Core does", "[nccl_options]") {
  CHECK(tensor_options("stream: none").stream == Stream::none);
  CHECK(tensor_options("stream: normal").stream == Stream::normal);
  CHECK(tensor_options("stream: \"high_priority\"").stream == Stream::high_priority);
  CHECK(tensor_options("is_high_priority_stream: true").stream == Stream::high_priority);
  CHECK(tensor_options("is_high_priority_stream: false").stream == Stream::none);
  CHECK(tensor_options("").stream == Stream::none);
}

TEST_CASE("numbers are decimal, booleans those of YAML 1.2, text anything else", "[nccl_options]") {
  CHECK(tensor_options("max_ctas: 2147483647").communicator.max_ctas == 2147483647);
  CHECK(tensor_options("max_ctas: +5").communicator.max_ctas == 5);
  CHECK(tensor_options("traffic_class: 0").communicator.traffic_class == 0);
  for (const std::string word : {"true", "True", "TRUE"}) {
    CHECK(tensor_options("collnet: " + word).communicator.collnet == true);
  }
  for (const std::string word : {"false", "False", "FALSE"}) {
    CHECK(tensor_options("collnet: " + word).communicator.collnet == false);
  }
  for (const std::string text : {"2nd ring", "yes", "mlx5_0:1", "v1.2", "-"}) {
    CHECK(tensor_options("name: '" + text + "'").communicator.name == text);
  }
  CHECK(tensor_options("name: 2nd ring").communicator.name == "2nd ring");
  CHECK(tensor_options("name: yes").communicator.name == "yes");
  CHECK(tensor_options("name: '16'").communicator.name == "16");
  CHECK(tensor_options("name: \"true\"").communicator.name == "true");
  CHECK(tensor_options("name: \"d\\xe9j\\u00e0\"").communicator.name == "d\xc3\xa9j\xc3\xa0");
}

TEST_CASE("nothing is an empty map", "[nccl_options]") {
  for (const std::string text : {"", "\n\n", "# only a comment\n", "---\n", "~", "{}", "\xef\xbb\xbf"}) {
    CAPTURE(text);
    CHECK(parse_kind_options(text).empty());
  }
  CHECK(parse_kind_options("tp: {}") == KindOptionsMap{{GroupKind::tensor, {}}});
}

TEST_CASE("aliases stand for what is anchored", "[nccl_options]") {
  const KindOptions expected{.communicator = {.max_ctas = 16}};
  CHECK(parse_kind_options("tp: &a {max_ctas: 16}\ndp: *a\n") ==
        KindOptionsMap{{GroupKind::tensor, expected}, {GroupKind::data, expected}});
  CHECK(parse_kind_options("tp: {max_ctas: &n 16}\ndp: {max_ctas: *n}\n") ==
        KindOptionsMap{{GroupKind::tensor, expected}, {GroupKind::data, expected}});
  CHECK(error_in("tp: {max_ctas: &n [1]}\ndp: {max_ctas: *n}\n") ==
        "a.yaml:1:6: tp.max_ctas is a list" + number_needed + "\na.yaml:2:6: dp.max_ctas is a list" +
            number_needed);
  CHECK(error_in("&a tp: *a\n") == "a.yaml:1:1: tp = tp" + map_needed);
  CHECK(error_in("&a {tp: *a}\n") == "a.yaml:1:5: tp.tp" + known_options);
}

TEST_CASE("a group that is given twice is an error at the second, naming the first", "[nccl_options]") {
  CHECK(error_in("tp: {}\ndp: {}\ntp: {}\n") == "a.yaml:3:1: tp is given already at a.yaml:1:1");
  CHECK(error_in("tp: {}\ntensor: {}\n") == "a.yaml:2:1: tensor is given already, as tp at a.yaml:1:1");
  CHECK(error_in("tp: {}\n\"tp\": {max_ctas: 0}\n") ==
        "a.yaml:2:1: tp is given already at a.yaml:1:1\na.yaml:2:8: tp.max_ctas = 0 is below 1");
}

TEST_CASE("an option that is given twice is an error at the second, naming the first", "[nccl_options]") {
  CHECK(error_in("tp: {max_ctas: 1, max_ctas: 1}\n") ==
        "a.yaml:1:19: tp.max_ctas is given already at a.yaml:1:6");
  CHECK(error_in("tp:\n  stream: normal\n  is_high_priority_stream: true\n") ==
        "a.yaml:3:3: tp.is_high_priority_stream is given already, as tp.stream at a.yaml:2:3");
  CHECK(error_in("tp:\n  is_high_priority_stream: false\n  stream: none\n") ==
        "a.yaml:3:3: tp.stream is given already, as tp.is_high_priority_stream at a.yaml:2:3");
  CHECK(error_in("tp: {max_ctas: 1}\ndp: {max_ctas: 1}\n") == "accepted");
}

TEST_CASE("groups and options that do not exist are named with those that do", "[nccl_options]") {
  CHECK(error_in("ep: {max_ctas: 1}\n") == "a.yaml:1:1: ep" + known_groups);
  CHECK(error_in("TP: {}\n") == "a.yaml:1:1: TP" + known_groups);
  CHECK(error_in("1: {}\n") == "a.yaml:1:1: 1" + known_groups);
  CHECK(error_in("\"\": {}\n") == "a.yaml:1:1: \"\"" + known_groups);
  CHECK(error_at("maxCTAs", "1") == at_option("maxCTAs" + known_options));
  CHECK(error_at("\"a\\nb\\\"\"", "1") == at_option("\"a\\x0ab\\\"\"" + known_options));
  CHECK(error_at(std::string(60, 'x'), "1") == at_option(std::string(60, 'x') + known_options));
  CHECK(error_at(std::string(61, 'x'), "1") ==
        at_option("\"" + std::string(60, 'x') + "...\"" + known_options));
  CHECK(error_at(std::string(59, 'x') + "\xc3\xa9", "1") ==
        at_option("\"" + std::string(59, 'x') + "...\"" + known_options));
  // The options of a group that does not exist are read all the same.
  CHECK(error_in("ep: {max_ctas: x}\n") ==
        "a.yaml:1:1: ep" + known_groups + "\na.yaml:1:6: ep.max_ctas = x" + number_needed);
}

TEST_CASE("names of groups and options are text", "[nccl_options]") {
  CHECK(error_in("[tp, dp]: {}\n") == "a.yaml:1:1: the name of a group is a list: text is needed");
  CHECK(error_in("~: {}\n") == "a.yaml:1:1: the name of a group has no value: text is needed");
  CHECK(error_in("tp: {{a: b}: 1}\n") == "a.yaml:1:6: the name of an option of tp is a map: text is needed");
}

TEST_CASE("numbers of other forms are refused", "[nccl_options]") {
  for (const std::string value :
       {"many", "1.5", "1e3", "0x10", "0o17", "010", "-01", "1_000", "true", "+", "--1"}) {
    CHECK(error_at("max_ctas", value) == at_option("max_ctas = " + value + number_needed));
  }
  CHECK(error_at("max_ctas", "'16'") == at_option("max_ctas = \"16\"" + number_needed));
  CHECK(error_at("max_ctas", "") == at_option("max_ctas has no value" + number_needed));
  CHECK(error_at("max_ctas", "null") == at_option("max_ctas has no value" + number_needed));
  CHECK(error_at("max_ctas", "{a: 1}") == at_option("max_ctas is a map" + number_needed));
  for (const std::string value : {"2147483648", "-2147483649", "99999999999999999999"}) {
    CHECK(error_at("max_ctas", value) ==
          at_option("max_ctas = " + value + ": a whole number of at most 32 bits is needed"));
  }
}

TEST_CASE("booleans of other forms are refused", "[nccl_options]") {
  for (const std::string value : {"yes", "no", "on", "off", "1", "0", "tRUE", "y"}) {
    CHECK(error_at("collnet", value) == at_option("collnet = " + value + boolean_needed));
    CHECK(error_at("is_high_priority_stream", value) ==
          at_option("is_high_priority_stream = " + value + boolean_needed));
  }
  CHECK(error_at("collnet", "\"true\"") == at_option("collnet = \"true\"" + boolean_needed));
  CHECK(error_at("collnet", "~") == at_option("collnet has no value" + boolean_needed));
}

TEST_CASE("text that YAML takes for something else is refused", "[nccl_options]") {
  for (const std::string value : {"16", "-1.5", "1e3", ".5", "true", "False"}) {
    CHECK(error_at("name", value) == at_option("name = " + value + text_needed));
  }
  CHECK(error_at("name", "") == at_option("name has no value" + text_needed));
  CHECK(error_at("net_name", "[IB]") == at_option("net_name is a list" + text_needed));
}

TEST_CASE("streams of other names are refused", "[nccl_options]") {
  CHECK(error_at("stream", "high") == at_option("stream = high" + stream_needed));
  CHECK(error_at("stream", "true") == at_option("stream = true" + stream_needed));
  CHECK(error_at("stream", "") == at_option("stream has no value" + stream_needed));
  CHECK(error_at("stream", "[none]") == at_option("stream is a list" + stream_needed));
}

TEST_CASE("values out of range are refused where they are given", "[nccl_options]") {
  CHECK(error_in("tp:\n  max_ctas: 8\n  min_ctas: 9\n  cta_policy: 4\n") ==
        "a.yaml:3:3: tp.min_ctas = 9 is above max_ctas = 8\n"
        "a.yaml:4:3: tp.cta_policy = 4 is above 3");
  CHECK(error_at("net_name", "''") == at_option("net_name = \"\" is empty"));
  CHECK(error_at("name", "\"a\\0b\"") == at_option("name = \"a\\x00b\" has a control character in it"));
  CHECK(error_at("traffic_class", "-1") == at_option("traffic_class = -1 is below 0"));
}

TEST_CASE("what should be a map and is none is refused", "[nccl_options]") {
  const std::string needed = "a map from groups to options is needed, such as tp: {max_ctas: 16}";
  CHECK(error_in("- tp\n") == "a.yaml:1:1: " + needed);
  CHECK(error_in("\ntp\n") == "a.yaml:2:1: " + needed);
  CHECK(error_in("tp:\ndp: 16\npp: [max_ctas, 16]\n") == "a.yaml:1:1: tp has no value" + map_needed +
                                                             "\na.yaml:2:1: dp = 16" + map_needed +
                                                             "\na.yaml:3:1: pp is a list" + map_needed);
}

TEST_CASE("tags, merge keys and further documents are refused", "[nccl_options]") {
  CHECK(error_at("max_ctas", "!!int 16") ==
        at_option("max_ctas has the tag \"tag:yaml.org,2002:int\": write it without"));
  CHECK(error_in("tp: !x {}\n") == "a.yaml:1:1: tp has the tag \"!x\": write it without");
  CHECK(error_in("!x tp: {}\n") == "a.yaml:1:1: the name of a group has the tag \"!x\": write it without");
  CHECK(error_in("!x {}\n") == "a.yaml:1:1: the map of groups has the tag \"!x\": write it without");
  CHECK(error_in("tp: &a {max_ctas: 1}\ndp:\n  <<: *a\n") ==
        "a.yaml:3:3: dp.<<: maps are not merged; write the options out, or give the whole map as an alias");
  CHECK(error_in("tp: {}\n---\ndp: {}\n") ==
        "a.yaml:3:1: this is no part of the first document, and there may be one only");
  CHECK(error_in(",\n") == "a.yaml:1:1: this is no part of the first document, and there may be one only");
  CHECK(error_in("tp: {}\n--- 1\n--- 2\n--- {\n") ==
        "a.yaml:2:5: this is no part of the first document, and there may be one only");
  CHECK(error_in("--- {tp: {}}\n...\n# a comment\n") == "accepted");
}

TEST_CASE("all problems are listed at once, in the order of the file", "[nccl_options]") {
  const std::string text =
      "tp: {max_ctas: 0, stream: fast}\n"
      "tensor: {}\n"
      "xp: {}\n"
      "dp: {max: 1, collnet: yes}\n"
      "---\n"
      "pp\n";
  CHECK(error_in(text) ==
        "a.yaml:1:6: tp.max_ctas = 0 is below 1\n"
        "a.yaml:1:19: tp.stream = fast" +
            stream_needed +
            "\n"
            "a.yaml:2:1: tensor is given already, as tp at a.yaml:1:1\n"
            "a.yaml:3:1: xp" +
            known_groups +
            "\n"
            "a.yaml:4:6: dp.max" +
            known_options +
            "\n"
            "a.yaml:4:14: dp.collnet = yes" +
            boolean_needed +
            "\n"
            "a.yaml:6:1: this is no part of the first document, and there may be one only");
  try {
    static_cast<void>(parse_kind_options("tp: 1\ndp: 2\n"));
    CHECK(false);
  } catch (const FileError& error) {
    REQUIRE(error.diagnostics().size() == 2);
    CHECK(error.diagnostics()[1].place == rankmesh::SourcePlace{"<text>", 2, 1});
    CHECK(error.diagnostics()[1].text() == "dp = 2" + map_needed);
  }
}

TEST_CASE("malformed text is refused with what the parser says", "[nccl_options]") {
  CHECK(error_in("tp: {}\na: b: c\n") == "a.yaml:2:5: is not YAML: illegal map value");
  CHECK(error_in("tp: {}}\n") == "a.yaml:1:7: is not YAML: illegal flow end");
  CHECK(error_in("tp: *a\n").starts_with("a.yaml:1:5: is not YAML: the referenced anchor is not defined"));
  CHECK(error_in("tp: {max_ctas: 1").starts_with("a.yaml:1:"));
}

TEST_CASE("control characters are refused, which the parser may stop at", "[nccl_options]") {
  CHECK(error_in("tp: {}\ndp:\x04 {}\n") ==
        "a.yaml:2:4: is not YAML in UTF-8: it has the control character 4");
  CHECK(error_in(std::string_view("t\0p\0", 4)) ==
        "a.yaml:1:2: is not YAML in UTF-8: it has the control character 0");
  CHECK(error_in("tp: {} # \x7f") == "a.yaml:1:10: is not YAML in UTF-8: it has the control character 127");
  CHECK(error_in("tp:\t{}\r\n") == "accepted");
}

TEST_CASE("deep nesting is refused, however it is written", "[nccl_options]") {
  const std::string too_deep = ": is not YAML that can be read: maps and lists are nested too deeply";
  for (const std::string_view opening : {"[", "{", "{a: ", "- ", "? ", "{? "}) {
    CAPTURE(opening);
    CHECK_THAT(error_in(repeated(opening, 100000)), ContainsSubstring(too_deep));
  }
  CHECK_THAT(error_in("tp: " + repeated("[", 100000) + repeated("]", 100000)), ContainsSubstring(too_deep));
  CHECK(error_in("tp: " + repeated("[", 100) + repeated("]", 100)) ==
        "a.yaml:1:1: tp is a list" + map_needed);
}

TEST_CASE("long text is refused or read, never more", "[nccl_options]") {
  const std::string longest(std::size_t{1} << 20, '#');
  CHECK(error_in(longest) == "accepted");
  CHECK(error_in(longest + "#") == "a.yaml: is longer than 1 MiB, the most that is read");
}

TEST_CASE("after a hundred problems reading stops", "[nccl_options]") {
  const auto lines = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "tp" + std::to_string(i) + ": {}\n";
    return text;
  };
  const auto diagnostics = [](const std::string& text) {
    try {
      static_cast<void>(parse_kind_options(text, "a.yaml"));
    } catch (const FileError& error) {
      return std::vector(error.diagnostics().begin(), error.diagnostics().end());
    }
    return std::vector<rankmesh::Diagnostic>();
  };
  CHECK(diagnostics(lines(100)).size() == 100);
  CHECK(diagnostics(lines(100)).back().place->line == 100);
  CHECK(diagnostics(lines(50000)).size() == 101);
  CHECK(diagnostics(lines(50000)).back().message() ==
        "a.yaml: has more problems than these: the rest was not read");
  // Aliases multiply: a thousand groups with a thousand options each.
  std::string bomb = "x: &a {";
  for (int i = 0; i < 1000; ++i) bomb += "max_ctas: 1, ";
  bomb += "}\n";
  for (int i = 0; i < 1000; ++i) bomb += "x" + std::to_string(i) + ": *a\n";
  CHECK(diagnostics(bomb).size() == 101);
}

TEST_CASE("files are read, and named in errors", "[nccl_options]") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.file("options.yaml");
  std::ofstream(path) << "tp: {max_ctas: 16}\n";
  CHECK(load_kind_options(path) == KindOptionsMap{{GroupKind::tensor, {.communicator = {.max_ctas = 16}}}});
  std::ofstream(path) << "\ntp: 16\n";
  CHECK(error_of([&] { return load_kind_options(path); }) == path.string() + ":2:1: tp = 16" + map_needed);
  std::ofstream(path) << "# " << std::string(5000, 'x') << "\ntp: {max_ctas: 3}\n";
  CHECK(load_kind_options(path).at(GroupKind::tensor).communicator.max_ctas == 3);
}

TEST_CASE("files that cannot be read are refused with what the system says", "[nccl_options]") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.file("missing");
  const std::string name = path.string();
  CHECK(error_of([&] { return load_kind_options(path); }) ==
        name + ": cannot be read: No such file or directory");
  std::filesystem::create_directory(path);
  CHECK(error_of([&] { return load_kind_options(path); }) == name + ": cannot be read: Is a directory");
  CHECK(error_of([] { return load_kind_options("/dev/zero"); }) ==
        "/dev/zero: is a device, not a regular file; write - to read standard input");
}
