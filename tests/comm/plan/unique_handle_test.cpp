#include "rankmesh/comm/unique_handle.hpp"

#include <stdexcept>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

namespace {

struct Destroyed {
  int native;
  bool unwinding;
  bool operator==(const Destroyed&) const = default;
};
std::vector<Destroyed> destroyed;

struct Traits {
  using Native = int;
  static int empty() noexcept { return -1; }
  static void destroy(int native, bool unwinding) noexcept { destroyed.push_back({native, unwinding}); }
};
using Handle = rankmesh::UniqueHandle<Traits>;

static_assert(std::is_nothrow_move_constructible_v<Handle>);
static_assert(!std::is_copy_constructible_v<Handle> && !std::is_copy_assignable_v<Handle>);

}  // namespace

TEST_CASE("a handle destroys what it owns, once") {
  destroyed.clear();
  { const Handle handle = Handle::from_native_handle(7); }
  { const Handle empty; }
  CHECK(destroyed == std::vector<Destroyed>{{7, false}});
}

TEST_CASE("a moved-from handle is empty and owns nothing") {
  destroyed.clear();
  {
    Handle first = Handle::from_native_handle(7);
    Handle second = std::move(first);
    CHECK(first.is_empty());
    CHECK(second.native() == 7);
    Handle third = Handle::from_native_handle(8);
    third = std::move(second);
    CHECK(destroyed == std::vector<Destroyed>{{8, false}});
    CHECK(third.native() == 7);
  }
  CHECK(destroyed == std::vector<Destroyed>{{8, false}, {7, false}});
}

TEST_CASE("release gives up, reset destroys early") {
  destroyed.clear();
  Handle handle = Handle::from_native_handle(7);
  CHECK(handle.release() == 7);
  handle.reset();
  CHECK(destroyed.empty());
  handle = Handle::from_native_handle(9);
  handle.reset();
  handle.reset();
  CHECK(destroyed == std::vector<Destroyed>{{9, false}});
}

TEST_CASE("destruction knows whether an exception unwinds the stack") {
  destroyed.clear();
  try {
    const Handle handle = Handle::from_native_handle(7);
    throw std::runtime_error("unwind");
  } catch (const std::runtime_error&) {
    // Creating and destroying a handle inside a catch block is not unwinding.
    const Handle handle = Handle::from_native_handle(8);
  }
  CHECK(destroyed == std::vector<Destroyed>{{7, true}, {8, false}});
}
