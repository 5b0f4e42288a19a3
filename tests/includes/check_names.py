#!/usr/bin/env python3
"""check_names.py ROOT: fails unless every source that uses a name of the standard library includes the header that declares it.

Sources share precompiled headers, so the compiler does not notice when one is missing. An include counts if it stands in the
file itself or in a header of the project that the file includes, directly or through others. An include of the standard
library counts for its own names only: what else it happens to bring along differs between compilers.
"""

import pathlib
import re
import sys

FOLDERS = ["topology", "comm", "adapters"]

HEADERS = {
    "algorithm": "all_of any_of none_of find find_if find_if_not count count_if copy copy_if copy_n fill fill_n transform reverse rotate sort "
                 "stable_sort nth_element partial_sort is_sorted unique remove remove_if lower_bound upper_bound equal_range binary_search "
                 "max_element min_element minmax_element minmax max min clamp next_permutation equal mismatch search includes "
                 "set_difference set_intersection set_union merge adjacent_find partition partition_point stable_partition "
                 "lexicographical_compare for_each generate replace shuffle",
    "array": "array to_array",
    "atomic": "atomic memory_order_relaxed memory_order_acquire memory_order_release atomic_thread_fence",
    "bit": "bit_ceil bit_floor bit_width countr_zero popcount has_single_bit countl_zero bit_cast",
    "charconv": "from_chars to_chars from_chars_result chars_format",
    "chrono": "chrono",
    "cmath": "abs sqrt pow log log2 log10 exp ceil floor round isfinite isnan isinf fabs llround lround",
    "compare": "strong_ordering weak_ordering partial_ordering",
    "condition_variable": "condition_variable condition_variable_any cv_status",
    "cstddef": "ptrdiff_t byte",
    "cstdint": "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t uintptr_t",
    "cstdlib": "abs getenv",
    "deque": "deque",
    "exception": "exception exception_ptr current_exception rethrow_exception make_exception_ptr terminate",
    "filesystem": "filesystem",
    "fstream": "ifstream ofstream fstream",
    "functional": "function hash plus less greater multiplies minus reference_wrapper ref cref invoke bit_or bit_and logical_or",
    "future": "future promise async",
    "initializer_list": "initializer_list",
    "iomanip": "setw setprecision setfill",
    "iostream": "cout cerr cin clog",
    "istream": "istream getline ws",
    "iterator": "back_inserter inserter istreambuf_iterator ostream_iterator next prev advance distance ssize make_move_iterator "
                "random_access_iterator_tag forward_iterator_tag input_iterator_tag bidirectional_iterator_tag reverse_iterator "
                "make_reverse_iterator default_sentinel_t default_sentinel iterator_traits istream_iterator",
    "limits": "numeric_limits",
    "map": "map multimap less",
    "memory": "unique_ptr shared_ptr weak_ptr make_unique make_shared enable_shared_from_this addressof",
    "mutex": "mutex lock_guard unique_lock scoped_lock once_flag call_once",
    "new": "bad_alloc nothrow",
    "numeric": "accumulate reduce iota gcd lcm inner_product partial_sum exclusive_scan inclusive_scan midpoint",
    "optional": "optional nullopt make_optional nullopt_t",
    "ostream": "ostream endl flush",
    "queue": "queue priority_queue",
    "random": "mt19937 mt19937_64 uniform_int_distribution uniform_real_distribution random_device seed_seq",
    "ranges": "views",
    "regex": "regex regex_search regex_match smatch",
    "set": "set multiset less",
    "span": "span as_bytes as_writable_bytes",
    "sstream": "ostringstream istringstream stringstream",
    "stdexcept": "runtime_error logic_error invalid_argument out_of_range length_error overflow_error domain_error range_error",
    "string": "string to_string stoi stol stoll stoul stod",
    "string_view": "string_view",
    "system_error": "errc error_code system_error generic_category make_error_code",
    "thread": "thread jthread this_thread",
    "tuple": "tuple tie make_tuple apply tuple_element_t tuple_size_v",
    "type_traits": "is_same_v enable_if_t decay_t remove_cvref_t is_convertible_v conditional_t is_integral_v is_signed_v is_void_v "
                   "invoke_result_t underlying_type_t is_base_of_v remove_reference_t make_unsigned_t is_constructible_v is_invocable_v "
                   "is_arithmetic_v is_enum_v true_type false_type is_floating_point_v is_copy_constructible_v "
                   "is_trivially_copyable_v is_constant_evaluated",
    "unordered_map": "unordered_map",
    "unordered_set": "unordered_set",
    "utility": "move forward pair make_pair swap exchange in_range cmp_less as_const index_sequence make_index_sequence "
               "integer_sequence declval piecewise_construct in_place",
    "variant": "variant visit get_if holds_alternative monostate",
    "vector": "vector",
}
HEADERS_OF = {}
for header, names in HEADERS.items():
    for name in names.split():
        HEADERS_OF.setdefault(name, []).append(header)

# Headers that include others, by the standard.
ALSO = {"iostream": {"istream", "ostream"}, "istream": {"ostream"}, "fstream": {"istream", "ostream"}, "sstream": {"istream", "ostream"}}
ALSO |= {header: {"compare", "initializer_list"} for header in ("array", "deque", "map", "set", "string", "unordered_map", "unordered_set", "vector")}
ALSO |= {header: {"compare"} for header in ("optional", "string_view", "tuple", "utility", "variant")}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
IGNORED = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
NAME = re.compile(r"\bstd::(?:ranges::)?(\w+)")


class Project:
    def __init__(self, root):
        self.root = root
        self.files = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*")) if path.suffix in (".cpp", ".hpp")]
        self.include_folders = sorted({parent for path in self.files for parent in path.parents if parent.name in ("include", "src")})
        self.known = {}

    def find(self, name, beside):
        for folder in [beside, *self.include_folders]:
            if (folder / name).is_file():
                return folder / name
        return None

    def headers_of(self, path):
        """The standard headers that a file includes, itself or through headers of the project."""
        if path not in self.known:
            self.known[path] = set()
            found = set()
            for kind, name in INCLUDE.findall(path.read_text()):
                own = self.find(name, path.parent) if kind == '"' else None
                found |= self.headers_of(own) if own else {name}
            self.known[path] = found
        return self.known[path]

    def missing(self, path):
        headers = self.headers_of(path)
        headers = headers.union(*(ALSO.get(header, ()) for header in headers))
        text = IGNORED.sub(" ", path.read_text())
        used = {}
        for match in NAME.finditer(text):
            declared_by = HEADERS_OF.get(match[1])
            if declared_by and not headers.intersection(declared_by):
                used.setdefault(declared_by[0], match[0])
        return sorted(used.items())


def main():
    project = Project(pathlib.Path(sys.argv[1]))
    problems = [f'{path.relative_to(project.root)}: <{header}> for {name}' for path in project.files for header, name in project.missing(path)]
    print("\n".join(problems))
    if not project.files:
        sys.exit("no source was found: nothing was checked")
    if problems:
        sys.exit(f"{len(problems)} includes are missing in {len(project.files)} files")
    print(f"{len(project.files)} files checked")


if __name__ == "__main__":
    main()
