#pragma once

/// @file
/// How many of its cases a test tries. Sanitizers look for wrong memory accesses, not for wrong results, and
/// make code several times as slow: under them, tests try a tenth of their random cases. So do properties,
/// see CMakeLists.txt.

#include <cstdlib>

#include "support/random.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RANKMESH_IS_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RANKMESH_IS_SANITIZED
#endif
#endif

namespace rankmesh::tests {

/// Whether to try every case: with the environment variable RANKMESH_ALL_CASES.
inline bool all_cases() {
  return std::getenv("RANKMESH_ALL_CASES") != nullptr;
}

/// One in how many random cases to try.
inline int one_case_in() {
#ifdef RANKMESH_IS_SANITIZED
  return all_cases() ? 1 : 10;
#else
  return 1;
#endif
}

/// How many of so many random cases to try; also, how many cases must then meet what so many meet without
/// sanitizers.
inline int share_of(int cases) {
  return cases / one_case_in();
}

/// Which cases of an enumeration to try: all, or as many as of random cases, at random and the same in every
/// run.
class Sample {
 public:
  /// Whether to try the next case.
  bool takes() { return random_.below(one_case_in()) == 0; }

 private:
  Random random_{1};
};

}  // namespace rankmesh::tests
